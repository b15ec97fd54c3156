"""Coming in by the region's own OpenID provider: there and back."""

from __future__ import annotations

from fastapi import APIRouter, Request
from fastapi.responses import RedirectResponse, Response
from starlette.exceptions import HTTPException

from pipeline.access import accounts, sessions
from pipeline.access.events import Kind, note
from reports.web.pages.view import plain_page
from reports.web.provider import Asked, Provider, ProviderError
from reports.web.signin import with_cookie
from reports.web.visit import Dashboard, dashboard_of

router = APIRouter()
BACK = "/sign-in/oidc/back"
MINUTES = 10  # that a person may take at the provider
NOT_REACHED = (
    "Служба входа региона не ответила. Войдите по имени и паролю или повторите через несколько"
    " минут; если не получится, сообщите оператору региона."
)
NOT_PROVEN = (
    "Служба входа региона не подтвердила вход, или он занял больше"
    f" {MINUTES} минут. Начните вход заново на этой странице."
)
NO_ACCOUNT = (
    "Служба входа региона вас узнала, но учётной записи в «Своде» у вас нет или она закрыта."
    " Попросите оператора региона завести её."
)


@router.get("/sign-in/oidc")
def there(request: Request) -> Response:
    """Lead to the provider; what its answer must match is kept in a cookie of a few minutes."""
    dashboard, provider = _provider(request)
    asked = Asked.fresh()
    try:
        answer = RedirectResponse(provider.address(asked), 303)
    except ProviderError as error:
        return _refused(request, NOT_REACHED, str(error), 503)
    answer.set_cookie(
        _cookie(dashboard),
        asked.written,
        max_age=MINUTES * 60,
        path="/",
        secure=dashboard.over_tls,
        httponly=True,
        samesite="lax",  # it is the provider's page that leads back
    )
    return answer


@router.get(BACK)
def back(request: Request) -> Response:
    """Begin a session of the account that the provider has told, or say why not."""
    dashboard, provider = _provider(request)
    asked = Asked.read(request.cookies.get(_cookie(dashboard), ""))
    if asked is None:
        return _refused(request, NOT_PROVEN, "cookie")
    at = dashboard.clock()
    try:
        subject = provider.subject(asked, request.query_params, at)
    except ProviderError as error:
        trouble = NOT_REACHED if str(error) == "discovery" else NOT_PROVEN
        return _refused(request, trouble, str(error))
    with dashboard.accounts.begin() as connection:
        found = accounts.find_subject(connection, subject)
        if found is not None:
            complete = not found.factor_confirmed
            session = sessions.begin(connection, found, at, complete=complete)
    if found is None:
        return _refused(request, NO_ACCOUNT, "no account", 403)
    answer = with_cookie(dashboard, session, "/" if session.complete else "/sign-in/code")
    _forget(dashboard, answer)
    return answer


def _provider(request: Request) -> tuple[Dashboard, Provider]:
    dashboard = dashboard_of(request)
    if dashboard.provider is None:
        raise HTTPException(404)
    return dashboard, dashboard.provider


def _refused(request: Request, trouble: str, why: str, status: int = 401) -> Response:
    """Say ``trouble`` and note ``why``; what was asked serves no second time."""
    dashboard, provider = _provider(request)
    with dashboard.accounts.begin() as connection:
        at = dashboard.clock()
        note(connection, Kind.REFUSED, at, login=None, detail=f"provider: {why}")
    shown = {"trouble": trouble, "login": "", "provider": provider}
    answer = plain_page(request, "sign_in.html.j2", status=status, **shown)
    _forget(dashboard, answer)
    return answer


def _forget(dashboard: Dashboard, answer: Response) -> None:
    answer.delete_cookie(_cookie(dashboard), secure=dashboard.over_tls, httponly=True)


def _cookie(dashboard: Dashboard) -> str:
    return f"{dashboard.cookie}-oidc"
