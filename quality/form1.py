"""Form 1 (St Petersburg, annex 4): eight counts per grade level of a school.

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


def form1(
    frames: JournalFrames, basis: ScheduleBasis, period: tuple[date, date], known: pl.Series
) -> pl.DataFrame:
    """Columns ``grade_level`` (Int64) and ``COLUMNS`` (Int64) as of the end of ``period``.

    ``known``: the pupils with data (``journal_outline.pupils_with_data``). Of lessons that say the
    same of class, subject, teacher and holding one is enough.
    """
    levels = frames.class_.select(
        class_key="source_key", grade_level=pl.col("grade_level").cast(pl.Int64)
    )
    held = frames.lesson.filter(
        pl.col("date").is_between(*period), pl.col("held"), ~pl.col("status").is_in(GONE)
    )
    pupils = _open_enrolments(frames.enrolment, period[1])
    subjects = frames.curriculum_hours.select("class_key", "subject_key")
    teachers = teachers_with_load(frames, basis, period)
    allowed = frames.access_account.filter(pl.col("active"))["person"]
    counts = [
        _count(levels, levels.select("class_key"), "class_key", "classes"),
        _count(levels, held, "class_key", "classes_filled"),
        _count(levels, pupils, "pupil", "pupils"),
        _count(
            levels,
            pupils.filter(pl.col("pupil").is_in(known.implode())),
            "pupil",
            "pupils_with_data",
        ),
        _count(levels, subjects, "subject_key", "subjects"),
        _subjects_with_data(levels, subjects, held),
        _count(levels, teachers, "teacher", "teachers"),
        _count(
            levels,
            teachers.filter(pl.col("teacher").is_in(allowed.implode())),
            "teacher",
            "teachers_with_access",
        ),
    ]
    rows = levels.select("grade_level").unique()
    for count in counts:
        rows = rows.join(count, on="grade_level", how="left")
    return rows.with_columns(pl.col(COLUMNS).fill_null(0).cast(pl.Int64)).sort("grade_level")


def _count(levels: pl.DataFrame, rows: pl.DataFrame, counted: str, name: str) -> pl.DataFrame:
    """How many different ``counted`` the classes of each level have."""
    keyed = rows.select("class_key", value=counted).drop_nulls("value")
    return (
        levels.join(keyed, on="class_key")
        .group_by("grade_level")
        .agg(pl.col("value").n_unique().alias(name))
    )


def _open_enrolments(enrolments: pl.DataFrame, as_of: date) -> pl.DataFrame:
    return enrolments.filter(
        pl.col("start").is_null() | (pl.col("start") <= as_of),
        pl.col("finish").is_null() | (pl.col("finish") > as_of),
    ).select("class_key", "pupil")


def _subjects_with_data(
    levels: pl.DataFrame, subjects: pl.DataFrame, held: pl.DataFrame
) -> pl.DataFrame:
    """Subjects of the level's curricula with a held lesson in any class of the level."""
    planned = levels.join(subjects, on="class_key").select("grade_level", "subject_key").unique()
    taught = levels.join(held.select("class_key", "subject_key"), on="class_key")
    return (
        planned.join(taught, on=["grade_level", "subject_key"], how="semi")
        .group_by("grade_level")
        .agg(subjects_with_data=pl.len())
    )


def teachers_with_load(
    frames: JournalFrames, basis: ScheduleBasis, period: tuple[date, date]
) -> pl.DataFrame:
    """Teachers with load in the period: by slots, or by lessons where there is no timetable.

    Columns ``class_key``, ``teacher``.
    """
    if basis is ScheduleBasis.LESSONS:
        rows = frames.lesson.filter(pl.col("date").is_between(*period))
    else:
        rows = frames.timetable_slot.filter(
            pl.col("valid_from") <= period[1], pl.col("valid_to") >= period[0]
        )
    return rows.select("class_key", "teacher")
