"""``structure_filled``, and what is asked for every month: full uploads and checks."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta

from sandbox.compliance.known import Known
from sandbox.params import YEAR_START


def empty_parts(known: Known) -> Iterator[tuple[str, str]]:
    by = known.regulation.structure_by
    if by is None or known.day <= by:
        return
    school = known.school
    listed = {
        "terms": school.terms,
        "holidays": school.listed_holidays,
        "subjects": school.subjects,
        "staff": school.teachers,
        "classes": school.classes,
    }
    online = school.system == "dnevnik_ru"
    if online:  # it publishes neither holidays nor a timetable
        del listed["holidays"]
    yield from (("structure_filled", part) for part, rows in listed.items() if not rows)
    for class_ in school.classes:
        key = known.keys.class_(class_)
        if not any(h.class_ is class_ for h in school.hours):
            yield "structure_filled", f"curriculum|{key}"
        slots = [s for s in school.slots if s.class_ is class_]
        if not online and not any(s.valid_to >= by for s in slots):
            yield "structure_filled", f"timetable|{key}"


def months_without(known: Known, connected_on: date) -> Iterator[tuple[str, str]]:
    """Nothing of the kind is ever done in the region: every month that is over lacks it."""
    month = YEAR_START
    while (following := (month + timedelta(days=31)).replace(day=1)) <= known.day:
        if connected_on <= month:
            yield from ((rule, str(month)) for rule in known.regulation.monthly)
        month = following
