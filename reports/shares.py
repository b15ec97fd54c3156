"""Shares of persons as they are published (form 4): none from which a small count can be found."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import polars as pl

from privacy.disclosure import (
    HIDES_NOTHING,
    Audience,
    Part,
    Table,
    disclosure_policy,
    suppress,
)
from quality.declared import percent
from quality.measures import REGION
from quality.passports import NO_DATA
from reports.forms import district_unit, school_unit

COUNTS = {"school": pl.String, "column": pl.String, "value": pl.Int64}


@dataclass(frozen=True)
class Shares:
    """``said``: the words of each share by unit and column of its part; ``sign``: what stands for
    a hidden one; ``notes`` explain it, none where nothing is hidden from the reader."""

    said: Mapping[tuple[str, str], str]
    columns: tuple[str, ...]
    sign: str
    notes: tuple[str, ...]

    def of(self, unit: str) -> dict[str, str]:
        """The shares of a unit, by column; «нет данных» where nobody was counted."""
        return {column: self.said.get((unit, column), NO_DATA) for column in self.columns}


def publish_shares(
    form: str,
    counts: pl.DataFrame,
    districts: Mapping[str, str],
    profiles: Iterable[str],
    audience: Audience,
) -> Shares:
    """The shares of all schools of ``districts`` (school -> district), with roll-ups.

    ``counts``: ``COUNTS``, wholes and parts of each school. Raises as ``publish_form``.
    """
    policy = disclosure_policy()
    threshold = policy.threshold(set(profiles))
    least = HIDES_NOTHING if audience is Audience.SCHOOL else threshold.persons
    units = {school_unit(school): district_unit(code) for school, code in districts.items()}
    units |= dict.fromkeys(units.values(), REGION)
    said: dict[tuple[str, str], str] = {}
    for pair in policy.persons[form]:
        said |= _shares(counts, pair, units, least, policy.sign)
    note = policy.note.format(sign=policy.sign, largest=threshold.persons - 1)
    return Shares(
        said=said,
        columns=tuple(pair.part for pair in policy.persons[form]),
        sign=policy.sign,
        notes=() if audience is Audience.SCHOOL else (note,),
    )


def _shares(
    counts: pl.DataFrame, pair: Part, units: Mapping[str, str], least: int, sign: str
) -> dict[tuple[str, str], str]:
    """One share of every unit, in words."""
    rest = f"{pair.whole} without {pair.part}"
    wide = (
        counts.filter(pl.col("column").is_in([pair.whole, pair.part]))
        .group_by("school")
        .agg(
            pl.col("value").filter(pl.col("column") == pair.part).sum().alias(pair.part),
            pl.col("value").filter(pl.col("column") == pair.whole).sum().alias(pair.whole),
        )
    )
    finest = pl.concat(
        [
            wide.select("school", column=pl.lit(pair.part), count=pair.part),
            wide.select("school", column=pl.lit(rest), count=pl.col(pair.whole) - pair.part),
        ]
    ).select(pl.format(school_unit("{}"), "school").alias("unit"), "column", "count")
    table = Table(units, {pair.part: pair.whole, rest: pair.whole}, frozenset([rest]))
    shown: dict[tuple[str, str], int | None] = {
        (unit, column): count for unit, column, count in suppress(finest, table, least).rows()
    }
    said = {}
    for (unit, column), whole in shown.items():
        if column == pair.whole:
            part = shown[unit, pair.part]
            if whole is None or part is None:
                said[unit, pair.part] = sign
            elif whole:
                said[unit, pair.part] = percent((part, whole))
    return said
