"""Cells: the smallest figures that are kept, from which every other one adds up.

A cell is a scheduled lesson with what was counted of it. A lesson of a group is a cell of its own,
so the sums of a class count nothing twice; a cancelled or merged lesson has none.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

import polars as pl

from quality.entry_times import Outcome
from quality.measures import FACTS
from quality.schedule import GONE, PLACE
from quality.timeliness import JUDGED
from quality.uploads import Cause

# Counts of a cell beside ``measures.FACTS``, which are 0 or 1: the parts of the lesson.
PART_COUNTS = ("parts_in_time", "parts_judged", "parts_open")
CELLS: dict[str, pl.DataType] = {
    "date": pl.Date(),
    "number": pl.Int64(),
    "class_key": pl.String(),
    "group_key": pl.String(),
    "subject_key": pl.String(),
    "lesson_key": pl.String(),
    "teacher": pl.String(),
    "grade_level": pl.Int64(),
    **{name: pl.Int64() for name in (*FACTS, *PART_COUNTS)},
}
# Counts of a school's day; those of its lessons and those of its upload.
OF_LESSONS = ("lessons", *FACTS, "parts_in_time", "parts_judged")
OF_UPLOADS = ("uploads_due", "uploaded")
DAYS: dict[str, pl.DataType] = {
    "day": pl.Date(),
    "cause": pl.String(),
    **{name: pl.Int64() for name in (*OF_LESSONS, *OF_UPLOADS)},
}
# Accumulation of a class in a subject.
PAIR_CELLS: dict[str, pl.DataType] = {
    "class_key": pl.String(),
    "subject_key": pl.String(),
    "teacher": pl.String(),
    "grade_level": pl.Int64(),
    "enough": pl.Int64(),
    "pairs": pl.Int64(),
}


def lesson_cells(lessons: pl.DataFrame, parts: pl.DataFrame, classes: pl.DataFrame) -> pl.DataFrame:
    """One row per lesson: ``CELLS``.

    ``lessons``: ``schedule.SCHEDULED`` with ``measures.FACTS``; ``parts``: ``timeliness.PARTS`` of
    these lessons; ``classes``: ``source_key``, ``grade_level``. The teacher is who gave the lesson.
    """
    outcome = pl.col("outcome")
    counted = parts.group_by(*PLACE, "lesson_key").agg(
        parts_in_time=(outcome == Outcome.IN_TIME.value).sum(),
        parts_judged=outcome.is_in([one.value for one in JUDGED]).sum(),
        parts_open=(outcome == Outcome.NOT_DUE.value).sum(),
    )
    return (
        lessons.with_columns(teacher=pl.coalesce("substitute", "teacher"))
        .join(counted, on=[*PLACE, "lesson_key"], how="left", nulls_equal=True)
        .join(_levels(classes), on="class_key", how="left")
        .with_columns(pl.col(PART_COUNTS).fill_null(0))
        .select(pl.col(name).cast(kind) for name, kind in CELLS.items())
        .sort(*PLACE)  # days lie beside one another where they are kept
    )


def no_days() -> pl.DataFrame:
    """What ``by_day`` gives of no lessons."""
    return by_day(pl.DataFrame(schema=CELLS))


def by_day(cells: pl.DataFrame) -> pl.DataFrame:
    """``cells`` (``CELLS``) added up: ``date`` and ``OF_LESSONS``."""
    counts = [name for name in OF_LESSONS if name != "lessons"]
    return cells.group_by("date").agg(
        pl.len().cast(pl.Int64).alias("lessons"), pl.col(counts).sum()
    )


def day_cells(
    counted: pl.DataFrame, reached: Mapping[date, Cause], causes: Mapping[date, Cause]
) -> pl.DataFrame:
    """The days of a school that have lessons or a cause: ``DAYS``, by day.

    ``counted``: rows of ``by_day`` of all its journals; ``reached``: its days by what reached the
    hub, by which uploads count; ``causes``: the same days with what came of it at the diary.
    """
    lessons = counted.group_by(day="date").agg(pl.col(OF_LESSONS).sum())
    uploads = [
        (day, causes[day].value, cause is not Cause.NOT_A_SCHOOL_DAY, cause is Cause.UPLOADED)
        for day, cause in reached.items()
    ]
    schema = {name: DAYS[name] for name in ("day", "cause", *OF_UPLOADS)}
    return (
        lessons.join(
            pl.DataFrame(uploads, schema=schema, orient="row"), on="day", how="full", coalesce=True
        )
        .with_columns(pl.col(*OF_LESSONS, *OF_UPLOADS).fill_null(0))
        .select(pl.col(name).cast(kind) for name, kind in DAYS.items())
        .sort("day")
    )


def pair_cells(pairs: pl.DataFrame, given: pl.DataFrame, classes: pl.DataFrame) -> pl.DataFrame:
    """Accumulation by class and subject: ``PAIR_CELLS``.

    ``pairs``: ``accumulation.PAIRS``; ``given``: ``class_key``, ``group_key``, ``subject_key``,
    ``teacher``, ``day``: who teaches since when (``teachers_of``). A class whose groups have
    several teachers has none here, since the pairs do not tell the groups.
    """
    latest = given.drop_nulls("teacher").sort("day", "teacher").group_by(
        "class_key", "group_key", "subject_key", maintain_order=True
    ).agg(pl.col("teacher").last())  # fmt: skip
    only = (
        latest.group_by("class_key", "subject_key")
        .agg(pl.col("teacher").unique())
        .filter(pl.col("teacher").list.len() == 1)
        .with_columns(pl.col("teacher").list.first())
    )
    return (
        pairs.group_by("class_key", "subject_key")
        .agg(enough=pl.col("enough").sum(), pairs=pl.len())
        .join(only, on=["class_key", "subject_key"], how="left")
        .join(_levels(classes), on="class_key", how="left")
        .select(pl.col(name).cast(kind) for name, kind in PAIR_CELLS.items())
        .sort("class_key", "subject_key")
    )


def teachers_of(slots: pl.DataFrame, lessons: pl.DataFrame, on: date) -> pl.DataFrame:
    """Who teaches what on ``on``, by the timetable, else by the lessons until then; a substitute
    does not: ``class_key``, ``group_key``, ``subject_key``, ``teacher``, ``day``."""
    whose = ("class_key", "group_key", "subject_key", "teacher")
    if slots.height:
        valid = slots.filter(pl.lit(on).is_between("valid_from", "valid_to"))
        return valid.select(*whose, day="valid_from")
    on_time = lessons.filter(pl.col("date") <= on, ~pl.col("status").is_in(GONE))
    return on_time.select(*whose, day="date")


def _levels(classes: pl.DataFrame) -> pl.DataFrame:
    return classes.select("grade_level", class_key="source_key").unique("class_key", keep="any")
