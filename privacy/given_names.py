"""The forms in which a given name stands in a text: short ones, diminutives, all cases."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache

from privacy.inflection import noun_cases, short_forms
from privacy.wordlists import short_names

# Саша - Сашка, Сашенька; Дима - Димка, Димочка; Оля - Олька, Оленька, Олечка.
_DIMINUTIVES = (
    ("ша", ("шка", "шенька")),
    ("жа", ("жка", "женька")),
    ("ня", ("нька", "нечка", "нюша")),
    ("я", ("ька", "енька", "ечка")),
    ("ка", ("кочка",)),
    ("а", ("ка", "очка", "енька", "уля")),
)
_DATIVE = 2


@dataclass(frozen=True)
class GivenForms:
    """``names``: what each form may stand for; ``datives``: the forms that may be datives."""

    names: dict[str, frozenset[str]]
    datives: frozenset[str]


def given_forms(names: Iterable[str]) -> GivenForms:
    """The forms of the folded given ``names``."""
    found: dict[str, set[str]] = {}
    datives: set[str] = set()
    for name in names:
        for called in _called(name):
            for form in short_forms(called):
                found.setdefault(form, set()).add(name)
            datives |= noun_cases(called)[_DATIVE]
    return GivenForms({form: frozenset(of) for form, of in found.items()}, frozenset(datives))


@cache
def reviewed_names() -> GivenForms:
    """The forms of all names of ``words/short_names.yml``."""
    return given_forms(short_names().names)


def _called(name: str) -> set[str]:
    shorts = {name, *short_names().names.get(name, ())}
    return shorts | {longer for short in shorts for longer in _diminutives(short)}


def _diminutives(short: str) -> Iterable[str]:
    for ending, longer in _DIMINUTIVES:
        if short.endswith(ending) and len(short) > len(ending):
            return [short.removesuffix(ending) + one for one in longer]
    return ()
