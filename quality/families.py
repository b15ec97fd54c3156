"""Families: rules about which one does the same thing, so that one card tells of them all.

A rule of ``schemas/rules.yml`` or ``quality/remarks.yml`` says which family it belongs to; a rule
that says none is a family of its own. ``families.yml`` has the words of the others.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Set
from functools import cache
from pathlib import Path

import yaml
from pydantic import BaseModel, ConfigDict, Field, TypeAdapter

from quality.remarks import Who, remark_words
from schemas.rulebook import rulebook

FILE = Path(__file__).with_name("families.yml")


class FamilyWords(BaseModel):
    """What a card of several rules of a family says to people (Russian)."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    title: str = Field(min_length=1)
    why: str = Field(min_length=1)
    who: Who
    fix: str = Field(min_length=1)


class FamiliesError(ValueError):
    """The families and the rules do not fit; correct ``quality/families.yml`` or the rules."""


@cache
def family_words() -> dict[str, FamilyWords]:
    """The words of every family of two rules or more.

    Raises ``FamiliesError`` as ``must_fit``, ``pydantic.ValidationError`` for a malformed entry.
    """
    content = yaml.safe_load(FILE.read_text(encoding="utf-8"))
    words = TypeAdapter(dict[str, FamilyWords]).validate_python(content)
    must_fit(words.keys(), _named(), lasting_rules())
    return words


def must_fit(words: Set[str], named: Mapping[str, str], lasting: Set[str]) -> None:
    """Raises ``FamiliesError`` for a family without ``words`` or with a single rule, named like a
    rule, or of which some rules are ``lasting`` and others not; ``named``: by rule, its family."""
    rules = Counter(family for rule, family in named.items() if family != rule)
    problems = {
        "has words or rules, not both": words ^ rules.keys(),
        "has one rule": {name for name, count in rules.items() if count == 1},
        "is named like a rule": rules.keys() & named.keys(),
        "can be mended in part": {named[rule] for rule in named.keys() & lasting}
        & {named[rule] for rule in named.keys() - lasting},
    }
    if told := [f"{', '.join(sorted(odd))} {what}" for what, odd in problems.items() if odd]:
        raise FamiliesError(f"{FILE.name}: {'; '.join(told)}")


def family_of(rule: str) -> str:
    """The family of ``rule``, which is the rule itself where it is alone. Raises ``KeyError``,
    and as ``family_words``."""
    family = _named()[rule]
    return family if family in family_words() else rule


@cache
def lasting_rules() -> frozenset[str]:
    """Rules whose remarks nothing makes go away: it can only be kept from happening again."""
    return frozenset(rule for rule, words in remark_words().items() if not words.mendable)


@cache
def _named() -> dict[str, str]:
    """The family that every rule names; itself where it names none."""
    of_remarks = {rule: words.family or rule for rule, words in remark_words().items()}
    return of_remarks | {rule: text.family or rule for rule, text in rulebook().items()}
