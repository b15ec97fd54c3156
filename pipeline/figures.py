"""Figures and reports of a run: what ``measure_quality`` and ``district_reports`` call."""

from __future__ import annotations

from pathlib import Path

from pipeline.forms.forms import write_daily
from pipeline.forms.report import report
from pipeline.hub import Hub
from pipeline.intake.collect import Run
from pipeline.measuring.check import check
from pipeline.measuring.form_counts import keep_people
from pipeline.measuring.measure import measure
from pipeline.profiles import schedule_basis
from pipeline.school_years import school_year_of


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
