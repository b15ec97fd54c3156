"""The reviewed words of ``privacy/words``, by which the scan of free text judges.

Words are folded as texts are (``russian.folded``).
"""

from __future__ import annotations

from functools import cache
from importlib.resources import files
from typing import Annotated

import yaml
from pydantic import AfterValidator, BaseModel, ConfigDict

from privacy.russian import folded

# A sign stands as it is: folding would make letters of №.
Word = Annotated[str, AfterValidator(lambda word: folded(word) if word[:1].isalpha() else word)]
Words = frozenset[Word]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)
    version: str


class ShortNames(_Strict):
    """``short_names.yml``: other forms of each given name."""

    names: dict[Word, tuple[Word, ...]]


class Famous(_Strict):
    """``famous.yml``: "surname given patronymic" of people of the school programme."""

    known: tuple[Word, ...]
    common: tuple[Word, ...]
    dynasties: Words


class Cues(_Strict):
    """``cues.yml``: dictionary forms of the words beside a name."""

    calls: Words
    finite: Words
    things: Words
    phrases: Words
    doings: Words
    refusals: Words
    places: Words
    given: Words
    errands: Words
    headings: Words
    abbreviations: Words
    states: Words
    kit: Words
    greetings: Words
    summons: Words
    checks: Words
    works: Words
    belongings: Words
    tellings: Words
    toponyms: Words
    companions: Words


@cache
def short_names() -> ShortNames:
    """Raises ``pydantic.ValidationError`` for a file that is not what it says it is."""
    return ShortNames.model_validate(_content("short_names"))


@cache
def famous() -> Famous:
    """Likewise."""
    return Famous.model_validate(_content("famous"))


@cache
def cues() -> Cues:
    """Likewise."""
    return Cues.model_validate(_content("cues"))


def _content(name: str) -> object:
    text = files("privacy.words").joinpath(f"{name}.yml").read_text(encoding="utf-8")
    return yaml.safe_load(text)
