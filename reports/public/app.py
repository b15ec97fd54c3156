"""The two addresses of the service: a token for a client, the lessons of a child.

Errors are ``application/problem+json`` (RFC 9457), those of the token's address as OAuth 2.0 says
(RFC 6749, 5.2). A child nobody knows and a child without consent get the same answer after the same
time. No line that is written holds the child's code: there is no access log, and of an error
only its kind and place are told.
"""

from __future__ import annotations

import asyncio
import base64
import binascii
import logging
import math
import re
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import date, timedelta
from urllib.parse import parse_qs

from fastapi import FastAPI, Request
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import JSONResponse, Response
from starlette.exceptions import HTTPException

from pipeline.clients import Clients
from pipeline.hub import Hub
from pipeline.intake.collect import where
from reports.public.limits import Limits
from reports.public.schedule import Question, schedule_of
from reports.public.tokens import LIFETIME, BadTokenError, Tokens

LONGEST = timedelta(days=31)  # first and last included; a month is what a family looks at
DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
LARGEST_FORM = 4096  # bytes of a request for a token
NOT_FOUND = "Расписание по этому коду не предоставляется."
TITLES = {
    400: "Неверный запрос",
    401: "Нужен токен",
    403: "Нет доступа",
    404: "Не найдено",
    405: "Метод не поддерживается",
    429: "Слишком много запросов",
    503: "Сервис временно не отвечает",
}
log = logging.getLogger("svod.schedule")


class Problem(Exception):
    """An answer other than 200; ``detail`` tells the client's developer what to do."""

    def __init__(self, status: int, detail: str, **headers: str) -> None:
        super().__init__(detail)
        self.status, self.detail = status, detail
        self.headers = {name.replace("_", "-"): value for name, value in headers.items()}


class TokenRefused(Exception):
    """No token; ``code`` is one of RFC 6749, 5.2."""

    def __init__(self, code: str, status: int = 400) -> None:
        super().__init__(code)
        self.code, self.status = code, status


@dataclass(frozen=True)
class Service:
    """What the addresses work with. ``refusal``: seconds until a refusal is answered, longer than
    finding out takes, so that the time does not tell why."""

    hub: Hub
    clients: Clients
    tokens: Tokens
    today: Callable[[], date]
    limits: Limits = field(default_factory=Limits)
    refusal: float = 1.0


def create_app(service: Service) -> FastAPI:
    """The service as an ASGI application; describes itself to nobody."""
    app = FastAPI(openapi_url=None, docs_url=None, redoc_url=None)

    @app.get("/alive")
    async def alive() -> Response:
        return Response()

    @app.post("/token")
    async def token(request: Request) -> Response:
        return await _token(service, request)

    @app.get("/Schedule/{uid}")
    async def schedule(uid: str, request: Request) -> Response:
        return await _schedule(service, uid, request)

    app.add_exception_handler(Problem, _problem)
    app.add_exception_handler(TokenRefused, _refused)
    app.add_exception_handler(HTTPException, _no_such_address)
    return app


async def _token(service: Service, request: Request) -> Response:
    form = {name: values[-1] for name, values in parse_qs(await _form(request)).items()}
    client, secret = _credentials(request, form)
    _take_turn(service, f"token {client}" if client in service.clients else "token")
    if not service.clients.accepts(client, secret):
        raise TokenRefused("invalid_client", 401)
    if form.get("grant_type") != "client_credentials":
        raise TokenRefused("unsupported_grant_type")
    said = {"access_token": service.tokens.issue(client), "token_type": "Bearer"}
    return JSONResponse(said | {"expires_in": LIFETIME}, headers={"Cache-Control": "no-store"})


async def _form(request: Request) -> str:
    body = b""
    async for part in request.stream():
        body += part
        if len(body) > LARGEST_FORM:
            raise TokenRefused("invalid_request")
    return body.decode("utf-8", "replace")


