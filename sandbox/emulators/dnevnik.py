"""Dnevnik.ru as the hub meets it: per-school keys, windows of 30 days, errors in two shapes.

``POST /v2/authorizations`` gives a new key for the refresh token of a school, once per token.

Control, outside the API, with JSON bodies:

* ``/_sandbox/today {"date"}``: which evening it is
* ``/_sandbox/fault {"school", "kind", "count", "after"}``: that many requests of a school go wrong
  (-1: for ever, 0: no more), once ``after`` others went well. Kinds: 503, 429 and 433
  (``"retry_after"``: what the header says), error200, html, cut, slow, and the name of any
  error type, said under HTTP 200
* ``/_sandbox/expire {"school", "after"}``: its keys end after so many requests
* ``/_sandbox/grant {"school", "scope", "expires_in"}``: what its next grants look like
* ``/_sandbox/move {"school", "kind", "after", "count"}``: its data change after every ``after``
  requests, ``count`` times (kinds: ``dnevnik_moves.MOVES``)
"""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import Any

from sandbox.emulators.dnevnik_calls import answer
from sandbox.emulators.dnevnik_keys import LIFETIME, SCOPES, Keys
from sandbox.emulators.dnevnik_moves import MOVES
from sandbox.emulators.dnevnik_view import NotThereError, SchoolView
from sandbox.emulators.web import MAINTENANCE, Answer, Faults, Request, json_answer

# Each with the status it comes with when it is meant.
ERRORS = {
    "invalidRequest": 400,
    "parameterInvalid": 400,
    "apiResourceUnavailable": 404,
    "apiMethodNotSupported": 405,
    "apiRequestLimit": 429,
    "apiServerError": 500,
    "apiUnknownError": 500,
    "apiHttpsRequired": 403,
    "authorizationFailed": 401,
    "authorizationInvalidToken": 401,
    "authorizationTokenRequired": 401,
    "authorizationOutOfScope": 403,
    "authorizationNotOwner": 403,
    "authorizationOwnerForbidden": 403,
    "authorizationSystemForbidden": 403,
}
KINDS = ("503", "429", "433", "error200", "html", "cut", "slow", *ERRORS)
SLOW_SECONDS = 5.0
OPEN_TO_ALL = "/v2/users/me/context"  # every scope opens it


def error(kind: str, description: str, status: int | None = None) -> Answer:
    return json_answer({"type": kind, "description": description}, status or ERRORS[kind])


@dataclass
class _Mover:
    """A change to come: ``left`` requests until then, ``count`` times."""

    kind: str
    every: int
    count: int
    left: int


