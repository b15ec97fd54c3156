"""Every content the rows of a journal have had, so that one can look back.

The row of the journal and its former selves (``journal.history``), each with the instant at which
the hub saw that content first. A row that vanished has its versions still.
"""

from __future__ import annotations

from collections.abc import Sequence
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
    """Every content of the year's lessons that was seen until ``as_of``: ``LESSON_VERSION``.

    ``keys``: of these lessons only.
    """
    rows = connection.execute(
        text(
            "SELECT source_key, recorded_at, entered_at, changed_at, held, topic, homework,"
            " substitute, attendance_taken"
            f" FROM ({told('lesson', keyed=keys is not None)}) v"
            " WHERE recorded_at <= :as_of"
        ),
        {
            "school": school,
            "source": source,
            "school_year": school_year,
            "as_of": as_of,
        }
        | ({} if keys is None else {"keys": list(keys)}),
    ).all()
    return pl.DataFrame([tuple(row) for row in rows], schema=LESSON_VERSION, orient="row")
