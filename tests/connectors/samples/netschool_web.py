"""NetSchool over its web service: a class of two pupils, one lesson of them all and one of each."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qs

from tests.connectors.samples.server import Heard, Reply, Server
from tests.connectors.samples.stage import UNTIL, Case, Cases, Stage

LOGIN, PASSWORD, SCHOOL_ID = "robot", "Пароль-1", "77"
SALT, LT, VER, AT = "123456", "4711", "652912", "key-of-the-session"
WINDOWS = [("2026-08-31", "2026-09-06"), ("2026-09-07", "2026-09-13"), ("2026-09-14", "2026-09-18")]
CLASS_, PETR, ANNA, ALGEBRA, ENGLISH, TERM, YEAR = "10", "100", "101", "20", "21", "60", "8987"
HTML = {"Content-Type": "text/html; charset=windows-1251"}

LOGIN_DATA: dict[str, Any] = {"version": "5.47.0", "schoolLogin": True, "esiaMainAuth": False}
WELCOME: dict[str, Any] = {"at": AT, "timeOut": 900000, "entryPoint": "/asp/StartPage.asp"}

Answer = Callable[[Heard], Reply] | Reply


def lesson(
    meeting: int, day: str, number: int, name: str, *works: dict[str, Any]
) -> dict[str, Any]:
    row: dict[str, Any] = {
        "classmeetingId": meeting, "day": f"{day}T00:00:00", "number": number, "relay": 1,
        "room": None, "startTime": "08:30", "endTime": "09:15", "subjectName": name,
        "isEaLesson": False,
    }  # fmt: skip
    return row | ({"assignments": list(works)} if works else {})


def work(number: int, kind: int, name: str, day: str, **mark: Any) -> dict[str, Any]:
    row: dict[str, Any] = {
        "id": number, "typeId": kind, "assignmentName": name, "weight": 1,
        "dueDate": f"{day}T00:00:00",
    }  # fmt: skip
    if not mark:
        return row
    said = {"assignmentId": number, "mark": None, "dutyMark": False, "resultScore": None}
    return row | {"mark": said | mark}


def diary(*lessons: dict[str, Any]) -> dict[str, Any]:
    days: dict[str, list[dict[str, Any]]] = {}
    for row in lessons:
        days.setdefault(row["day"], []).append(row)
    return {"weekDays": [{"date": day, "lessons": rows} for day, rows in days.items()]}


HOMEWORK = work(1, 3, "№ 5", "2026-09-05")
DIARIES = {
    PETR: diary(
        lesson(500, "2026-09-05", 2, "Алгебра", HOMEWORK,
               work(2, 4, "Контрольная", "2026-09-05", mark=5, studentId=100,
                    markDate="2026-09-06T00:00:00.25")),
        lesson(501, "2026-09-05", 3, "Англ.яз./1 гр."),
    ),
    ANNA: diary(
        lesson(500, "2026-09-05", 2, "Алгебра", HOMEWORK,
               work(2, 4, "Контрольная", "2026-09-05", mark="УП", studentId=101)),
        lesson(502, "2026-09-05", 3, "Англ.яз./2 гр. [209]",
               work(3, 4, "Контрольная", "2026-09-05", dutyMark=True, studentId=101)),
    ),
}  # fmt: skip

LISTS: dict[str, Any] = {
    "/classes?expand=chiefs": [
        {"id": 10, "name": "7а", "letter": "а", "grade": {"id": 7, "name": "7"}, "chiefs": []}
    ],
    "/subjects": [
        {"id": 20, "name": "Алгебра", "shortName": None},
        {"id": 21, "name": "Английский язык", "shortName": "Англ.яз."},
    ],
    "/terms": [
        {"id": 60, "termName": "1 четверть", "startDate": "2026-09-01T00:00:00",
         "endDate": "2026-10-25T00:00:00.000", "termTypeId": 1, "schoolYearId": 8987},
        {"id": 61, "termName": "2 четверть", "startDate": "2026-11-03T00:00:00",
         "endDate": "2026-12-29T00:00:00.123456", "termTypeId": 1, "schoolYearId": 8987},
    ],
    "/calendar/vacations": [
        {"id": 1, "name": "Осенние каникулы", "startTime": "2026-10-26T00:00:00",
         "endTime": "2026-11-02T00:00:00.00"}
    ],
    "/grade/assignment/types?all=false": [
        {"id": 3, "name": "Домашнее задание", "abbr": "ДЗ", "order": 1},
        {"id": 4, "name": "Контрольная работа", "abbr": "К", "order": 2},
    ],
    "/years/current": {"id": 8987, "name": "2026/2027"},
    "/student/diary/init": {
        "students": [{"studentId": 100, "classId": 10}], "currentStudentId": 101,
    },
    "/grade/studentList?classId=10": [
        {"id": 100, "fullName": "Жмелеватов Пётр"}, {"id": 101, "fullName": "Брянчихина Анна"},
    ],
}  # fmt: skip
STAFF = [{"id": 31, "fio": "Кузьмарова Ольга", "gender": "Ж", "staffPosition": "учитель"}]
ATTENDANCE = [
    ["№", "ФИО", "05.09/2", "05.09/3"],
    ["1", "Брянчихина Анна", "УП", ""],
    ["2", "Жмелеватов Петр", "", "Б"],
]
TOTALS = [
    ["№", "ФИО", "Алгебра", "Английский язык"],
    ["1", "Брянчихина Анна", "4", ""],
    ["2", "Жмелеватов Пётр", "", "ОСВ"],
]


def page(rows: list[list[str]]) -> bytes:
    body = "\n".join("<tr>" + "".join(f"<td>{c}</td>" for c in row) + "</tr>" for row in rows)
    return (
        '<html><head><meta charset="windows-1251"></head><body>\n'
        f'<table class="table-print">\n{body}\n</table></body></html>\n'
    ).encode("cp1251")


def form_of(heard: Heard, charset: str = "utf-8") -> dict[str, str]:
    found = parse_qs(heard.body.decode("ascii"), keep_blank_values=True, encoding=charset)
    return {name: values[0] for name, values in found.items()}


def proof(password: str = PASSWORD, salt: str = SALT) -> str:
    inner = hashlib.md5(password.encode("cp1251")).hexdigest()
    return hashlib.md5((salt + inner).encode()).hexdigest()


def admit(heard: Heard) -> Reply:
    """Signing in with the right salted password; 409 otherwise."""
    form = form_of(heard)
    expected = {
        "loginType": "1", "scid": SCHOOL_ID, "un": LOGIN, "pw2": proof(), "lt": LT, "ver": VER,
        "pw": proof()[: len(PASSWORD)],
    }  # fmt: skip
    ok = {name: form.get(name) for name in expected} == expected
    return Reply.json(WELCOME) if ok else Reply.json({"message": "Неправильный пароль"}, 409)


def guarded(answer: Answer) -> Callable[[Heard], Reply]:
    """``answer`` to whoever shows the session's key, in the header and in a form."""

    def respond(heard: Heard) -> Reply:
        keys = {heard.headers.get("at")}
        if heard.name.startswith("POST /asp/"):
            keys.add(form_of(heard, "cp1251").get("at"))
        if keys != {AT} or "NSSESSIONID=browser1" not in heard.headers.get("Cookie", ""):
            return Reply.json({"message": "no session"}, 401)
        return answer if isinstance(answer, Reply) else answer(heard)

    return respond


