"""What the schools of a district ask not to have to mend for a time, to be granted or refused."""

from __future__ import annotations

from collections.abc import Mapping

from fastapi import APIRouter
from fastapi.responses import RedirectResponse, Response
from starlette.exceptions import HTTPException

from pipeline.access.events import Kind
from pipeline.cards import waiver_requests
from pipeline.cards.waiver_requests import Decision, Request, places_of, requests_of_district
from pipeline.cards.words import rule_title
from pipeline.entries import EntryRefusedError
from reports.web.pages.cards import FLAWS, LONGEST, TOO_LONG
from reports.web.pages.moments import moments
from reports.web.pages.view import page
from reports.web.visit import AsOffice, OwnDistrict, OwnForm, Unit, Visit, Visiting

router = APIRouter()
DECIDED = "Этот запрос уже решён: посмотрите, кем и как."


@router.get("/district/{code}/waivers")
def waivers(visit: Visiting, unit: OwnDistrict) -> Response:
    """The requests of the district; who may decide is asked to."""
    return _page(visit, unit)


@router.post("/district/{code}/waivers/{number}")
def decided(visit: Visiting, unit: AsOffice, number: int, form: OwnForm) -> Response:
    """Grant or refuse a request of the district, or say what to correct."""
    asked = _request(visit, unit, number)
    hub, login = visit.dashboard.hub, visit.account.login
    answer = str(form.get("answer", "")).strip()
    decision = form.get("decision")
    if len(answer) > LONGEST:
        return _page(visit, unit, number, TOO_LONG, answer)
    try:
        match decision:
            case Decision.GRANTED.value:
                done = waiver_requests.grant(hub, number, login)
            case Decision.REFUSED.value:
                done = waiver_requests.refuse(hub, number, login, answer)
            case _:
                raise HTTPException(400)
    except EntryRefusedError as error:
        if error.flaw is None:
            raise
        return _page(visit, unit, number, FLAWS[error.flaw], answer)
    if not done:
        return _page(visit, unit, number, DECIDED)
    visit.note(Kind.ENTERED, school=asked.school, detail=f"waiver request {number} {decision}")
    return RedirectResponse(f"/district/{unit.code}/waivers", 303)


def _request(visit: Visit, unit: Unit, number: int) -> Request:
    """A request of the district. Raises 404 where it has none of this number."""
    with visit.reading() as connection:
        for one in requests_of_district(connection, unit.code):
            if one.id == number:
                return one
    raise HTTPException(404)


def _page(
    visit: Visit, unit: Unit, number: int = 0, trouble: str = "", answer: str = ""
) -> Response:
    with visit.reading() as connection:
        requests = requests_of_district(connection, unit.code)
        places: Mapping[int, str] = places_of(connection, requests, {})
    return page(
        visit,
        "waivers.html.j2",
        status=400 if trouble else 200,
        unit=unit,
        requests=requests,
        places=places,
        number=number,
        trouble=trouble,
        answer=answer,
        longest=LONGEST,
        rule_title=rule_title,
        moment=moments(visit),
    )
