"""Whether pupils have the marks that a regulation asks for in the course of a term.

One row per pupil and subject that is counted, so that the figure can be opened. Not counted are:
subjects whose hours nobody tells, weeks in which nothing is asked, who attended no lesson of
the subject (VLK 3.7.4), and who is exempt from it. Weeks are full weeks since the term began, or
since the pupil came to the class. A lesson of a group is a pupil's own if any mark or absence shows
the pupil in that group: of whom nothing shows it, the lesson is not known to be attended.
"""

from __future__ import annotations

from datetime import date

import polars as pl

from quality.regulations import Accumulation, least_of
from schemas.codes import AttendanceStatus, LessonStatus, Scale, TermKind

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
_AWAY = [
    status.value
    for status in AttendanceStatus
    if status not in (AttendanceStatus.PRESENT, AttendanceStatus.LATE)
]
_EXEMPT = AttendanceStatus.EXEMPT.value
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
    ``class_key``, ``group_key``, ``subject_key``, ``held``, ``status``; ``marks`` ``pupil``,
    ``lesson_key``, ``subject_key``, ``date``, ``value``, ``scale``; ``attendance`` ``pupil``,
    ``lesson_key``, ``status``.
    """
    begun = _term_start(terms, on)
    if begun is None:
        return pl.DataFrame(schema=PAIRS)
    held = lessons.filter(
        pl.col("held"),
        pl.col("status") == LessonStatus.SCHEDULED.value,
        pl.col("date").is_between(begun, on),
    ).select("date", "class_key", "group_key", "subject_key", lesson_key="source_key")
    asked = _asked(rule, _pairs(enrolments, hours, begun, on), on)
    shown = _shown(held, marks, attendance)
    return (
        asked.join(_attended(asked, held, attendance, shown), on=_PLACE, how="semi")
        .join(_exempt(held, marks, attendance), on=["pupil", "subject_key"], how="anti")
        .join(_counts(asked, marks, on), on=_PLACE, how="left")
        .with_columns(pl.col("marks").fill_null(0).cast(pl.Int64))
        .with_columns(enough=pl.col("marks") >= pl.col("asked"))
        .select(*PAIRS)
        .sort(_PLACE)
    )


def _term_start(terms: pl.DataFrame, on: date) -> date | None:
    """The first day of the term that ``on`` lies in; of several the latest."""
    open_terms = terms.filter(
        pl.col("kind") != TermKind.YEAR.value, pl.col("start") <= on, pl.col("finish") >= on
    )
    first: date | None = open_terms.select(pl.col("start").max()).item()
    return first


def _pairs(enrolments: pl.DataFrame, hours: pl.DataFrame, begun: date, on: date) -> pl.DataFrame:
    """Every pupil of a class on the day, with its subjects: ``since`` they count."""
    here = enrolments.filter(
        (pl.col("start") <= on).fill_null(value=True),
        (pl.col("finish") > on).fill_null(value=True),
    )
    return (
        here.select(
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


def _shown(held: pl.DataFrame, marks: pl.DataFrame, attendance: pl.DataFrame) -> pl.DataFrame:
    """``pupil``, ``class_key``, ``subject_key``, ``group_key``: the groups pupils are seen in."""
    seen = pl.concat([part.select("pupil", "lesson_key") for part in (marks, attendance)])
    grouped = held.drop_nulls("group_key")
    return grouped.join(seen, on="lesson_key").select(*_PLACE, "group_key").unique()


def _attended(
    pairs: pl.DataFrame, held: pl.DataFrame, attendance: pl.DataFrame, shown: pl.DataFrame
) -> pl.DataFrame:
    """``_PLACE`` of those who were at a lesson of the subject since they count."""
    given = pairs.join(held, on=["class_key", "subject_key"]).filter(
        pl.col("date") >= pl.col("since")
    )
    own = pl.concat(
        [
            given.filter(pl.col("group_key").is_null()),
            given.join(shown, on=[*_PLACE, "group_key"], how="semi"),
        ]
    )
    away = attendance.filter(pl.col("status").is_in(_AWAY)).select("pupil", "lesson_key")
    return own.join(away, on=["pupil", "lesson_key"], how="anti").select(_PLACE).unique()


def _exempt(held: pl.DataFrame, marks: pl.DataFrame, attendance: pl.DataFrame) -> pl.DataFrame:
    """``pupil`` and ``subject_key`` of those whom a record of the term calls exempt."""
    by_lesson = attendance.filter(status=_EXEMPT).join(held, on="lesson_key")
    by_mark = marks.filter(scale=Scale.CODE.value, value=_EXEMPT)
    return pl.concat(
        [part.select("pupil", "subject_key") for part in (by_lesson, by_mark)]
    ).unique()


def counted_marks(pairs: pl.DataFrame, marks: pl.DataFrame, on: date) -> pl.DataFrame:
    """``marks`` of each pair since it counts; what is said in a word is no mark."""
    graded = marks.filter(pl.col("scale") != Scale.CODE.value, pl.col("date") <= on)
    given = pairs.select(*_PLACE, "since").join(graded, on=["pupil", "subject_key"])
    return given.filter(pl.col("date") >= pl.col("since"))


def _counts(pairs: pl.DataFrame, marks: pl.DataFrame, on: date) -> pl.DataFrame:
    """How many ``marks`` each pair has."""
    return counted_marks(pairs, marks, on).group_by(_PLACE).agg(marks=pl.len())
