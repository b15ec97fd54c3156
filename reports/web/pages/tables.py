"""Figures of several units side by side: rows of a page's table, from ``figures_by``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

import polars as pl
from sqlalchemy import Connection

from pipeline.figures import schedule_basis
from pipeline.figures_by import Each, Level, Question, figures_by
from pipeline.scope import Scope
from reports.compliance import Figure


@dataclass(frozen=True)
class UnitRow:
    """A unit with its figures by measure, and what they were on the day measured before."""

    code: str
    name: str
    figures: Mapping[str, Figure] = field(default_factory=dict)
    before: Mapping[str, Figure] = field(default_factory=dict)

    def figure(self, measure: str) -> Figure:
        """Zero of zero where it was not measured."""
        return self.figures.get(measure, Figure())

    def change(self, measure: str) -> float | None:
        """Percentage points since the day before; None where one of the two is not known."""
        now, then = self.figure(measure).share, self.before.get(measure, Figure()).share
        return None if now is None or then is None else 100 * (now - then)


def asked_figures(
    connection: Connection,
    level: Level,
    scope: Scope,
    days: tuple[date, date],
    *,
    as_of: date | None = None,
    each: Each | None = None,
    measures: Sequence[str] = (),
) -> pl.DataFrame:
    """``figures_by`` of the days, first and last included."""
    asked = Question(level, scope, *days, each=each, as_of=as_of, measures=measures)
    return figures_by(connection, asked, schedule_basis)


def by_unit(told: pl.DataFrame) -> dict[str, dict[str, Figure]]:
    """``figures_by`` without parts, as figures by unit and measure."""
    found: dict[str, dict[str, Figure]] = {}
    for unit, measure, numerator, denominator in told.select(
        "unit", "measure", "numerator", "denominator"
    ).iter_rows():
        found.setdefault(unit, {})[measure] = Figure(numerator, denominator)
    return found


def worst_first(rows: Sequence[UnitRow], measure: str, *, best: bool = False) -> list[UnitRow]:
    """``rows`` by ``measure``; those of which nothing is known come last."""

    def place(row: UnitRow) -> tuple[bool, float, str]:
        share = row.figure(measure).share
        return share is None, (share or 0.0) * (-1 if best else 1), row.name

    return sorted(rows, key=place)
