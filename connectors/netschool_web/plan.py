"""What is asked of the web service, in three stages; each stage is told by the answers before it.

1. the school: its lists, the kinds of work, the year, the pupils whose diaries are entrusted to us
2. every class: its pupils, its attendance by month, its term marks by term
3. every entrusted pupil: the diary, by spans of ``Scope.window`` days

The plan is pure: from landed answers it names again the documents that an upload must have.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

from connectors.netschool_web.calls import Call, Pairs, get, page

ID = re.compile(r"-?[0-9]{1,20}")
JSON, HTML = "application/json", "text/html"

ENTRUSTED = "GET /webapi/student/diary/init"

ATTENDANCE, TOTALS = "ClassAttendance", "ClassSubjectTotals"

# All of the staff, as the registry's page asks for it.
STAFF_FILTER = {
    "filterContext": {
        "selectedData": [
            {"filterId": "AbcFilter", "filterValue": "А - Я", "filterText": "А - Я"},
            {"filterId": "GenderFilter", "filterValue": "A", "filterText": "Все"},
            {"filterId": "work-status", "filterValue": "-1", "filterText": "Все сотрудники"},
        ]
    },
    "fields": ["fio", "gender", "staffPosition", "staffRoles"],
    "order": None,
    "page": None,
    "pageSize": None,
}

Row = Mapping[str, Any]


@dataclass(frozen=True)
class Ask:
    """A call whose answer feeds ``table``. ``name`` is its document; ``before`` must be said first.

    ``class_``, ``pupil``, ``term``, ``month`` (its first day) and ``days`` are what was asked
    about. The id of a pupil stands in no name: the hub keeps names of documents beside facts by
    pseudonym.
    """

    table: str
    name: str
    call: Call
    before: Call | None = None
    class_: str = ""
    pupil: str = ""
    term: str = ""
    month: date | None = None
    days: tuple[date, date] | None = None

    @property
    def key(self) -> tuple[str, str]:
        """Tells the request from all others, whatever place its pupil has in the lists."""
        return (self.call.question().name, "") if self.pupil else ("", self.name)

    @property
    def where(self) -> str:
        """The request without its values, fit for messages."""
        return self.call.question().where

    @property
    def media_type(self) -> str:
        return HTML if self.call.shape is bytes else JSON


@dataclass(frozen=True)
class Scope:
    """The days to read, both included, and the length in days of a span of a diary."""

    first: date
    last: date
    window: int = 7

    def windows(self) -> list[tuple[date, date]]:
        """Spans from the Monday of the first day on; the last one ends on the last day."""
        monday = self.first - timedelta(days=self.first.weekday())
        starts = [
            monday + timedelta(days=n) for n in range(0, (self.last - monday).days + 1, self.window)
        ]
        return [(a, min(a + timedelta(days=self.window - 1), self.last)) for a in starts]

    def months(self) -> list[date]:
        """The first days of the months that are touched."""
        count = (self.last.year - self.first.year) * 12 + self.last.month - self.first.month
        place = self.first.year * 12 + self.first.month - 1
        return [date(n // 12, n % 12 + 1, 1) for n in range(place, place + count + 1)]


@dataclass
class Heard:
    """What earlier answers named, in their order."""

    classes: list[str] = field(default_factory=list)
    terms: list[tuple[str, date]] = field(default_factory=list)  # id, first day
    pupils: dict[str, str] = field(default_factory=dict)  # id -> class
    entrusted: set[str] | None = None  # pupils; None: the answer that names them is not there
    year: str = ""

    def hear(self, ask: Ask, rows: Sequence[Any]) -> list[int]:
        """Takes note of what later stages ask about; gives the places (from 1) of rows in which
        it could not be found."""
        listen = _LISTENERS.get(ask.table)
        if listen is None:
            return []
        return [place for place, row in enumerate(rows, 1) if not listen(self, ask, row)]

    def strangers(self) -> list[str]:
        """Pupils whose diary is not entrusted to the account; none while that is not known."""
        if self.entrusted is None:
            return []
        return [pupil for pupil in self.pupils if pupil not in self.entrusted]


def _hear_class(heard: Heard, _: Ask, row: Any) -> bool:
    found = _id(row, "id")
    if found:
        heard.classes.append(found)
    return bool(found)


def _hear_term(heard: Heard, _: Ask, row: Any) -> bool:
    found = _id(row, "id")
    try:
        start = date.fromisoformat(str(row["startDate"])[:10])
    except (KeyError, TypeError, ValueError):
        return False
    if found:
        heard.terms.append((found, start))
    return bool(found)


def _hear_pupil(heard: Heard, ask: Ask, row: Any) -> bool:
    found = _id(row, "id")
    if found:
        heard.pupils.setdefault(found, ask.class_)
    return bool(found)


def _hear_year(heard: Heard, _: Ask, row: Any) -> bool:
    heard.year = _id(row, "id")
    return bool(heard.year)


def _hear_entrusted(heard: Heard, _: Ask, row: Any) -> bool:
    """``currentStudentId`` is a place in ``students`` or the id of a pupil, listed or not."""
    students = row.get("students") if isinstance(row, dict) else None
    if not isinstance(students, list):
        return False
    listed = [_id(student, "studentId") for student in students]
    current = _id(row, "currentStudentId")
    a_place = current.isdigit() and int(current) < len(listed)
    heard.entrusted = {*listed, *([] if a_place or not current else [current])} - {""}
    return all(listed)


_LISTENERS: dict[str, Callable[[Heard, Ask, Any], bool]] = {
    "classes": _hear_class,
    "terms": _hear_term,
    "students": _hear_pupil,
    "year": _hear_year,
    "entrusted": _hear_entrusted,
}


def _id(row: Any, name: str) -> str:
    """The id ``name`` of ``row``, whose numbers came as text; empty if there is none."""
    found = row.get(name) if isinstance(row, dict) else None
    return found if isinstance(found, str) and ID.fullmatch(found) else ""


Stage = Callable[[Scope, Heard], Iterator[Ask]]


def of_school(_: Scope, __: Heard) -> Iterator[Ask]:
    """The first stage."""
    yield _list("classes", "/classes", (("expand", "chiefs"),))
    yield _list("subjects", "/subjects")
    yield _list("terms", "/terms")
    yield _list("vacations", "/calendar/vacations")
    staff = json.dumps(STAFF_FILTER, ensure_ascii=False).encode()
    call = Call("POST", "/webapi/users/staff/registry", json=staff, shape=list)
    yield Ask("staff", call.question().name, call)
    yield _list("assignment_types", "/grade/assignment/types", (("all", "false"),))
    for table, path in (("year", "/years/current"), ("entrusted", "/student/diary/init")):
        call = get(path, shape=dict)
        yield Ask(table, call.question().name, call)


def of_classes(scope: Scope, heard: Heard) -> Iterator[Ask]:
    """The second stage."""
    for class_ in heard.classes:
        call = get("/grade/studentList", (("classId", class_),))
        yield Ask("students", call.question().name, call, class_=class_)
    for class_ in heard.classes:
        for month in scope.months():
            yield _attendance(class_, month)
        for term, start in heard.terms:
            if start <= scope.last:
                yield _totals(class_, term)


def of_pupils(scope: Scope, heard: Heard) -> Iterator[Ask]:
    """The third stage."""
    places: Counter[str] = Counter()
    for pupil, class_ in heard.pupils.items():
        places[class_] += 1
        if pupil not in (heard.entrusted or ()):
            continue
        for first, last in scope.windows():
            query = (
                ("studentId", pupil),
                ("yearId", heard.year),
                ("weekStart", first.isoformat()),
                ("weekEnd", last.isoformat()),
                ("withLaAssigns", "true"),
            )
            call = get("/student/diary", query, dict)
            name = f"GET {call.path}#{class_}/{places[class_]}/{first}"
            yield Ask("diary", name, call, class_=class_, pupil=pupil, days=(first, last))


STAGES: tuple[Stage, ...] = (of_school, of_classes, of_pupils)


def _list(table: str, path: str, query: Pairs = ()) -> Ask:
    call = get(path, query)
    return Ask(table, call.question().name, call)


def _attendance(class_: str, month: date) -> Ask:
    form = (
        ("RPTID", ATTENDANCE),
        ("RPNAME", ATTENDANCE),
        ("PCLID", class_),
        ("Month", str(month.month)),
        ("Year", str(month.year)),
    )
    call, before = _report(ATTENDANCE, form)
    name = f"{call.question().name}#{class_}/{month:%Y-%m}"
    return Ask("attendance", name, call, before, class_=class_, month=month)


def _totals(class_: str, term: str) -> Ask:
    form = (
        ("RPTID", TOTALS),
        ("RPNAME", TOTALS),
        ("PCLID", class_),
        ("TERMID", term),
        ("SJID", "-1"),  # every subject
    )
    call, before = _report(TOTALS, form)
    name = f"{call.question().name}#{class_}/{term}"
    return Ask("totals", name, call, before, class_=class_, term=term)


def _report(report: str, form: Pairs) -> tuple[Call, Call]:
    """A report, and the page that must be opened before it."""
    return page(f"/asp/Reports/{report}.asp", form), page(f"/asp/Reports/Report{report}.asp")
