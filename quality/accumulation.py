"""Whether pupils have the marks that a regulation asks for in the course of a term.

One row per pupil and subject that is counted, so that the figure can be opened. Not counted are:
subjects whose hours nobody tells, weeks in which nothing is asked, who attended no lesson of
the subject (VLK 3.7.4), and who is exempt from it. Weeks are full weeks since the term began, or
since the pupil came to the class. What attending is, and whose a lesson of a group is, says
``attended``.
"""

from __future__ import annotations

from datetime import date

import polars as pl

from quality.attended import attended, exempt, in_class, lessons_between, on_scale, own_lessons
from quality.regulations import Accumulation, least_of
from quality.terms import term_start

# Row per pupil and subject.
PAIRS: dict[str, pl.DataType] = {
    "pupil": pl.String(),
    "class_key": pl.String(),
    "subject_key": pl.String(),
    "since": pl.Date(),
    "hours": pl.Float64(),
    "weeks": pl.Int64(),
    "asked": pl.Int64(),
    "marks": pl.Int64(),
    "enough": pl.Boolean(),
}
_PLACE = ["pupil", "class_key", "subject_key"]


def accumulation(
    rule: Accumulation,
    on: date,
    *,
    terms: pl.DataFrame,
    enrolments: pl.DataFrame,
    hours: pl.DataFrame,
    lessons: pl.DataFrame,
    marks: pl.DataFrame,
    attendance: pl.DataFrame,
) -> pl.DataFrame:
    """The pairs that count on the day ``on``: ``PAIRS``; none between terms.

    Frames hold the journal's columns of one school and source: ``terms`` ``kind``, ``start``,
    ``finish``; ``enrolments`` ``pupil``, ``class_key``, ``start``, ``finish``; ``hours``
    ``class_key``, ``subject_key``, ``hours_per_week``; ``lessons`` ``source_key``, ``date``,
    ``number``, ``class_key``, ``group_key``, ``subject_key``, ``held``, ``status``,
    ``attendance_taken``; ``marks`` ``pupil``, ``lesson_key``, ``subject_key``, ``date``,
    ``value``, ``scale``; ``attendance`` ``pupil``, ``lesson_key``, ``status``.
    """
    begun = term_start(terms, on)
    if begun is None:
        return pl.DataFrame(schema=PAIRS)
    given = lessons_between(lessons, attendance, begun, on)
    asked = _asked(rule, _pairs(enrolments, hours, begun, on), on)
    pupils = asked.select(*_PLACE, first="since", last=pl.lit(on))
    were = attended(own_lessons(pupils, given, marks, attendance), marks, attendance)
    freed = exempt(given, marks, attendance, begun, on)
    return (
        asked.join(were, on=_PLACE, how="semi")
        .join(freed, on=["pupil", "subject_key"], how="anti")
        .join(_counts(asked, marks, on), on=_PLACE, how="left")
        .with_columns(pl.col("marks").fill_null(0).cast(pl.Int64))
        .with_columns(enough=pl.col("marks") >= pl.col("asked"))
        .select(*PAIRS)
        .sort(_PLACE)
    )


def _pairs(enrolments: pl.DataFrame, hours: pl.DataFrame, begun: date, on: date) -> pl.DataFrame:
    """Every pupil of a class on the day, with its subjects: ``since`` they count."""
    return (
        in_class(enrolments, pl.lit(on))
        .select(
            "pupil",
            "class_key",
            since=pl.max_horizontal(pl.col("start").fill_null(begun), pl.lit(begun)),
        )
        .join(hours.drop_nulls("hours_per_week"), on="class_key")
        .with_columns(hours=pl.col("hours_per_week").cast(pl.Float64))
        .select(*_PLACE, "since", "hours")
    )


def _asked(rule: Accumulation, pairs: pl.DataFrame, on: date) -> pl.DataFrame:
    """``pairs`` of which something is asked by now, with ``weeks`` and ``asked``.

    A loop over the few different weeks and hours of a school, not over pupils.
    """
    dated = pairs.with_columns(weeks=(pl.lit(on) - pl.col("since")).dt.total_days() // 7)
    kinds = dated.select("weeks", "hours").unique()
    known = [
        (weeks, hours, least)
        for weeks, hours in kinds.iter_rows()
        if weeks >= least_of(rule.free_weeks, hours) and (least := _least(rule, weeks, hours))
    ]
    table = pl.DataFrame(
        known, {"weeks": pl.Int64, "hours": pl.Float64, "asked": pl.Int64}, orient="row"
    )
    return dated.join(table, on=["weeks", "hours"])


def _least(rule: Accumulation, weeks: int, hours: float) -> int:
    """What the last step that ``weeks`` have come to asks; 0 if none has begun."""
    past = [step for step in rule.marks if step.weeks <= weeks]
    return least_of(max(past, key=lambda step: step.weeks).marks, hours) if past else 0


def counted_marks(pairs: pl.DataFrame, marks: pl.DataFrame, on: date) -> pl.DataFrame:
    """``marks`` of each pair since it counts; what is said in a word is no mark."""
    given = pairs.select(*_PLACE, "since").join(on_scale(marks), on=["pupil", "subject_key"])
    return given.filter(pl.col("date").is_between("since", on))


def _counts(pairs: pl.DataFrame, marks: pl.DataFrame, on: date) -> pl.DataFrame:
    """How many ``marks`` each pair has."""
    needed = marks.select("pupil", "subject_key", "date", "scale")
    return counted_marks(pairs, needed, on).group_by(_PLACE).agg(marks=pl.len())
