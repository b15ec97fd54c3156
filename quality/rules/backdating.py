"""Marks that appeared or changed after their deadline or after their term; changed term marks.

A version of a mark is late by what it says itself: its date, its work, its lesson. So a mark moved
to an earlier day is judged by that day. What the journal holds no more is no remark, and a mark
that comes back as it was is none either.
"""

from __future__ import annotations

import polars as pl

from quality.attended import in_class
from quality.deadlines import end_of_days
from quality.entry_times import after_former, certainly_late, written_at
from quality.mark_deadlines import mark_deadlines
from quality.regulations import Asked, Forbidden
from quality.rules.journal import Journal, as_remarks, key_of, no_remarks, teachers
from quality.rules.words import moment_words
from quality.terms import term_finishes
from schemas.frames import INSTANT


def backdating(journal: Journal) -> pl.DataFrame:
    """A remark for each mark and term mark that the rule forbids."""
    rule = journal.profile.rule(Forbidden, Asked.NO_BACKDATING, journal.on)
    if rule is None:
        return no_remarks()
    return pl.concat([_marks(journal), _term_marks(journal)])


def events(versions: pl.DataFrame, said: list[str]) -> pl.DataFrame:
    """The versions in which a record that is still there appeared or changed in ``said``.

    ``versions``: ``key``, ``seen_at``, ``gone``, ``entered_at`` and ``said``; the result has also
    ``former_at`` (``entry_times.after_former``) and ``appeared``.
    """
    ordered = after_former(versions).with_columns(changed_at=pl.lit(None, INSTANT))
    last = (pl.col("key") != pl.col("key").shift(-1)).fill_null(value=True)
    left = ordered.filter(last & pl.col("gone"))
    there = ordered.filter(~pl.col("gone")).join(left, on="key", how="anti", maintain_order="left")
    new = (pl.col("key") != pl.col("key").shift(1)).fill_null(value=True)
    differs = pl.any_horizontal(pl.col(name) != pl.col(name).shift(1) for name in said)
    return there.with_columns(appeared=new).filter(new | differs)


def _late(journal: Journal, happened: pl.DataFrame) -> pl.DataFrame:
    """Of ``happened`` (with ``due_at``) what was late: a row per key, its last and their number."""
    late = written_at(happened, journal.looks).filter(certainly_late(pl.col("due_at")))
    return (
        late.sort("key", "seen_at")
        .with_columns(times=pl.len().over("key"))
        .unique("key", keep="last", maintain_order=True)
    )


def _told(journal: Journal) -> pl.Expr:
    """When the last of the late changes was made, and how many there were."""
    when = moment_words(pl.col("not_before"), journal.zone)
    since = pl.when(pl.col("clock") == "source").then(pl.lit("")).otherwise(pl.lit("после "))
    return pl.format(
        "{}: {}{}, срок {}, всего изменений после срока: {}",
        pl.when("appeared").then(pl.lit("появилась")).otherwise(pl.lit("изменена")),
        since,
        when,
        moment_words(pl.col("due_at"), journal.zone),
        "times",
    )


def _marks(journal: Journal) -> pl.DataFrame:
    happened = events(journal.marks, ["value", "date"])
    lessons = journal.lessons.with_columns(given_by=pl.coalesce("substitute", "teacher"))
    deadline = mark_deadlines(happened, lessons, journal.frames.bell, journal.profile, journal.zone)
    closed = term_finishes(journal.frames.term, happened["date"])
    due = (
        happened.with_columns(deadline=deadline)
        .join(closed, on="date", how="left", maintain_order="left")
        .with_columns(
            due_at=pl.min_horizontal("deadline", end_of_days(pl.col("finish"), journal.zone))
        )
    )
    places = lessons.drop_nulls("lesson_key").select("lesson_key", "class_key", teacher="given_by")
    found = _with_class(journal, _late(journal, due).join(places, on="lesson_key", how="left"))
    return as_remarks(
        found,
        rule=pl.lit(Asked.NO_BACKDATING.value),
        day=pl.col("date"),
        detail=_told(journal),
    )


def _term_marks(journal: Journal) -> pl.DataFrame:
    """Term marks whose value changed after the term; one that appeared late is remarked as such."""
    terms = journal.frames.term.select("finish", term_key="source_key")
    due = (
        events(journal.term_marks, ["value"])
        .filter(~pl.col("appeared"))
        .join(terms, on="term_key")
        .with_columns(due_at=end_of_days(pl.col("finish"), journal.zone))
    )
    found = _with_class(
        journal, _late(journal, due).with_columns(class_key=pl.lit(None, pl.String))
    )
    return as_remarks(
        teachers(found, journal),
        rule=pl.lit(Asked.NO_BACKDATING.value),
        key=key_of(pl.col("term_key"), pl.col("subject_key"), pl.col("pupil")),
        day=pl.col("finish"),
        detail=_told(journal),
    )


def _with_class(journal: Journal, rows: pl.DataFrame) -> pl.DataFrame:
    """``rows`` whose ``class_key`` is filled with the pupil's class of today where it is null."""
    today = (
        in_class(journal.frames.enrolment, pl.lit(journal.on))
        .sort("pupil", "class_key")
        .unique("pupil", keep="first", maintain_order=True)
        .select("pupil", _class="class_key")
    )
    return rows.join(today, on="pupil", how="left", maintain_order="left").with_columns(
        class_key=pl.coalesce("class_key", "_class")
    )
