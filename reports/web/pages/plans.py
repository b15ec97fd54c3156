"""Withdrawals that wait for a person: what would be withdrawn; approved as it was shown."""

from __future__ import annotations

from fastapi import APIRouter
from fastapi.responses import RedirectResponse, Response
from starlette.exceptions import HTTPException

from pipeline.access.events import Kind
from pipeline.held import approve, held_by_kind
from pipeline.outbox import Box
from quality.kinds import kinds
from reports.web.pages.moments import moments
from reports.web.pages.regions import TARGETS
from reports.web.pages.view import page
from reports.web.visit import Operating, OwnForm, Visit

router = APIRouter()
CHANGED = (
    "Не разрешено: пока вы смотрели, удалений стало больше, или их уже разрешили. Ниже то, что есть"
    " сейчас: посмотрите и решите заново."
)


@router.get("/plans")
def plans(visit: Operating) -> Response:
    """What waits, by portal and school."""
    return _page(visit)


@router.post("/plans")
def approved(visit: Operating, form: OwnForm) -> Response:
    """Approve what was shown of one school at one portal, if it is no more by now."""
    target, school, shown = (str(form.get(name, "")) for name in ("target", "school", "count"))
    with visit.reading() as connection:
        known = {(one.target, one.school) for one in held_by_kind(connection)}
    if not shown.isdigit():
        raise HTTPException(400)
    if (target, school) not in known:
        return _page(visit, CHANGED)
    box = Box(target, school)
    count = approve(visit.dashboard.hub, box, visit.account.login, most=int(shown))
    if not count:
        return _page(visit, CHANGED)
    detail = f"approve_withdrawals {target} {count}"
    visit.note(Kind.ENTERED, school=school, detail=detail)
    return RedirectResponse("/plans", 303)


def _page(visit: Visit, trouble: str = "") -> Response:
    with visit.reading() as connection:
        waiting = held_by_kind(connection)
    return page(
        visit,
        "plans.html.j2",
        status=409 if trouble else 200,
        waiting=waiting,
        trouble=trouble,
        targets=TARGETS,
        kinds=kinds(),
        moment=moments(visit),
    )
