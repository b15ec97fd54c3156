"""What is asked of Dnevnik.ru, in three stages; each stage is told by the answers before it.

1. the school: groups, teachers, membership, bells, kinds of work
2. every class: subjects, periods, people, final marks; every class and subgroup: lessons
3. every class: marks; every class and subject: log entries; every lesson: its works

The plan is pure: from landed answers it names again the documents that an upload must have. What
says where a record stands (``MOVING``) comes before what rests on it, as ``consistent`` wants it.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from itertools import product
from typing import Any

from connectors.consistent import Placed
from connectors.http import Question

WINDOW_DAYS = 30  # longer: parameterInvalid
MANY = 200  # ids a POST may name
ID = re.compile(r"[0-9]{1,20}")

Row = Mapping[str, Any]
Window = tuple[str, str]  # first and last day, ISO


@dataclass(frozen=True)
class Ask:
    """A question whose answer feeds ``table``. ``name`` is its document; ``group`` and
    ``subject`` are what was asked about, where the answer does not repeat it. ``class_`` and
    ``window`` say which part of the school the answer is about."""

    table: str
    name: str
    question: Question
    group: str | None = None
    subject: str | None = None
    class_: str = ""
    window: Window | None = None

    @property
    def key(self) -> Hashable:
        """The name, and the ids that stand in the body."""
        return self.name, self.question.body


@dataclass(frozen=True)
class Scope:
    """The school's id at Dnevnik.ru and the days to read, both included."""

    school_id: str
    first: date
    last: date

    def windows(self) -> list[Window]:
        """Spans of at most ``WINDOW_DAYS`` from the first day on, as ISO dates."""
        days = range(0, (self.last - self.first).days + 1, WINDOW_DAYS)
        starts = [self.first + timedelta(days=n) for n in days]
        ends = [min(start + timedelta(days=WINDOW_DAYS - 1), self.last) for start in starts]
        return [(a.isoformat(), b.isoformat()) for a, b in zip(starts, ends, strict=True)]


@dataclass
class Heard:
    """Ids that earlier answers named, in their order. ``subgroups``: the class of each;
    ``odd``: something was no id at all."""

    classes: list[str] = field(default_factory=list)
    subgroups: dict[str, str] = field(default_factory=dict)
    subjects: list[tuple[str, str]] = field(default_factory=list)  # class, subject
    lessons: dict[str, None] = field(default_factory=dict)
    odd: bool = False

    def hear(self, ask: Ask, rows: Iterable[Row]) -> None:
        """Takes note of the ids in an answer that later stages ask about."""
        if ask.table not in ("classes", "subjects", "lessons"):
            return
        for row in rows:
            found = id_of(row, "id")
            if not ID.fullmatch(found):
                self.odd = True
            elif ask.table == "lessons":
                self.lessons[found] = None
            elif ask.table == "subjects":
                self.subjects.append((ask.class_, found))
            elif row.get("type") == "Group":
                self.classes.append(found)
            elif row.get("type") == "Subgroup":
                self.subgroups[found] = _first_parent(row)


def id_of(row: Any, name: str) -> str:
    """The id in ``row`` under ``name``, from its twin if it has one; "" when there is none."""
    if not isinstance(row, Mapping):
        return ""
    found = next((row[t] for t in (f"{name}_str", f"{name}Str", name) if t in row), None)
    return found if isinstance(found, str) else ""


def _first_parent(row: Row) -> str:
    parents = row.get("parentIds_str", row.get("parentIds"))
    return str(parents[0]) if isinstance(parents, list) and parents else ""


Stage = Callable[[Scope, Heard], Iterator[Ask]]


def of_school(scope: Scope, _: Heard) -> Iterator[Ask]:
    """The first stage."""
    school = f"/schools/{scope.school_id}"
    yield _get("classes", f"{school}/edu-groups")
    yield _get("teachers", f"{school}/teachers")
    for kind in ("Staff", "Admins"):
        yield _get("membership", f"{school}/membership", (("schoolMembershipType", kind),))
    yield _get("timetables", f"{school}/timetables")
    yield _get("work_types", f"/work-types/{scope.school_id}")


