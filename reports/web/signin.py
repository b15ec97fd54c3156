"""Coming in and going out: password, second factor, and the account's own pages."""

from __future__ import annotations

from base64 import b64encode
from datetime import timedelta
from io import BytesIO

import segno
from fastapi import APIRouter, Request
from fastapi.responses import RedirectResponse, Response

from pipeline.access import accounts, passwords, second_factor, sessions
from pipeline.access.sessions import LOCK, LONGEST, Refusal, Session
from reports.web.pages.view import page, plain_page
from reports.web.visit import (
    Dashboard,
    OwnForm,
    Posted,
    SignInNeeded,
    Visit,
    Visiting,
    dashboard_of,
    session_of,
)

router = APIRouter()
WORDS = {
    Refusal.WRONG: "Имя или пароль неверны.",
    Refusal.LOCKED: f"Слишком много попыток. Подождите {LOCK // timedelta(minutes=1)} минут"
    " или обратитесь к оператору региона.",
}
WRONG_CODE = "Код неверен или уже использован. Дождитесь следующего кода в приложении."


@router.get("/sign-in")
def sign_in(request: Request) -> Response:
    """The form that asks for login and password."""
    provider = dashboard_of(request).provider
    return plain_page(request, "sign_in.html.j2", trouble="", login="", provider=provider)


@router.post("/sign-in")
def signed_in(request: Request, form: Posted) -> Response:
    """Begin a session, or say why not."""
    dashboard = dashboard_of(request)
    login, password = str(form.get("login", ""))[:40], str(form.get("password", ""))
    at = dashboard.clock()
    with dashboard.accounts.begin() as connection:
        found = sessions.by_password(connection, login.strip().lower(), password, at)
        if not isinstance(found, Refusal):
            complete = not found.factor_confirmed
            session = sessions.begin(connection, found, at, complete=complete)
    if isinstance(found, Refusal):
        shown = {"trouble": WORDS[found], "login": login, "provider": dashboard.provider}
        return plain_page(request, "sign_in.html.j2", status=401, **shown)
    return with_cookie(dashboard, session, "/" if session.complete else "/sign-in/code")


@router.get("/sign-in/code")
def code(request: Request) -> Response:
    """The form that asks for the second factor."""
    _half(request)
    return plain_page(request, "code.html.j2", trouble="")


@router.post("/sign-in/code")
def coded(request: Request, form: Posted) -> Response:
    """Complete the session, or say why not; too many wrong codes lock the account."""
    dashboard, session = dashboard_of(request), _half(request)
    at = dashboard.clock()
    with dashboard.accounts.begin() as connection:
        given = str(form.get("code", ""))
        account, keys = session.account, dashboard.hub.keys
        locked = sessions.is_locked(connection, account, at)
        right = not locked and second_factor.take(connection, keys, account, given, at)
        if right:
            session = sessions.completed(connection, session, at)
        else:
            locked = locked or sessions.failed(connection, account.login, at)
    if not right:
        trouble = WORDS[Refusal.LOCKED] if locked else WRONG_CODE
        return plain_page(request, "code.html.j2", status=401, trouble=trouble)
    return with_cookie(dashboard, session, "/")


@router.post("/sign-out")
def signed_out(visit: Visiting, form: OwnForm) -> Response:  # noqa: ARG001  its csrf is looked at
    """End the session."""
    dashboard = visit.dashboard
    with dashboard.accounts.begin() as connection:
        sessions.sign_out(connection, visit.session, dashboard.clock())
    answer = RedirectResponse("/sign-in", 303)
    answer.delete_cookie(dashboard.cookie, secure=dashboard.over_tls, httponly=True)
    return answer


@router.get("/account/password")
def password(visit: Visiting) -> Response:
    """The form that asks for a new password; of an account that has none, where it comes in."""
    if not visit.account.has_password:
        return _no_password(visit)
    return page(visit, "password.html.j2", trouble="", least=passwords.LEAST)


@router.post("/account/password")
def password_given(visit: Visiting, form: OwnForm) -> Response:
    """Keep the new password; all sessions end but a new one of this person."""
    dashboard, account = visit.dashboard, visit.account
    at = dashboard.clock()
    if not account.has_password:  # nor is its sign-in locked for guessing what there is not
        return _no_password(visit, status=409)
    if form.get("password") != form.get("again"):
        return _password_again(visit, "Пароли не совпадают.")
    try:
        with dashboard.accounts.begin() as connection:
            now = sessions.by_password(connection, account.login, str(form.get("now", "")), at)
            if not isinstance(now, Refusal):
                accounts.change_password(connection, account, str(form.get("password", "")), at)
                session = sessions.begin(connection, account, at, complete=True)
    except passwords.WeakPasswordError as error:
        return _password_again(visit, str(error))
    if isinstance(now, Refusal):
        return _password_again(visit, "Прежний пароль неверен.")
    return with_cookie(dashboard, session, "/")


@router.get("/account/factor")
def factor(visit: Visiting) -> Response:
    """The secret of the second factor as a picture to be scanned; confirmed by a code of it."""
    dashboard, account = visit.dashboard, visit.account
    if account.factor_confirmed:
        return page(visit, "factor.html.j2", trouble="", picture="", address="")
    with dashboard.accounts.begin() as connection:
        address = second_factor.begun(
            connection, dashboard.hub.keys, account
        ) or second_factor.begin(connection, dashboard.hub.keys, account)
    return _factor_page(visit, address, "")


@router.post("/account/factor")
def factor_given(visit: Visiting, form: OwnForm) -> Response:
    """Confirm the second factor by a code of it; one that is confirmed needs no second time."""
    dashboard, account = visit.dashboard, visit.account
    if account.factor_confirmed:
        return RedirectResponse("/account/factor", 303)
    keys, at = dashboard.hub.keys, dashboard.clock()
    with dashboard.accounts.begin() as connection:
        address = second_factor.begun(connection, keys, account) or ""
        right = second_factor.take(connection, keys, account, str(form.get("code", "")), at)
    if not right:
        return _factor_page(visit, address, WRONG_CODE)
    return RedirectResponse("/", 303)


def _half(request: Request) -> Session:
    """The session that waits for its second factor. Raises ``SignInNeeded``."""
    session = session_of(request)
    if session is None:
        raise SignInNeeded("/sign-in")
    if session.complete:
        raise SignInNeeded("/")
    return session


def with_cookie(dashboard: Dashboard, session: Session, to: str) -> Response:
    """Lead to ``to`` with the cookie of ``session``."""
    answer = RedirectResponse(to, 303)
    answer.set_cookie(
        dashboard.cookie,
        session.token,
        max_age=int(LONGEST.total_seconds()),
        path="/",
        secure=dashboard.over_tls,
        httponly=True,
        samesite="lax",
    )
    return answer


def _password_again(visit: Visiting, trouble: str) -> Response:
    least = passwords.LEAST
    return page(visit, "password.html.j2", status=400, trouble=trouble, least=least)


def _no_password(visit: Visit, status: int = 200) -> Response:
    provider = visit.dashboard.provider
    return page(visit, "no_password.html.j2", status=status, provider=provider)


def _factor_page(visit: Visiting, address: str, trouble: str) -> Response:
    picture = BytesIO()
    segno.make(address, micro=False).save(picture, kind="png", scale=5, border=2)
    shown = {"trouble": trouble, "address": address, "picture": _data(picture.getvalue())}
    return page(visit, "factor.html.j2", status=400 if trouble else 200, **shown)


def _data(png: bytes) -> str:
    return f"data:image/png;base64,{b64encode(png).decode()}"
