"""Form 1 (St Petersburg, annex 4): eight counts per grade level of a school.

``form1_rows`` names what is counted, so that a cell can be opened; ``form1`` counts these rows.
Frames hold the journal's columns of one school and source. Only levels with a class have a row.
"""

from __future__ import annotations

from datetime import date

import polars as pl

from quality.journal_frames import JournalFrames
from quality.schedule import GONE, ScheduleBasis

COLUMNS = (
    "classes",
    "classes_filled",
    "pupils",
    "pupils_with_data",
    "subjects",
    "subjects_with_data",
    "teachers",
    "teachers_with_access",
)


# Row per counted thing: what it is stands in ``value``, a key or a pseudonym.
ROWS: dict[str, pl.DataType] = {
    "grade_level": pl.Int64(),
    "column": pl.String(),
    "value": pl.String(),
}


def form1(
    frames: JournalFrames, basis: ScheduleBasis, period: tuple[date, date], known: pl.Series
) -> pl.DataFrame:
    """Columns ``grade_level`` (Int64) and ``COLUMNS`` (Int64) as of the end of ``period``.

    ``known``: the pupils with data (``journal_outline.pupils_with_data``). Of lessons that say the
    same of class, subject, teacher and holding one is enough.
    """
    return (
        form1_rows(frames, basis, period, known)
        .group_by("grade_level")
        .agg((pl.col("column") == name).sum().cast(pl.Int64).alias(name) for name in COLUMNS)
        .sort("grade_level")
    )


def form1_rows(
    frames: JournalFrames, basis: ScheduleBasis, period: tuple[date, date], known: pl.Series
) -> pl.DataFrame:
    """What each cell counts: ``ROWS``, each thing once in a cell. Every level has its classes."""
    levels = frames.class_.select(
        class_key="source_key", grade_level=pl.col("grade_level").cast(pl.Int64)
    )
    held = held_lessons(frames, period)
    pupils = open_enrolments(frames.enrolment, period[1])
    subjects = frames.curriculum_hours.select("class_key", "subject_key")
    teachers = teachers_with_load(frames, basis, period)
    allowed = frames.access_account.filter(pl.col("active"))["person"]
    counted = {
        "classes": levels.select("class_key", value="class_key"),
        "classes_filled": held.select("class_key", value="class_key"),
        "pupils": pupils.select("class_key", value="pupil"),
        "pupils_with_data": pupils.filter(pl.col("pupil").is_in(known.implode())).select(
            "class_key", value="pupil"
        ),
        "subjects": subjects.select("class_key", value="subject_key"),
        "teachers": teachers.select("class_key", value="teacher"),
        "teachers_with_access": teachers.filter(pl.col("teacher").is_in(allowed.implode())).select(
            "class_key", value="teacher"
        ),
    }
    parts = [_of_levels(levels, rows, name) for name, rows in counted.items()]
    taught = _of_levels(levels, held.select("class_key", value="subject_key"), "subjects")
    rows = pl.concat(parts)
    # A subject of the level's curricula that is taught in any class of the level.
    with_data = rows.join(taught, on=list(ROWS), how="semi").with_columns(
        column=pl.lit("subjects_with_data")
    )
    return pl.concat([rows, with_data]).sort(list(ROWS))


def _of_levels(levels: pl.DataFrame, rows: pl.DataFrame, name: str) -> pl.DataFrame:
    """The different values of ``rows`` (``class_key``, ``value``) in each level: ``ROWS``."""
    return (
        levels.join(rows.drop_nulls("value"), on="class_key")
        .select("grade_level", pl.lit(name).alias("column"), "value")
        .unique()
    )


def held_lessons(frames: JournalFrames, period: tuple[date, date]) -> pl.DataFrame:
    """Rows of lessons that were held in the period, neither cancelled nor merged."""
    return frames.lesson.filter(
        pl.col("date").is_between(*period), pl.col("held"), ~pl.col("status").is_in(GONE)
    )


def open_enrolments(enrolments: pl.DataFrame, as_of: date) -> pl.DataFrame:
    """Rows of enrolments that are open on the day."""
    return enrolments.filter(
        pl.col("start").is_null() | (pl.col("start") <= as_of),
        pl.col("finish").is_null() | (pl.col("finish") > as_of),
    )


def teachers_with_load(
    frames: JournalFrames, basis: ScheduleBasis, period: tuple[date, date]
) -> pl.DataFrame:
    """Rows of teachers' load in the period: slots, or lessons where there is no timetable."""
    if basis is ScheduleBasis.LESSONS:
        return frames.lesson.filter(pl.col("date").is_between(*period))
    return frames.timetable_slot.filter(
        pl.col("valid_from") <= period[1], pl.col("valid_to") >= period[0]
    )
