"""What a school declares of itself: its passport for all who see it, and the form to fill it in.

Contacts of persons are shown to nobody here but to the school that mends them, by a release that
stands in the action log.
"""

from __future__ import annotations

from collections.abc import Mapping

from fastapi import APIRouter
from fastapi.responses import RedirectResponse, Response

from pipeline.access.events import Kind
from pipeline.passports.form import filled_in, line_name, lines_to_show, read_answers
from pipeline.passports.values import VALID_FROM, ValueRefusedError
from pipeline.passports.versions import (
    OpenPassport,
    in_force,
    keep_passport,
    own_contacts,
    versions_of,
)
from quality.passports import LONGEST, NO, YES, passport_fields
from reports.web.naming import acting
from reports.web.pages.moments import moments
from reports.web.pages.view import page
from reports.web.visit import AsSchool, OwnForm, OwnSchool, Unit, Visit, Visiting

router = APIRouter()


@router.get("/school/{code}/passport")
def passport(visit: Visiting, unit: OwnSchool) -> Response:
    """The passport in force, and its versions."""
    versions, now = _known(visit, unit)
    return page(
        visit,
        "passport.html.j2",
        unit=unit,
        now=now,
        versions=versions,
        fields=passport_fields(),
        moment=moments(visit),
    )


@router.get("/school/{code}/passport/edit")
def editing(visit: Visiting, unit: AsSchool) -> Response:
    """The form, filled in as the passport stands."""
    _, now = _known(visit, unit)
    contacts: Mapping[str, str] = {}
    if now is not None and now.contacts:
        hub = acting(visit)
        contacts = own_contacts(hub, unit.code, now.version)
        visit.note(Kind.NAMED, school=unit.code, detail=f"passport {now.version}")
    today = visit.dashboard.clock().date()
    return _form(visit, unit, {VALID_FROM.code: today.isoformat(), **filled_in(now, contacts)}, {})


@router.post("/school/{code}/passport/edit")
def edited(visit: Visiting, unit: AsSchool, form: OwnForm) -> Response:
    """Keep what was typed as a new version, or say of each field what to correct."""
    typed = {name: str(value) for name, value in form.items() if name != "csrf"}
    answers = read_answers(visit.dashboard.hub, unit.code, typed)
    if answers.declared is None:
        return _form(visit, unit, typed, answers.problems)
    if keep_passport(visit.dashboard.hub, answers.declared, visit.account.login):
        visit.note(Kind.ENTERED, school=unit.code, detail="passport")
    return RedirectResponse(f"/school/{unit.code}/passport", 303)


def _known(visit: Visit, unit: Unit) -> tuple[list[OpenPassport], OpenPassport | None]:
    """All versions, and the one that holds today."""
    with visit.reading() as connection:
        versions = versions_of(connection, unit.code)
    return versions, in_force(versions, visit.dashboard.clock().date())


def _form(
    visit: Visit, unit: Unit, typed: Mapping[str, str], problems: Mapping[str, ValueRefusedError]
) -> Response:
    return page(
        visit,
        "passport_edit.html.j2",
        status=400 if problems else 200,
        unit=unit,
        typed=typed,
        problems=problems,
        fields=passport_fields(),
        valid_from=VALID_FROM,
        lines_to_show=lines_to_show,
        line_name=line_name,
        yes_no=(YES, NO),
        longest=LONGEST,
    )
