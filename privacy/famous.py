"""Whom a surname means in a lesson of literature: people of the school programme."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from functools import cache

from privacy.inflection import feminine_forms, masculine_forms, surname_forms
from privacy.wordlists import famous


@dataclass(frozen=True)
class Namesake:
    """``surname``: as it is called; ``known``: alone it means this person."""

    surname: str
    given: str
    patronymic: str
    known: bool


@cache
def namesakes() -> dict[str, tuple[Namesake, ...]]:
    """Who is meant by each form of a famous surname, in the person's own gender."""
    words = famous()
    found: dict[str, list[Namesake]] = defaultdict(list)
    for known, names in ((True, words.known), (False, words.common)):
        for name in names:
            surname, given, patronymic = [*name.split(), "", ""][:3]
            one = Namesake(surname, given, patronymic, known)
            for form in _forms(surname, woman=patronymic.endswith("на")):
                found[form].append(one)
    for dynasty in words.dynasties:
        for form in surname_forms(dynasty) - masculine_forms(dynasty):
            if form.endswith(("ы", "ых", "ыми")):
                found[form].append(Namesake(dynasty, "", "", known=True))
    return {form: tuple(people) for form, people in found.items()}


def _forms(surname: str, *, woman: bool) -> frozenset[str]:
    return feminine_forms(surname) if woman else masculine_forms(surname)
