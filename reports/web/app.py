"""The dashboard as an ASGI application: its routes, and its answers to what goes wrong."""

from __future__ import annotations

import logging
from pathlib import Path

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import RedirectResponse, Response
from fastapi.staticfiles import StaticFiles
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from pipeline.intake.collect import where
from reports.web import health, oidc, signin
from reports.web.guard import Guard
from reports.web.pages import (
    account,
    cards,
    consents,
    counting,
    districts,
    events,
    explained,
    files,
    first_day,
    form1,
    home,
    lessons,
    passports,
    plans,
    region_schools,
    regions,
    reminders,
    schools,
    uploads,
    users,
    waivers,
)
from reports.web.pages.view import plain_page
from reports.web.visit import Dashboard, SignInNeeded
from reports.web.watch import Watch

STATIC = Path(__file__).with_name("static")
TITLES = {
    400: ("Неверный запрос", "Адрес или форма заполнены неверно. Вернитесь назад и повторите."),
    403: ("Форма устарела", "Страница была открыта слишком давно. Откройте её снова и повторите."),
    404: ("Такой страницы нет", "Её нет, или она не относится к вашей школе или району."),
    405: ("Так открыть нельзя", "Вернитесь назад и воспользуйтесь кнопкой на странице."),
    413: ("Слишком много данных", "Форма больше, чем Свод принимает."),
    500: ("Ошибка Свода", "Мы уже знаем о ней. Повторите позже; ваши данные целы."),
}
log = logging.getLogger("svod.web")


def create_app(dashboard: Dashboard) -> FastAPI:
    """The application; describes itself to nobody."""
    app = FastAPI(openapi_url=None, docs_url=None, redoc_url=None)
    app.state.dashboard = dashboard
    app.mount("/static", StaticFiles(directory=STATIC), name="static")
    for module in (
        *(
            health,
            signin,
            oidc,
            home,
            regions,
            region_schools,
            districts,
            schools,
            lessons,
            explained,
        ),
        *(account, events, users, counting, first_day),
        *(cards, consents, files, form1, passports, plans, reminders, uploads, waivers),
    ):
        app.include_router(module.router)
    app.add_exception_handler(SignInNeeded, _sign_in)
    app.add_exception_handler(HTTPException, _refused)
    app.add_exception_handler(RequestValidationError, _malformed)
    app.add_middleware(Faults)
    app.add_middleware(Guard, address=dashboard.address)
    app.add_middleware(Watch)
    return app


async def _sign_in(request: Request, error: Exception) -> Response:
    """To the page of signing in; who asked for a part of a page opens it whole first."""
    if "hx-request" in request.headers:
        return Response(status_code=204, headers={"HX-Refresh": "true"})
    return RedirectResponse(str(error), 303)


async def _refused(request: Request, error: Exception) -> Response:
    return _told(request, error.status_code if isinstance(error, HTTPException) else 500)


async def _malformed(request: Request, _error: Exception) -> Response:
    return _told(request, 400)


class Faults:
    """ASGI middleware: of a fault only its kind and place are told, since its message may hold
    what was asked, or a name."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        begun = False

        async def sending(message: Message) -> None:
            nonlocal begun
            begun = True
            await send(message)

        try:
            await self._app(scope, receive, sending)
        except Exception as error:
            log.error("no page: %s", where(error))  # noqa: TRY400  a traceback would quote it
            if not begun:
                await _told(Request(scope), 500)(scope, receive, send)


def _told(request: Request, status: int) -> Response:
    title, advice = TITLES.get(status, TITLES[400])
    return plain_page(request, "error.html.j2", status=status, title=title, advice=advice)
