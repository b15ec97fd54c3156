"""What a rule of ``schemas/rules.yml`` means to people: the reason and how to fix it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path

import yaml

import schemas

FILE = Path(schemas.__file__).with_name("rules.yml")


@dataclass(frozen=True)
class Rule:
    """``effect``: quarantine, document or finding."""

    effect: str
    reason: str
    fix: str


@cache
def load_rules(file: Path = FILE) -> dict[str, Rule]:
    """Every rule by its key. Raises ``OSError`` or ``TypeError`` for a malformed file."""
    return {key: Rule(**rule) for key, rule in yaml.safe_load(file.read_text("utf-8")).items()}
