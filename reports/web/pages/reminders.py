"""Reminders: a district picks schools and gets a text for each, to be told by phone or sent."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import Annotated
from urllib.parse import urlencode

from fastapi import APIRouter, Query
from fastapi.responses import RedirectResponse, Response
from sqlalchemy import text
from starlette.background import BackgroundTask
from starlette.exceptions import HTTPException

from pipeline.access.events import Kind
from pipeline.mail.letters import LetterState
from pipeline.mail.post import mail_is_set
from pipeline.mail.reminders import Span, reminder
from pipeline.mail.sent_reminders import Reminded, reminded, write_reminders
from pipeline.measuring.figures_by import Level
from pipeline.scope import Scope
from reports.letters import LetterText
from reports.reminders import render_reminder
from reports.web.pages.moments import moments
from reports.web.pages.tables import UnitRow, asked_figures, by_unit, worst_first
from reports.web.pages.view import Days, Range, page
from reports.web.visit import AsOffice, OwnForm, Unit, Visit, Visiting

router = APIRouter()
WORST = 3  # chosen beforehand
MOST = 20  # texts at once
MEASURE = "fill_rate"
WRITER = "dashboard"  # of the letters, where others have their run
CHANGED = (
    "Не отправлено: пока вы смотрели, показатели посчитаны заново. Ниже новые тексты: посмотрите и"
    " отправьте их."
)
# By what stopped the letter, else by its state.
_STOPPED = {
    "no_mailbox": "нет адреса школы; его вносит оператор региона, школе пока позвоните",
    "letter_unanswered": "ответ почтового сервера потерян",
}
_STATES = {
    LetterState.WRITTEN: "ждёт отправки",
    LetterState.SENT: "отправлено",
    LetterState.FAILED: "не принято почтовым сервером; причину видит оператор региона",
    LetterState.UNKNOWN: "отправляется",
}
_GOES_ON = {
    LetterState.WRITTEN: "; сервер пока не принял, Свод повторит вечером",
    LetterState.FAILED: " дважды; спросите школу, получила ли она письмо",
    LetterState.UNKNOWN: "; Свод повторит один раз вечером",
}

_SCHOOLS = """
SELECT code, name FROM registry.schools WHERE district = :district AND closed_on IS NULL"""


Chosen = Annotated[list[str], Query(alias="school", max_length=1000)]


@router.get("/district/{code}/reminders")
def reminders(visit: Visiting, unit: AsOffice, days: Range, chosen: Chosen = []) -> Response:  # noqa: B006  FastAPI copies it
    """The district's schools, worst first, and the texts for those that are chosen."""
    return _page(visit, unit, days, chosen)


@router.post("/district/{code}/reminders")
def sent(
    visit: Visiting,
    unit: AsOffice,
    days: Range,
    form: OwnForm,
    chosen: Chosen = [],  # noqa: B006  FastAPI copies it
) -> Response:
    """Send the texts that the page with this address showed; those that have changed are shown."""
    hub = visit.dashboard.hub
    if not mail_is_set(hub.settings):
        raise HTTPException(404)
    rows = _schools(visit, unit, days)
    texts = _texts(visit, [row for row in rows if row.code in chosen][:MOST], days)
    if not texts:
        raise HTTPException(400)
    if form.get("shown") != _seal(texts):
        return _page(visit, unit, days, chosen, CHANGED)
    told = {row.code: said for row, said in texts if row.code is not None}
    write_reminders(hub, told, days.as_of, WRITER)
    for school in told:
        visit.note(Kind.REMINDED, school=school, detail=days.as_of.isoformat())
    return RedirectResponse(
        f"{_address(unit, days, list(told))}#sent",
        303,
        background=BackgroundTask(visit.dashboard.courier.send, hub),
    )


def _page(
    visit: Visit, unit: Unit, days: Days, asked: Sequence[str], trouble: str = ""
) -> Response:
    rows = _schools(visit, unit, days)
    chosen = [row for row in rows if row.code in asked]
    texts = _texts(visit, chosen[:MOST], days)
    with visit.reading() as connection:
        told = reminded(connection, unit.code, days.as_of)
    return page(
        visit,
        "reminders.html.j2",
        status=409 if trouble else 200,
        unit=unit,
        days=days,
        schools=rows,
        chosen={row.code for row in (chosen or rows[:WORST])},
        texts=texts,
        left_out=len(chosen[MOST:]),
        most=MOST,
        measure=MEASURE,
        trouble=trouble,
        mail=mail_is_set(visit.dashboard.hub.settings),
        seal=_seal(texts),
        action=_address(unit, days, [row.code or "" for row, _ in texts]),
        reminded=told,
        state=state_words,
        moment=moments(visit),
    )


def state_words(one: Reminded) -> str:
    """What became of a reminder, and who goes on."""
    said = _STOPPED.get(one.rule or "") or _STATES[one.state]
    goes_on = one.rule == "letter_unanswered" or (one.state is LetterState.WRITTEN and one.tried)
    return said + (_GOES_ON[one.state] if goes_on else "")


def _address(unit: Unit, days: Days, schools: Sequence[str]) -> str:
    """Of the page with the texts for ``schools``."""
    chosen = urlencode([("school", code) for code in schools])
    return f"/district/{unit.code}/reminders?{days.query}&{chosen}"


def _seal(texts: Sequence[tuple[UnitRow, LetterText]]) -> str:
    """By which texts are known again: what is sent is what was shown."""
    whole = "\0".join(f"{row.code}\0{said.subject}\0{said.body}" for row, said in texts)
    return hashlib.sha256(whole.encode()).hexdigest()


def _schools(visit: Visit, unit: Unit, days: Days) -> list[UnitRow]:
    with visit.reading() as connection:
        known = connection.execute(text(_SCHOOLS), {"district": unit.code}).all()
        if not days.measured:
            return [UnitRow(code, name) for code, name in known]
        span, scope = (days.first, days.last), Scope.of_district(unit.code)
        told = by_unit(asked_figures(connection, Level.SCHOOL, scope, span, measures=[MEASURE]))
    return worst_first([UnitRow(code, name, told.get(code, {})) for code, name in known], MEASURE)


def _texts(visit: Visit, chosen: list[UnitRow], days: Days) -> list[tuple[UnitRow, LetterText]]:
    if not days.measured:
        return []
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
