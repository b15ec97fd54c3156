"""Days without a year, «05.09»: the year in which they fall into a period."""

from __future__ import annotations

import re
from datetime import date

import polars as pl

from connectors.drops.caption import Period

# A month of one digit may be what a sheet made of the number 12.10.
DAY_AND_MONTH = re.compile(r"([0-9]{1,2})\.([0-9]{2})\.?")


def with_years(frame: pl.DataFrame, columns: list[str], period: Period) -> pl.DataFrame:
    """``frame`` with the days of ``columns`` as dd.mm.yyyy. A day that falls into no year of the
    period, or into two, stays as it is: the mapping refuses it with its place."""
    for column in columns:
        if column in frame.columns:
            texts = frame[column].drop_nulls().unique().to_list()
            whole = {text: _completed(text, period) for text in texts}
            frame = frame.with_columns(pl.col(column).replace(whole))
    return frame


def _completed(text: str, period: Period) -> str:
    match = DAY_AND_MONTH.fullmatch(text)
    if match is None:
        return text
    first, last = period
    years = [
        year
        for year in range(first.year, last.year + 1)
        if (day := _day(year, int(match[2]), int(match[1]))) is not None and first <= day <= last
    ]
    return f"{int(match[1]):02d}.{int(match[2]):02d}.{years[0]}" if len(years) == 1 else text


def _day(year: int, month: int, day: int) -> date | None:
    try:
        return date(year, month, day)
    except ValueError:
        return None
