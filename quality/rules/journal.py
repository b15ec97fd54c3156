"""What the rules look at: one journal as it was known at the end of a business date."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime

import polars as pl

from quality.journal_frames import JournalFrames
from quality.paper import SHEET
from quality.profiles import Profile
from quality.remarks import REMARK
from quality.schedule import ScheduleBasis
from quality.uploads import Cause


@dataclass(frozen=True)
class Journal:
    """One journal of a school.

    ``on``: the business date; ``first``: of the school year; ``zone``: of the region; ``lessons``:
    ``schedule.SCHEDULED`` with ``measures.FACTS``; ``parts``: ``timeliness.PARTS``; ``pairs``:
    ``accumulation.PAIRS``; ``marks``: ``versions.MARK_VERSION``; ``term_marks``:
    ``versions.TERM_MARK_VERSION``; ``with_uid``: pseudonyms of guardians whom the portal knows;
    ``paper``: ``paper.SHEET``, the newest count of each sheet.
    """

    on: date
    first: date
    zone: str
    profile: Profile
    basis: ScheduleBasis
    frames: JournalFrames
    lessons: pl.DataFrame
    parts: pl.DataFrame
    pairs: pl.DataFrame
    causes: Mapping[date, Cause]
    looks: Sequence[datetime]
    marks: pl.DataFrame
    term_marks: pl.DataFrame
    with_uid: frozenset[str]
    paper: pl.DataFrame = field(default_factory=lambda: pl.DataFrame(schema=SHEET))


def no_remarks() -> pl.DataFrame:
    """An empty frame of ``REMARK``."""
    return pl.DataFrame(schema=REMARK)


def key_of(*parts: pl.Expr) -> pl.Expr:
    """The key of a remark: its parts joined by ``|``; what is missing is empty."""
    return pl.concat_str([part.cast(pl.String).fill_null("") for part in parts], separator="|")


LESSON_KEY = key_of(
    *map(pl.col, ("date", "number", "class_key", "group_key", "subject_key"))
)  # a lesson is known by its place in the timetable, whether or not it has a row


def as_remarks(rows: pl.DataFrame, **columns: pl.Expr) -> pl.DataFrame:
    """``rows`` as ``REMARK``: ``columns``, else a column of that name, else null (text: empty)."""
    there = set(rows.columns)
    chosen = []
    for name, dtype in REMARK.items():
        missing = pl.lit("" if name == "detail" else None, dtype)
        expression = columns.get(name, pl.col(name) if name in there else missing)
        chosen.append(expression.cast(dtype).alias(name))
    return rows.select(chosen)


def teachers(pairs: pl.DataFrame, journal: Journal) -> pl.DataFrame:
    """``pairs`` (``pupil``, ``class_key``, ``subject_key``) with ``teacher``: who was to give the
    last lesson of the subject that was the pupil's own; null where nobody can tell."""
    lessons = journal.frames.lesson.filter(pl.col("date") <= journal.on).drop_nulls("teacher")
    seen = pl.concat(
        [
            part.select("pupil", "lesson_key")
            for part in (journal.frames.mark, journal.frames.attendance)
        ]
    ).join(pairs.select("pupil").unique(), on="pupil", how="semi")
    place = ["class_key", "subject_key"]
    told = lessons.select(*place, "group_key", "date", "number", "teacher", lesson_key="source_key")
    shown = seen.join(told.drop_nulls("group_key"), on="lesson_key").drop("lesson_key")
    whole = told.filter(pl.col("group_key").is_null()).sort("date", "number")
    last = [
        pairs.join(whole.unique(place, keep="last", maintain_order=True), on=place),
        pairs.join(shown, on=["pupil", *place]),
    ]
    latest = (
        pl.concat(last, how="diagonal_relaxed")
        .sort("date", "number", "teacher")
        .unique(["pupil", *place], keep="last", maintain_order=True)
        .select("pupil", *place, "teacher")
    )
    return pairs.join(latest, on=["pupil", *place], how="left", maintain_order="left")
