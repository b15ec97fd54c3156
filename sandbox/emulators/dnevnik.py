"""Dnevnik.ru as the hub meets it: per-school tokens, windows of 30 days, errors in two shapes.

Control, outside the API: ``POST /_sandbox/today {"date"}`` sets the evening it is;
``POST /_sandbox/fault {"school", "kind", "count"}`` plays a fault for that many requests of a
school (-1: for ever, 0: no more). Kinds: 503, 429, 433, error200, html, cut, slow.
"""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

from sandbox.emulators.dnevnik_view import NotThereError, SchoolView
from sandbox.emulators.web import MAINTENANCE, Answer, Faults, Request, json_answer

KINDS = ("503", "429", "433", "error200", "html", "cut", "slow")
SLOW_SECONDS = 5.0
LONGEST_WINDOW = 30  # days
MOST_IDS = 200


def error(kind: str, description: str, status: int) -> Answer:
    return json_answer({"type": kind, "description": description}, status)


class Dnevnik:
    """Answers requests for the schools stored under ``folder`` (``<school>.json``).

    Stores and ``faults.json`` are read again when they change on disk.
    """

    def __init__(self, folder: Path, today: date, pause: Callable[[float], object]) -> None:
        self._folder = folder
        self._today = today
        self._pause = pause
        self._faults = Faults()
        self._lock = threading.Lock()
        self._files: dict[str, tuple[int, Any]] = {}
        self._views: dict[tuple[str, int, date], SchoolView] = {}
        self._by_token = {
            self._read(path.name)["token"]: path.stem
            for path in folder.glob("*.json")
            if path.name != "faults.json"
        }

    def respond(self, request: Request) -> Answer:
        if request.path.startswith("/_sandbox/"):
            return self._control(request)
        token = request.headers.get("access-token")
        if token is None:
            return error("authorizationTokenRequired", "Нужен ключ доступа", 401)
        school = self._by_token.get(token)
        if school is None:
            return error("authorizationInvalidToken", "Ключ доступа недействителен", 401)
        fault = self._fault(school)
        if fault is not None and not fault.cut:
            return fault
        whole = self._answer(school, request)
        return replace(whole, cut=True) if fault is not None else whole

    def _control(self, request: Request) -> Answer:
        body = request.json()
        if request.path == "/_sandbox/today":
            self._today = date.fromisoformat(body["date"])
        elif request.path == "/_sandbox/fault" and body["kind"] in KINDS:
            self._faults.add(body["kind"], int(body.get("count", 1)), body["school"])
        else:
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
                return json_answer(limited, int(status), Retry_After="1")
            case "error200":
                return error("apiServerError", "Внутренняя ошибка", 200)
            case "html":
                return Answer(200, MAINTENANCE, "text/html; charset=utf-8")
            case "cut":
                return Answer(cut=True)
            case "slow":
                self._pause(SLOW_SECONDS)
        return None

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
            return error("apiResourceUnavailable", "Нет такого ресурса", 404)
        except (ValueError, KeyError, TypeError):
            return error("parameterInvalid", "Недопустимый параметр", 400)
        return json_answer(found)


def answer(view: SchoolView, request: Request) -> Any:
    """The value to answer with. Raises ``NotThereError``, or ``ValueError`` for bad parameters."""
    if not request.path.startswith("/v2/"):
        raise NotThereError(request.path)
    for method, pattern, reader in _CALLS:
        found = re.fullmatch(pattern, request.path[len("/v2") :])
        if found and request.method == method:
            return reader(view, request, *found.groups())
    raise NotThereError(request.path)


def _window(start: str, end: str) -> tuple[str, str]:
    """Raises ``ValueError`` for windows that are reversed or longer than 30 days."""
    first, last = date.fromisoformat(start[:10]), date.fromisoformat(end[:10])
    if not 0 <= (last - first).days < LONGEST_WINDOW:
        raise ValueError("a window of at most 30 days")
    return str(first), str(last)


def _logs(view: SchoolView, request: Request, group: str) -> Any:
    query = request.query
    return view.logs(group, query["subject"], *_window(query["from"], query["to"]))


def _works(view: SchoolView, request: Request) -> Any:
    return view.works(_ids(request))


def _ids(request: Request) -> list[str]:
    ids = request.json()
    if not isinstance(ids, list) or len(ids) > MOST_IDS:
        raise ValueError(f"an array of at most {MOST_IDS} ids")
    return [str(item) for item in ids]


def _of_school(name: str) -> Callable[[SchoolView, Request, str], Any]:
    def read(view: SchoolView, _: Request, school: str) -> Any:
        if school != view.store["school_id"]:
            raise NotThereError(school)
        return view.store[name]

    return read


def _staff(view: SchoolView, request: Request, school: str) -> Any:
    if request.query.get("schoolMembershipType") != "Staff":
        raise ValueError("schoolMembershipType")
    return _of_school("membership")(view, request, school)


_CALLS: tuple[tuple[str, str, Callable[..., Any]], ...] = (
    ("GET", r"/users/me/context", lambda view, _: view.context()),
    ("GET", r"/schools/(\d+)/edu-groups", _of_school("groups")),
    ("GET", r"/schools/(\d+)/teachers", _of_school("teachers")),
    ("GET", r"/schools/(\d+)/membership", _staff),
    ("GET", r"/work-types/(\d+)", _of_school("work_types")),
    ("GET", r"/edu-groups/(\d+)/subjects", lambda view, _, g: view.subjects(g)),
    ("GET", r"/edu-groups/(\d+)/reporting-periods", lambda view, _, g: view.periods(g)),
    ("GET", r"/edu-groups/(\d+)/persons", lambda view, _, g: view.persons(g)),
    ("GET", r"/edu-groups/(\d+)/final-marks", lambda view, _, g: view.final_marks(g)),
    (
        "GET",
        r"/edu-groups/(\d+)/lessons/([^/]+)/([^/]+)",
        lambda view, _, g, start, end: view.lessons(g, *_window(start, end)),
    ),
    (
        "GET",
        r"/edu-groups/(\d+)/marks/([^/]+)/([^/]+)",
        lambda view, _, g, start, end: view.marks(g, *_window(start, end)),
    ),
    ("GET", r"/lesson-log-entries/group/(\d+)", _logs),
    ("POST", r"/edu-groups", lambda view, request: view.students(_ids(request))),
    ("POST", r"/works/many", _works),
)
