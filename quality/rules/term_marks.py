"""Term marks that are missing once the term is over, or were given after it."""

from __future__ import annotations

import polars as pl

from quality.attended import in_class
from quality.deadlines import end_of_days
from quality.entry_times import certainly_late, first_written
from quality.regulations import Asked, TermMarksInTime
from quality.rules.journal import Journal, as_remarks, key_of, no_remarks, teachers
from quality.rules.words import moment_words
from quality.terms import terms_of_classes
from schemas.frames import INSTANT

_MARK = ["pupil", "subject_key", "term_key"]


def standing(versions: pl.DataFrame) -> pl.DataFrame:
    """The last version of each term mark (``versions.TERM_MARK_VERSION``) that is there now."""
    last = versions.sort("key", "seen_at").unique("key", keep="last", maintain_order=True)
    return last.filter(~pl.col("gone"))


def class_terms(journal: Journal) -> pl.DataFrame:
    """The terms over by now by which each class is graded (``terms.terms_of_classes``)."""
    enrolment, classes = journal.frames.enrolment, journal.frames.class_["source_key"]
    graded = (
        standing(journal.term_marks).join(enrolment, on="pupil").select("class_key", "term_key")
    )
    return terms_of_classes(journal.frames.term, classes, graded, journal.on)


def term_marks(journal: Journal) -> pl.DataFrame:
    """A remark for each pupil, subject and term over by now without a term mark, or with one that
    was certainly entered after the term."""
    rule = journal.profile.rule(TermMarksInTime, Asked.TERM_MARKS, journal.on)
    if rule is None:
        return no_remarks()
    pairs = (
        journal.frames.enrolment.join(class_terms(journal), on="class_key", suffix="_of_term")
        .pipe(in_class, pl.col("finish_of_term"))
        .join(journal.frames.curriculum_hours, on="class_key")
        .select("pupil", "class_key", "subject_key", "term_key", finish="finish_of_term")
        .with_columns(due_at=end_of_days(pl.col("finish"), journal.zone))
    )
    written = first_written(
        journal.term_marks.with_columns(changed_at=pl.lit(None, INSTANT)),
        ~pl.col("gone"),
        journal.looks,
    )
    given = standing(journal.term_marks).select("key", *_MARK).join(written, on="key")
    missing = pl.col("clock").is_null()
    found = (
        pairs.join(given, on=_MARK, how="left")
        .filter(missing | certainly_late(pl.col("due_at")))
        .pipe(teachers, journal)
    )
    return as_remarks(
        found,
        rule=pl.lit(Asked.TERM_MARKS.value),
        key=key_of(pl.col("term_key"), pl.col("subject_key"), pl.col("pupil")),
        day=pl.col("finish"),
        detail=pl.when(missing)
        .then(pl.lit("не выставлена"))
        .otherwise(pl.format("срок {}", moment_words(pl.col("due_at"), journal.zone))),
    )
