"""The emulator of NetSchool's web service: its door, its faults, and a school read through it."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from http.client import HTTPConnection, IncompleteRead, RemoteDisconnected
from http.server import ThreadingHTTPServer
from typing import Any
from urllib.parse import urlencode, urlsplit

import polars as pl
import pytest

from connectors.base import Parsed, Source
from connectors.errors import AccessDenied
from connectors.registry import Link, make_source
from mappings import load, translate
from quality.contract import check
from quality.duplicates import drop_duplicates
from sandbox.emulators.netschool import LOCKED_AFTER, Account, NetSchool, account_of
from sandbox.emulators.web import address, serve
from sandbox.model import Lesson, School
from sandbox.params import YEAR_START, Params
from sandbox.region import build
from sandbox.view import View

# The day before the last of the first quarter: its marks are there, two months are open.
UNTIL = date(2026, 10, 24)
PARAMS = Params(seed=5, until=UNTIL, schools_per_system=3, classes=3, pupils_least=6, pupils_most=8)
NUMBER = 8  # the third school of NetSchool, which makes no mistakes


@pytest.fixture(scope="module")
def school() -> School:
    found = build(PARAMS, NUMBER)
    assert found.system == "netschool"
    return found


@dataclass
class Host:
    """A running emulator of one school; ``pauses`` are what it would have slept."""

    emulator: NetSchool
    server: ThreadingHTTPServer
    school: School
    pauses: list[float]

    @property
    def url(self) -> str:
        return address(self.server)

    def settings(self, **changed: Any) -> dict[str, Any]:
        account = account_of(self.school)
        own = {
            "login": account.login,
            "password": account.password,
            "school_id": account.school_id,
        }
        return {"base_url": self.url, "spacing": 0} | own | changed

    def source(self, **changed: Any) -> Source:
        return source_of(self.school, self.settings(**changed))

    def fault(self, kind: str, count: int = 1) -> None:
        body = {"school": self.school.code, "kind": kind, "count": count}
        assert self.ask("POST", "/_sandbox/fault", json.dumps(body))[0] == 200

    def sessions(self) -> dict[str, int]:
        found: dict[str, int] = json.loads(self.ask("GET", "/_sandbox/sessions")[1])[
            self.school.code
        ]
        return found

    def ask(
        self, method: str, path: str, body: str = "", **headers: str
    ) -> tuple[int, bytes, dict[str, str]]:
        connection = HTTPConnection(urlsplit(self.url).netloc, timeout=5)
        try:
            connection.request(method, path, body.encode() or None, headers)
            answer = connection.getresponse()
            return answer.status, answer.read(), dict(answer.headers)
        finally:
            connection.close()


def source_of(school: School, settings: dict[str, Any]) -> Source:
    link = Link(sleep=lambda _: None)
    return make_source(
        "netschool_web",
        school.code,
        settings,
        zone="Europe/Moscow",
        year_start=YEAR_START,
        link=link,
    )


def started(school: School, **mode: Any) -> Host:
    pauses: list[float] = []
    emulator = NetSchool([school], UNTIL, pauses.append, **mode)
    return Host(emulator, serve(emulator.respond), school, pauses)


@pytest.fixture
def host(school: School) -> Iterator[Host]:
    running = started(school)
    yield running
    running.server.shutdown()
    running.server.server_close()


# --- the door ----------------------------------------------------------------------------------


def sign_in(host: Host, **changed: str) -> tuple[int, dict[str, Any], str]:
    """Status and body of signing in, and the cookie; written without the connector's help."""
    _, _, headers = host.ask("GET", "/webapi/logindata")
    cookie = headers["Set-Cookie"].partition(";")[0]
    said = json.loads(host.ask("POST", "/webapi/auth/getdata", Cookie=cookie)[1])
    account = account_of(host.school)
    inner = hashlib.md5(account.password.encode("cp1251")).hexdigest()
    proof = hashlib.md5((said["salt"] + inner).encode()).hexdigest()
    form = {
        "loginType": "1",
        "scid": account.school_id,
        "un": account.login,
        "pw": proof[: len(account.password)],
        "pw2": proof,
        "lt": said["lt"],
        "ver": said["ver"],
    } | changed
    status, body, _ = host.ask("POST", "/webapi/login", urlencode(form), Cookie=cookie)
    return status, json.loads(body), cookie