class Dnevnik:
    """Answers requests for the schools stored under ``folder`` (``<school>.json``).

    Stores and ``faults.json`` are read again when they change on disk.
    """

    def __init__(self, folder: Path, today: date, pause: Callable[[float], object]) -> None:
        self._folder = folder
        self._today = today
        self._pause = pause
        self._faults = Faults()
        self._retry_after = "1"
        self._movers: dict[str, _Mover] = {}
        self._lock = threading.Lock()
        self._files: dict[str, tuple[int, Any]] = {}
        self._views: dict[tuple[str, int, date], SchoolView] = {}
        names = [path.name for path in folder.glob("*.json") if path.name != "faults.json"]
        self._keys = Keys([self._read(name) for name in names])

    def respond(self, request: Request) -> Answer:
        if request.path.startswith("/_sandbox/"):
            return self._control(request)
        if (request.method, request.path) == ("POST", "/v2/authorizations"):
            return self._authorize(request)
        key = request.headers.get("access-token")
        if key is None:
            return error("authorizationTokenRequired", "Нужен ключ доступа")
        known = self._keys.school_of(key)
        if known is None:
            return error("authorizationInvalidToken", "Ключ доступа недействителен")
        school, scopes = known
        fault = self._fault(school)
        if fault is not None and not fault.cut:
            return fault
        if "EducationalInfo" not in scopes and request.path != OPEN_TO_ALL:
            return error("authorizationOutOfScope", "Нет разрешения")
        whole = self._answer(school, request)
        self._move(school)
        return replace(whole, cut=True) if fault is not None else whole

    def _authorize(self, request: Request) -> Answer:
        granted = self._keys.refresh(request.json())
        if granted is None:
            return error("authorizationFailed", "Отказано")
        return json_answer(granted)

    def _control(self, request: Request) -> Answer:
        body = request.json()
        match request.path.removeprefix("/_sandbox/"):
            case "today":
                self._today = date.fromisoformat(body["date"])
            case "fault" if body["kind"] in KINDS:
                self._retry_after = body.get("retry_after", "1")
                count, after = int(body.get("count", 1)), int(body.get("after", 0))
                self._faults.add(body["kind"], count, body["school"], after)
            case "expire":
                self._keys.end(body["school"], int(body.get("after", 0)))
            case "grant":
                scope, lifetime = body.get("scope", SCOPES), int(body.get("expires_in", LIFETIME))
                self._keys.arrange(body["school"], scope, lifetime)
            case "move" if body["kind"] in MOVES:
                after, count = int(body.get("after", 1)), int(body.get("count", 1))
                self._movers[body["school"]] = _Mover(body["kind"], after, count, after)
            case _:
                return json_answer({"error": "unknown control call"}, 404)
        return json_answer({"today": str(self._today)})

    def _fault(self, school: str) -> Answer | None:
        days = self._read("faults.json").get(school, [])
        if "always" in days or str(self._today) in days:
            return Answer(503, MAINTENANCE, "text/html; charset=utf-8")
        match self._faults.take(*KINDS, school=school):
            case "503":
                return Answer(503, MAINTENANCE, "text/html; charset=utf-8")
            case "429" | "433" as status:
                limited = {"type": "apiRequestLimit", "description": "Слишком много запросов"}
                return json_answer(limited, int(status), Retry_After=self._retry_after)
            case "error200":
                return error("apiServerError", "Внутренняя ошибка", 200)
            case "html":
                return Answer(200, MAINTENANCE, "text/html; charset=utf-8")
            case "cut":
                return Answer(cut=True)
            case "slow":
                self._pause(SLOW_SECONDS)
            case str() as kind:
                return error(kind, "Ошибка по заказу", 200)
        return None

    def _move(self, school: str) -> None:
        """Plays the change that is due once so many answers were given."""
        with self._lock:
            mover = self._movers.get(school)
            if mover is None or not mover.count:
                return
            mover.left -= 1
            if mover.left:
                return
            mover.left = mover.every
            mover.count -= mover.count > 0
            MOVES[mover.kind](self._read(f"{school}.json"), self._today)
            self._views = {key: view for key, view in self._views.items() if key[0] != school}

    def _read(self, name: str) -> Any:
        path = self._folder / name
        stamp = path.stat().st_mtime_ns if path.exists() else 0
        known = self._files.get(name)
        if known is None or known[0] != stamp:
            known = (stamp, json.loads(path.read_text("utf-8")) if stamp else {})
            self._files[name] = known
        return known[1]

    def _view(self, school: str) -> SchoolView:
        with self._lock:
            store = self._read(f"{school}.json")
            key = (school, self._files[f"{school}.json"][0], self._today)
            if key not in self._views:
                self._views = {k: v for k, v in self._views.items() if k[0] != school}
                self._views[key] = SchoolView(store, self._today)
            return self._views[key]

    def _answer(self, school: str, request: Request) -> Answer:
        view = self._view(school)
        try:
            found = answer(view, request)
        except NotThereError:
            return error("apiResourceUnavailable", "Нет такого ресурса")
        except (ValueError, KeyError, TypeError):
            return error("parameterInvalid", "Недопустимый параметр")
        return json_answer(found)
