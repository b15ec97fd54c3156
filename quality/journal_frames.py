"""One journal as it was known at an instant, as frames with the columns that measuring needs.

Types come from the tables, so that an empty frame has them too.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from functools import partial
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
    text,
)

from schemas.frames import INSTANT
from schemas.tables import journal_table

# Marks and attendance are the bulk of a journal: nothing is read that is not counted.
_NEEDED: dict[str, list[str]] = {
    "class_": ["source_key", "grade_level"],
    "enrolment": ["key", "pupil", "class_key", "start", "finish"],
    "term": ["source_key", "kind", "start", "finish"],
    "curriculum_hours": ["key", "class_key", "subject_key", "hours_per_week"],
    "timetable_slot": [
        "key", "class_key", "group_key", "subject_key", "teacher",
        "weekday", "number", "valid_from", "valid_to",
    ],
    "lesson": [
        "source_key", "date", "number", "class_key", "group_key", "subject_key", "teacher",
        "substitute", "topic", "homework", "homework_not_set", "held", "status", "attendance_taken",
    ],
    "mark": [
        "key", "pupil", "lesson_key", "subject_key", "date", "value", "scale", "work_type",
        "entered_at", "first_seen_at",
    ],
    "attendance": ["key", "pupil", "lesson_key", "status", "entered_at", "first_seen_at"],
    "access_account": ["key", "person", "active"],
    "subject": ["source_key"],
    "staff_member": ["person"],
    "guardian": ["person", "pupil"],
    "holiday": ["kind", "start", "finish"],
    "bell": ["number", "finish"],
}  # fmt: skip

# What grows with the days; the rest is the structure of the school year.
OF_DAYS = ("lesson", "mark", "attendance")

_FRAME_TYPES: list[tuple[type, pl.DataType]] = [
    (Boolean, pl.Boolean()),
    (Date, pl.Date()),
    (DateTime, INSTANT),
    (Float, pl.Float64()),
    (Integer, pl.Int64()),
]


@dataclass(frozen=True)
class JournalFrames:
    """The rows of one school and source that were live, by canonical entity."""

    class_: pl.DataFrame
    enrolment: pl.DataFrame
    term: pl.DataFrame
    curriculum_hours: pl.DataFrame
    timetable_slot: pl.DataFrame
    lesson: pl.DataFrame
    mark: pl.DataFrame
    attendance: pl.DataFrame
    access_account: pl.DataFrame
    subject: pl.DataFrame
    staff_member: pl.DataFrame
    guardian: pl.DataFrame
    holiday: pl.DataFrame
    bell: pl.DataFrame


@dataclass(frozen=True)
class Known:
    """One school's journal of a year, as it was known at an instant."""

    school: str
    source: str
    school_year: int
    as_of: datetime

    @property
    def values(self) -> dict[str, object]:
        """The values of the statements of ``known``."""
        return vars(self)


def read_journal(
    connection: Connection, school: str, source: str, school_year: int, as_of: datetime
) -> JournalFrames:
    """The journal of ``school`` for the year that began in ``school_year``, as known ``as_of``."""
    journal = Known(school, source, school_year, as_of)
    return read_days(connection, journal, read_structure(connection, journal), None)


def read_structure(connection: Connection, journal: Known) -> JournalFrames:
    """All of the journal but its days: the frames of ``OF_DAYS`` are empty."""
    return JournalFrames(
        **{
            entity: pl.DataFrame(schema=_schema(journal_table(entity), names))
            if entity in OF_DAYS
            else _as_of(connection, journal_table(entity), names, journal)
            for entity, names in _NEEDED.items()
        }
    )


def read_days(
    connection: Connection,
    journal: Known,
    structure: JournalFrames,
    days: Collection[date] | None,
) -> JournalFrames:
    """``structure`` with the lessons of ``days``, or all, and with what is recorded of them."""
    lesson, mark, attendance = (
        partial(_as_of, connection, journal_table(entity), _NEEDED[entity], journal)
        for entity in OF_DAYS
    )
    if days is None:
        return replace(structure, lesson=lesson(), mark=mark(), attendance=attendance())
    held = lesson("date = ANY(CAST(:days AS date[]))", days=list(days))
    of_them, keys = "lesson_key = ANY(CAST(:keys AS text[]))", held["source_key"].to_list()
    return replace(
        structure,
        lesson=held,
        mark=mark(of_them, keys=keys),
        attendance=attendance(of_them, keys=keys),
    )


def read_frame(
    connection: Connection, table: Table, names: Sequence[str], where: ColumnElement[bool]
) -> pl.DataFrame:
    """The columns ``names`` of the rows of ``table`` that meet ``where``."""
    columns = [table.c[name] for name in names]
    rows = connection.execute(select(*columns).where(where)).all()
    return pl.DataFrame([tuple(row) for row in rows], schema=_schema(table, names), orient="row")


def known_rows(
    connection: Connection,
    entity: str,
    names: Sequence[str],
    journal: Known,
    keys: Sequence[str] | None = None,
) -> pl.DataFrame:
    """The columns ``names``, ``key`` among them, of the rows of ``entity``, or of ``keys`` only."""
    only = "true" if keys is None else "key = ANY(CAST(:keys AS text[]))"
    return _as_of(connection, journal_table(entity), names, journal, only, keys=list(keys or ()))


def _as_of(
    connection: Connection,
    table: Table,
    names: Sequence[str],
    journal: Known,
    only: str = "true",
    **values: object,
) -> pl.DataFrame:
    """The rows of ``table`` that were live, of these the ones that meet ``only``."""
    query = f"SELECT * FROM ({known(table.name, names)}) k WHERE {only}"
    rows = connection.execute(text(query), journal.values | values).all()
    return pl.DataFrame([tuple(row) for row in rows], schema=_schema(table, names), orient="row")


def _schema(table: Table, names: Sequence[str]) -> dict[str, pl.DataType]:
    return {name: _frame_type(table.c[name]) for name in names}


def known(entity: str, names: Sequence[str]) -> str:
    """SQL: the columns ``names`` of the rows of ``entity`` that were live (``Known.values``).

    A row written since is shown as the history has it; the others are as they were.
    """
    columns = ", ".join(f'"{name}"' for name in names)
    here = "t.school = :school AND t.source = :source AND t.school_year = :school_year"
    return f"""
SELECT {columns} FROM journal.{entity} t
WHERE {here} AND t.recorded_at <= :as_of AND t.vanished_at IS NULL
UNION ALL
SELECT {columns} FROM (
  SELECT DISTINCT ON (h.key) former.* FROM journal.{entity} t
  JOIN journal.history h ON h.entity = '{entity}' AND h.school = t.school AND h.source = t.source
    AND h.key = t.key,
  LATERAL jsonb_populate_record(NULL::journal.{entity}, h.before) AS former
  WHERE {here} AND t.recorded_at > :as_of
    AND former.school_year = t.school_year AND former.recorded_at <= :as_of
  ORDER BY h.key, former.recorded_at DESC, h.id DESC
) was WHERE vanished_at IS NULL"""


def _frame_type(column: Column[Any]) -> pl.DataType:
    return next(
        (kind for known, kind in _FRAME_TYPES if isinstance(column.type, known)), pl.String()
    )