def replies() -> dict[str, Answer]:
    """Answers by name of the request."""
    found: dict[str, Answer] = {
        "GET /webapi/logindata": Reply.json(LOGIN_DATA, Set_Cookie="NSSESSIONID=browser1; path=/"),
        "POST /webapi/auth/getdata": Reply.json({"lt": LT, "ver": VER, "salt": SALT}),
        "POST /webapi/login": admit,
    }
    inner: dict[str, Answer] = {
        "POST /webapi/auth/logout": Reply(b""),
        "GET /webapi/context": Reply.json({}),
        "POST /webapi/users/staff/registry": Reply.json(STAFF),
        "POST /asp/Reports/ReportClassAttendance.asp": Reply(b"<html></html>", headers=HTML),
        "POST /asp/Reports/ReportClassSubjectTotals.asp": Reply(b"<html></html>", headers=HTML),
        "POST /asp/Reports/ClassAttendance.asp": Reply(page(ATTENDANCE), headers=HTML),
        "POST /asp/Reports/ClassSubjectTotals.asp": Reply(page(TOTALS), headers=HTML),
    }
    inner |= {f"GET /webapi{path}": Reply.json(value) for path, value in LISTS.items()}
    for pupil, first_week in DIARIES.items():
        for place, window in enumerate(WINDOWS):
            inner[diary_name(pupil, *window)] = Reply.json(diary() if place else first_week)
    return found | {name: guarded(answer) for name, answer in inner.items()}


def diary_name(pupil: str, first: str, last: str) -> str:
    return (
        f"GET /webapi/student/diary?studentId={pupil}&yearId={YEAR}"
        f"&weekStart={first}&weekEnd={last}&withLaAssigns=true"
    )


def serve_school(server: Server) -> None:
    server.replies |= replies()


def settings(server: Server, **changed: Any) -> dict[str, Any]:
    """How the robot signs in; no pause between requests, one at a time."""
    own = {"login": LOGIN, "password": PASSWORD, "school_id": SCHOOL_ID}
    return {"base_url": server.url, "spacing": 0, "concurrency": 1} | own | changed


def change(server: Server, pupil: str, window: int, value: Any) -> None:
    """The diary of ``pupil`` for a span says ``value`` from now on."""
    server.replies[diary_name(pupil, *WINDOWS[window])] = guarded(Reply(json.dumps(value).encode()))


FILLED = frozenset(
    {"classes", "students", "subjects", "subject_names", "terms", "vacations", "staff",
     "assignment_types", "attendance", "totals", "taught", "lessons", "marks"}
)  # fmt: skip


def _case(stage: Stage) -> Case:
    serve_school(stage.server)
    source = stage.source("netschool_web", "netschool_web/5", settings(stage.server))
    return Case(source, UNTIL, FILLED)


CASES: Cases = {"netschool_web": _case}
