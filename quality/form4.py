"""Counts of teachers for form 4 (Kogalym, annex 3): load, access, lessons in the journal."""

from __future__ import annotations

from datetime import date

import polars as pl

from quality.form1 import teachers_with_load
from quality.journal_frames import JournalFrames
from quality.schedule import GONE, ScheduleBasis

TEACHERS = ("teachers", "teachers_with_access", "teachers_working")


def teacher_counts(
    frames: JournalFrames, basis: ScheduleBasis, period: tuple[date, date]
) -> dict[str, int]:
    """How many of one journal's teachers have load in ``period``; of those, how many may open the
    journal, and how many gave a lesson that is recorded as held. By ``TEACHERS``."""
    loaded = teachers_with_load(frames, basis, period)["teacher"].drop_nulls().unique()
    allowed = frames.access_account.filter(pl.col("active"))["person"]
    held = frames.lesson.filter(
        pl.col("date").is_between(*period), pl.col("held"), ~pl.col("status").is_in(GONE)
    )
    given_by = held.select(pl.coalesce("substitute", "teacher"))["substitute"]
    return {
        "teachers": loaded.len(),
        "teachers_with_access": int(loaded.is_in(allowed.implode()).sum()),
        "teachers_working": int(loaded.is_in(given_by.drop_nulls().implode()).sum()),
    }
