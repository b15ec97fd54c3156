"""``structure_filled``: parts of the school year's structure that are empty."""

from __future__ import annotations

from collections.abc import Iterator

from sandbox.compliance.known import Known


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
    yield from (("structure_filled", f"{part}|") for part, rows in listed.items() if not rows)
    for class_ in school.classes:
        key = known.keys.class_(class_)
        if not any(h.class_ is class_ for h in school.hours):
            yield "structure_filled", f"curriculum|{key}"
        slots = [s for s in school.slots if s.class_ is class_]
        if not online and not any(s.valid_to >= by for s in slots):
            yield "structure_filled", f"timetable|{key}"
