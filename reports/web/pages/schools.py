"""A school: all its measures, the last measured day beside the range, and by class, subject and
teacher."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Annotated

from fastapi import APIRouter, Query
from fastapi.responses import Response
from sqlalchemy import Connection, select

from pipeline.measuring.figures_by import Level
from pipeline.measuring.measured import measured_before
from pipeline.scope import Scope
from quality.measures import MEASURES
from quality.profiles import Profile, load_profile
from reports.book_of_tables import Column, TableSheet, definition_sheet
from reports.sheets import PERCENT, WHOLE
from reports.web.kept import HOUR
from reports.web.pages.downloads import AsFile, download
from reports.web.pages.opened import Span
from reports.web.pages.school_things import HEADINGS, TITLES, By, Things, things_of
from reports.web.pages.tables import UnitRow, asked_figures, by_unit
from reports.web.pages.trend import Week, trend, week_sheet, weeks_of
from reports.web.pages.view import Days, Range, page
from reports.web.visit import OwnSchool, Unit, Visit, Visiting
from reports.words import short_date
from schemas.tables import schools

router = APIRouter()


@router.get("/school/{code}")
def school(
    visit: Visiting,
    unit: OwnSchool,
    days: Range,
    as_file: AsFile,
    by: By = By.CLASS,
    sort: Annotated[str, Query(max_length=40)] = "name",
) -> Response:
    """The school's page; ``sort``: of the table by classes and the like, a measure (``-`` before it
    for the best first) or ``name``."""
    if not days.measured:
        return page(visit, "school.html.j2", unit=unit, days=days)
    with visit.reading() as connection:
        regulation = _regulation(connection, unit)
    measures = regulation.measures
    counted = visit.kept(("school", unit.code, days), lambda: _counted(visit, unit, days), HOUR)
    whole, today = counted.what
    things = things_of(visit, unit, days, by, sort, measures)
    if as_file:
        sheets = _sheets(unit, days, regulation, whole, today, things, weeks_of(visit, unit, days))
        return download(visit, f"school-{unit.code}", days.span, sheets, school=unit.code)
    return page(
        visit,
        "school.html.j2",
        unit=unit,
        days=days,
        measures=measures,
        whole=whole,
        today=today,
        on_day=Span(days.as_of, days.as_of, days.as_of, days.as_of),
        things=things,
        tabs=TITLES,
        heading=HEADINGS[by],
        trend=trend(visit, unit, days, measures),
        sort=sort if sort.lstrip("-") in MEASURES else "name",
    )


def _regulation(connection: Connection, unit: Unit) -> Profile:
    """The documents of the school, in whose words the measures are told."""
    query = select(schools.c.profile).where(schools.c.code == unit.code)
    return load_profile(connection.execute(query).scalar_one())


def _counted(visit: Visit, unit: Unit, days: Days) -> tuple[UnitRow, UnitRow]:
    """The school's figures of the days, and of the last measured day."""
    with visit.reading() as connection:
        before = measured_before(connection, days.as_of)
        return (
            _row(connection, unit, (days.first, days.last), before),
            _row(connection, unit, (days.as_of, days.as_of), None),
        )


def _row(
    connection: Connection, unit: Unit, span: tuple[date, date], before: date | None
) -> UnitRow:
    """The school's figures of ``span``, and as they were known on the day ``before``."""
    scope = Scope.of_schools(unit.code)
    now = by_unit(asked_figures(connection, Level.SCHOOL, scope, span))
    then = (
        by_unit(asked_figures(connection, Level.SCHOOL, scope, span, as_of=before))
        if before
        else {}
    )
    return UnitRow(unit.code, unit.name, now.get(unit.code, {}), then.get(unit.code, {}))


def _sheets(
    unit: Unit,
    days: Days,
    regulation: Profile,
    whole: UnitRow,
    today: UnitRow,
    things: Things,
    weeks: Sequence[Week],
) -> list[TableSheet]:
    """The tables of the page, and what the measures mean."""
    title = f"{unit.name}, {unit.code}"
    on = short_date(days.as_of)
    columns = [Column("Показатель", 34)]
    for words in (days.words, f"за {on}"):
        columns += [
            Column(f"Доля, {words}", 18, PERCENT),
            Column(f"Числитель, {words}", 18, WHOLE),
            Column(f"Знаменатель, {words}", 18, WHOLE),
        ]
    rows = []
    for one in regulation.measures:
        row: list[object] = [one.title]
        for figure in (whole.figure(one.code), today.figure(one.code)):
            row += [figure.share, figure.numerator, figure.denominator]
        rows.append(row)
    known = [f"По состоянию на {on}"]
    return [
        TableSheet("Показатели", title, columns, rows, known),
        things.sheet(f"{title}, {days.words}"),
        week_sheet(weeks, title, regulation.measures),
        definition_sheet(regulation, title),
    ]
