"""What is asked of Dnevnik.ru, in three stages; each stage is told by the answers before it.

1. the school: groups, teachers, membership, kinds of work
2. every class: subjects, periods, people, marks; every class and subgroup: lessons
3. every class and subject: log entries; every lesson: its works

The plan is pure: from landed answers it names again the documents that an upload must have.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from itertools import product
from typing import Any

from connectors.http import Question

WINDOW_DAYS = 30  # longer: parameterInvalid
MANY = 200  # ids a POST may name
ID = re.compile(r"[0-9]{1,20}")

Row = Mapping[str, Any]


@dataclass(frozen=True)
class Ask:
    """A question whose answer feeds ``table``. ``name`` is its document; ``group`` and
    ``subject`` are what was asked about, where the answer does not repeat it."""

    table: str
    name: str
    question: Question
    group: str | None = None
    subject: str | None = None


@dataclass(frozen=True)
class Scope:
    """The school's id at Dnevnik.ru and the days to read, both included."""

    school_id: str
    first: date
    last: date

    def windows(self) -> list[tuple[str, str]]:
        """Spans of at most ``WINDOW_DAYS`` from the first day on, as ISO dates."""
        days = range(0, (self.last - self.first).days + 1, WINDOW_DAYS)
        starts = [self.first + timedelta(days=n) for n in days]
        ends = [min(start + timedelta(days=WINDOW_DAYS - 1), self.last) for start in starts]
        return [(a.isoformat(), b.isoformat()) for a, b in zip(starts, ends, strict=True)]


@dataclass
class Heard:
    """Ids that earlier answers named, in their order. ``odd``: something was no id at all."""

    classes: list[str] = field(default_factory=list)
    subgroups: list[str] = field(default_factory=list)
    subjects: list[tuple[str, str]] = field(default_factory=list)  # class, subject
    lessons: dict[str, None] = field(default_factory=dict)
    odd: bool = False

    def hear(self, ask: Ask, rows: Iterable[Row]) -> None:
        """Takes note of the ids in an answer that later stages ask about."""
        if ask.table not in ("classes", "subjects", "lessons"):
            return
        for row in rows:
            found = row.get("id_str")
            if not isinstance(found, str) or not ID.fullmatch(found):
                self.odd = True
            elif ask.table == "lessons":
                self.lessons[found] = None
            elif ask.table == "subjects":
                self.subjects.append((ask.group or "", found))
            else:
                {"Group": self.classes, "Subgroup": self.subgroups}.get(
                    str(row.get("type")), []
                ).append(found)


Stage = Callable[[Scope, Heard], Iterator[Ask]]


def of_school(scope: Scope, _: Heard) -> Iterator[Ask]:
    """The first stage."""
    school = f"/schools/{scope.school_id}"
    staff = (("schoolMembershipType", "Staff"),)
    yield _get("classes", f"{school}/edu-groups")
    yield _get("teachers", f"{school}/teachers")
    yield _get("membership", f"{school}/membership", staff)
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
        for first, last in scope.windows():
            yield _get("marks", f"{group}/marks/{first}/{last}", group=class_)
        yield _get("final_marks", f"{group}/final-marks")
    for any_group, (first, last) in product(heard.classes + heard.subgroups, scope.windows()):
        yield _get("lessons", f"/edu-groups/{any_group}/lessons/{first}/{last}")


def of_lessons(scope: Scope, heard: Heard) -> Iterator[Ask]:
    """The third stage."""
    for (class_, subject), (first, last) in product(heard.subjects, scope.windows()):
        query = (("subject", subject), ("from", first), ("to", last))
        path = f"/lesson-log-entries/group/{class_}"
        yield _get("log_entries", path, query, group=class_, subject=subject)
    yield from _posts("works", "/works/many", list(heard.lessons))


STAGES: tuple[Stage, ...] = (of_school, of_groups, of_lessons)


def _get(
    table: str,
    path: str,
    query: tuple[tuple[str, str], ...] = (),
    group: str | None = None,
    subject: str | None = None,
) -> Ask:
    question = Question("GET", path, query, shape=list)
    return Ask(table, question.name, question, group, subject)


def _posts(table: str, path: str, ids: Sequence[str]) -> Iterator[Ask]:
    for number, start in enumerate(range(0, len(ids), MANY), 1):
        body = json.dumps(ids[start : start + MANY]).encode()
        question = Question("POST", path, body=body, shape=list)
        yield Ask(table, f"{question.name}#{number}", question)
