"""On which days children left the school: what was agreed before such a day ended with it.

A departure is told by a day: the last day in all classes, or an order of withdrawal. A child that
is merely in no list any more has not left: half an export looks the same.
"""

from __future__ import annotations

from datetime import date, timedelta

import polars as pl

DEPARTURES = {"pupil": pl.String, "left_on": pl.Date, "back_on": pl.Date, "origin": pl.String}

# Out of one class on Friday and into the next on Monday is a change of classes.
_WEEKEND = timedelta(days=3)
_ALWAYS = date(1900, 1, 1)


def departures(spells: pl.DataFrame, orders: pl.DataFrame) -> pl.DataFrame:
    """When each pupil left, and came back (null: has not): ``DEPARTURES``.

    ``spells``: ``pupil``, ``start``, ``finish`` (the first day outside the class), ``year_end``
    (last day of the school year), of all years, ended ones that no list holds any more among them.
    ``orders``: ``pupil``, ``kind`` (``schemas.codes.MovementKind``), ``date``. A spell that ends
    with the school year is a year that ended; one inside another spell is a change of classes.
    ``origin``: ``order`` or ``list``, whichever told the day.
    """
    went = orders.filter(pl.col("kind") == "withdrawal").select(
        "pupil", left_on="date", origin=pl.lit("order")
    )
    told = pl.concat([went, _last_days(spells).join(went, on=["pupil", "left_on"], how="anti")])
    found = (
        told.drop_nulls()
        .unique(["pupil", "left_on"], maintain_order=True)
        .sort("left_on")
        .join_asof(
            _arrivals(spells, orders), left_on="left_on", right_on="back_on", by="pupil",
            strategy="forward", coalesce=False, check_sortedness=False,
        )
    )  # fmt: skip
    stayed = (pl.col("back_on") - pl.col("left_on") <= _WEEKEND).fill_null(value=False)
    return found.filter(~stayed).select(*DEPARTURES).sort("pupil", "left_on")


def _last_days(spells: pl.DataFrame) -> pl.DataFrame:
    """Ends of spells that no other spell of the pupil covers."""
    ends = spells.filter(pl.col("finish") < pl.col("year_end")).select("pupil", left_on="finish")
    in_class = spells.select(
        "pupil",
        since=pl.col("start").fill_null(_ALWAYS),
        until=pl.coalesce("finish", pl.col("year_end").dt.offset_by("1d")),
    )
    covered = ends.join(in_class, on="pupil").filter(
        (pl.col("since") <= pl.col("left_on")) & (pl.col("left_on") < pl.col("until"))
    )
    return ends.join(covered, on=["pupil", "left_on"], how="anti").with_columns(
        origin=pl.lit("list")
    )


def _arrivals(spells: pl.DataFrame, orders: pl.DataFrame) -> pl.DataFrame:
    came = orders.filter(pl.col("kind") == "enrolment").select("pupil", back_on="date")
    return pl.concat([spells.select("pupil", back_on="start"), came]).drop_nulls().sort("back_on")
