"""Which rule of a regulation sets the deadline of a mark, and until when that is."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date

import polars as pl

from quality.deadlines import last_moments
from quality.profiles import Profile
from quality.regulations import Asked, EnteredInTime
from schemas.codes import WorkType
from schemas.frames import INSTANT

# Whose rule a mark follows: the first of these that the regulation has.
_ANY = (Asked.LESSON_MARKS,)
_WRITTEN = (Asked.WRITTEN_MARKS, *_ANY)
_CONTROL = (Asked.CONTROL_MARKS, *_WRITTEN)
_BY_WORK = {
    WorkType.CONTROL: _CONTROL,
    WorkType.TEST: _CONTROL,
    WorkType.WRITTEN: _WRITTEN,
    WorkType.INDEPENDENT: _WRITTEN,
    WorkType.PROJECT: _WRITTEN,
}
MARK_RULES = _CONTROL  # every rule that sets a deadline of marks
_PLACE = ["date", "number", "class_key", "given_by"]  # what a deadline is counted from


def kinds_of_work() -> dict[tuple[Asked, ...], list[str]]:
    """Kinds of work by the rules that their marks follow."""
    kinds: dict[tuple[Asked, ...], list[str]] = {}
    for work in WorkType:
        kinds.setdefault(_BY_WORK.get(work, _ANY), []).append(work.value)
    return kinds


def in_force(
    profile: Profile, asked: Sequence[Asked], days: Iterable[date]
) -> dict[EnteredInTime, list[date]]:
    """The first of ``asked`` that the profile has on each of ``days``; without the other days."""
    held: dict[EnteredInTime, list[date]] = {}
    for day in days:
        rules = (profile.rule(EnteredInTime, one, day) for one in asked)
        if rule := next(filter(None, rules), None):
            held.setdefault(rule, []).append(day)
    return held


def mark_deadlines(
    marks: pl.DataFrame, lessons: pl.DataFrame, bells: pl.DataFrame, profile: Profile, zone: str
) -> pl.Series:
    """``due_at`` (``INSTANT``) of each of ``marks``, null where nothing is asked.

    ``marks``: ``date``, ``work_type``, ``lesson_key``; ``lessons``: ``lesson_key``, ``date``,
    ``number``, ``class_key``, ``given_by``, all of the days in question; ``bells`` as in
    ``deadlines``. A mark of no known lesson has no bell and so until midnight.
    """
    places = lessons.select("lesson_key", "number", "class_key", "given_by").drop_nulls(
        "lesson_key"
    )
    placed = (
        marks.select("date", "work_type", "lesson_key")
        .with_row_index("_row")
        .join(places, on="lesson_key", how="left", maintain_order="left")
    )
    # The lessons stand before the marks: the last lesson of a day is theirs.
    everything = pl.concat([lessons.select(_PLACE), placed.select(_PLACE)])
    parts = [pl.DataFrame(schema={"_row": pl.UInt32, "due_at": INSTANT})]
    days = placed["date"].unique().to_list()
    for asked, works in kinds_of_work().items():
        for rule, on in in_force(profile, asked, days).items():
            moments = last_moments(rule.deadline, everything, bells, zone).tail(placed.height)
            of_rule = pl.col("work_type").is_in(works) & pl.col("date").is_in(on)
            parts.append(
                placed.with_columns(due_at=moments).filter(of_rule).select("_row", "due_at")
            )
    return placed.join(pl.concat(parts), on="_row", how="left", maintain_order="left")["due_at"]
