"""Report: the pages and workbooks of each district and of the region, from kept figures.

Small counts of persons are hidden once, in the form of the whole region; every report shows its
slice of it. Everything comes from what ``measure`` kept for the business date and from the books of
the runs; the journal itself is not read. Files: ``otchet_<district code>_<date>.html`` and
``.xlsx``, and ``otchet_region_<date>`` for all of it.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from pathlib import Path

from sqlalchemy import Engine, select

from pipeline.measuring.measured import NothingMeasuredError
from privacy.disclosure import Audience
from quality.measures import REGION
from quality.profiles import Profile
from reports.compliance import Report, SchoolReport, compliance_report
from reports.forms import PublishedForm, publish_form
from reports.gather import Gathered, gather_schools, measured_period
from reports.page import render_page
from reports.workbook import write_workbook
from schemas.tables import districts

REGION_TITLE = "Регион"


def report(engine: Engine, *, run_id: str, business_date: date, out: Path) -> list[Path]:
    """Write the reports of ``business_date`` to the folder ``out``; returns the files.

    Raises ``NothingMeasuredError``, ``quality.profiles.UnknownProfileError``,
    ``privacy.disclosure.NoThresholdError`` or ``OSError``.
    """
    with engine.connect() as connection:
        period = measured_period(connection, business_date)
        if period is None:
            raise NothingMeasuredError(business_date.isoformat())
        known = connection.execute(
            select(districts.c.code, districts.c.name).order_by(districts.c.code)
        )
        names = {row.code: row.name for row in known}
        gathered = gather_schools(connection, business_date)
    out.mkdir(parents=True, exist_ok=True)
    return [path for one in _reports(run_id, period, gathered, names) for path in _write(one, out)]


def _reports(
    run_id: str,
    period: tuple[date, date],
    gathered: Gathered,
    names: dict[str, str],
) -> Iterator[Report]:
    """One report per district that has schools, then the region's."""
    schools, profiles = gathered.schools, gathered.profiles
    if not schools:
        return
    region_wide = _used(schools, profiles)
    form1 = _form1(gathered, region_wide)
    units = {code: [school for school in schools if school.district == code] for code in names}
    for unit, own in [*units.items(), (REGION, schools)]:
        if own:
            yield compliance_report(
                level="region" if unit == REGION else "district",
                unit=unit,
                title=names.get(unit, REGION_TITLE),
                run_id=run_id,
                period=period,
                profiles=_used(own, profiles),
                schools=own,
                form1=form1,
                districts=names if unit == REGION else {unit: names[unit]},
            )


def _form1(gathered: Gathered, profiles: list[Profile]) -> PublishedForm | None:
    """Form 1 of all schools, by the first of ``profiles`` that asks for it."""
    asking = [profile for profile in profiles if profile.has_form("form1")]
    if not asking:
        return None
    return publish_form(
        asking[0].form("form1"),
        gathered.form1,
        {school.code: school.district for school in gathered.schools},
        {profile.name for profile in profiles},
        Audience.OFFICES,
    )


def _used(schools: list[SchoolReport], profiles: dict[str, Profile]) -> list[Profile]:
    """The profiles of ``schools``, the most frequent first: its words head the report."""
    names = [profiles[school.code].name for school in schools]
    by_name = {profiles[school.code].name: profiles[school.code] for school in schools}
    return [by_name[name] for name in sorted(by_name, key=lambda name: (-names.count(name), name))]


def _write(one: Report, out: Path) -> list[Path]:
    stem = f"otchet_{one.unit}_{one.as_of.isoformat()}"
    page, workbook = out / f"{stem}.html", out / f"{stem}.xlsx"
    page.write_text(render_page(one), encoding="utf-8")
    write_workbook(one, workbook)
    return [page, workbook]
