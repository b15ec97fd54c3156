"""Records of another school year than the one that is open.

After the rollover a journal may still export the spring. Those lessons and marks belong to a
year that is closed: stored under the new one they would count twice.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import polars as pl

from quality.refused import refused_rows
from schemas.frames import no_refusals

# What happens on a day of the year. An order about a pupil may be signed in the summer before.
DATED = frozenset({"lesson", "mark"})
RULE = "other_year"


@dataclass(frozen=True)
class OfTheYear:
    """``kept``: records of the open year; ``refusals``: earlier ones."""

    kept: pl.DataFrame
    refusals: pl.DataFrame


def refuse_earlier(entity: str, frame: pl.DataFrame, year_start: date) -> OfTheYear:
    """Part ``frame`` (``date`` Date) at the first day of the school year."""
    if entity not in DATED:
        return OfTheYear(frame, no_refusals())
    earlier = pl.col("date") < year_start
    return OfTheYear(
        frame.filter(~earlier), refused_rows(entity, frame.filter(earlier), "date", RULE)
    )
