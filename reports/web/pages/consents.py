"""How far the diary reaches a school's pupils: consents and UIDs by class."""

from __future__ import annotations

from fastapi import APIRouter
from fastapi.responses import Response

from pipeline.access.accounts import Level
from pipeline.coverage import OF_OFFICES, OWN, counted, office_coverage, own_coverage
from privacy.disclosure import disclosure_policy
from reports.web.pages.guarding import threshold
from reports.web.pages.view import Range, page
from reports.web.visit import OwnSchool, Visiting

router = APIRouter()
TITLES = {
    "pupils": "Учеников",
    "active": "Согласие действует",
    "ready": "из них с UID",
    "waiting": "Заявление подано, услуга не началась",
    "stopped": "Отказ или выбытие",
    "silent": "Заявления нет",
    "with_uid": "Всего с UID",
}


@router.get("/school/{code}/consents")
def consents(visit: Visiting, unit: OwnSchool, days: Range) -> Response:
    """Counts by class as of the last measured day; offices see them without small ones."""
    own = visit.account.level is Level.SCHOOL
    with_uid = visit.dashboard.hub.vault.who_has_uid(unit.code)
    with visit.reading() as connection:
        counts = counted(connection, unit.code, days.as_of, with_uid)
        least = threshold(connection, unit)
    return page(
        visit,
        "consents.html.j2",
        unit=unit,
        days=days,
        own=own,
        columns={name: TITLES[name] for name in (OWN if own else OF_OFFICES)},
        coverage=own_coverage(counts) if own else office_coverage(counts, least),
        policy=disclosure_policy(),
        least=least,
    )
