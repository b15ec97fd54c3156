"""Until when a lesson's parts may be written down, by what a regulation asks.

The last allowed instant is given: what is entered at it is in time, a microsecond later it is late.
Midnight belongs to the day it ends, so ``same_day`` ends a microsecond before it.
"""

from __future__ import annotations

import polars as pl

from quality.regulations import AfterLastLesson, Deadline, SameDay, WithinDays


def last_moments(
    deadline: Deadline, lessons: pl.DataFrame, bells: pl.DataFrame, zone: str
) -> pl.Series:
    """The last allowed instant (``INSTANT``) for each of ``lessons``, in their order.

    ``lessons``: ``date`` Date, ``number`` Int64, ``class_key`` and ``given_by`` String or null: all
    lessons of the school on the days in question, since the last of a day counts. ``bells``:
    ``number``, ``finish`` («HH:MM»), of all the school's bell timetables. ``zone``: of the region.
    """
    rung, local = lessons, _end_of(pl.col("date"))
    match deadline:
        case SameDay():
            pass
        case WithinDays(days=days):
            local = _end_of(pl.col("date").dt.offset_by(f"{days}d"))
        case AfterLastLesson(of=of, minutes=minutes):
            own = "given_by" if of == "teacher" else "class_key"
            rung = _with_bells(lessons, bells)
            # Whose last lesson has no bell, or who is nobody, has until midnight.
            last = pl.col("rung").max().over("date", own) + pl.duration(minutes=minutes)
            known = pl.col(own).is_not_null() & pl.col("rung_all").all().over("date", own)
            local = pl.when(known).then(last).otherwise(local)
    return rung.select(due=_in_utc(local, zone))["due"]


def end_of_days(days: pl.Expr, zone: str) -> pl.Expr:
    """The last instant of each of ``days`` in ``zone``: ``INSTANT``."""
    return _in_utc(_end_of(days), zone)


def _end_of(day: pl.Expr) -> pl.Expr:
    return day.cast(pl.Datetime("us")) + pl.duration(days=1) - pl.duration(microseconds=1)


def _with_bells(lessons: pl.DataFrame, bells: pl.DataFrame) -> pl.DataFrame:
    """``rung``: when the lesson ends; of several bell timetables the latest, which blames nobody
    who kept to another one."""
    finish = (
        bells.select(pl.col("number").cast(pl.Int64), pl.col("finish").str.to_time("%H:%M"))
        .group_by("number")
        .agg(pl.col("finish").max())
    )
    return (
        lessons.with_columns(pl.col("number").cast(pl.Int64))
        .join(finish, on="number", how="left", maintain_order="left")
        .with_columns(
            rung=pl.col("date").dt.combine(pl.col("finish")),
            rung_all=pl.col("finish").is_not_null(),
        )
    )


def _in_utc(local: pl.Expr, zone: str) -> pl.Expr:
    placed = local.dt.replace_time_zone(zone, ambiguous="latest", non_existent="raise")
    return placed.dt.convert_time_zone("UTC")
