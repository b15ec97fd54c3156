"""Accounts of the dashboard, for who may make and close them; the rules are in
``pipeline.access.accounts``."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

from fastapi import APIRouter, Depends
from fastapi.responses import RedirectResponse, Response
from sqlalchemy import select
from starlette.exceptions import HTTPException

from pipeline.access import accounts
from pipeline.access.accounts import Account, AccountError, AccountRole, Level
from pipeline.access.units import require_unit
from reports.web.pages.moments import moments
from reports.web.pages.view import page
from reports.web.visit import OwnForm, Visit, Visiting
from schemas.tables import districts

router = APIRouter()
ROLES = {
    AccountRole.OPERATOR: "оператор региона",
    AccountRole.DISTRICT_OFFICER: "сотрудник района",
    AccountRole.SCHOOL_ADMINISTRATOR: "администратор школы",
    AccountRole.SCHOOL_DEPUTY: "завуч",
    AccountRole.READER: "только просмотр",
}
NO_ROLE = "Выберите роль из списка."
NOT_YOURS = "Такую учётную запись заводит оператор региона."


def managing(visiting: Visiting) -> Visit:
    """The visit of who manages accounts. Raises 404: to others these pages are not there."""
    if not visiting.account.makes:
        raise HTTPException(404)
    return visiting


Managing = Annotated[Visit, Depends(managing)]


def managed(visit: Managing, login: str) -> Account:
    """The account ``login``. Raises 404 for one that is not managed by this person."""
    with visit.dashboard.accounts.begin() as connection:
        try:
            return accounts.managed(connection, visit.account, login)
        except AccountError:
            raise HTTPException(404) from None


Managed = Annotated[Account, Depends(managed)]


@router.get("/users")
def users(visit: Managing) -> Response:
    """The accounts, and the form for a new one."""
    return _list(visit)


@router.post("/users")
def made(visit: Managing, form: OwnForm) -> Response:
    """Make an account and show its first password, this once."""
    login = str(form.get("login", "")).strip()
    try:
        role, level, unit = _asked(visit, form)
        with visit.dashboard.accounts.begin() as connection:
            password = accounts.create(
                connection,
                login=login,
                role=role,
                level=level,
                unit=unit,
                by=visit.account.login,
                at=visit.dashboard.clock(),
                subject=str(form.get("subject", "")).strip()[:255] or None,
            )
    except AccountError as error:
        return _list(visit, status=400, trouble=str(error), typed=form)
    return RedirectResponse("/users", 303) if password is None else _given(visit, login, password)


@router.get("/users/{login}")
def user(visit: Managing, account: Managed) -> Response:
    """One account, and what may be done to it."""
    return page(visit, "user.html.j2", managed=account, roles=ROLES)


@router.post("/users/{login}/reset")
def reset(visit: Managing, account: Managed, form: OwnForm) -> Response:  # noqa: ARG001  its csrf
    """Give a new first password and show it, this once."""
    if not visit.account.resets:
        raise HTTPException(404)
    with visit.dashboard.accounts.begin() as connection:
        at = visit.dashboard.clock()
        password = accounts.reset(connection, account.login, visit.account.login, at)
    return _given(visit, account.login, password)


@router.post("/users/{login}/disable")
def disabled(visit: Managing, account: Managed, form: OwnForm) -> Response:  # noqa: ARG001  its csrf
    """Close an account."""
    with visit.dashboard.accounts.begin() as connection:
        at = visit.dashboard.clock()
        accounts.disable(connection, account.login, visit.account.login, at)
    return RedirectResponse("/users", 303)


def _asked(visit: Visit, form: Mapping[str, Any]) -> tuple[AccountRole, Level, str]:
    """Role and unit of the account that is asked for. Raises ``AccountError``."""
    try:
        role = AccountRole(str(form.get("role", "")))
    except ValueError:
        raise AccountError(NO_ROLE) from None
    own = visit.account
    district, school = (str(form.get(name, "")).strip() for name in ("district", "school"))
    if own.level is Level.SCHOOL:  # of its own school, whatever the form says
        district, school = "", own.unit
    level, unit = accounts.unit_of(district, school)
    if not own.manages(role, level, unit):
        raise AccountError(NOT_YOURS)
    with visit.reading() as connection:
        require_unit(connection, level, unit)
    return role, level, unit


def _list(
    visit: Visit, *, status: int = 200, trouble: str = "", typed: Mapping[str, Any] | None = None
) -> Response:
    with visit.dashboard.accounts.begin() as connection:
        rows = accounts.listed(connection, visit.account)
    with visit.reading() as connection:
        query = select(districts.c.code, districts.c.name).order_by(districts.c.name)
        known = [(row.code, row.name) for row in connection.execute(query)]
    names = ("login", "role", "district", "school", "subject")
    return page(
        visit,
        "users.html.j2",
        status=status,
        rows=rows,
        now=visit.dashboard.clock(),
        moment=moments(visit),
        roles=ROLES,
        makes=[role for role in AccountRole if role in visit.account.makes],
        districts=known,
        trouble=trouble,
        typed={name: str((typed or {}).get(name, "")) for name in names},
    )


def _given(visit: Visit, login: str, password: str) -> Response:
    return page(visit, "first_password.html.j2", login=login, password=password)
