"""Sheets of the paper journal whose counts are not those of the electronic one.

A sheet is a class, a subject and a month: held lessons of all groups together, and marks on a
scale. It is compared with the days until it was counted, so that a month may be counted before it
is over.
"""

from __future__ import annotations

import polars as pl

from quality.attended import on_scale
from quality.regulations import Asked, Equality
from quality.rules.journal import Journal, as_remarks, key_of, no_remarks
from schemas.codes import LessonStatus

_PLACE = ["class_key", "subject_key", "month"]


def paper_equals(journal: Journal) -> pl.DataFrame:
    """A remark for each sheet of the school year that differs."""
    if journal.profile.rule(Equality, Asked.PAPER_EQUALS, journal.on) is None:
        return no_remarks()
    sheets = journal.paper.filter(pl.col("month") >= journal.first.replace(day=1))
    held = journal.frames.lesson.filter(
        pl.col("held"), pl.col("status") == LessonStatus.SCHEDULED.value
    )
    counted = (
        sheets.join(_counts(sheets, held, "there_lessons"), on=_PLACE, how="left")
        .join(_counts(sheets, _marks(journal), "there_marks"), on=_PLACE, how="left")
        .with_columns(pl.col("there_lessons", "there_marks").fill_null(0))
    )
    differ = counted.filter(
        (pl.col("lessons") != pl.col("there_lessons")) | (pl.col("marks") != pl.col("there_marks"))
    )
    return as_remarks(
        differ,
        rule=pl.lit(Asked.PAPER_EQUALS.value),
        key=key_of(*map(pl.col, _PLACE)),
        day=pl.col("month"),
        detail=pl.format(
            "уроков в бумажном {}, в электронном {}; отметок {} и {}",
            "lessons", "there_lessons", "marks", "there_marks",
        ),
    )  # fmt: skip


def _counts(sheets: pl.DataFrame, rows: pl.DataFrame, name: str) -> pl.DataFrame:
    """How many of ``rows`` (``class_key``, ``subject_key``, ``date``) belong to each sheet."""
    within = pl.col("date").is_between("month", "until")
    joined = sheets.select(
        *_PLACE, until=pl.min_horizontal(pl.col("month").dt.month_end(), "counted_on")
    ).join(rows.select("class_key", "subject_key", "date"), on=["class_key", "subject_key"])
    return joined.filter(within).group_by(_PLACE).agg(pl.len().alias(name))


def _marks(journal: Journal) -> pl.DataFrame:
    """Marks on a scale with the class of their lesson; of those without one, the pupil's class."""
    marks = on_scale(journal.frames.mark).select("pupil", "lesson_key", "subject_key", "date")
    lessons = journal.frames.lesson.select("class_key", lesson_key="source_key")
    own = marks.join(lessons, on="lesson_key", how="left")
    placed = own.filter(pl.col("class_key").is_not_null())
    loose = own.filter(pl.col("class_key").is_null()).drop("class_key")
    enrolled = loose.join(journal.frames.enrolment, on="pupil").filter(
        (pl.col("start") <= pl.col("date")).fill_null(value=True),
        (pl.col("finish") > pl.col("date")).fill_null(value=True),
    )
    return pl.concat(
        [part.select("class_key", "subject_key", "date") for part in (placed, enrolled)]
    )
