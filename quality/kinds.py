"""What is counted on a card, in Russian (``kinds.yml``): entities, remarks, days."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import yaml
from pydantic import TypeAdapter

FILE = Path(__file__).with_name("kinds.yml")
REMARK, DAY, PLACE = "remark", "day", "place"  # kinds beside ``schemas.records.ENTITIES``


@cache
def kinds() -> dict[str, tuple[str, str, str]]:
    """By kind, the words after 1, 2 and 5: отметка, отметки, отметок."""
    content = yaml.safe_load(FILE.read_text(encoding="utf-8"))
    return TypeAdapter(dict[str, tuple[str, str, str]]).validate_python(content)
