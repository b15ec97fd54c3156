"""Figures and reports of a run: what ``measure_quality`` and ``district_reports`` call."""

from __future__ import annotations

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
        first, zone = _school_year(connection, run.business_date)
    summary = measure(
        hub.engine,
        run_id=run.run_id,
        business_date=run.business_date,
        date_from=first,
        zone=zone,
        schedule_basis=_basis,
    )
    check(
        hub,
        run_id=run.run_id,
        business_date=run.business_date,
        date_from=first,
        zone=zone,
        schedule_basis=_basis,
    )
    keep_people(hub, run.run_id, run.business_date)
    return summary.figures


def _basis(mapping: str) -> str:
    return load_profile(mapping).schedule_basis


def render_reports(hub: Hub, run: Run) -> list[Path]:
    """Write the reports of every district and of the region, and the districts' forms; returns
    their paths."""
    out = hub.settings.reports / run.business_date.isoformat()
    reports = report(hub.engine, run_id=run.run_id, business_date=run.business_date, out=out)
    return [*reports, *write_daily(hub, run.business_date, out)]


def _school_year(connection: Connection, on: date) -> tuple[date, str]:
    """The first day of the school year that ``on`` lies in, and the region's zone."""
    query = (
        select(school_years.c.start, school_years.c.zone)
        .where(school_years.c.start <= on)
        .order_by(school_years.c.start.desc())
        .limit(1)
    )
    row = connection.execute(query).one_or_none()
    if row is None:
        raise ValueError(f"no school year of the registry holds {on}")
    return row.start, row.zone
