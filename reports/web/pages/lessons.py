"""The lessons of a school one by one: what is there, what is missing."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Annotated, Any

from fastapi import APIRouter, Query
from fastapi.responses import Response

from reports.book_of_tables import Column, TableSheet
from reports.compliance import natural
from reports.sheets import WHOLE
from reports.web.pages.downloads import MOST_ROWS, AsFile, download
from reports.web.pages.lesson_rows import (
    TITLES,
    Lack,
    LessonRow,
    Wanted,
    choices,
    counted,
    lesson_rows,
)
from reports.web.pages.names import Names, names_for
from reports.web.pages.opened import Span, opened_at
from reports.web.pages.paging import SIZE, PageNumber, Paging
from reports.web.pages.school_things import JournalNames, journal_names
from reports.web.pages.view import Days, Range, page
from reports.web.visit import OwnSchool, Unit, Visiting

router = APIRouter()
Key = Annotated[str, Query(max_length=200)]


@dataclass(frozen=True)
class Called:
    """What the school's own things are called."""

    classes: JournalNames
    groups: JournalNames
    subjects: JournalNames
    people: Names

    def class_(self, row: LessonRow) -> str:
        return self.classes.get((row.source, row.class_key), row.class_key)

    def group(self, row: LessonRow) -> str:
        key = row.group_key
        return "" if key is None else self.groups.get((row.source, key), key)

    def subject(self, row: LessonRow) -> str:
        return self.subjects.get((row.source, row.subject_key), row.subject_key)

    def teacher(self, row: LessonRow) -> str:
        return "" if row.teacher is None else self.people.called(row.teacher)


@router.get("/school/{code}/lessons")
def lessons(
    visit: Visiting,
    unit: OwnSchool,
    days: Range,
    as_file: AsFile,
    class_key: Annotated[Key, Query(alias="class")] = "",
    subject: Key = "",
    teacher: Key = "",
    lack: Lack | None = None,
    number: Annotated[PageNumber, Query(alias="page")] = 1,
) -> Response:
    """The school's lessons; ``class``, ``subject``: keys of its journal; ``teacher``: a pseudonym;
    ``lack``: only those that lack it."""
    wanted = Wanted(unit.code, days.first, days.last, class_key, subject, teacher)
    with visit.reading() as connection:
        height, lacking = counted(connection, wanted)
        paging = Paging(number, height if lack is None else lacking[lack])
        offset, limit = (0, MOST_ROWS) if as_file else (paging.offset, SIZE)
        rows = lesson_rows(connection, wanted, lack, offset, limit)
        among = choices(connection, wanted)
        year = days.year.year if days.year else 0
        classes, groups, subjects = (
            journal_names(connection, unit.code, year, entity)
            for entity in ("class_", "group", "subject")
        )
    people = names_for(visit, unit.code, [*among["teacher"], *(row.teacher for row in rows)])
    called = Called(classes, groups, subjects, people)
    if as_file:
        sheet = _sheet(unit, days, rows, called, paging.height)
        return download(visit, f"lessons-{unit.code}", days.span, [sheet], school=unit.code)
    return page(
        visit,
        "lessons.html.j2",
        unit=unit,
        days=days,
        rows=rows,
        called=called,
        height=height,
        lacking=lacking,
        lacks=TITLES,
        lack=lack,
        paging=paging,
        chosen={"class": class_key, "subject": subject, "teacher": teacher},
        choices=_choices(among, called),
        opened=lambda row: _opened(unit, days, row),
    )


def _opened(unit: Unit, days: Days, row: LessonRow) -> str:
    """Where the lesson's own row is explained: with the file and line of each of its parts."""
    span = Span(row.day, row.day, days.as_of, None)
    within = [("class", row.class_key), ("subject", row.subject_key)]
    return opened_at("fill_rate", "school", unit.code, span, within)


def _choices(among: dict[str, list[Any]], called: Called) -> dict[str, list[tuple[str, str]]]:
    """Keys and words of each list of the filter, in the order of the words."""
    named: dict[str, Iterable[tuple[str, str]]] = {
        "class": ((key, called.classes.get((s, key), key)) for s, key in among["class_key"]),
        "subject": ((key, called.subjects.get((s, key), key)) for s, key in among["subject_key"]),
        "teacher": ((key, called.people.called(key)) for key in among["teacher"]),
    }
    return {
        name: sorted(dict(pairs).items(), key=lambda pair: natural(pair[1].casefold()))
        for name, pairs in named.items()
    }


_COLUMNS = [
    Column("День", 12, "DD.MM.YYYY"),
    Column("Урок", 7, WHOLE),
    Column("Класс", 10),
    Column("Группа", 22),
    Column("Предмет", 26),
    Column("Учитель", 34),
    Column("Есть в журнале", 10),
    Column("Проведён", 10),
    Column("Тема", 10),
    Column("Домашнее задание", 12),
    Column("Посещаемость", 14),
    Column("Отметки", 10),
    Column("Частей в срок", 10, WHOLE),
    Column("Частей всего", 10, WHOLE),
    Column("Срок не наступил", 10, WHOLE),
]


def _sheet(
    unit: Unit, days: Days, rows: list[LessonRow], called: Called, height: int
) -> TableSheet:
    notes = [f"{days.words}; уроков: {height}"]
    if height > len(rows):
        notes.append(f"Здесь первые {len(rows)}: чтобы получить все, выберите меньше дней.")
    values = [
        [
            row.day, row.number, called.class_(row), called.group(row), called.subject(row),
            called.teacher(row), _words(row.known), _words(row.held), _words(row.topic),
            "не задано" if row.held and row.homework is None else _words(row.homework or False),
            _words(row.attendance), _words(row.marks), row.in_time, row.judged, row.open,
        ]
        for row in rows
    ]  # fmt: skip
    return TableSheet("Уроки", f"{unit.name}: уроки", _COLUMNS, values, notes)


def _words(there: bool) -> str:
    return "есть" if there else "нет"
