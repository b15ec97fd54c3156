"""Measure: how well the journals are kept, from the facts the hub holds.

For every school of the registry: the lessons that should be there, what is recorded of them, how
often the journal was uploaded, and form 1; then districts and the region by sums. Measuring the
same business date again replaces its figures. One period is kept per business date.

Cells of ``quality.form_figures``: form ``form1`` (row: grade level), form ``uploads`` (row:
ISO date, column: ``quality.uploads.Cause``, value 1 where the hub accepted the day's upload, else
0), one cell per day since the school was connected, so that a report repeats what was known on its
date; ``form2`` and ``form4``: ``pipeline.form_counts``.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import polars as pl
from sqlalchemy import Connection, Engine, delete, insert

from pipeline.form_counts import FormCount, added, count_cells, journal_counts
from pipeline.school_calendar import blamed
from pipeline.school_facts import JournalFacts, SchoolPlace, end_of, journal_facts, places
from quality.form1 import COLUMNS, form1
from quality.measures import FIGURE_SCHEMA, REGION, figures, roll_up
from quality.timeliness import figure as timeliness_figure
from quality.uploads import Cause, merge_calendars, rhythm
from schemas.tables import form_figures, measures

FORM1 = "form1"
UPLOADS = "uploads"


@dataclass(frozen=True)
class MeasureSummary:
    """What was measured; ``region`` holds numerator and denominator of each measure."""

    as_of: date
    period: tuple[date, date]
    schools: int
    figures: int
    form_cells: int
    region: dict[str, tuple[int, int]]


@dataclass(frozen=True)
class _Measured:
    """Figures (``FIGURE_SCHEMA``), form 1 rows, the upload calendar (what reached the hub, and with
    what came of it at the portal) and the counts of the other forms (form, column, value) of one
    school."""

    figures: pl.DataFrame
    form1: pl.DataFrame
    reached: dict[date, Cause]
    causes: dict[date, Cause]
    counts: list[FormCount]


def measure(
    engine: Engine,
    *,
    run_id: str,
    business_date: date,
    date_from: date,
    zone: str,
    schedule_basis: Callable[[str], str],
) -> MeasureSummary:
    """Measure every school for ``date_from`` to ``business_date`` and keep the figures.

    What was stored after the business date (of ``zone``) is left out, so that measuring a past day
    gives the figures of that day. ``schedule_basis`` as in ``school_facts.journal_facts``.
    Raises ``quality.profiles.UnknownProfileError`` for a school bound to no known profile,
    ``ValueError`` for a basis of another name.
    """
    period = (date_from, business_date)
    as_of = end_of(business_date, zone)
    parts, cells = [], []
    definitions: dict[str, str] = {}
    with engine.begin() as connection:
        registered = places(connection, date_from)
        for school in registered:
            measured = _measure_school(connection, school, period, as_of, schedule_basis)
            parts.append(
                measured.figures.with_columns(
                    school=pl.lit(school.code), district=pl.lit(school.district)
                )
            )
            cells += _cells(school, measured)
            definitions[school.code] = school.regulation.definition
        rolled = roll_up(pl.concat(parts)) if parts else pl.DataFrame()
        rows = _figure_rows(rolled, definitions, registered)
        _replace(connection, run_id, period, rows, cells)
    return MeasureSummary(
        as_of=business_date,
        period=period,
        schools=len(registered),
        figures=len(rows),
        form_cells=len(cells),
        region={
            row["measure"]: (row["numerator"], row["denominator"])
            for row in rows
            if row["level"] == REGION
        },
    )


def _measure_school(
    connection: Connection,
    school: SchoolPlace,
    period: tuple[date, date],
    as_of: datetime,
    schedule_basis: Callable[[str], str],
) -> _Measured:
    """One school: the sum of its journals, and one calendar of them all."""
    there = (period[0], school.until(period[1]))
    figure_parts, form_parts, calendars, counts = [], [], [], []
    for facts in journal_facts(connection, school, there, as_of, schedule_basis):
        figure_parts += [figures(facts.lessons), _counted(facts)]
        form_parts.append(form1(facts.frames, facts.basis, there))
        calendars.append(facts.causes)
        counts += journal_counts(facts, there)
    reached = merge_calendars(calendars)
    said = rhythm(reached)
    figure_parts.append(_figure("upload_frequency", said.uploaded, said.due))
    return _Measured(
        figures=pl.concat(figure_parts).group_by("measure").sum(),
        form1=pl.concat(form_parts).group_by("grade_level").sum() if form_parts else pl.DataFrame(),
        reached=reached,
        causes=blamed(connection, school.code, reached, as_of),
        counts=added(counts),
    )


def _counted(facts: JournalFacts) -> pl.DataFrame:
    """Timeliness and accumulation, zero of zero where nothing is asked: ``FIGURE_SCHEMA``."""
    enough = int(facts.pairs["enough"].sum())
    return pl.concat(
        [
            _figure("timeliness", *timeliness_figure(facts.parts)),
            _figure("accumulation", enough, facts.pairs.height),
        ]
    )


def _figure(measure: str, numerator: int, denominator: int) -> pl.DataFrame:
    row = {"measure": measure, "numerator": numerator, "denominator": denominator}
    return pl.DataFrame([row], schema=FIGURE_SCHEMA)


def _cells(school: SchoolPlace, measured: _Measured) -> list[dict[str, Any]]:
    cells = [
        {
            "form": FORM1,
            "school": school.code,
            "row": str(row["grade_level"]),
            "column": name,
            "value": row[name],
        }
        for row in measured.form1.iter_rows(named=True)
        for name in COLUMNS
    ]
    days = [
        {
            "form": UPLOADS,
            "school": school.code,
            "row": day.isoformat(),
            "column": cause.value,
            "value": int(measured.reached[day] is Cause.UPLOADED),
        }
        for day, cause in measured.causes.items()
    ]
    return cells + days + count_cells(school.code, measured.counts)


def _figure_rows(
    rolled: pl.DataFrame, definitions: dict[str, str], registered: Sequence[SchoolPlace]
) -> list[dict[str, Any]]:
    """Rolled figures with the versions of the profiles that they were counted by."""
    used: dict[str, set[str]] = {}
    for school in registered:
        for unit in (school.code, school.district, REGION):
            used.setdefault(unit, set()).add(definitions[school.code])
    return [
        row | {"definition": ", ".join(sorted(used[row["unit"]]))}
        for row in rolled.iter_rows(named=True)
    ]


def _replace(
    connection: Connection,
    run_id: str,
    period: tuple[date, date],
    rows: list[dict[str, Any]],
    cells: list[dict[str, Any]],
) -> None:
    """Put the figures of this business date in the place of the former ones."""
    as_of = period[1]
    connection.execute(delete(measures).where(measures.c.as_of == as_of))
    connection.execute(delete(form_figures).where(form_figures.c.as_of == as_of))
    known = {"as_of": as_of, "run_id": run_id}
    dated = known | {"date_from": period[0], "date_to": period[1]}
    if rows:
        connection.execute(insert(measures), [dated | row for row in rows])
    if cells:
        connection.execute(insert(form_figures), [known | cell for cell in cells])
