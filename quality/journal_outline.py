"""What a whole year of lessons and marks comes to where only their existence counts.

Added up by the database, so that a school's year is not read every evening.
"""

from __future__ import annotations

from datetime import date

import polars as pl
from sqlalchemy import Connection, text

from quality.journal_frames import Known, known

_TOLD = ("date", "class_key", "subject_key", "teacher", "held", "status")
_OUTLINE: dict[str, pl.DataType] = {
    "date": pl.Date(),
    "class_key": pl.String(),
    "subject_key": pl.String(),
    "teacher": pl.String(),
    "held": pl.Boolean(),
    "status": pl.String(),
}


def lesson_outline(
    connection: Connection, journal: Known, period: tuple[date, date]
) -> pl.DataFrame:
    """One lesson of all that say the same of class, subject, teacher, holding, state, of whether
    they lie in ``period`` and of whether on a Saturday: ``date`` and these."""
    of_day = "date BETWEEN :first AND :last, extract(isodow FROM date) = 6"
    same = f"class_key, subject_key, teacher, held, status, {of_day}"
    query = f"SELECT DISTINCT ON ({same}) * FROM ({known('lesson', _TOLD)}) l ORDER BY {same}, date"
    values = journal.values | {"first": period[0], "last": period[1]}
    rows = connection.execute(text(query), values).all()
    return pl.DataFrame([tuple(row) for row in rows], schema=_OUTLINE, orient="row")


def pupils_with_data(
    connection: Connection, journal: Known, period: tuple[date, date]
) -> pl.Series:
    """Pupils with a mark or an attendance record (``present`` is one) in the period."""
    query = f"""
SELECT pupil FROM ({known("mark", ["pupil", "date"])}) m
WHERE date BETWEEN :first AND :last AND pupil IS NOT NULL
UNION
SELECT pupil FROM ({known("attendance", ["pupil", "lesson_key"])}) a
WHERE pupil IS NOT NULL AND lesson_key IN (
  SELECT source_key FROM ({known("lesson", ["source_key", "date"])}) l
  WHERE date BETWEEN :first AND :last)"""
    values = journal.values | {"first": period[0], "last": period[1]}
    return pl.Series("pupil", connection.execute(text(query), values).scalars().all(), pl.String)
