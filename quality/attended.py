"""Who is in a class, who was at which lesson, who is exempt: what several rules ask alike.

Frames hold the journal's columns of one school and source, as ``accumulation`` lists them. A lesson
of a group is a pupil's own if a mark or an absence shows the pupil in a lesson of that group: of
whom nothing shows it, nobody knows. A pupil attended a held lesson if attendance was taken in it,
or anything is recorded of the pupil in it, and no absence is.
"""

from __future__ import annotations

from datetime import date

import polars as pl

from schemas.codes import AttendanceStatus, LessonStatus, Scale

AWAY = [
    status.value
    for status in AttendanceStatus
    if status not in (AttendanceStatus.PRESENT, AttendanceStatus.LATE)
]
_EXEMPT = AttendanceStatus.EXEMPT.value


def in_class(enrolments: pl.DataFrame, on: pl.Expr) -> pl.DataFrame:
    """The rows of ``enrolments`` whose pupil is in the class on that day; the day of leaving is
    none of them."""
    return enrolments.filter(
        (pl.col("start") <= on).fill_null(value=True), (pl.col("finish") > on).fill_null(value=True)
    )


def on_scale(marks: pl.DataFrame) -> pl.DataFrame:
    """The marks of ``marks`` that are on a scale; what is said in a word is none."""
    return marks.filter(pl.col("scale") != Scale.CODE.value)


def lessons_between(
    lessons: pl.DataFrame, attendance: pl.DataFrame, first: date, last: date
) -> pl.DataFrame:
    """Lessons of these days that are neither cancelled nor merged, with ``lesson_key`` and
    ``taken``: whether they were held and attendance was taken."""
    listed = pl.col("source_key").is_in(attendance["lesson_key"].unique().implode())
    signed = pl.col("attendance_taken").fill_null(value=False)
    return lessons.filter(
        pl.col("status") == LessonStatus.SCHEDULED.value, pl.col("date").is_between(first, last)
    ).select(
        "date", "number", "class_key", "group_key", "subject_key", "held",
        lesson_key="source_key", taken=pl.col("held") & (signed | listed),
    )  # fmt: skip


def own_lessons(
    pupils: pl.DataFrame, lessons: pl.DataFrame, marks: pl.DataFrame, attendance: pl.DataFrame
) -> pl.DataFrame:
    """Each of ``pupils`` with each lesson that is the pupil's own.

    ``pupils``: ``pupil``, ``class_key``, ``first`` and ``last`` Date (the days that count), perhaps
    ``subject_key``, when only lessons of it count. ``lessons``: of ``lessons_between``, whose
    columns are added.
    """
    by = [name for name in ("class_key", "subject_key") if name in pupils.columns]
    seen = pl.concat([part.select("pupil", "lesson_key") for part in (marks, attendance)])
    grouped = lessons.drop_nulls("group_key")
    place = ["class_key", "subject_key", "group_key"]
    shown = grouped.join(seen, on="lesson_key").select("pupil", *place).unique()
    own = pl.concat(
        [
            pupils.join(lessons.filter(pl.col("group_key").is_null()), on=by),
            pupils.join(shown.join(grouped, on=place), on=["pupil", *by]),
        ],
        how="diagonal",
    )
    return own.filter(pl.col("date").is_between("first", "last")).drop("first", "last")


def with_attendance(
    own: pl.DataFrame, marks: pl.DataFrame, attendance: pl.DataFrame
) -> pl.DataFrame:
    """``own`` (``own_lessons``) with ``there``: whether the pupil attended."""
    was = ["pupil", "lesson_key"]
    doubtful = own.filter(pl.col("held") & ~pl.col("taken")).select("lesson_key").unique()
    recorded = pl.concat([part.select(was) for part in (marks, attendance)]).join(
        doubtful, on="lesson_key", how="semi"
    )
    away = attendance.filter(pl.col("status").is_in(AWAY)).select(was)
    seen = own
    for name, records in (("_recorded", recorded), ("_away", away)):
        flagged = records.unique().with_columns(pl.lit(value=True).alias(name))
        seen = seen.join(flagged, on=was, how="left")
    known = pl.col("taken") | pl.col("_recorded").is_not_null()
    there = pl.col("held") & known & pl.col("_away").is_null()
    return seen.with_columns(there=there).drop("_recorded", "_away")


def attended(own: pl.DataFrame, marks: pl.DataFrame, attendance: pl.DataFrame) -> pl.DataFrame:
    """The rows of ``own`` (``own_lessons``) at which the pupil was."""
    return with_attendance(own, marks, attendance).filter("there").drop("there")


def exempt(
    lessons: pl.DataFrame, marks: pl.DataFrame, attendance: pl.DataFrame, first: date, last: date
) -> pl.DataFrame:
    """``pupil`` and ``subject_key`` of those whom a record of these days calls exempt."""
    by_lesson = attendance.filter(status=_EXEMPT).join(lessons, on="lesson_key")
    by_mark = marks.filter(pl.col("date").is_between(first, last)).filter(
        scale=Scale.CODE.value, value=_EXEMPT
    )
    return pl.concat(
        [part.select("pupil", "subject_key") for part in (by_lesson, by_mark)]
    ).unique()
