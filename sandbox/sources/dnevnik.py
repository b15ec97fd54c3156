"""The store from which the emulator of Dnevnik.ru answers for a school."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from datetime import date

from sandbox.members import Flaw
from sandbox.model import School
from sandbox.params import Params
from sandbox.sources.dnevnik_journal import Journal
from sandbox.sources.dnevnik_structure import Structure
from sandbox.sources.dnevnik_words import WORKS, Ids, Json, application, token, window


def store(school: School, params: Params) -> Json:
    """Everything the emulator needs, as plain JSON values.

    Planted defects learn the request and the place in its answer on the last business date.
    """
    ids = Ids(school.number)
    structure, journal = Structure(school, ids), Journal(school, ids)
    teachers = range(len(school.teachers))
    built: Json = {
        "code": school.code,
        "name": school.name,
        "school_id": str(ids("school", 0)),
        "token": token(school, params.seed),
        "application": application(school, params.seed),
        "groups": [*structure.classes(), *structure.subgroups()],
        "subjects": structure.subjects(),
        "periods": [structure.period(place) for place in range(len(school.terms))],
        "members": structure.members(),
        "teachers": [structure.teacher(place) for place in teachers],
        "membership": [structure.membership(place) for place in teachers],
        "admins": [structure.membership(place) for place in teachers[:1]],
        "timetables": [structure.timetable()],
        "work_types": [structure.work_type(work) for work in WORKS],
        "lessons": [row for lesson in school.lessons for row in journal.lesson(lesson)],
        "works": [row for lesson in school.lessons for row in journal.works(lesson)],
        "marks": [row for x in school.lessons for m in x.marks for row in journal.mark(m)],
        "logs": [row for lesson in school.lessons for row in journal.logs(lesson)],
        "finals": [row for mark in school.term_marks for row in journal.finals(mark)],
    }
    for name in ("lessons", "marks", "logs"):
        _place(name, built[name], params.until)
    return built


def _place(name: str, rows: Iterable[Json], until: date) -> None:
    """Note where each planted defect stands in the answers, and take the notes off the rows."""
    lines: Counter[str] = Counter()
    for row in rows:
        flaws: list[Flaw] = row.pop("flaws")
        if not shown(row, until):
            continue
        document = _document(name, row, until)
        lines[document] += 1
        for flaw in flaws:
            flaw.document, flaw.line = document, lines[document]


def shown(row: Json, day: date) -> bool:
    """Whether a row with ``since`` and ``until`` is there on the evening of ``day``."""
    return row["since"] <= str(day) and (row["until"] is None or str(day) < row["until"])


def _document(name: str, row: Json, until: date) -> str:
    first, last = window(date.fromisoformat(row["day"]), until)
    if name == "logs":
        return (
            f"GET /lesson-log-entries/group/{row['group']}?subject={row['subject']}"
            f"&from={first}&to={last}"
        )
    return f"GET /edu-groups/{row['group']}/{name}/{first}/{last}"
