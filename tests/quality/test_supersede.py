"""What was known when, after any order of tellings."""

from __future__ import annotations

import random
from datetime import date, timedelta
from typing import Any

import polars as pl
import pytest

from quality.supersede import supersede

FIRST = date(2026, 9, 1)
TOLD = {"day": pl.Int64, "count": pl.Int64, "cause": pl.String}
KEPT = {"day": pl.Int64, "as_of": pl.Date, "until": pl.Date, "count": pl.Int64, "cause": pl.String}

Row = dict[str, Any]


def _tell(
    kept: list[Row], on: date, told: dict[int, tuple[int, str]], upcoming: date | None
) -> list[Row]:
    """The rows ``kept`` once ``told`` is known of ``on``."""
    current = [row for row in kept if row["as_of"] <= on and (row["until"] or date.max) > on]
    rows = [{"day": day, "count": n, "cause": cause} for day, (n, cause) in told.items()]
    changed = supersede(
        pl.DataFrame(current, schema=KEPT),
        pl.DataFrame(rows, schema=TOLD),
        key=["day"],
        on=on,
        upcoming=upcoming,
    )
    gone = set(changed.gone.select("day", "as_of").iter_rows())
    left = [row for row in kept if (row["day"], row["as_of"]) not in gone]
    return left + changed.written.to_dicts()


def _known(kept: list[Row], on: date) -> dict[int, tuple[int, str]]:
    held = [row for row in kept if row["as_of"] <= on and (row["until"] or date.max) > on]
    assert len({row["day"] for row in held}) == len(held)
    return {row["day"]: (row["count"], row["cause"]) for row in held if row["count"]}


@pytest.mark.parametrize("seed", range(20))
def test_each_date_knows_what_it_was_told_last(seed: int) -> None:
    draw = random.Random(seed)
    kept: list[Row] = []
    told: dict[date, dict[int, tuple[int, str]]] = {}
    for _ in range(12):
        on = FIRST + timedelta(days=draw.randrange(6))
        told[on] = {
            day: (draw.randrange(1, 3), draw.choice("ab"))
            for day in range(4)
            if draw.random() < 0.7
        }
        upcoming = min((day for day in told if day > on), default=None)
        kept = _tell(kept, on, told[on], upcoming)
        assert {day: _known(kept, day) for day in told} == told


def test_the_same_told_again_writes_nothing() -> None:
    kept = _tell([], FIRST, {1: (5, "a")}, None)
    assert _tell(kept, FIRST + timedelta(days=1), {1: (5, "a")}, None) == kept
    assert [(row["as_of"], row["until"]) for row in kept] == [(FIRST, None)]


def test_what_is_told_no_more_is_nothing() -> None:
    kept = _tell(_tell([], FIRST, {1: (5, "a")}, None), FIRST + timedelta(days=2), {}, None)
    assert [(row["count"], row["cause"], row["until"]) for row in kept] == [
        (5, "a", FIRST + timedelta(days=2)),
        (0, None, None),
    ]
