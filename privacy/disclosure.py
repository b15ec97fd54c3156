"""Disclosure control: which counts of persons must not be shown outside a school.

A count of persons from 1 to ``threshold`` - 1 is sensitive and hidden; zero is shown. A hidden
count can often be computed from the totals that are shown, so others are hidden with it.

What is promised: whoever knows everything that is shown, that counts are whole and not negative,
how they are added up and that a hidden figure is no zero, still finds at least ``threshold`` values
possible for each sensitive count. So of no hidden figure can be told that it is small. Beyond what
this takes nothing is hidden: with any further figure shown it would not hold.

What is not: guessing from the fact that just these figures were chosen; a school that subtracts its
own figures; figures of another day.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from importlib.resources import files

import polars as pl
import yaml
from pydantic import BaseModel, ConfigDict, Field

from privacy.circulation import Arc, Circulation

Parents = Mapping[str, str]  # a unit or a column -> the one it is added up into
HIDES_NOTHING = 1  # the threshold under which there is no count to hide


class Audience(StrEnum):
    """Who reads figures.

    District and region are one: what a reader could compute from the reports of both must be safe.
    """

    SCHOOL = "school"  # its own figures
    OFFICES = "offices"  # of the districts and of the region: figures of several schools


class NoThresholdError(Exception):
    """A regulation profile has no threshold; write it into ``privacy/policies/disclosure.yml``."""

    def __init__(self, profile: str) -> None:
        super().__init__(f"privacy/policies/disclosure.yml: no threshold for the profile {profile}")


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Part(_Strict):
    """Two columns of a form that count persons: ``part`` of ``whole``."""

    whole: str
    part: str


class Threshold(_Strict):
    """The least count that is shown, and the document that asks for it."""

    persons: int = Field(ge=2)  # less would hide nothing
    source: str = Field(min_length=1)


class DisclosurePolicy(_Strict):
    """``policies/disclosure.yml``; its comments say what each entry is for."""

    version: str
    thresholds: dict[str, Threshold]
    sign: str = Field(min_length=1)
    hint: str = Field(min_length=1)
    note: str = Field(min_length=1)
    persons: dict[str, tuple[Part, ...]]

    def threshold(self, profiles: Collection[str]) -> Threshold:
        """The strictest of the thresholds of ``profiles``, for what is published of them together.

        Raises ``NoThresholdError``.
        """
        if unknown := set(profiles) - self.thresholds.keys():
            raise NoThresholdError(min(unknown))
        return max((self.thresholds[name] for name in sorted(profiles)), key=lambda t: t.persons)


@cache
def disclosure_policy() -> DisclosurePolicy:
    """The policy in force. Raises ``pydantic.ValidationError`` for a malformed file."""
    text = files("privacy.policies").joinpath("disclosure.yml").read_text(encoding="utf-8")
    return DisclosurePolicy.model_validate(yaml.safe_load(text))


@dataclass(frozen=True)
class Table:
    """How the counts of a table are added up.

    ``units``: unit -> the unit it counts in, step by step up to a unit that counts in none.
    ``wholes``: column -> the whole it is a part of; empty for a table of one column.
    ``unprinted``: columns that nobody prints; a reader knows what follows of them from others.
    """

    units: Parents
    wholes: Parents
    unprinted: frozenset[str] = frozenset()


def suppress(
    counts: pl.DataFrame, table: Table, threshold: int, by: Sequence[str] = ()
) -> pl.DataFrame:
    """What may be shown of ``counts`` and of all their totals; ``count`` is null where hidden.

    ``counts``: the finest cells: ``unit`` and ``column`` (String), ``count`` (integer), and the
    columns of ``by``; a cell that is not given is zero. Each group of ``by`` is a table of its own,
    with no total over groups. The result has the same columns, sorted, and no unprinted ones.
    Raises ``ValueError`` for a negative count, a cell given twice, and a total among the counts.
    """
    _check(counts, table, by)
    cells = _with_totals(counts, table, by)
    shown = [_shown(group, table, threshold) for group in _groups(cells, by)]
    return pl.concat(shown) if shown else cells.select(counts.columns)


def _check(counts: pl.DataFrame, table: Table, by: Sequence[str]) -> None:
    if counts.select([*by, "unit", "column"]).is_duplicated().any():
        raise ValueError("a cell is given twice")
    if (counts["count"] < 0).any():
        raise ValueError("a count is negative: is the part larger than its whole?")
    totals = {"unit": set(table.units.values()), "column": set(table.wholes.values())}
    for name, above in totals.items():
        if found := above.intersection(counts[name]):
            raise ValueError(f"a total is among the counts: {name} {min(found)}")


def _with_totals(counts: pl.DataFrame, table: Table, by: Sequence[str]) -> pl.DataFrame:
    """Finest cells and totals with their ``height``: levels of units below them."""
    key = [*by, "unit", "column"]
    wholes = counts.with_columns(pl.col("column").replace_strict(table.wholes, default=None))
    level = pl.concat([counts, wholes.drop_nulls("column")])
    level = level.group_by(key).agg(pl.col("count").sum()).with_columns(height=pl.lit(0))
    levels = []
    while level.height:
        levels.append(level)
        above = level.with_columns(
            pl.col("unit").replace_strict(table.units, default=None), pl.col("height") + 1
        )
        level = above.drop_nulls("unit").group_by([*key, "height"]).agg(pl.col("count").sum())
    if not levels:
        return counts.with_columns(height=pl.lit(0))
    cells = pl.concat(level.select(*key, "count", "height") for level in levels)
    return cells.group_by(key).agg(pl.col("count").sum(), pl.col("height").max()).sort(key)


def _groups(cells: pl.DataFrame, by: Sequence[str]) -> Iterator[pl.DataFrame]:
    if not by:
        return iter([cells] if cells.height else [])
    return iter(cells.partition_by(by, maintain_order=True))


def _shown(cells: pl.DataFrame, table: Table, threshold: int) -> pl.DataFrame:
    """One table without what must not be shown of it, and without unprinted columns."""
    hidden = Circulation(list(_arcs(cells, table)), threshold).hide()
    flags = pl.Series([number in hidden for number in range(cells.height)], dtype=pl.Boolean)
    return (
        cells.with_columns(count=pl.when(~flags).then("count"))
        .filter(~pl.col("column").is_in(list(table.unprinted)))
        .drop("height")
    )


def _arcs(cells: pl.DataFrame, table: Table) -> Iterator[Arc]:
    """The cells as arcs. A finest unit has a node for each whole, where it meets its parts; a total
    one for each column, where it meets what it is the sum of. All else meets in the one above all.
    """
    totals, wholes = set(table.units.values()), set(table.wholes.values())
    outside = "above all"
    for unit, column, count, height in cells.select("unit", "column", "count", "height").rows():
        whole = column if column in wholes else table.wholes.get(column)
        if unit in totals:
            below = f"sum {column} {unit}"
        else:
            below = outside if whole is None else f"parts {whole} {unit}"
        above = f"sum {column} {table.units[unit]}" if unit in table.units else outside
        tail, head = (above, below) if column in wholes else (below, above)
        yield Arc(tail, head, count, height, column not in table.unprinted)