def _credentials(request: Request, form: Mapping[str, str]) -> tuple[str, str]:
    """Client and secret, from the header (HTTP Basic) or the form."""
    kind, _, said = request.headers.get("authorization", "").partition(" ")
    if kind.lower() != "basic":
        return form.get("client_id", ""), form.get("client_secret", "")
    try:
        client, _, secret = base64.b64decode(said, validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        raise TokenRefused("invalid_client", 401) from None
    return client, secret


async def _schedule(service: Service, uid: str, request: Request) -> Response:
    loop = asyncio.get_running_loop()
    began = loop.time()
    client = _client(service, request)
    _take_turn(service, client)
    first, last = _period(request)
    asked = Question(uid, first, last, service.today(), client)
    try:
        lessons = await run_in_threadpool(schedule_of, service.hub, asked)
    except Exception as error:  # its message may hold what was asked
        log.error("no answer: %s", where(error))  # noqa: TRY400  a traceback would quote it too
        raise Problem(503, "Повторите запрос позже.", Retry_After="60") from None
    if lessons is None:
        await asyncio.sleep(max(0.0, began + service.refusal - loop.time()))
        raise Problem(404, NOT_FOUND)
    said = {"start": first.isoformat(), "end": last.isoformat(), "lessons": lessons.to_dicts()}
    return JSONResponse(said, headers={"Cache-Control": "no-store"})


def _client(service: Service, request: Request) -> str:
    kind, _, token = request.headers.get("authorization", "").partition(" ")
    if kind.lower() != "bearer":
        raise Problem(401, "Возьмите токен: POST /token.", WWW_Authenticate="Bearer")
    try:
        client = service.tokens.client_of(token)
    except BadTokenError:
        raise Problem(
            401,
            "Токен неверен или истёк; возьмите новый: POST /token.",
            WWW_Authenticate='Bearer error="invalid_token"',
        ) from None
    if client not in service.clients:
        raise Problem(403, "Доступ этого клиента прекращён; обратитесь к оператору региона.")
    return client


def _take_turn(service: Service, client: str) -> None:
    wait = service.limits.wait_for(client)
    if wait > 0:
        raise Problem(429, "Повторите запрос позже.", Retry_After=str(math.ceil(wait)))


def _period(request: Request) -> tuple[date, date]:
    first, last = (_day(request, name) for name in ("start", "end"))
    if first > last:
        raise Problem(400, "start позже end.")
    if last - first >= LONGEST:
        raise Problem(400, f"Не больше {LONGEST.days} дней в одном запросе.")
    return first, last


def _day(request: Request, name: str) -> date:
    said = request.query_params.get(name, "")
    with suppress(ValueError):
        if DAY.fullmatch(said):  # the calendar's other spellings (2026-W36-2) are not taken
            return date.fromisoformat(said)
    raise Problem(400, f"{name}: нужна дата вида 2026-09-01.")


async def _problem(_request: Request, error: Exception) -> Response:
    assert isinstance(error, Problem)  # noqa: S101  registered for it alone
    return _as_problem(error.status, error.detail, error.headers)


async def _no_such_address(_request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)  # noqa: S101  registered for it alone
    return _as_problem(error.status_code, "Есть POST /token и GET /Schedule/{id}?start=&end=.", {})


def _as_problem(status: int, detail: str, headers: Mapping[str, str]) -> Response:
    said = {"type": "about:blank", "title": TITLES[status], "status": status, "detail": detail}
    media = "application/problem+json"
    return JSONResponse(said, status, {"Cache-Control": "no-store", **headers}, media)


async def _refused(_request: Request, error: Exception) -> Response:
    assert isinstance(error, TokenRefused)  # noqa: S101  registered for it alone
    headers = {"Cache-Control": "no-store"}
    if error.status == 401:
        headers["WWW-Authenticate"] = "Basic"
    return JSONResponse({"error": error.code}, error.status, headers)
