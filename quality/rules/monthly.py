"""What is done once a month: a full delivery, the school's own checks of journal and diary.

``every`` of a rule is at most a month in all documents; a month in which it was done is no remark.
"""

from __future__ import annotations

import calendar
from collections.abc import Collection, Sequence
from datetime import date, timedelta

import polars as pl

from quality.profiles import Profile
from quality.regulations import Asked, Repeated
from quality.rules.journal import as_remarks


def last_of(month: date) -> date:
    """The last day of a month, given by its first."""
    return month.replace(day=calendar.monthrange(month.year, month.month)[1])


def months_over(year: tuple[date, date], connected_on: date, on: date) -> list[date]:
    """First days of the months that are asked about on ``on``.

    ``year``: first and last day of the school year. A month is asked about once it is over, from
    the day after its last one, if it began within the year and the school was connected then.
    """
    month, found = year[0].replace(day=1), []
    while last_of(month) < on and month <= year[1]:
        if month >= max(year[0], connected_on):
            found.append(month)
        month = last_of(month) + timedelta(days=1)
    return found


def not_done(
    profile: Profile, code: Asked, months: Sequence[date], done: Collection[date]
) -> pl.DataFrame:
    """A remark for each of ``months`` that is not among ``done``, where the rule ``code`` was in
    force on its last day."""
    missing = [
        month
        for month in months
        if month not in done and profile.rule(Repeated, code, last_of(month)) is not None
    ]
    rows = pl.DataFrame({"day": missing}, schema={"day": pl.Date})
    return as_remarks(
        rows,
        rule=pl.lit(code.value),
        key=pl.col("day").cast(pl.String),
        detail=pl.col("day").dt.strftime("%m.%Y"),
    )
