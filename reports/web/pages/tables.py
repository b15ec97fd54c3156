"""Figures of several units side by side: rows of a page's table, from ``figures_by``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

import polars as pl
from sqlalchemy import Connection

from pipeline.measuring.figures_by import Each, Level, Question, figures_by
from pipeline.profiles import schedule_basis
from pipeline.scope import Scope
from quality.profiles import MeasureDefinition
from reports.book_of_tables import Column, TableSheet, measure_columns, measure_values
from reports.compliance import Figure


@dataclass(frozen=True)
class UnitRow:
    """A unit with its figures by measure, and what they were on the day measured before.

    ``code``: of a school's own thing its key; empty: the journal does not tell it.
    """

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


def figures_by_place(
    told: pl.DataFrame, place: Sequence[str]
) -> dict[tuple[Any, ...], dict[str, Figure]]:
    """Figures by measure, of each ``place``: columns of ``figures_by``'s answer."""
    found: dict[tuple[Any, ...], dict[str, Figure]] = {}
    for *key, measure, numerator, denominator in told.select(
        *place, "measure", "numerator", "denominator"
    ).iter_rows():
        found.setdefault(tuple(key), {})[measure] = Figure(numerator, denominator)
    return found


def by_unit(told: pl.DataFrame) -> dict[str, dict[str, Figure]]:
    """Figures by unit and measure."""
    return {unit: own for (unit,), own in figures_by_place(told, ["unit"]).items()}


def worst_first(rows: Sequence[UnitRow], measure: str, *, best: bool = False) -> list[UnitRow]:
    """``rows`` by ``measure``; those of which nothing is known come last."""

    def place(row: UnitRow) -> tuple[bool, float, str]:
        share = row.figure(measure).share
        return share is None, (share or 0.0) * (-1 if best else 1), row.name

    return sorted(rows, key=place)


def unit_sheet(
    name: str,
    heading: str,
    title: str,
    rows: Sequence[UnitRow],
    measures: Sequence[MeasureDefinition],
) -> TableSheet:
    """``rows`` as a sheet, in their order."""
    columns = [Column(heading, 34), Column("Код", 12), *measure_columns(measures)]
    values = [[row.name, row.code, *measure_values(row.figures, measures)] for row in rows]
    return TableSheet(name, title, columns, values)
