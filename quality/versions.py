"""Every content the rows of a journal have had, so that one can look back.

The row of the journal and its former selves (``journal.history``), each with the instant at which
the hub saw that content first. A row that vanished has its versions still.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

import polars as pl
from sqlalchemy import Connection, text

from schemas.frames import INSTANT

# Columns of ``lesson_versions``, ``mark_versions`` and ``term_mark_versions``.
LESSON_VERSION: dict[str, pl.DataType] = {
    "key": pl.String(),
    "seen_at": INSTANT,
    "entered_at": INSTANT,
    "changed_at": INSTANT,
    "held": pl.Boolean(),
    "topic": pl.String(),
    "homework": pl.String(),
    "substitute": pl.String(),
    "attendance_taken": pl.Boolean(),
}
MARK_VERSION: dict[str, pl.DataType] = {
    "key": pl.String(),
    "seen_at": INSTANT,
    "gone": pl.Boolean(),  # the journal holds it no more
    "entered_at": INSTANT,
    "pupil": pl.String(),
    "lesson_key": pl.String(),
    "subject_key": pl.String(),
    "date": pl.Date(),
    "value": pl.String(),
    "work_type": pl.String(),
}
TERM_MARK_VERSION: dict[str, pl.DataType] = {
    "key": pl.String(),
    "seen_at": INSTANT,
    "gone": pl.Boolean(),
    "entered_at": INSTANT,
    "pupil": pl.String(),
    "subject_key": pl.String(),
    "term_key": pl.String(),
    "value": pl.String(),
    "scale": pl.String(),
}
_READ = {"seen_at": "recorded_at", "gone": "vanished_at IS NOT NULL"}


def told(entity: str, *, keyed: bool = False) -> str:
    """SQL: every version of the rows of ``entity`` of ``:school``, ``:source`` and
    ``:school_year``, with the columns of its table; if ``keyed`` of the rows of ``:keys``."""
    only = "AND {}.key = ANY(CAST(:keys AS text[]))" if keyed else ""
    return f"""
SELECT t.* FROM journal.{entity} t
WHERE t.school = :school AND t.source = :source AND t.school_year = :school_year
  {only.format("t")}
UNION ALL
SELECT former.* FROM journal.history h,
  LATERAL jsonb_populate_record(NULL::journal.{entity}, h.before) AS former
WHERE h.entity = '{entity}' AND h.school = :school AND h.source = :source
  AND (h.before->>'school_year')::int = :school_year {only.format("h")}"""


def lesson_versions(
    connection: Connection,
    school: str,
    source: str,
    school_year: int,
    as_of: datetime,
    keys: Sequence[str] | None = None,
) -> pl.DataFrame:
    """Every content of the year's lessons that was seen until ``as_of``: ``LESSON_VERSION``;
    ``key`` is the journal's own. ``keys``: of these lessons only."""
    read = _READ | {"key": "source_key"}
    place = _place(school, source, school_year, as_of)
    return _versions(connection, "lesson", LESSON_VERSION, read, place, keys)


def mark_versions(
    connection: Connection, school: str, source: str, school_year: int, as_of: datetime
) -> pl.DataFrame:
    """Every content of the year's marks that was seen until ``as_of``: ``MARK_VERSION``."""
    place = _place(school, source, school_year, as_of)
    return _versions(connection, "mark", MARK_VERSION, _READ, place)


def term_mark_versions(
    connection: Connection, school: str, source: str, school_year: int, as_of: datetime
) -> pl.DataFrame:
    """Every content of the year's term marks seen until ``as_of``: ``TERM_MARK_VERSION``."""
    place = _place(school, source, school_year, as_of)
    return _versions(connection, "term_mark", TERM_MARK_VERSION, _READ, place)


def _place(school: str, source: str, school_year: int, as_of: datetime) -> dict[str, object]:
    return {"school": school, "source": source, "school_year": school_year, "as_of": as_of}


def _versions(
    connection: Connection,
    entity: str,
    columns: dict[str, pl.DataType],
    read: Mapping[str, str],
    place: dict[str, object],
    keys: Sequence[str] | None = None,
) -> pl.DataFrame:
    wanted = ", ".join(read.get(name, name) for name in columns)
    told_of = told(entity, keyed=keys is not None)
    query = f"SELECT {wanted} FROM ({told_of}) v WHERE recorded_at <= :as_of"
    values = place if keys is None else place | {"keys": list(keys)}
    rows = connection.execute(text(query), values).all()
    return pl.DataFrame([tuple(row) for row in rows], schema=columns, orient="row")
