"""The rules a record or document can break, as people read them (``rules.yml``)."""

from __future__ import annotations

from functools import cache
from importlib.resources import files
from typing import Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, TypeAdapter


class RuleText(BaseModel):
    """What a rule does, and its Russian words: the reason, why it matters, how to fix it; who
    puts it right; and the family of rules one does the same about, empty for one of its own."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    effect: Literal["quarantine", "document", "finding"]
    reason: str = Field(min_length=1)
    fix: str = Field(min_length=1)
    who: Literal["teacher", "deputy", "administrator", "operator"]
    why: str = Field(min_length=1)
    family: str = ""


@cache
def rulebook() -> dict[str, RuleText]:
    """All rules by name. Raises ``pydantic.ValidationError`` if the file is malformed."""
    content = files("schemas").joinpath("rules.yml").read_text(encoding="utf-8")
    return TypeAdapter(dict[str, RuleText]).validate_python(yaml.safe_load(content))


def rule(name: str) -> RuleText:
    """The rule called ``name``. Raises ``KeyError``: every rule used must be in the file."""
    return rulebook()[name]


def is_unread(name: str) -> bool:
    """Whether what breaks the rule is a whole document, which is unread. Raises ``KeyError``."""
    return rule(name).effect == "document"
