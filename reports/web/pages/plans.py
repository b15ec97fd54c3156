"""Withdrawals that wait for a person: what would be withdrawn, down to the records; approved as it
was shown."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query
from fastapi.responses import RedirectResponse, Response
from starlette.exceptions import HTTPException

from pipeline.access.events import Kind
from pipeline.delivery import standing
from pipeline.delivery.held import approve, held_by_kind
from pipeline.delivery.outbox import Box
from quality.kinds import kinds
from reports.portal_words import TARGETS
from reports.web.pages.downloads import MOST_ROWS, AsFile, download
from reports.web.pages.moments import moments
from reports.web.pages.opened import Span
from reports.web.pages.paging import SIZE, PageNumber, Paging
from reports.web.pages.standing_rows import kind_of, standing_rows, standing_sheet
from reports.web.pages.view import page
from reports.web.visit import Operating, OwnForm, Visit, school_in_scope

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


@router.get("/plans/{target}/{code}/{entity}")
def waiting_records(
    visit: Operating,
    target: str,
    code: str,
    entity: str,
    as_file: AsFile,
    number: Annotated[PageNumber, Query(alias="page")] = 1,
) -> Response:
    """The records of a kind that wait of one school at one portal now: an account of a delivery
    tells how it left them, and a plan or a decision may have come since."""
    unit = school_in_scope(visit, code)
    box = Box(target, unit.code)
    with visit.reading() as connection:
        records = standing.held(connection, box, entity)
        if target not in TARGETS or not records.height:
            raise HTTPException(404)
        title = f"Будет удалено: {kind_of(entity, 2)}"
        if as_file:
            rows = standing_rows(visit, connection, box, records.head(MOST_ROWS))
            sheet = standing_sheet(f"{title}: {unit.name}", rows, [f"Всего: {records.height}"])
            today = visit.dashboard.clock().date()
            span = Span(today, today, today, None)
            return download(visit, f"held-{entity}-{code}", span, [sheet], school=code)
        paging = Paging(number, records.height)
        rows = standing_rows(visit, connection, box, records.slice(paging.offset, SIZE))
        since = records["since"].min()
    return page(
        visit,
        "waiting_records.html.j2",
        unit=unit,
        title=title,
        target=TARGETS[target],
        count=records.height,
        since=since,
        moment=moments(visit),
        rows=rows,
        paging=paging,
        path=f"/plans/{target}/{code}/{entity}",
    )


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
