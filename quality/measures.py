"""How well the journal is kept: facts of each scheduled lesson, and the figures they add up to.

``lesson_facts`` gives one row per scheduled lesson, so that a figure can be opened down to the
lessons it counts; ``figures`` adds counts up; ``roll_up`` adds schools up to districts and to the
region. The definitions in words stand in the regulation profile (``quality/profiles``).
"""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl

MEASURES = (
    "fill_rate",
    "held",
    "topic",
    "homework",
    "attendance",
    "marks",
    "timeliness",
    "accumulation",
    "upload_frequency",
)
FACTS = ("held", "topic", "homework_due", "homework", "attendance", "marks", "filled")
FIGURE_SCHEMA: dict[str, pl.DataType] = {
    "measure": pl.String(),
    "numerator": pl.Int64(),
    "denominator": pl.Int64(),
}
REGION = "region"

# measure: (counts of its numerator, of its denominator); ``lessons`` are the scheduled ones.
RATIOS: dict[str, tuple[str, str]] = {
    "fill_rate": ("filled", "lessons"),
    "held": ("held", "lessons"),
    "topic": ("topic", "held"),
    "homework": ("homework", "homework_due"),
    "attendance": ("attendance", "held"),
    "marks": ("marks", "held"),
    "timeliness": ("parts_in_time", "parts_judged"),
    "accumulation": ("enough", "pairs"),
    "upload_frequency": ("uploaded", "uploads_due"),
}


def lesson_facts(
    scheduled: pl.DataFrame, lessons: pl.DataFrame, marks: pl.DataFrame, attendance: pl.DataFrame
) -> pl.DataFrame:
    """``scheduled`` (``schedule.SCHEDULED``) plus the Boolean columns ``FACTS``, never null.

    Every part is counted for held lessons only: what was typed into a lesson that was not held
    is no record of a lesson. A masked topic or homework is there and counts.
    """
    rows = lessons.select(
        lesson_key="source_key",
        _held="held",
        _topic=_written("topic"),
        _homework=_written("homework"),
        _not_set="homework_not_set",
        _taken=pl.col("attendance_taken").fill_null(value=False),
    )
    seen = scheduled.join(rows, on="lesson_key", how="left")
    seen = _mark_known(_mark_known(seen, marks, "_marked"), attendance, "_listed")
    held = _true("_held")
    facts = seen.with_columns(
        held=held,
        topic=held & _true("_topic"),
        homework_due=held & ~_true("_not_set"),
        homework=held & ~_true("_not_set") & _true("_homework"),
        attendance=held & (_true("_taken") | _true("_listed")),
        marks=held & _true("_marked"),
    )
    filled = (
        pl.col("topic")
        & (pl.col("homework") | ~pl.col("homework_due"))
        & pl.col("attendance")
        & pl.col("marks")
    )
    return facts.with_columns(filled=filled).select(*scheduled.columns, *FACTS)


def figures(counts: pl.DataFrame, by: Sequence[str] = ()) -> pl.DataFrame:
    """Numerator and denominator of each measure that ``counts`` speak of: ``by`` and
    ``FIGURE_SCHEMA``.

    ``counts``: rows to be added up, with the counts of ``RATIOS``, all or some. Without ``by`` no
    rows are zero of zero.
    """
    told = {m: pair for m, pair in RATIOS.items() if set(pair) <= set(counts.columns)}
    needed = pl.col(sorted({name for pair in told.values() for name in pair})).sum()
    sums = counts.group_by(by, maintain_order=True).agg(needed) if by else counts.select(needed)
    return pl.concat(
        sums.select(
            *by,
            measure=pl.lit(measure),
            numerator=pl.col(counted).cast(pl.Int64),
            denominator=pl.col(among).cast(pl.Int64),
        )
        for measure, (counted, among) in told.items()
    )


def roll_up(schools: pl.DataFrame) -> pl.DataFrame:
    """Figures of every level by sums.

    ``schools``: ``school``, ``district`` and the columns of ``FIGURE_SCHEMA``. Returns ``level``
    (school, district, region), ``unit`` and the columns of ``FIGURE_SCHEMA``.
    """
    levels = {
        "school": pl.col("school"),
        "district": pl.col("district"),
        "region": pl.lit(REGION),
    }
    return pl.concat(
        schools.group_by(pl.lit(level).alias("level"), unit.alias("unit"), "measure")
        .agg(pl.col("numerator").sum(), pl.col("denominator").sum())
        .sort("unit", "measure")
        for level, unit in levels.items()
    )


def _written(column: str) -> pl.Expr:
    return pl.col(column).fill_null("").str.strip_chars() != ""


def _true(column: str) -> pl.Expr:
    return pl.col(column).fill_null(value=False)


def _mark_known(seen: pl.DataFrame, records: pl.DataFrame, flag: str) -> pl.DataFrame:
    """Adds ``flag``: true where ``records`` hold the lesson."""
    known = (
        records.select("lesson_key")
        .drop_nulls()
        .unique()
        .with_columns(pl.lit(value=True).alias(flag))
    )
    return seen.join(known, on="lesson_key", how="left")
