"""The papers of the pupils as a school's office has them: not all of them, and not of everybody."""

from __future__ import annotations

from datetime import date, timedelta
from random import Random

from sandbox.members import Document, Papers, Person
from sandbox.model import School
from sandbox.params import YEAR_START

PASSPORT_AGE = 14
_FOREIGN = 0.04
_UNSEEN = 0.03  # of each paper, beside those planted in every school

# One pupil of every school for each: neither SNILS nor document, no gender, no SNILS, no document.
_PLANTED = (
    frozenset({"snils", "document"}),
    frozenset({"gender"}),
    frozenset({"snils"}),
    frozenset({"document"}),
)


def hand_in(school: School, rng: Random) -> None:
    """Give every pupil of ``school`` papers; ``rng`` is used for nothing else."""
    order = rng.sample(school.pupils, len(school.pupils))
    for place, pupil in enumerate(order):
        seen = {paper for paper in ("snils", "gender", "document") if rng.random() >= _UNSEEN}
        if place < len(_PLANTED):
            seen = {"snils", "gender", "document"} - _PLANTED[place]
        foreign = rng.random() < _FOREIGN
        document = _document(school, pupil.person, rng, foreign=foreign)
        pupil.papers = Papers(
            snils="snils" in seen,
            gender=("Ж" if pupil.person.female else "М") if "gender" in seen else None,
            citizenship="Иностранный гражданин" if foreign else "Гражданин РФ",
            document=document if "document" in seen else None,
        )


def _document(school: School, person: Person, rng: Random, *, foreign: bool) -> Document:
    serial = school.number * 5000 + person.code
    if foreign:
        issued = person.birth + timedelta(days=rng.randint(300, 1800))
        return Document("Паспорт иностранного гражданина", None, f"AB{7_000_000 + serial}", issued)
    grown = _birthday(person.birth, PASSPORT_AGE)
    if grown + timedelta(days=60) <= YEAR_START:
        issued = grown + timedelta(days=rng.randint(5, 50))
        return Document(
            "Паспорт гражданина РФ", f"40 {issued:%y}", f"{300_000 + serial:06d}", issued
        )
    issued = person.birth + timedelta(days=rng.randint(3, 40))
    return Document("Свидетельство о рождении", "IV-АК", f"{500_000 + serial:06d}", issued)


def _birthday(birth: date, age: int) -> date:
    """The day a person comes to ``age``; who is born on 29 February does so on 1 March."""
    leap_day = (birth.month, birth.day) == (2, 29)
    return date(birth.year + age, 3, 1) if leap_day else birth.replace(year=birth.year + age)
