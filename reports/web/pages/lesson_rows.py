"""The lessons of a school as the last measuring knew them, one by one, and what each lacks."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Any

from sqlalchemy import ColumnElement, Connection, RowMapping, and_, func, select

from schemas.tables import lesson_cells

_C = lesson_cells.c


class Lack(StrEnum):
    """What a lesson lacks; the first: anything that ``fill_rate`` asks."""

    ANYTHING = "anything"
    HELD = "held"
    TOPIC = "topic"
    HOMEWORK = "homework"
    ATTENDANCE = "attendance"
    MARKS = "marks"
    LATE = "late"


TITLES = {
    Lack.ANYTHING: "Заполнены не полностью",
    Lack.HELD: "Нет отметки о проведении",
    Lack.TOPIC: "Нет темы",
    Lack.HOMEWORK: "Нет домашнего задания",
    Lack.ATTENDANCE: "Не отмечена посещаемость",
    Lack.MARKS: "Нет отметок",
    Lack.LATE: "Внесены не в срок",
}
# What is not counted for a measure: its denominator without its numerator (``measures.RATIOS``).
_LACKING: dict[Lack, ColumnElement[bool]] = {
    Lack.ANYTHING: _C.filled == 0,
    Lack.HELD: _C.held == 0,
    Lack.TOPIC: and_(_C.held == 1, _C.topic == 0),
    Lack.HOMEWORK: and_(_C.homework_due == 1, _C.homework == 0),
    Lack.ATTENDANCE: and_(_C.held == 1, _C.attendance == 0),
    Lack.MARKS: and_(_C.held == 1, _C.marks == 0),
    Lack.LATE: _C.parts_in_time < _C.parts_judged,
}


@dataclass(frozen=True)
class Wanted:
    """Which lessons; empty: whatever class, subject, teacher."""

    school: str
    first: date
    last: date
    class_key: str = ""
    subject_key: str = ""
    teacher: str = ""

    @property
    def here(self) -> ColumnElement[bool]:
        """Of the school and the days."""
        return and_(_C.school == self.school, _C.date.between(self.first, self.last))

    @property
    def condition(self) -> ColumnElement[bool]:
        """All of it."""
        said = {
            _C.class_key: self.class_key,
            _C.subject_key: self.subject_key,
            _C.teacher: self.teacher,
        }
        return and_(self.here, *(column == value for column, value in said.items() if value))


@dataclass(frozen=True)
class LessonRow:
    """A lesson by keys of its journal. ``known``: it has a row of the journal; ``homework`` is None
    where the teacher said that there is none; parts of it that a deadline holds for: in time, of
    those that were judged, and those whose deadline is not over."""

    day: date
    number: int
    source: str
    class_key: str
    group_key: str | None
    subject_key: str
    teacher: str | None
    known: bool
    held: bool
    topic: bool
    homework: bool | None
    attendance: bool
    marks: bool
    in_time: int
    judged: int
    open: int


def counted(connection: Connection, wanted: Wanted) -> tuple[int, dict[Lack, int]]:
    """How many lessons there are, and how many of them lack what."""
    lacking = [func.count().filter(condition) for condition in _LACKING.values()]
    query = select(func.count(), *lacking).select_from(lesson_cells).where(wanted.condition)
    height, *counts = connection.execute(query).one()
    return height, dict(zip(_LACKING, counts, strict=True))


def lesson_rows(
    connection: Connection, wanted: Wanted, lack: Lack | None, offset: int, limit: int
) -> list[LessonRow]:
    """``limit`` lessons after the first ``offset``, the newest days first."""
    query = (
        select(
            _C.date, _C.number, _C.source, _C.class_key, _C.group_key, _C.subject_key, _C.teacher,
            _C.lesson_key.is_not(None).label("known"), _C.held, _C.topic, _C.homework_due,
            _C.homework, _C.attendance, _C.marks, _C.parts_in_time, _C.parts_judged, _C.parts_open,
        )
        .where(wanted.condition, *([] if lack is None else [_LACKING[lack]]))
        .order_by(_C.date.desc(), _C.number, _C.class_key, _C.id)
        .offset(offset)
        .limit(limit)
    )  # fmt: skip
    return [_row(row) for row in connection.execute(query).mappings()]


def choices(connection: Connection, wanted: Wanted) -> dict[str, list[Any]]:
    """What the lessons of the school and the days can be narrowed to: rows of ``class_key`` and
    ``subject_key`` with their ``source``, and teachers."""
    found = {}
    for column in (_C.class_key, _C.subject_key):
        query = select(_C.source, column).distinct().where(wanted.here)
        found[column.name] = [tuple(row) for row in connection.execute(query)]
    teachers = select(_C.teacher).distinct().where(wanted.here, _C.teacher.is_not(None))
    found["teacher"] = list(connection.execute(teachers).scalars())
    return found


def _row(row: RowMapping) -> LessonRow:
    return LessonRow(
        day=row["date"],
        number=row["number"],
        source=row["source"],
        class_key=row["class_key"],
        group_key=row["group_key"],
        subject_key=row["subject_key"],
        teacher=row["teacher"],
        known=row["known"],
        held=row["held"] == 1,
        topic=row["topic"] == 1,
        homework=row["homework"] == 1 if row["homework_due"] else None,
        attendance=row["attendance"] == 1,
        marks=row["marks"] == 1,
        in_time=row["parts_in_time"],
        judged=row["parts_judged"],
        open=row["parts_open"],
    )
