"""Dnevnik.ru: a school of one class and one subgroup."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from tests.connectors.samples.server import Reply, Server
from tests.connectors.samples.stage import YEAR_START, Case, Cases, Stage

TOKEN = "key-of-781001"
BIG = 1_000_000_000_000_000_000


def twin(name: str, number: int) -> dict[str, Any]:
    return {name: float(BIG + number), f"{name}_str": str(BIG + number)}


def twins(name: str, *numbers: int) -> dict[str, Any]:
    return {
        name: [float(BIG + n) for n in numbers],
        f"{name}_str": [str(BIG + n) for n in numbers],
    }


CLASS_, SUBGROUP, ALGEBRA = BIG + 1, BIG + 2, BIG + 3


def dnevnik_lesson(number: int, group: int, day: str, *teachers: int) -> dict[str, Any]:
    return (
        twin("id", number) | twin("group", group) | twins("works", number + 100)
        | twins("teachers", *teachers)
        | {"title": " Дроби ", "date": f"{day}T00:00:00", "number": 2, "status": "Conducted",
           "subject": twin("id", 3) | {"name": "Алгебра"}}
    )  # fmt: skip


def dnevnik_work(lesson: int, kind: str, text: str | None) -> dict[str, Any]:
    return (
        twin("id", lesson + 100)
        | twin("lesson", lesson)
        | {"type": kind, "text": text, "tasks": []}
    )


def dnevnik_mark(number: int, person: int, lesson: int, value: str) -> dict[str, Any]:
    return (
        twin("id", number) | twin("person", person) | twin("lesson", lesson) | twin("workType", 70)
        | {"type": "Mark5", "value": value, "textValue": value, "date": "2026-09-05T12:00:00"}
    )  # fmt: skip


def dnevnik_student(person: int, status: str) -> dict[str, Any]:
    return {"person": twin("id", person), "membershipstatus": status}


HEADMASTER = twin("id", 32) | twin("userId", 6) | {"lastName": "Грибоедушкин"}
BELL = {
    "Id": 1,
    "Start": "2026-09-01T08:30:00",
    "Finish": "2026-09-01T09:15:00",
    "Type": "Lesson",
    "DaysOfWeek": ["Monday", "Tuesday"],
    "LessonNumber": 1,
}


def dnevnik_replies(until: date) -> dict[str, Any]:
    """Answers by request name (below ``/v2``) of a school of one class and one subgroup."""
    windows = []
    start = YEAR_START
    while start <= until:
        windows.append((start.isoformat(), min(start + timedelta(days=29), until).isoformat()))
        start += timedelta(days=30)
    group, sub, school = f"/edu-groups/{CLASS_}", f"/edu-groups/{SUBGROUP}", "/schools/42"
    both = dnevnik_lesson(11, 2, "2026-09-06", 31)
    mark = {"type": "Mark5", "value": "5"}
    finals = [
        twin("subject", 3) | {"final-mark": twin("id", 90) | mark},
        twin("subject", 4) | {"final-mark": twin("id", 91) | mark | {"value": "4"}},
    ]
    replies: dict[str, Any] = {
        "GET /users/me/context": {"schoolIds": [42], "schoolIds_str": ["42"]},
        f"GET {school}/edu-groups": [
            twin("id", 1) | twins("parentIds") | {"type": "Group", "name": "7а"},
            twin("id", 2) | twins("parentIds", 1) | {"type": "Subgroup", "name": "7а/1"},
        ],
        f"GET {school}/teachers": [twin("Id", 31) | {"LastName": "Кузьмарова", "DateBirth": None}],
        f"GET {school}/membership?schoolMembershipType=Staff": [
            twin("id", 31) | twin("userId", 5) | {"lastName": "Кузьмарова"},
            HEADMASTER,
        ],
        f"GET {school}/membership?schoolMembershipType=Admins": [HEADMASTER],
        f"GET {school}/timetables": [{"Name": "Основное", "FirstLessonNumber": 1, "Items": [BELL]}],
        "GET /work-types/42": [twin("id", 70) | {"kind": "ControlWork", "kindId": 6, "weight": 1}],
        f"GET {group}/subjects": [twin("id", 3) | {"name": "Алгебра", "knowledgeArea": None}],
        f"GET {group}/reporting-periods": [
            twin("id", 60) | {"start": "2026-09-01T00:00:00", "type": "Quarter", "number": 1}
        ],
        f"GET {group}/persons?includeArchive=true": [
            twin("id", 21) | {"lastName": "Жмелеватов", "userId": None, "userId_str": None}
        ],
        f"GET {group}/final-marks": [
            twin("person", 21) | twin("reportingPeriod", 60) | {"per-subject-final-marks": finals}
        ],
        "POST /edu-groups": [
            {"group": twin("id", 1), "students": [dnevnik_student(21, "Active")]},
        ],
        "POST /works/many": [
            dnevnik_work(10, "Homework", "№ 5"),
            dnevnik_work(11, "LessonWork", None),
        ],
    }
    entry = twin("person", 21) | twin("lesson", 10) | {"status": "Attend", "comment": None}
    lessons = [dnevnik_lesson(10, 1, "2026-09-05", 31, 32), both]
    for place, (first, last) in enumerate(windows):
        log = f"/lesson-log-entries/group/{CLASS_}?subject={ALGEBRA}&from={first}&to={last}"
        replies |= {
            f"GET {group}/lessons/{first}/{last}": [] if place else lessons,
            f"GET {sub}/lessons/{first}/{last}": [] if place else [both],
            f"GET {group}/marks/{first}/{last}": [] if place else [dnevnik_mark(50, 21, 10, "5")],
            f"GET {log}": [] if place else [entry],
        }
    return replies


def serve_dnevnik(server: Server, until: date) -> None:
    for name, value in dnevnik_replies(until).items():
        method, _, path = name.partition(" ")
        server.replies[f"{method} /v2{path}"] = Reply.json(value)


DNEVNIK_FILLED = frozenset(
    {"classes", "subjects", "reporting_periods", "persons", "students", "teachers", "membership",
     "timetables",
     "lessons", "works", "work_types", "marks", "log_entries", "final_marks"}
)  # fmt: skip


def _case(stage: Stage) -> Case:
    until = date(2026, 10, 5)
    serve_dnevnik(stage.server, until)
    settings = {"base_url": f"{stage.server.url}/v2", "token": TOKEN, "school_id": "42"}
    return Case(stage.source("dnevnik_ru", "dnevnik_ru/v2", settings), until, DNEVNIK_FILLED)


CASES: Cases = {"dnevnik_ru": _case}
