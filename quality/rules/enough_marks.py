"""Pupils with fewer marks than asked: in the course of a term, and when it is over."""

from __future__ import annotations

from datetime import date

import polars as pl

from quality.attended import attended, exempt, in_class, lessons_between, on_scale, own_lessons
from quality.regulations import Asked, MarksToGrade, least_of
from quality.rules.journal import Journal, as_remarks, key_of, no_remarks, teachers
from quality.rules.term_marks import class_terms, standing
from quality.terms import term_start
from schemas.codes import Scale

_PLACE = ["pupil", "class_key", "subject_key"]
_COUNTED = pl.format("отметок {} из {}", "marks", "asked")


def term_begun(journal: Journal) -> date | None:
    """The first day of the term by which marks accumulate now; None between terms."""
    return term_start(journal.frames.term, journal.on)


def accumulation(journal: Journal) -> pl.DataFrame:
    """A remark for each pupil and subject of the measure that has not enough."""
    begun = term_begun(journal)
    return as_remarks(
        teachers(journal.pairs.filter(~pl.col("enough")), journal),
        rule=pl.lit(Asked.ACCUMULATION.value),
        key=key_of(pl.lit(begun), pl.col("pupil"), pl.col("subject_key")),
        day=pl.lit(begun),
        detail=_COUNTED,
    )


def marks_to_grade(journal: Journal) -> pl.DataFrame:
    """A remark for each pupil, subject and term over by now with too few marks to be graded."""
    rule = journal.profile.rule(MarksToGrade, Asked.MARKS_TO_GRADE, journal.on)
    if rule is None:
        return no_remarks()
    terms = class_terms(journal)
    parts = [
        _of_term(rule, journal, terms.filter(start=start, finish=finish), start, finish)
        for start, finish in terms.select("start", "finish").unique().sort("start").iter_rows()
    ]
    return pl.concat([no_remarks(), *parts])


def _of_term(
    rule: MarksToGrade, journal: Journal, terms: pl.DataFrame, start: date, finish: date
) -> pl.DataFrame:
    """The remarks of the terms of these days; a school has few."""
    frames = journal.frames
    whole = in_class(in_class(frames.enrolment, pl.lit(start)), pl.lit(finish))
    hours = frames.curriculum_hours.drop_nulls("hours_per_week")
    pairs = (
        whole.select("pupil", "class_key")
        .join(terms.select("class_key", "term_key"), on="class_key")
        .join(hours, on="class_key")
        .join(_asked(rule, hours), on="hours_per_week")
    )
    given = lessons_between(frames.lesson, frames.attendance, start, finish)
    pupils = pairs.select(*_PLACE, first=pl.lit(start), last=pl.lit(finish)).unique()
    were = attended(
        own_lessons(pupils, given, frames.mark, frames.attendance), frames.mark, frames.attendance
    )
    freed = exempt(given, frames.mark, frames.attendance, start, finish)
    in_words = standing(journal.term_marks).filter(scale=Scale.CODE.value)
    counts = (
        on_scale(frames.mark)
        .filter(pl.col("date").is_between(start, finish))
        .group_by("pupil", "subject_key")
        .agg(marks=pl.len())
    )
    few = (
        pairs.join(were, on=_PLACE, how="semi")
        .join(freed, on=["pupil", "subject_key"], how="anti")
        .join(in_words, on=["pupil", "subject_key", "term_key"], how="anti")
        .join(counts, on=["pupil", "subject_key"], how="left")
        .with_columns(pl.col("marks").fill_null(0))
        .filter(pl.col("marks") < pl.col("asked"))
    )
    return as_remarks(
        teachers(few, journal),
        rule=pl.lit(Asked.MARKS_TO_GRADE.value),
        key=key_of(pl.col("term_key"), pl.col("subject_key"), pl.col("pupil")),
        day=pl.lit(finish),
        detail=_COUNTED,
    )


def _asked(rule: MarksToGrade, hours: pl.DataFrame) -> pl.DataFrame:
    """``asked`` by ``hours_per_week``, of which a school has few different ones."""
    kinds = hours["hours_per_week"].unique().to_list()
    rows = [(week, least_of(rule.least, week)) for week in kinds]
    return pl.DataFrame(rows, {"hours_per_week": pl.Float64, "asked": pl.Int64}, orient="row")
