"""A district: its schools ranked, and the calendar of their uploads by cause."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Annotated

from fastapi import APIRouter, Query
from fastapi.responses import Response
from markupsafe import Markup
from sqlalchemy import Connection, text

from pipeline.cards.waiver_requests import waiting
from pipeline.measuring.figures_by import Level
from pipeline.measuring.measured import measured_before
from pipeline.scope import Scope
from quality.measures import MEASURES
from quality.uploads import Cause
from reports.book_of_tables import definition_sheet
from reports.compliance import Figure
from reports.web.kept import HOUR
from reports.web.pages.downloads import AsFile, download
from reports.web.pages.tables import UnitRow, asked_figures, by_unit, unit_sheet, worst_first
from reports.web.pages.trend import trend, week_sheet, weeks_of
from reports.web.pages.view import Days, Range, definitions, drawn, page
from reports.web.visit import OwnDistrict, Unit, Visit, Visiting

router = APIRouter()
CALENDAR = timedelta(days=34)  # five weeks fit a page

_SCHOOLS = """
SELECT code, name FROM registry.schools WHERE district = :district AND closed_on IS NULL"""
_CAUSES = """
SELECT c.school, c.day, c.cause FROM quality.day_cells c
JOIN registry.schools s ON s.code = c.school AND s.district = :district
WHERE c.day BETWEEN :first AND :last AND c.cause IS NOT NULL
  AND c.as_of <= :as_of AND (c.until IS NULL OR c.until > :as_of)"""


@dataclass(frozen=True)
class Calendar:
    """``causes`` by school and day; ``days`` in order."""

    days: list[date]
    causes: Mapping[str, Mapping[date, Cause]]


@dataclass(frozen=True)
class Counted:
    """Figures of the schools by code and measure, now and on the day measured ``before``; and the
    calendar."""

    now: Mapping[str, Mapping[str, Figure]]
    before: Mapping[str, Mapping[str, Figure]]
    calendar: Calendar

    def row(self, school: str, name: str) -> UnitRow:
        """The row of ``school``."""
        return UnitRow(school, name, self.now.get(school, {}), self.before.get(school, {}))


@router.get("/district/{code}")
def district(
    visit: Visiting,
    unit: OwnDistrict,
    days: Range,
    as_file: AsFile,
    sort: Annotated[str, Query(max_length=40)] = "fill_rate",
    q: Annotated[str, Query(max_length=100)] = "",
) -> Response:
    """The district's page; ``sort``: a measure, ``-`` before it for the best first; ``q``: a part
    of a school's name, or how its code begins."""
    measure = sort.lstrip("-")
    measure = measure if measure in MEASURES else "fill_rate"
    with visit.reading() as connection:
        known = connection.execute(text(_SCHOOLS), {"district": unit.code}).all()
        asked = waiting(connection, unit.code)
    code = unit.code
    counted = visit.kept(("district", code, days), lambda: _counted(visit, code, days), HOUR).what
    rows = [counted.row(school, name) for school, name in known]
    sought = q.strip().casefold()
    found = [row for row in rows if sought in row.name.casefold() or row.code.startswith(sought)]
    ordered = worst_first(found, measure, best=sort.startswith("-"))
    measures = definitions().measures
    if as_file:
        sheets = [
            unit_sheet("Школы", "Школа", f"{unit.name}, {days.words}", ordered, measures),
            week_sheet(weeks_of(visit, unit, days), unit.name, measures),
            definition_sheet(definitions(), unit.name),
        ]
        return download(visit, f"district-{unit.code}", days.span, sheets)
    return page(
        visit,
        "district.html.j2",
        unit=unit,
        days=days,
        schools=ordered,
        in_all=len(rows),
        measures=measures,
        tables=_drawn(visit, unit, days, ordered, counted),
        sort=sort,
        waiting=asked,
        q=q,
    )


def _drawn(
    visit: Visit, unit: Unit, days: Days, schools: list[UnitRow], counted: Counted
) -> dict[str, Markup]:
    """The tables of the page, ``schools`` in their order."""
    measures, calendar = definitions().measures, counted.calendar
    seen = {cause for own in calendar.causes.values() for cause in own.values()}
    key = (unit.code, days)
    named = (key, tuple((one.code, one.name) for one in schools))
    shown = {"days": days, "schools": schools, "measures": measures}
    return {
        "rows": drawn(visit, "district_schools.html.j2", named, **shown),
        "calendar": drawn(
            visit, "district_days.html.j2", named, **shown, calendar=calendar, seen=seen
        ),
        "trend": trend(visit, unit, days, measures),
    }


def _counted(visit: Visit, code: str, days: Days) -> Counted:
    """The figures of the page."""
    scope, span = Scope.of_district(code), (days.first, days.last)
    now, before = {}, {}
    with visit.reading() as connection:
        if days.measured:
            now = by_unit(asked_figures(connection, Level.SCHOOL, scope, span))
        if then := measured_before(connection, days.as_of):
            before = by_unit(asked_figures(connection, Level.SCHOOL, scope, span, as_of=then))
        return Counted(now, before, _calendar(connection, code, days))


def _calendar(connection: Connection, code: str, days: Days) -> Calendar:
    """The last weeks of the range."""
    first = max(days.first, days.last - CALENDAR)
    span = {"first": first, "last": days.last, "as_of": days.as_of, "district": code}
    causes: dict[str, dict[date, Cause]] = {}
    for school, day, cause in connection.execute(text(_CAUSES), span):
        causes.setdefault(school, {})[day] = Cause(cause)
    count = (days.last - first).days + 1
    return Calendar([first + timedelta(days=n) for n in range(count)], causes)
