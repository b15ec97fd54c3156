"""A count of persons of form 1 for offices: as the form prints it, or hidden; never its rows, which
would tell what the form hides."""

from __future__ import annotations

from fastapi.responses import Response
from sqlalchemy import select

from pipeline.explain.addresses import Figure
from pipeline.explain.office_form1 import office_count
from privacy.disclosure import disclosure_policy
from quality.profiles import load_profile
from reports.explained import meaning
from reports.web.pages.view import page
from reports.web.visit import Unit, Visit
from schemas.tables import schools


def printed_page(visit: Visit, figure: Figure, unit: Unit) -> Response:
    """The page of a cell of form 1 of a school that the account sees."""
    with visit.reading() as connection:
        query = select(schools.c.profile).where(schools.c.code == unit.code)
        regulation = load_profile(connection.execute(query).scalar_one())
    return page(
        visit,
        "explained_printed.html.j2",
        figure=figure,
        unit=unit,
        printed=office_count(visit.dashboard.hub, figure),
        policy=disclosure_policy(),
        told=meaning(figure.kind, figure.code, regulation),
    )
