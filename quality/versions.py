"""Every content the rows of a journal have had, so that one can look back.

The row of the journal and its former selves (``journal.history``), each with the instant at which
the hub saw that content first. A row that vanished has its versions still.
"""

from __future__ import annotations

from datetime import datetime

import polars as pl
from sqlalchemy import Connection, text

from schemas.frames import INSTANT

# Columns of ``lesson_versions``.
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


def told(entity: str) -> str:
    """SQL: every version of the rows of ``entity`` of ``:school``, ``:source`` and
    ``:school_year``, with the columns of its table."""
    return f"""
SELECT t.* FROM journal.{entity} t
WHERE t.school = :school AND t.source = :source AND t.school_year = :school_year
UNION ALL
SELECT former.* FROM journal.history h,
  LATERAL jsonb_populate_record(NULL::journal.{entity}, h.before) AS former
WHERE h.entity = '{entity}' AND h.school = :school AND h.source = :source
  AND (h.before->>'school_year')::int = :school_year"""


def lesson_versions(
    connection: Connection,
    school: str,
    source: str,
    school_year: int,
    as_of: datetime,
) -> pl.DataFrame:
    """Every content of the year's lessons that was seen until ``as_of``: ``LESSON_VERSION``."""
    rows = connection.execute(
        text(
            "SELECT source_key, recorded_at, entered_at, changed_at, held, topic, homework,"
            f" substitute, attendance_taken FROM ({told('lesson')}) v"
            " WHERE recorded_at <= :as_of"
        ),
        {
            "school": school,
            "source": source,
            "school_year": school_year,
            "as_of": as_of,
        },
    ).all()
    return pl.DataFrame([tuple(row) for row in rows], schema=LESSON_VERSION, orient="row")
