"""A school in ЭлЖур's words: CSV tables in which everything has a numeric id."""

from __future__ import annotations

from collections.abc import Iterator
from html import escape

from sandbox import writers
from sandbox.members import Person
from sandbox.params import OFFSET, YEAR_START
from sandbox.rows import Cell, Row, Table, add_column, row, table
from sandbox.sources.eljur_journal import journal
from sandbox.view import View

VERSION = "1.0"
KINDS = {"Каникулы": "vacation", "Праздник": "holiday", "Карантин": "quarantine"}


def documents(view: View) -> dict[str, bytes]:
    """The files of an upload by name."""
    files = {}
    counts = {}
    for found in tables(view):
        name = f"{found.name}.csv"
        files[name] = writers.csv(found, name, "utf-8", ",")
        counts[name] = len(found.rows)
    return {**files, "manifest.xml": _manifest(view, counts)}


def _manifest(view: View, counts: dict[str, int]) -> bytes:
    entries = "".join(
        f'<file name="{escape(name)}" rows="{count}"/>' for name, count in counts.items()
    )
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        f'<export system="eljur" version="{VERSION}" created="{view.day}T20:10:00{OFFSET}" '
        f'from="{YEAR_START}" to="{view.day}">{entries}</export>\n'
    ).encode()


def tables(view: View) -> Iterator[Table]:
    """Every table as it stands on the evening of the view."""
    yield from _year(view)
    yield from _classes(view)
    yield from _people(view)
    yield from _plans(view)
    yield from journal(view)


def _year(view: View) -> Iterator[Table]:
    yield table(
        "periods",
        "id, name, kind, num, start, end",
        (
            row(
                id=t.code,
                name=t.name,
                kind="quarter",
                num=t.number,
                start=str(t.start),
                end=str(t.finish),
            )
            for t in view.school.terms
        ),
    )
    yield table(
        "vacations",
        "id, name, kind, start, end",
        (
            row(id=h.code, name=h.name, kind=KINDS[h.kind], start=str(h.start), end=str(h.finish))
            for h in view.school.holidays
        ),
    )


def _classes(view: View) -> Iterator[Table]:
    school = view.school
    classes = table(
        "classes",
        "id, name, parallel, letter",
        (row(id=c.code, name=c.name, parallel=c.grade, letter=c.letter) for c in school.classes),
    )
    if school.extra_column is not None:
        add_column(classes, school.extra_column, lambda number: f"{200 + number}")
        school.extra_column.document = "classes.csv"
    yield classes
    yield table("subjects", "id, name", (row(id=s.code, name=s.name) for s in school.subjects))
    yield table(
        "groups",
        "id, class_id, subject_id, name",
        (
            row(id=g.code, class_id=g.class_.code, subject_id=g.subject.code, name=g.name)
            for g in school.groups
        ),
    )


def _person(person: Person) -> dict[str, Cell]:
    return {
        "id": person.code,
        "lastname": person.surname,
        "firstname": person.given,
        "middlename": person.patronymic,
    }


def _people(view: View) -> Iterator[Table]:
    yield table(
        "students",
        "id, lastname, firstname, middlename, birthday, class_id, date_in, date_out",
        (
            Row(
                {
                    **_person(p.person),
                    "birthday": str(p.person.birth),
                    "class_id": p.class_.code,
                    "date_in": str(p.enrolled),
                    "date_out": str(left) if (left := view.since(p.left)) else None,
                }
            )
            for p in view.pupils
        ),
    )
    yield table(
        "teachers",
        "id, lastname, firstname, middlename, position, has_access",
        (
            Row({**_person(t.person), "position": t.position, "has_access": int(t.access)})
            for t in view.school.teachers
        ),
    )


def _plans(view: View) -> Iterator[Table]:
    yield table(
        "plan",
        "class_id, subject_id, hours",
        (
            row(class_id=h.class_.code, subject_id=h.subject.code, hours=f"{h.planned:g}")
            for h in view.school.hours
        ),
    )
    yield table(
        "schedule",
        "id, class_id, group_id, subject_id, teacher_id, weekday, num, valid_from, valid_to",
        (
            row(
                id=s.code,
                class_id=s.class_.code,
                group_id=s.group.code if s.group else None,
                subject_id=s.subject.code,
                teacher_id=s.teacher.person.code,
                weekday=s.weekday,
                num=s.number,
                valid_from=str(s.valid_from),
                valid_to=str(s.valid_to),
            )
            for s in view.school.slots
        ),
    )
