"""What scheduled lessons lack, and what of them was entered after its deadline."""

from __future__ import annotations

import polars as pl

from quality.entry_times import Outcome
from quality.remarks import LACKING
from quality.rules.journal import LESSON_KEY, Journal, as_remarks
from quality.rules.words import moment_words
from quality.timeliness import Part

# What is due, and what is there: columns of ``measures.FACTS``.
_DUE = {"held": pl.lit(value=True), "homework": pl.col("homework_due")}


def lacking(journal: Journal) -> pl.DataFrame:
    """A remark for each scheduled lesson without the held sign, and for each held one that lacks
    topic, homework where it is due, attendance or marks."""
    return pl.concat(
        as_remarks(
            journal.lessons.filter(_DUE.get(what, pl.col("held")) & ~pl.col(what)),
            rule=pl.lit(what),
            key=LESSON_KEY,
            day=pl.col("date"),
            teacher=pl.coalesce("substitute", "teacher"),
        )
        for what in LACKING
    )


def late(journal: Journal) -> pl.DataFrame:
    """A remark for each part of a lesson, and each mark, that was certainly entered late."""
    places = journal.lessons.drop_nulls("lesson_key").select("lesson_key", "number", "group_key")
    pupils = journal.frames.mark.select("pupil", record="key")
    rows = (
        journal.parts.filter(outcome=Outcome.LATE.value)
        .join(places, on="lesson_key", how="left")
        .join(pupils, on="record", how="left")
    )
    of_mark = pl.col("part") == Part.MARKS.value
    return as_remarks(
        rows,
        rule=pl.col("asked"),
        key=pl.when(of_mark).then(pl.col("record")).otherwise(LESSON_KEY),
        day=pl.col("date"),
        detail=pl.format("срок {}", moment_words(pl.col("due_at"), journal.zone)),
    )
