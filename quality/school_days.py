"""Which days of a period are school days of a school.

Monday to Friday always are, Saturday where the school has Saturday lessons, Sunday never; minus
the region's days off and the school's own holidays (vacation, public holiday, quarantine). Where
a journal lists no holidays, the days between its terms are none either.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, timedelta

import polars as pl

from schemas.codes import TermKind

SATURDAY = 6
SUNDAY = 7


def days_between(first: date, last: date) -> list[date]:
    """Every day from ``first`` to ``last``, both included; none if they are reversed."""
    return [first + timedelta(days=n) for n in range((last - first).days + 1)]


def holiday_dates(holidays: pl.DataFrame, days_off: Iterable[date]) -> set[date]:
    """Days without lessons: ``holidays`` has ``start`` and ``finish`` (Date)."""
    dates = set(days_off)
    for start, finish in holidays.select("start", "finish").iter_rows():
        dates.update(days_between(start, finish))
    return dates


def days_without_lessons(
    holidays: pl.DataFrame, terms: pl.DataFrame, days_off: Iterable[date]
) -> set[date]:
    """``holiday_dates``; of a journal that lists no holidays, the days between its terms too."""
    between = between_terms(terms) if holidays.is_empty() else set()
    return holiday_dates(holidays, days_off) | between


def between_terms(terms: pl.DataFrame) -> set[date]:
    """Days after the end of a term and before the next one begins, in no term themselves.

    ``terms``: ``kind``, ``start``, ``finish``.
    """
    spans = (
        terms.filter(pl.col("kind") != TermKind.YEAR.value).select("start", "finish").sort("start")
    )
    gaps: set[date] = set()
    covered: date | None = None
    for start, finish in spans.iter_rows():
        if covered is not None:
            gaps.update(days_between(covered + timedelta(days=1), start - timedelta(days=1)))
        covered = finish if covered is None else max(covered, finish)
    return gaps


def has_saturday_lessons(slots: pl.DataFrame, lessons: pl.DataFrame) -> bool:
    """Whether the timetable, or for a source without one the lessons, use Saturdays."""
    if slots.height:
        return slots.filter(pl.col("weekday") == SATURDAY).height > 0
    return lessons.filter(pl.col("date").dt.weekday() == SATURDAY).height > 0


def school_days(first: date, last: date, off: set[date], *, saturdays: bool) -> list[date]:
    """School days from ``first`` to ``last``; ``off`` are the days without lessons."""
    longest = SATURDAY if saturdays else SATURDAY - 1
    return [
        day for day in days_between(first, last) if day.isoweekday() <= longest and day not in off
    ]
