"""The book of the dashboard, for the operator: who came in, who was refused, what was changed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from fastapi.responses import Response

from pipeline.access.events import Kind, book
from reports.web.pages.moments import moments
from reports.web.pages.view import page, with_query
from reports.web.visit import Operating

router = APIRouter()
LINES = 100  # of a page
KINDS = {
    Kind.SIGNED_IN: "вход",
    Kind.SIGNED_OUT: "выход",
    Kind.REFUSED: "отказ во входе",
    Kind.LOCKED: "блокировка",
    Kind.CHANGED: "смена пароля",
    Kind.FACTOR_SET: "включён второй шаг входа",
    Kind.ACCOUNT_CHANGED: "изменение учётной записи",
    Kind.DOWNLOADED: "скачан файл",
    Kind.NAMED: "показаны имена",
    Kind.ENTERED: "внесены сведения",
    Kind.REMINDED: "напоминание школе",
}
# What a line's detail says, where it is no code that the operator looks up.
CHANGES = {"created": "заведена", "reset": "сброшена", "disabled": "закрыта"}


def detail(row: Mapping[str, Any]) -> str:
    """The detail of a line of the book in words: ``заведена: operator``."""
    what, _, who = str(row["detail"]).partition(" by ")
    if row["kind"] == Kind.ACCOUNT_CHANGED and what in CHANGES:
        return f"{CHANGES[what]}: {who}"
    return "запись была заблокирована" if row["detail"] == "locked" else row["detail"] or "—"


@router.get("/events")
def events(
    request: Request,
    visit: Operating,
    login: Annotated[str, Query(max_length=40)] = "",
    kind: Annotated[str, Query(max_length=40)] = "",
    before: Annotated[int | None, Query(ge=1, lt=2**63)] = None,
) -> Response:
    """The book, newest first; ``before``: the line that the page goes on from."""
    asked = Kind(kind) if kind in {one.value for one in Kind} else None
    with visit.dashboard.accounts.begin() as connection:
        rows = book(connection, login=login.strip(), kind=asked, before=before, most=LINES + 1)
    older = with_query(request, before=str(rows[LINES - 1]["id"])) if len(rows) > LINES else ""
    return page(
        visit,
        "events.html.j2",
        rows=rows[:LINES],
        older=older,
        newest=with_query(request, before=None) if before else "",
        kinds=KINDS,
        moment=moments(visit),
        detail=detail,
        login=login,
        kind=kind,
    )
