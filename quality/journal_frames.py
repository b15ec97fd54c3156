"""The live rows of one journal as frames, with the columns that measuring needs.

Types come from the tables, so that an empty frame has them too.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import polars as pl
from sqlalchemy import (
    Boolean,
    Column,
    ColumnElement,
    Connection,
    Date,
    DateTime,
    Float,
    Integer,
    Table,
    select,
)

from schemas.tables import journal_table

# Marks and attendance are the bulk of a journal: nothing is read that is not counted.
_NEEDED: dict[str, list[str]] = {
    "class_": ["source_key", "grade_level"],
    "enrolment": ["pupil", "class_key", "start", "finish"],
    "curriculum_hours": ["class_key", "subject_key"],
    "timetable_slot": [
        "class_key", "group_key", "subject_key", "teacher",
        "weekday", "number", "valid_from", "valid_to",
    ],
    "lesson": [
        "source_key", "date", "number", "class_key", "group_key", "subject_key", "teacher",
        "topic", "homework", "homework_not_set", "held", "status", "attendance_taken",
    ],
    "mark": ["pupil", "lesson_key", "date"],
    "attendance": ["pupil", "lesson_key"],
    "access_account": ["person", "active"],
    "holiday": ["start", "finish"],
}  # fmt: skip

_FRAME_TYPES: list[tuple[type, pl.DataType]] = [
    (Boolean, pl.Boolean()),
    (Date, pl.Date()),
    (DateTime, pl.Datetime("us", "UTC")),
    (Float, pl.Float64()),
    (Integer, pl.Int64()),
]


@dataclass(frozen=True)
class JournalFrames:
    """The live rows of one school and source, by canonical entity."""

    class_: pl.DataFrame
    enrolment: pl.DataFrame
    curriculum_hours: pl.DataFrame
    timetable_slot: pl.DataFrame
    lesson: pl.DataFrame
    mark: pl.DataFrame
    attendance: pl.DataFrame
    access_account: pl.DataFrame
    holiday: pl.DataFrame


def read_journal(
    connection: Connection, school: str, source: str, school_year: int
) -> JournalFrames:
    """The journal of ``school`` for the year that began in ``school_year``."""
    return JournalFrames(
        **{
            entity: _live(connection, journal_table(entity), names, school, source, school_year)
            for entity, names in _NEEDED.items()
        }
    )


def read_frame(
    connection: Connection, table: Table, names: Sequence[str], where: ColumnElement[bool]
) -> pl.DataFrame:
    """The columns ``names`` of the rows of ``table`` that meet ``where``."""
    columns = [table.c[name] for name in names]
    rows = connection.execute(select(*columns).where(where)).all()
    schema = {column.name: _frame_type(column) for column in columns}
    return pl.DataFrame([tuple(row) for row in rows], schema=schema, orient="row")


def _live(
    connection: Connection,
    table: Table,
    names: Sequence[str],
    school: str,
    source: str,
    school_year: int,
) -> pl.DataFrame:
    where = (
        (table.c.school_year == school_year)
        & (table.c.school == school)
        & (table.c.source == source)
        & table.c.vanished_at.is_(None)
    )
    return read_frame(connection, table, names, where)


def _frame_type(column: Column[Any]) -> pl.DataType:
    return next(
        (kind for known, kind in _FRAME_TYPES if isinstance(column.type, known)), pl.String()
    )
