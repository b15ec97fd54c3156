"""Figures and reports of a run: what ``measure_quality`` and ``district_reports`` call."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from pathlib import Path

from sqlalchemy import Connection, select

from pipeline.check import check
from pipeline.collect import Run
from pipeline.form_counts import keep_people
from pipeline.forms import write_daily
from pipeline.hub import Hub
from pipeline.measure import measure
from pipeline.profiles import load_profile
from pipeline.report import report
from schemas.tables import school_years


def compute(hub: Hub, run: Run) -> int:
    """Measure and check every school from the start of the school year to the business date.

    Returns the number of figures kept.
    """
    with hub.engine.begin() as connection:
        year = school_year_of(connection, run.business_date)
    summary = measure(
        hub.engine,
        run_id=run.run_id,
        business_date=run.business_date,
        date_from=year.start,
        zone=year.zone,
        schedule_basis=schedule_basis,
    )
    check(
        hub,
        run_id=run.run_id,
        business_date=run.business_date,
        date_from=year.start,
        zone=year.zone,
        schedule_basis=schedule_basis,
    )
    keep_people(hub, run.run_id, run.business_date)
    return summary.figures


def render_reports(hub: Hub, run: Run) -> list[Path]:
    """Write the reports of every district and of the region, and the districts' forms; returns
    their paths."""
    out = hub.settings.reports / run.business_date.isoformat()
    reports = report(hub.engine, run_id=run.run_id, business_date=run.business_date, out=out)
    return [*reports, *write_daily(hub, run.business_date, out)]


@dataclass(frozen=True)
class SchoolYear:
    """A school year of the registry; ``year``: in which it begins; ``zone``: of the region."""

    year: int
    start: date
    zone: str


def school_year_of(connection: Connection, on: date) -> SchoolYear:
    """The school year that ``on`` lies in. Raises ``ValueError`` if the registry has none."""
    c = school_years.c
    query = (
        select(c.school_year, c.start, c.zone)
        .where(c.start <= on)
        .order_by(c.start.desc())
        .limit(1)
    )
    row = connection.execute(query).one_or_none()
    if row is None:
        raise ValueError(f"no school year of the registry holds {on}")
    return SchoolYear(*row)


def schedule_basis(mapping: str) -> str:
    """What the journals read by ``mapping`` publish: ``quality.schedule.ScheduleBasis``."""
    return load_profile(mapping).schedule_basis