def test_the_right_proof_opens_and_signing_out_closes(host: Host) -> None:
    status, said, cookie = sign_in(host)

    assert status == 200
    assert said["timeOut"] == 900_000
    assert host.sessions() == {"open": 1, "opened": 1, "refused": 0}
    headers = {"Cookie": cookie, "at": said["at"]}
    assert host.ask("GET", "/webapi/terms", **headers)[0] == 200
    assert host.ask("GET", "/webapi/terms", Cookie=cookie, at="other")[0] == 401
    assert host.ask("GET", "/webapi/terms", at=said["at"])[0] == 401
    assert host.ask("POST", "/webapi/auth/logout", **headers)[0] == 200
    assert host.ask("GET", "/webapi/terms", **headers)[0] == 401
    assert host.sessions()["open"] == 0


@pytest.mark.parametrize("wrong", ["pw", "pw2", "un", "scid", "lt", "loginType"])
def test_every_field_of_the_form_matters(host: Host, wrong: str) -> None:
    status, said, _ = sign_in(host, **{wrong: "x"})

    assert (status, set(said)) == (409, {"message"})
    assert host.sessions()["open"] == 0


def test_an_account_is_locked_after_a_few_wrong_passwords(host: Host) -> None:
    for _ in range(LOCKED_AFTER):
        assert sign_in(host, pw2="x")[0] == 409

    assert sign_in(host)[0] == 409


# --- a school read through it ------------------------------------------------------------------


@dataclass(frozen=True)
class Read:
    parsed: Parsed
    frames: dict[str, pl.DataFrame]
    duplicates: dict[str, int]
    requests: int


@pytest.fixture(scope="module")
def read(school: School) -> Iterator[Read]:
    """Fetched, parsed, translated, held against the contract, without duplicates."""
    host = started(school)
    source = host.source(concurrency=3)
    [upload] = source.pending(UNTIL)
    documents = list(source.fetch(upload))
    parsed = source.parse(upload, documents)
    translated = translate(load("netschool_web/5"), parsed.tables, zone="Europe/Moscow")
    assert translated.findings == []
    assert translated.incomplete == set()
    frames, duplicates = {}, {}
    for entity, frame in translated.frames.items():
        checked = check(entity, frame)
        assert checked.refusals.is_empty(), entity
        alone = drop_duplicates(entity, checked.accepted)
        assert alone.refusals.is_empty(), entity
        frames[entity], duplicates[entity] = alone.kept, alone.duplicates
    assert translated.refusals.is_empty()
    assert host.sessions() == {"open": 0, "opened": 1, "refused": 0}
    yield Read(parsed, frames, duplicates, len(documents))
    host.server.shutdown()
    host.server.server_close()


def keyed(frame: pl.DataFrame, key: str, value: str) -> dict[str, str]:
    return dict(frame.select(key, value).iter_rows())


@pytest.fixture(scope="module")
def names(read: Read) -> dict[str, dict[str, str]]:
    """Natural names by key: class, subject, group, pupil, term."""
    frames = read.frames
    return {
        "class": keyed(frames["class_"], "source_key", "name"),
        "subject": keyed(frames["subject"], "source_key", "name"),
        "group": keyed(frames["group"], "source_key", "name"),
        "pupil": keyed(frames["pupil"], "person", "full_name"),
        "term": keyed(frames["term"], "source_key", "name"),
    }


@pytest.fixture(scope="module")
def lessons(read: Read, names: dict[str, dict[str, str]]) -> dict[str, tuple[Any, ...]]:
    """Lessons by key as day, number, class, subject, group."""
    return {
        row["source_key"]: (
            row["date"],
            row["number"],
            names["class"][row["class_key"]],
            names["subject"][row["subject_key"]],
            names["group"].get(row["group_key"]),
        )
        for row in read.frames["lesson"].iter_rows(named=True)
    }


def expected_lessons(school: School) -> list[Lesson]:
    return [s.lesson for s in View(school, UNTIL).lessons if not s.lesson.status]


def natural(lesson: Lesson) -> tuple[Any, ...]:
    slot = lesson.slot
    group = slot.group.name if slot.group else None
    return lesson.day, slot.number, slot.class_.name, slot.subject.name, group


def there(school: School) -> set[int]:
    return {p.person.code for p in school.pupils if p.attends(UNTIL)}


