"""Form 1 of a school as its last measured evening counted it, each figure to be opened.

Offices open counts of persons one by one: which of them are hidden is decided over all schools.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

from fastapi import APIRouter
from fastapi.responses import Response
from sqlalchemy import Connection, Integer, cast, select

from pipeline.explain.addresses import Cut, Figure, Kind, Level
from pipeline.measuring.measured import last_measured
from privacy.disclosure import disclosure_policy
from quality.profiles import load_profile
from reports.gather import measured_period
from reports.web.pages.guarding import sees_persons_counted
from reports.web.pages.opened import path_of
from reports.web.pages.view import page
from reports.web.visit import OwnSchool, Visiting
from schemas.tables import form_figures, schools

router = APIRouter()
FORM1 = Kind.FORM1.value


@router.get("/school/{code}/form1")
def form1(visit: Visiting, unit: OwnSchool) -> Response:
    """The form by grade level; nothing where the school's documents ask for none."""
    with visit.reading() as connection:
        profile = select(schools.c.profile).where(schools.c.code == unit.code)
        regulation = load_profile(connection.execute(profile).scalar_one())
        asked = regulation.has_form(FORM1)
        day = last_measured(connection) if asked else None
        period = measured_period(connection, day) if day else None
        cells = _cells(connection, unit.code, day) if day else {}

    def opened(code: str, grade: int) -> str:
        first, last = period or (date.min, date.min)
        within = ((Cut.GRADE, str(grade)),)
        return path_of(
            Figure(Kind.FORM1, code, Level.SCHOOL, unit.code, first, last, day or last, within)
        )

    persons = {
        name for part in disclosure_policy().persons[FORM1] for name in (part.whole, part.part)
    }
    return page(
        visit,
        "form1.html.j2",
        unit=unit,
        day=day,
        form=regulation.form(FORM1) if asked else None,
        grades=sorted({grade for grade, _ in cells}),
        cells=cells,
        unseen=set() if sees_persons_counted(visit) else persons,
        opened=opened,
    )


def _cells(connection: Connection, school: str, on: date) -> Mapping[tuple[int, str], int]:
    """The school's counts by grade level and column."""
    c = form_figures.c
    query = select(cast(c.row, Integer), c.column, c.value).where(
        c.form == FORM1, c.school == school, c.as_of == on
    )
    return {(grade, column): value for grade, column, value in connection.execute(query)}
