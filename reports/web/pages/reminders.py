"""Reminders: a district picks schools and gets a text for each, to be sent or told by phone."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query
from fastapi.responses import Response
from sqlalchemy import text

from pipeline.figures_by import Level
from pipeline.reminders import Span, reminder
from pipeline.scope import Scope
from reports.reminders import render_reminder
from reports.web.pages.tables import UnitRow, asked_figures, by_unit, worst_first
from reports.web.pages.view import Days, Range, page
from reports.web.visit import AsOffice, Unit, Visit, Visiting

router = APIRouter()
WORST = 3  # chosen beforehand
MOST = 20  # texts at once
MEASURE = "fill_rate"

_SCHOOLS = """
SELECT code, name FROM registry.schools WHERE district = :district AND closed_on IS NULL"""


@router.get("/district/{code}/reminders")
def reminders(
    visit: Visiting,
    unit: AsOffice,
    days: Range,
    school: Annotated[list[str], Query(max_length=1000)] = [],  # noqa: B006  FastAPI copies it
) -> Response:
    """The district's schools, worst first, and the texts for those that are chosen."""
    rows = _schools(visit, unit, days)
    chosen = [row for row in rows if row.code in school]
    return page(
        visit,
        "reminders.html.j2",
        unit=unit,
        days=days,
        schools=rows,
        chosen={row.code for row in (chosen or rows[:WORST])},
        texts=_texts(visit, chosen[:MOST], days) if days.measured else [],
        left_out=len(chosen[MOST:]),
        most=MOST,
        measure=MEASURE,
    )


def _schools(visit: Visit, unit: Unit, days: Days) -> list[UnitRow]:
    with visit.reading() as connection:
        known = connection.execute(text(_SCHOOLS), {"district": unit.code}).all()
        if not days.measured:
            return [UnitRow(code, name) for code, name in known]
        span, scope = (days.first, days.last), Scope.of_district(unit.code)
        told = by_unit(asked_figures(connection, Level.SCHOOL, scope, span, measures=[MEASURE]))
    return worst_first([UnitRow(code, name, told.get(code, {})) for code, name in known], MEASURE)


def _texts(visit: Visit, chosen: list[UnitRow], days: Days) -> list[tuple[UnitRow, str]]:
    span, above = Span(days.first, days.last, days.as_of), visit.dashboard.address.rstrip("/")
    with visit.reading() as connection:
        return [
            (
                row,
                render_reminder(
                    reminder(
                        connection,
                        row.code,
                        span,
                        row.figure(MEASURE).percent,
                        f"{above}/school/{row.code}/cards",
                    )
                ),
            )
            for row in chosen
            if row.code is not None
        ]