def test_lists(read: Read, school: School, names: dict[str, dict[str, str]]) -> None:
    frames = read.frames
    present = [p for p in school.pupils if p.person.code in there(school)]
    assert Counter(
        (names["pupil"][pupil], names["class"][class_])
        for pupil, class_ in frames["enrolment"].select("pupil", "class_key").iter_rows()
    ) == Counter((p.person.full_name, p.class_.name) for p in present)
    assert set(frames["class_"].select("name", "grade_level", "letter").rows()) == {
        (c.name, c.grade, c.letter) for c in school.classes
    }
    assert set(frames["staff_member"].select("full_name", "position").rows()) == {
        (t.person.full_name, t.position) for t in school.teachers
    }
    assert frames["term"].select("name", "kind", "number", "start", "finish").rows() == [
        (t.name, "quarter", t.number, t.start, t.finish) for t in school.terms
    ]
    assert frames["holiday"].select("name", "start", "finish").rows() == [
        (h.name, h.start, h.finish) for h in school.holidays if h.kind != "Праздник"
    ]
    assert {
        (names["class"][class_], names["subject"][subject])
        for class_, subject in frames["curriculum_hours"]
        .select("class_key", "subject_key")
        .iter_rows()
    } == {(h.class_.name, h.subject.name) for h in school.hours}
    assert set(names["group"].values()) == {g.name for g in school.groups}


def test_lessons_and_homework(
    read: Read, school: School, lessons: dict[str, tuple[Any, ...]]
) -> None:
    rows = read.frames["lesson"].select("source_key", "homework", "homework_not_set", "held").rows()
    marks = {natural(m.lesson): m for x in expected_lessons(school) for m in x.marks}
    assert any(x.slot.group for x in expected_lessons(school))
    assert {lessons[key]: (text, no, held) for key, text, no, held in rows} == {
        natural(x): (
            x.homework,
            x.not_set,
            bool(x.homework or x.not_set or x.absences or natural(x) in marks),
        )
        for x in expected_lessons(school)
    }


def test_marks(read: Read, school: School, lessons: dict[str, tuple[Any, ...]], names: Any) -> None:
    present = there(school)
    found = Counter(
        (
            names["pupil"][row["pupil"]],
            lessons[row["lesson_key"]],
            row["value"],
            row["scale"],
            row["work_type"],
            row["given_on"],
        )
        for row in read.frames["mark"].iter_rows(named=True)
    )
    kinds = {"lesson": "lesson_work"}
    expected = Counter(
        (
            m.pupil.person.full_name,
            natural(m.lesson),
            m.value_on(UNTIL),
            m.scale,
            kinds.get(m.work, m.work),
            m.given,
        )
        for shown in View(school, UNTIL).lessons
        for m in shown.marks
        if m.pupil.person.code in present
    )
    assert {scale for _, _, _, scale, _, _ in expected} == {"5", "pass_fail", "code"}
    assert found == expected


def test_absences_of_diary_and_report_are_one(
    read: Read, school: School, lessons: dict[str, tuple[Any, ...]], names: Any
) -> None:
    present = there(school)
    found = Counter(
        (names["pupil"][pupil], lessons[lesson], status)
        for pupil, lesson, status in read.frames["attendance"]
        .select("pupil", "lesson_key", "status")
        .iter_rows()
    )
    assert found == Counter(
        (a.pupil.person.full_name, natural(a.lesson), a.status)
        for shown in View(school, UNTIL).lessons
        for a in shown.absences
        if a.pupil.person.code in present
    )
    assert read.duplicates["attendance"] > 0  # most of them stand in both
    assert {e for e, count in read.duplicates.items() if count} == {"attendance"}


def test_term_marks(read: Read, school: School, names: Any) -> None:
    present = there(school)
    found = Counter(
        (names["pupil"][pupil], names["subject"][subject], names["term"][term], value)
        for pupil, subject, term, value in read.frames["term_mark"]
        .select("pupil", "subject_key", "term_key", "value")
        .iter_rows()
    )
    assert found == Counter(
        (t.pupil.person.full_name, t.subject.name, t.term.name, t.value)
        for t in View(school, UNTIL).term_marks
        if t.pupil.person.code in present
    )
    assert found


def test_the_number_of_requests(read: Read, school: School) -> None:
    """The formula of docs/source-formats.md section 9, without signing in and out, the pages
    before reports and the second reading of the lists."""
    weeks = (UNTIL - (YEAR_START - timedelta(days=YEAR_START.weekday()))).days // 7 + 1
    classes, pupils, months, terms = len(school.classes), len(there(school)), 2, 1
    assert read.requests == 8 + classes * (1 + months + terms) + pupils * weeks


