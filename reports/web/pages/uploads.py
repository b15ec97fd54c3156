"""What came from a school, day by day, what could not be read, and what went on to the portals."""

from __future__ import annotations

from fastapi import APIRouter
from fastapi.responses import Response

from pipeline.ledger import Counter
from pipeline.measuring.upload_history import history
from pipeline.runs import SchoolState
from quality.kinds import kinds
from reports import portal_words, words
from reports.web.pages.guarding import counts_persons, sees_persons_counted
from reports.web.pages.view import Range, page
from reports.web.visit import OwnSchool, Visiting

router = APIRouter()
STATES = {
    SchoolState.DONE: "прочитано",
    SchoolState.NOTHING_NEW: "новой выгрузки нет",
    SchoolState.PARTLY: "прочитано не всё",
    SchoolState.FAILED: "не прочитано",
}
DELIVERY_STATES = {
    SchoolState.DONE: "доставлено",
    SchoolState.PARTLY: "доставлено не всё",
    SchoolState.FAILED: "не доставлено",
}
COUNTERS = {Counter(name): title for name, title in words.COLLECTED.items()}
DELIVERED = {Counter(name): title for name, title in portal_words.DELIVERED.items()}


@router.get("/school/{code}/uploads")
def uploads(visit: Visiting, unit: OwnSchool, days: Range) -> Response:
    """The school's days; by kind of record and reason not for offices: some records are persons."""
    with visit.reading() as connection:
        found = history(connection, unit.code, days.first, days.last, days.as_of)
    return page(
        visit,
        "uploads.html.j2",
        unit=unit,
        days=days,
        history=found,
        seen={one.cause for one in found if one.cause},
        states=STATES,
        counters=COUNTERS,
        delivery_states=DELIVERY_STATES,
        delivered=DELIVERED,
        targets=portal_words.TARGETS,
        reason_words=portal_words.reason_words,
        by_kind=sees_persons_counted(visit),
        counts_persons=counts_persons,
        kinds=kinds(),
    )
