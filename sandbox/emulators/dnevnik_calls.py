"""The calls of Dnevnik.ru and what each of them answers."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date
from typing import Any

from sandbox.emulators.dnevnik_view import NotThereError, SchoolView
from sandbox.emulators.web import Request

LONGEST_WINDOW = 30  # days
MOST_IDS = 200


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


def _persons(view: SchoolView, request: Request, group: str) -> Any:
    return view.persons(group, archive=request.query.get("includeArchive") == "true")


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


def _membership(view: SchoolView, request: Request, school: str) -> Any:
    """Raises ``ValueError`` for any other kind of membership than these two."""
    kind = request.query.get("schoolMembershipType")
    if kind not in ("Staff", "Admins"):
        raise ValueError("schoolMembershipType")
    return _of_school("membership" if kind == "Staff" else "admins")(view, request, school)


_CALLS: tuple[tuple[str, str, Callable[..., Any]], ...] = (
    ("GET", r"/users/me/context", lambda view, _: view.context()),
    ("GET", r"/schools/(\d+)/edu-groups", _of_school("groups")),
    ("GET", r"/schools/(\d+)/teachers", _of_school("teachers")),
    ("GET", r"/schools/(\d+)/membership", _membership),
    ("GET", r"/schools/(\d+)/timetables", _of_school("timetables")),
    ("GET", r"/work-types/(\d+)", _of_school("work_types")),
    ("GET", r"/edu-groups/(\d+)/subjects", lambda view, _, g: view.subjects(g)),
    ("GET", r"/edu-groups/(\d+)/reporting-periods", lambda view, _, g: view.periods(g)),
    ("GET", r"/edu-groups/(\d+)/persons", _persons),
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
