"""The scheduled lessons of a school: what the journal should hold for a period.

Basis ``timetable``: the timetable's slots on the days they are valid, Monday to Saturday, without
days off; a slot whose lesson row is cancelled or merged goes, a slot without a row stays as a
lesson that nobody filled. A lesson row that matches no slot (an extra lesson) is not scheduled
and does not count. Basis ``lessons``, for a source that publishes no timetable: its lesson rows
without the cancelled and merged ones.

Frames hold the journal's columns (``schemas.tables.content_columns``) of one school and source.
The scheduled frame has one row per lesson: ``SCHEDULED``; ``lesson_key`` is null for an unfilled
slot, else the ``source_key`` of its lesson row; ``teacher`` is the lesson row's, else the slot's.
"""

from __future__ import annotations

from datetime import date
from enum import StrEnum

import polars as pl

from quality.school_days import SUNDAY, days_between
from schemas.codes import LessonStatus

PLACE = ("date", "number", "class_key", "group_key", "subject_key")
SCHEDULED = (*PLACE, "lesson_key", "teacher", "substitute")
GONE = [LessonStatus.CANCELLED.value, LessonStatus.MERGED.value]


class ScheduleBasis(StrEnum):
    """What a source publishes that says which lessons there are."""

    TIMETABLE = "timetable"
    LESSONS = "lessons"


def scheduled_lessons(
    basis: ScheduleBasis,
    slots: pl.DataFrame,
    lessons: pl.DataFrame,
    period: tuple[date, date],
    off: set[date],
) -> pl.DataFrame:
    """The scheduled lessons of ``period`` (both days included)."""
    if basis is ScheduleBasis.LESSONS:
        return from_lessons(lessons, period)
    return from_timetable(slots, lessons, period, off)


def from_timetable(
    slots: pl.DataFrame, lessons: pl.DataFrame, period: tuple[date, date], off: set[date]
) -> pl.DataFrame:
    """Slots on their days, joined to lesson rows; ``off`` are the days without lessons."""
    return (
        _slot_places(slots, period, off)
        .join(_one_row_per_place(lessons), on=list(PLACE), how="left", nulls_equal=True)
        .filter(pl.col("status").is_null() | ~pl.col("status").is_in(GONE))
        .with_columns(teacher=pl.coalesce("taught_by", "teacher"))
        .select(SCHEDULED)
    )


def from_lessons(lessons: pl.DataFrame, period: tuple[date, date]) -> pl.DataFrame:
    """The lesson rows themselves, each a lesson of its own."""
    return (
        lessons.filter(pl.col("date").is_between(*period), ~pl.col("status").is_in(GONE))
        .select(*PLACE, "teacher", "substitute", lesson_key="source_key")
        .select(SCHEDULED)
    )


def _slot_places(slots: pl.DataFrame, period: tuple[date, date], off: set[date]) -> pl.DataFrame:
    days = [day for day in days_between(*period) if day not in off and day.isoweekday() != SUNDAY]
    calendar = pl.DataFrame({"date": days}, schema={"date": pl.Date}).with_columns(
        weekday=pl.col("date").dt.weekday().cast(pl.Int64)
    )
    # Two slots of one place (a teacher replaced in mid-year, validity overlapping) are one lesson:
    # the later one's.
    return (
        slots.with_columns(pl.col("weekday").cast(pl.Int64), pl.col("number").cast(pl.Int64))
        .join(calendar, on="weekday")
        .filter(pl.col("date").is_between("valid_from", "valid_to"))
        .sort("valid_from", "teacher", descending=[True, False])
        .unique(PLACE, keep="first", maintain_order=True)
        .select(*PLACE, "teacher")
    )


def _one_row_per_place(lessons: pl.DataFrame) -> pl.DataFrame:
    """Of several rows of one place the one that is on, and of these the one that was held."""
    return (
        lessons.select(
            *PLACE,
            "status",
            "substitute",
            taught_by="teacher",
            lesson_key="source_key",
            on=~pl.col("status").is_in(GONE),
            held="held",
        )
        .with_columns(pl.col("number").cast(pl.Int64))
        .sort("on", "held", "lesson_key", descending=[True, True, False])
        .unique(list(PLACE), keep="first", maintain_order=True)
        .select(*PLACE, "status", "lesson_key", "taught_by", "substitute")
    )
