"""How far the diary reaches a school's pupils: consents and UIDs by class."""

from __future__ import annotations

from fastapi import APIRouter
from fastapi.responses import Response

from pipeline.consents.coverage import OF_OFFICES, OWN, counted, office_coverage, own_coverage
from privacy.disclosure import disclosure_policy
from reports.coverage_words import TITLES, TWICE
from reports.web.pages.guarding import sees_persons_counted, threshold
from reports.web.pages.view import Range, page
from reports.web.visit import OwnSchool, Visiting

router = APIRouter()


@router.get("/school/{code}/consents")
def consents(visit: Visiting, unit: OwnSchool, days: Range) -> Response:
    """Counts by class as of the last measured day; offices see them without small ones."""
    whole = sees_persons_counted(visit)
    with_uid = visit.dashboard.hub.vault.who_has_uid(unit.code)
    with visit.reading() as connection:
        counts = counted(connection, unit.code, days.as_of, with_uid)
        least = threshold(connection, unit)
    return page(
        visit,
        "consents.html.j2",
        unit=unit,
        days=days,
        whole=whole,
        columns={name: TITLES[name] for name in (OWN if whole else OF_OFFICES)},
        coverage=own_coverage(counts) if whole else office_coverage(counts, least),
        twice=TWICE,
        policy=disclosure_policy(),
        least=least,
    )