def of_groups(scope: Scope, heard: Heard) -> Iterator[Ask]:
    """The second stage."""
    yield from _posts("students", "/edu-groups", heard.classes)
    archive = (("includeArchive", "true"),)
    for class_ in heard.classes:
        group = f"/edu-groups/{class_}"
        yield _get("subjects", f"{group}/subjects", group=class_)
        yield _get("reporting_periods", f"{group}/reporting-periods", group=class_)
        yield _get("persons", f"{group}/persons", archive, group=class_)
        yield _get("final_marks", f"{group}/final-marks", class_=class_)
    of_class = {**{class_: class_ for class_ in heard.classes}, **heard.subgroups}
    for (group, class_), window in product(of_class.items(), scope.windows()):
        path = f"/edu-groups/{group}/lessons/{window[0]}/{window[1]}"
        yield _get("lessons", path, class_=class_, window=window)


def of_lessons(scope: Scope, heard: Heard) -> Iterator[Ask]:
    """The third stage."""
    for class_, window in product(heard.classes, scope.windows()):
        path = f"/edu-groups/{class_}/marks/{window[0]}/{window[1]}"
        yield _get("marks", path, group=class_, window=window)
    for (class_, subject), window in product(heard.subjects, scope.windows()):
        query = (("subject", subject), ("from", window[0]), ("to", window[1]))
        path = f"/lesson-log-entries/group/{class_}"
        yield _get("log_entries", path, query, group=class_, subject=subject, window=window)
    yield from _posts("works", "/works/many", list(heard.lessons))


STAGES: tuple[Stage, ...] = (of_school, of_groups, of_lessons)


def placed(ask: Ask, rows: Iterable[Row]) -> Counter[Placed] | None:
    """Where the records of a moving list stand, the class second; None for any other answer."""
    place = MOVING.get(ask.table)
    return None if place is None else Counter(p for row in rows for p in place(ask, row))


def resting_on(ask: Ask, moved: Iterable[Placed], asks: Sequence[Ask]) -> list[Ask]:
    """What speaks of the classes whose records moved: of all days, or of those asked about."""
    classes = {record[1] for record in moved}
    return [
        one
        for one in asks
        if one.table in RESTING
        and one.class_ in classes
        and (ask.window is None or one.window in (None, ask.window))
    ]


def _group_placed(_: Ask, row: Row) -> Iterator[Placed]:
    group = id_of(row, "id")
    yield f"group {group}", group, str(row.get("type")), _first_parent(row)


def _students_placed(_: Ask, row: Row) -> Iterator[Placed]:
    group = id_of(row.get("group"), "id")
    for student in row.get("students") or []:
        person = id_of(student.get("person"), "id")
        yield f"student {person}", group, str(student.get("membershipstatus"))


def _person_placed(ask: Ask, row: Row) -> Iterator[Placed]:
    yield f"person {id_of(row, 'id')}", ask.class_


def _subject_placed(ask: Ask, row: Row) -> Iterator[Placed]:
    yield f"subject {id_of(row, 'id')} of {ask.class_}", ask.class_


def _lesson_placed(ask: Ask, row: Row) -> Iterator[Placed]:
    subject = id_of(row.get("subject"), "id")
    when = str(row.get("date")), str(row.get("number"))
    yield f"lesson {id_of(row, 'id')}", ask.class_, id_of(row, "group"), subject, *when


# The lists that say where records stand, which may change while the rest is read.
MOVING: dict[str, Callable[[Ask, Row], Iterator[Placed]]] = {
    "classes": _group_placed,
    "students": _students_placed,
    "persons": _person_placed,
    "subjects": _subject_placed,
    "lessons": _lesson_placed,
}
RESTING = frozenset({"marks", "log_entries", "final_marks"})


def _get(
    table: str,
    path: str,
    query: tuple[tuple[str, str], ...] = (),
    *,
    group: str | None = None,
    subject: str | None = None,
    class_: str = "",
    window: Window | None = None,
) -> Ask:
    question = Question("GET", path, query, shape=list)
    return Ask(table, question.name, question, group, subject, group or class_, window)


def _posts(table: str, path: str, ids: Sequence[str]) -> Iterator[Ask]:
    for number, start in enumerate(range(0, len(ids), MANY), 1):
        body = json.dumps(ids[start : start + MANY]).encode()
        question = Question("POST", path, body=body, shape=list)
        yield Ask(table, f"{question.name}#{number}", question)