# --- faults ------------------------------------------------------------------------------------

QUICK = {"window_days": 31}


@pytest.mark.parametrize("kind", ["503", "429", "html", "cut", "warning"])
def test_a_passing_fault_changes_nothing(host: Host, kind: str) -> None:
    source = host.source(**QUICK)
    [upload] = source.pending(UNTIL)
    healthy = list(source.fetch(upload))
    host.fault(kind, 3)

    assert list(source.fetch(upload)) == healthy
    assert host.sessions() == {"open": 0, "opened": 2, "refused": 0}


def test_a_session_that_ends_mid_run_is_opened_once_more(host: Host) -> None:
    source = host.source(**QUICK)
    [upload] = source.pending(UNTIL)
    healthy = list(source.fetch(upload))
    host.fault("expire")

    assert list(source.fetch(upload)) == healthy
    assert host.sessions() == {"open": 0, "opened": 3, "refused": 0}


def test_sessions_that_keep_ending_are_fatal(host: Host) -> None:
    host.fault("expire", -1)

    with pytest.raises(AccessDenied):
        host.source(**QUICK).fetch(host.source().pending(UNTIL)[0])

    assert host.sessions()["opened"] == 2


def test_a_wrong_password_is_tried_once(host: Host) -> None:
    source = host.source(password="неверный")

    with pytest.raises(AccessDenied):
        source.fetch(source.pending(UNTIL)[0])

    assert host.sessions() == {"open": 0, "opened": 0, "refused": 1}


def test_slow_answers_wait_and_then_come(host: Host) -> None:
    host.fault("slow", 2)
    source = host.source(**QUICK)

    assert source.fetch(source.pending(UNTIL)[0])
    assert host.pauses == [5.0, 5.0]


def test_a_cut_answer_is_cut(host: Host) -> None:
    _, said, cookie = sign_in(host)
    host.fault("cut")

    with pytest.raises((IncompleteRead, RemoteDisconnected)):
        host.ask("GET", "/webapi/terms", Cookie=cookie, at=said["at"])


def test_gosuslugi_only(school: School) -> None:
    host = started(school, esia_only=True)
    source = host.source(**QUICK)
    [upload] = source.pending(UNTIL)
    with pytest.raises(AccessDenied):
        source.fetch(upload)

    key, cookie = host.emulator.hand_over(school.code)
    handed = {"base_url": host.url, "spacing": 0, "at": key, "cookie": cookie, **QUICK}
    documents = list(source_of(school, handed).fetch(upload))

    assert documents
    assert host.sessions() == {"open": 1, "opened": 1, "refused": 0}
    host.server.shutdown()
    host.server.server_close()


def test_roles(school: School) -> None:
    own = account_of(school)
    account = Account(own.school_id, own.login, own.password, role="7")
    host = started(school, accounts={school.code: account})
    source = host.source(rolegroup="7", **QUICK)

    assert source.fetch(source.pending(UNTIL)[0])
    assert host.sessions() == {"open": 0, "opened": 1, "refused": 0}
    host.server.shutdown()
    host.server.server_close()


def test_the_journal_grows_with_the_day(host: Host) -> None:
    source = host.source(**QUICK)
    seen = []
    for day in ("2026-09-14", "2026-09-18"):
        assert host.ask("POST", "/_sandbox/today", json.dumps({"date": day}))[0] == 200
        [upload] = source.pending(date.fromisoformat(day))
        parsed = source.parse(upload, list(source.fetch(upload)))
        marks = next(t.frame for t in parsed.tables if t.name == "marks")
        seen.append(marks.height)
        assert max(marks["dueDate"])[:10] <= day
    assert 0 < seen[0] < seen[1]


@pytest.mark.parametrize(
    ("call", "body"),
    [("fault", {"school": "x", "kind": "flood"}), ("elsewhere", {"kind": "503"})],
)
def test_unknown_control_calls_are_refused(host: Host, call: str, body: dict[str, str]) -> None:
    assert host.ask("POST", f"/_sandbox/{call}", json.dumps(body))[0] == 404


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/webapi/grade/studentList", 400),
        ("/webapi/student/diary?studentId=1&weekStart=2026-09-01&weekEnd=2026-09-06", 400),
        ("/webapi/grade/journal", 404),
    ],
)
def test_what_it_does_not_know(host: Host, path: str, status: int) -> None:
    _, said, cookie = sign_in(host)

    assert host.ask("GET", path, Cookie=cookie, at=said["at"])[0] == status
