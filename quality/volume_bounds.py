"""How many rows of a table a school may have: what is stated, else learnt, else shared by all.

Learnt is what the school's own journal gained from week to week: median and spread (median
absolute deviation) of the weeks in which it uploaded, so that one odd week moves nothing. Shares
of the suite (``suites/journal.yml``) hold until enough weeks are known, and always for tables that
grow in bursts, as term marks do.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from itertools import pairwise
from statistics import median

from pydantic import BaseModel, ConfigDict, Field, model_validator

# The median absolute deviation times this is the standard deviation of a normal distribution.
_AS_DEVIATION = 1.4826


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Bounds(_Strict):
    """What the region file states for one table of a school; it overrides what is learnt."""

    floor: int | None = Field(default=None, ge=0)
    ceiling: int | None = Field(default=None, ge=0)

    @model_validator(mode="after")
    def _in_order(self) -> Bounds:
        if self.floor is not None and self.ceiling is not None and self.ceiling < self.floor:
            raise ValueError("the ceiling is below the floor")
        return self


UNBOUNDED = Bounds()


class Learning(_Strict):
    """How a school's past is learnt from (``suites/journal.yml`` explains)."""

    weeks: int = Field(ge=2)
    least_weeks: int = Field(ge=2)
    spreads: float = Field(gt=0)
    share: float = Field(gt=0, lt=1)
    rows: int = Field(ge=1)
    least_share: float = Field(gt=0, lt=1)
    longest_gap: int = Field(ge=1)


class Volume(_Strict):
    """How many rows of a table a school may have (``suites/journal.yml`` explains)."""

    least: int = Field(ge=0)
    floor_share: float = Field(gt=0, le=1)
    ceiling_share: float = Field(ge=1)
    bursts: bool = False


class BoundSource(StrEnum):
    """Where a bound comes from, the first that there is."""

    SET = "set"  # the region file
    LEARNT = "learnt"  # the school's own past weeks
    SUITE = "suite"  # the shares that hold for all


@dataclass(frozen=True)
class Growth:
    """Rows that a table of a school usually gains in a week, from ``low`` to ``high``; learnt from
    ``weeks`` gains."""

    low: int
    high: int
    weeks: int


@dataclass(frozen=True)
class Expected:
    """The bounds of a table that had ``before`` rows; None: there is none.

    ``weeks``: how many of the school's weekly gains they were learnt from; 0: they were not.
    """

    before: int
    floor: int | None = None
    floor_from: BoundSource | None = None
    ceiling: int | None = None
    ceiling_from: BoundSource | None = None
    weeks: int = 0


def learn_growth(volumes: Mapping[date, int], learning: Learning) -> Growth | None:
    """What a week usually brings; None while fewer than ``least_weeks`` gains are known.

    ``volumes``: rows stored at the end of days of weeks in which the school uploaded. The last day
    of a week stands for it; a gain is from one week to the next one, not over a week without.
    """
    by_week = {_week(day): volumes[day] for day in sorted(volumes)}
    gains = [
        by_week[week] - by_week[before]
        for week in sorted(by_week)
        if (before := week - timedelta(weeks=1)) in by_week
    ][-learning.weeks :]
    if len(gains) < learning.least_weeks:
        return None
    middle, spread = _robust(gains, learning)
    return Growth(math.floor(middle - spread), math.ceil(middle + spread), len(gains))


def learn_gap(uploaded: Sequence[date], learning: Learning) -> int | None:
    """Days that usually lie between two uploads at most, and a weekend; None while too few are
    known. No more than ``longest_gap``."""
    days = sorted(set(uploaded))
    gaps = [(later - day).days for day, later in pairwise(days)]
    gaps = gaps[-learning.weeks :]
    if len(gaps) < learning.least_weeks:
        return None
    middle, spread = _robust(gaps, learning)
    return min(math.ceil(middle + spread) + 2, learning.longest_gap)


def expected(
    volume: Volume,
    learning: Learning,
    steady_from: int,
    before: int,
    *,
    stated: Bounds = UNBOUNDED,
    growth: Growth | None = None,
    weeks: int = 1,
    few_too: bool = False,
) -> Expected:
    """The bounds of a table that had ``before`` rows ``weeks`` (begun ones) ago.

    Fewer than ``steady_from`` rows are judged by what is stated alone: of few rows any share is a
    whim. ``few_too``: of few rows the suite's share is a floor, where that only tells and does not
    refuse. A stated bound stands even against a learnt one on the other side.
    """
    steady = before >= steady_from
    usual = growth if steady and not volume.bursts else None
    source = BoundSource.SUITE if usual is None else BoundSource.LEARNT
    low, high = _band(volume, learning, before, usual, weeks)
    floor, ceiling = stated.floor, stated.ceiling
    if floor is None and (steady or few_too):
        floor = low if ceiling is None else min(low, ceiling)
    if ceiling is None and steady:
        ceiling = max(high, floor or 0)
    return Expected(
        before=before,
        floor=floor,
        floor_from=_from(stated.floor, floor, source),
        ceiling=ceiling,
        ceiling_from=_from(stated.ceiling, ceiling, source),
        weeks=usual.weeks if usual is not None else 0,
    )


def why(bounds: Expected, *, lower: bool) -> str:
    """In Russian, what was expected and why: the lower bound or the upper one."""
    bound, source = (
        (bounds.floor, bounds.floor_from) if lower else (bounds.ceiling, bounds.ceiling_from)
    )
    asked = f"ожидалось не {'меньше' if lower else 'больше'} {bound}"
    if source is BoundSource.SET:
        return f"{asked}: так указано для школы"
    if source is BoundSource.LEARNT:
        usual = f"обычно {bounds.floor}–{bounds.ceiling}"
        return f"{asked}: {usual}, судя по неделям школы ({bounds.weeks})"
    return f"{asked}: доля, общая для всех школ"


def _band(
    volume: Volume, learning: Learning, before: int, usual: Growth | None, weeks: int
) -> tuple[int, int]:
    if usual is None:
        return (
            math.ceil(before * volume.floor_share),
            math.floor(before * volume.ceiling_share),
        )
    slack = max(learning.rows, math.ceil(before * learning.share))
    low = before + min(0, usual.low) * weeks - slack
    high = before + max(0, usual.high) * weeks + slack
    return max(low, math.ceil(before * learning.least_share)), high


def _from(stated: int | None, bound: int | None, source: BoundSource) -> BoundSource | None:
    if bound is None:
        return None
    return BoundSource.SET if stated is not None else source


def _robust(values: Sequence[int], learning: Learning) -> tuple[float, float]:
    """The median, and ``spreads`` deviations."""
    middle = median(values)
    return middle, learning.spreads * _AS_DEVIATION * median(abs(v - middle) for v in values)


def _week(day: date) -> date:
    """The Monday of its week."""
    return day - timedelta(days=day.weekday())


def begun_weeks(since: date | None, on: date) -> int:
    """Weeks from one upload to the next, the last begun one included; one where none is known."""
    return 1 if since is None else max(1, math.ceil((on - since).days / 7))
