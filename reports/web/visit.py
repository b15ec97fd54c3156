"""Who asks: the session of a request, whose rows it may see, and forms that are posted."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Annotated, Any, TypeVar

from fastapi import Depends, Request
from sqlalchemy import Connection, Engine, select
from starlette.exceptions import HTTPException

from pipeline.access import sessions
from pipeline.access.accounts import Account, AccountRole, Level
from pipeline.access.events import Kind, note
from pipeline.access.sessions import Session
from pipeline.hub import Hub
from pipeline.scope import Scope, scoped
from reports.web.courier import Courier
from reports.web.kept import MINUTE, Found, Kept
from reports.web.provider import Provider
from schemas.tables import districts, schools

T = TypeVar("T")
LARGEST_FORM = 64 * 1024  # bytes of a form that is posted
MOST_FIELDS = 250  # of a passport with all its lists
COOKIE = "svod"


@dataclass(frozen=True)
class Dashboard:
    """What the pages work with.

    ``hub``: writes what people enter, and names people through the privacy room; ``reader``: as
    ``svod_web``; ``accounts``: as ``svod_access``; ``address``: what browsers call the dashboard;
    ``provider``: who else tells who somebody is; ``kept``: what takes long to find;
    ``courier``: sends letters.
    """

    hub: Hub
    reader: Engine
    accounts: Engine
    clock: Callable[[], datetime]
    address: str
    provider: Provider | None = None
    kept: Kept = field(default_factory=Kept)
    courier: Courier = field(default_factory=Courier)

    @property
    def cookie(self) -> str:
        """The session's cookie; over TLS no other host and no path can plant it."""
        return f"__Host-{COOKIE}" if self.over_tls else COOKIE

    @property
    def over_tls(self) -> bool:
        """Whether browsers come over TLS."""
        return self.address.startswith("https:")


class SignInNeeded(Exception):
    """Nobody is signed in, or not yet; lead to ``to``."""

    def __init__(self, to: str) -> None:
        super().__init__(to)
        self.to = to


@dataclass(frozen=True)
class Visit:
    """One request of somebody who is signed in."""

    dashboard: Dashboard
    request: Request
    session: Session

    @property
    def account(self) -> Account:
        return self.session.account

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """A transaction that sees the rows of the account and no other."""
        with scoped(self.dashboard.reader, self.account.scope) as connection:
            yield connection

    def kept(self, key: Hashable, find: Callable[[], T], longest: timedelta = MINUTE) -> Found[T]:
        """``find``, unless somebody found it for ``key`` less than ``longest`` before."""
        return self.dashboard.kept.get(key, self.dashboard.clock(), find, longest)

    def note(self, kind: Kind, *, school: str | None = None, detail: str = "") -> None:
        """Write a line of the book; committed before the answer goes out."""
        with self.dashboard.accounts.begin() as connection:
            at = self.dashboard.clock()
            note(connection, kind, at, login=self.account.login, school=school, detail=detail)


def dashboard_of(request: Request) -> Dashboard:
    """The dashboard that answers ``request``."""
    found: Dashboard = request.app.state.dashboard
    return found


def session_of(request: Request) -> Session | None:
    """The session of the request's cookie, complete or not."""
    dashboard = dashboard_of(request)
    token = request.cookies.get(dashboard.cookie, "")
    if not token:
        return None
    with dashboard.accounts.begin() as connection:
        return sessions.current(connection, token, dashboard.clock())


def visit(request: Request) -> Visit:
    """The visit of who is signed in. Raises ``SignInNeeded``."""
    session = session_of(request)
    if session is None:
        raise SignInNeeded("/sign-in")
    if not session.complete:
        raise SignInNeeded("/sign-in/code")
    account, path = session.account, request.url.path
    if account.must_change and path != "/account/password":
        raise SignInNeeded("/account/password")
    if account.needs_factor and not account.factor_confirmed and not path.startswith("/account"):
        raise SignInNeeded("/account/factor")
    return Visit(dashboard_of(request), request, session)


Visiting = Annotated[Visit, Depends(visit)]


def operating(visiting: Visiting) -> Visit:
    """The visit of an operator. Raises 404: to others these pages are not there."""
    if visiting.account.role is not AccountRole.OPERATOR:
        raise HTTPException(404)
    return visiting


Operating = Annotated[Visit, Depends(operating)]


@dataclass(frozen=True)
class Unit:
    """A district or school that the account sees, or the region."""

    level: Level
    code: str
    name: str
    district: str = ""  # of a school: its district's code

    @property
    def scope(self) -> Scope:
        """Its rows."""
        return Scope.of_unit(self.level, self.code)


def school_in_scope(visiting: Visiting, code: str) -> Unit:
    """The school ``code``. Raises 404 where the account does not see it, or there is none."""
    with visiting.reading() as connection:
        c = schools.c
        row = connection.execute(select(c.name, c.district).where(c.code == code)).one_or_none()
    if row is None:
        raise HTTPException(404)
    return Unit(Level.SCHOOL, code, row[0], row[1])


def district_in_scope(visiting: Visiting, code: str) -> Unit:
    """The district ``code``. Raises 404 where the account does not see it whole."""
    account = visiting.account
    if account.level is Level.SCHOOL or (account.level is Level.DISTRICT and account.unit != code):
        raise HTTPException(404)
    with visiting.reading() as connection:
        query = select(districts.c.name).where(districts.c.code == code)
        name: str | None = connection.execute(query).scalar_one_or_none()
    if name is None:
        raise HTTPException(404)
    return Unit(Level.DISTRICT, code, name)


def region_in_scope(visiting: Visiting) -> Unit:
    """The region. Raises 404 where the account does not see all of it."""
    if visiting.account.level is not Level.REGION:
        raise HTTPException(404)
    return Unit(Level.REGION, "region", "Регион")


def school_of_own_people(visiting: Visiting, code: str) -> Unit:
    """The school ``code``, for its own people. Raises 404 for all others."""
    if not visiting.account.is_of_school:
        raise HTTPException(404)
    return school_in_scope(visiting, code)


def district_decided_for(visiting: Visiting, code: str) -> Unit:
    """The district ``code``, for who answers its schools. Raises 404 for all others."""
    if not visiting.account.decides:
        raise HTTPException(404)
    return district_in_scope(visiting, code)


OwnSchool = Annotated[Unit, Depends(school_in_scope)]
AsSchool = Annotated[Unit, Depends(school_of_own_people)]
AsOffice = Annotated[Unit, Depends(district_decided_for)]
OwnDistrict = Annotated[Unit, Depends(district_in_scope)]
WholeRegion = Annotated[Unit, Depends(region_in_scope)]


async def posted(request: Request) -> Mapping[str, Any]:
    """The fields of the form. Raises 413 for more than ``LARGEST_FORM``, 400 for what no database
    takes. A form of somebody who is signed in is looked at by ``ours`` besides."""
    size = request.headers.get("content-length", "")
    if not size.isdigit() or int(size) > LARGEST_FORM:
        raise HTTPException(413)
    form = await request.form(max_files=0, max_fields=MOST_FIELDS)
    if any("\0" in str(value) for value in form.values()):
        raise HTTPException(400)
    return form


Posted = Annotated[Mapping[str, Any], Depends(posted)]


def ours(visiting: Visiting, form: Posted) -> Mapping[str, Any]:
    """The fields of a form of this session's page. Raises 403 for any other."""
    if not visiting.session.accepts(str(form.get("csrf", ""))):
        raise HTTPException(403)
    return form


OwnForm = Annotated[Mapping[str, Any], Depends(ours)]
