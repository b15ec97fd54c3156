"""Parts of the school year's structure that are still empty after the day they are due."""

from __future__ import annotations

from datetime import date

import polars as pl

from quality.regulations import Asked, ByDate
from quality.rules.journal import Journal, as_remarks, key_of, no_remarks
from quality.schedule import ScheduleBasis


def structure_filled(journal: Journal) -> pl.DataFrame:
    """A remark for each empty part, from the day after the one the rule names."""
    rule = journal.profile.rule(ByDate, Asked.STRUCTURE_FILLED, journal.on)
    if rule is None:
        return no_remarks()
    due = date(journal.first.year, rule.month, rule.day)
    if journal.on <= due:
        return no_remarks()
    empty = pl.concat([_of_school(journal), *_of_classes(journal, due)])
    return as_remarks(
        empty,
        rule=pl.lit(Asked.STRUCTURE_FILLED.value),
        key=pl.when(pl.col("class_key").is_null())
        .then(pl.col("part"))
        .otherwise(key_of(pl.col("part"), pl.col("class_key"))),
        day=pl.lit(due),
        detail=pl.col("part"),
    )


def _of_school(journal: Journal) -> pl.DataFrame:
    """``part`` and ``class_key`` (null) of what the school has no row of."""
    frames = journal.frames
    parts = {
        "terms": frames.term,
        "subjects": frames.subject,
        "staff": frames.staff_member,
        "classes": frames.class_,
    }
    if journal.basis is ScheduleBasis.TIMETABLE:  # who publishes lessons publishes no holidays
        parts["holidays"] = frames.holiday
    empty = [part for part, rows in parts.items() if rows.is_empty()]
    return pl.DataFrame({"part": empty}, schema={"part": pl.String}).with_columns(
        class_key=pl.lit(None, pl.String)
    )


def _of_classes(journal: Journal, due: date) -> list[pl.DataFrame]:
    """``part`` and ``class_key`` of the classes without subjects, and without a timetable."""
    frames = journal.frames
    there = {"curriculum": frames.curriculum_hours}
    if journal.basis is ScheduleBasis.TIMETABLE:
        there["timetable"] = frames.timetable_slot.filter(pl.col("valid_to") >= due)
    classes = frames.class_.select(class_key="source_key")
    return [
        classes.join(rows, on="class_key", how="anti").select(
            pl.lit(part).alias("part"), "class_key"
        )
        for part, rows in there.items()
    ]
