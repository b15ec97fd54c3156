"""Dnevnik.ru read from its emulator: while it changes, while it fails, while keys end."""

from __future__ import annotations

import json
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from connectors.base import Parsed, RawDocument, Source
from connectors.dnevnik_ru.access import Access, SuppliedKey
from connectors.dnevnik_ru.errors import judge
from connectors.dnevnik_ru.source import DnevnikRuSource
from connectors.errors import (
    AccessDenied,
    ConnectorError,
    Fatal,
    Misconfigured,
    RateLimited,
    Retriable,
    Unavailable,
)
from connectors.http import Answer as HttpAnswer
from connectors.http import HttpClient, Policy, Question, open_session
from connectors.registry import Link, make_source
from mappings import load, translate
from sandbox.emulators.dnevnik import Dnevnik
from sandbox.emulators.web import Answer, Request, address, serve
from sandbox.generate import generate
from sandbox.params import Params
from tests.connectors.samples.stage import YEAR_START, ZONE

UNTIL = date(2026, 10, 9)  # in the second window of 30 days
SMALL = Params(
    seed=3,
    schools_per_system=1,
    classes=2,
    districts=1,
    pupils_least=4,
    pupils_most=5,
    systems=("dnevnik_ru",),
    until=UNTIL,
)
SCHOOL = "781001"
Json = dict[str, Any]


@pytest.fixture(scope="module")
def region(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("region")
    generate(SMALL, folder)
    return folder / "dnevnik"


class School:
    """A school's journal behind HTTP; ``heard`` are the requests in order."""

    def __init__(self, store: Json, folder: Path) -> None:
        self.store = store
        self.heard: list[Request] = []
        self.slow = threading.Event()
        self.save(folder)
        self._journal = Dnevnik(folder, UNTIL, lambda _: self.slow.wait(5))
        self._server = serve(self._respond)
        self.url = f"{address(self._server)}/v2"

    def save(self, folder: Path) -> None:
        (folder / f"{SCHOOL}.json").write_text(json.dumps(self.store), "utf-8")

    def _respond(self, request: Request) -> Answer:
        self.heard.append(request)
        return self._journal.respond(request)

    def control(self, call: str, **body: object) -> None:
        content = json.dumps({"school": SCHOOL} | body).encode()
        request = Request("POST", f"/_sandbox/{call}", {}, {}, content, b"")
        assert self._journal.respond(request).status == 200

    def close(self) -> None:
        self.slow.set()
        self._server.shutdown()
        self._server.server_close()


@pytest.fixture
def school(region: Path, tmp_path: Path) -> Iterator[School]:
    store = json.loads((region / f"{SCHOOL}.json").read_text("utf-8"))
    served = School(store, tmp_path)
    yield served
    served.close()


@pytest.fixture
def open_source(school: School, link: Link) -> Callable[..., Source]:
    """The school's source, one request at a time, so that "after the nth request" is exact."""

    def opened(**changed: object) -> Source:
        settings = {
            "base_url": school.url,
            "school_id": school.store["school_id"],
            "token": school.store["token"],
            "concurrency": 1,
            "attempts": 3,
        } | changed
        kept = {name: value for name, value in settings.items() if value is not None}
        return make_source("dnevnik_ru", SCHOOL, kept, zone=ZONE, year_start=YEAR_START, link=link)

    return opened


def fetch(source: Source, until: date = UNTIL) -> list[RawDocument]:
    [upload] = source.pending(until)
    return list(source.fetch(upload))


def parse(source: Source, documents: list[RawDocument]) -> Parsed:
    [upload] = source.pending(UNTIL)
    return source.parse(upload, documents)


def ids(parsed: Parsed, table: str, *columns: str) -> Counter[Any]:
    found = next(t.frame for t in parsed.tables if t.name == table)
    return Counter(found.select(columns or ("id_str",)).rows())


def everything(parsed: Parsed) -> dict[str, Counter[Any]]:
    """What must be neither lost nor doubled; log entries have no id of their own."""
    return {
        "lessons": ids(parsed, "lessons"),
        "marks": ids(parsed, "marks"),
        "log_entries": ids(parsed, "log_entries", "person_str", "lesson_str"),
        "students": ids(parsed, "students", "person.id_str"),
        "persons": ids(parsed, "persons"),
        "works": ids(parsed, "works"),
    }


# --- what a quiet school says and costs ----------------------------------------------------------


def test_a_quiet_school_is_read_once_and_its_lists_twice(open_source: Any, school: School) -> None:
    documents = fetch(open_source())
    asked = Counter(f"{r.path}?{r.query}" + str(r.body) for r in school.heard)
    twice = [name for name, times in asked.items() if times == 2]
    kinds = Counter(name.partition("?")[0].split("/")[-1] for name in twice)
    groups, classes, windows = 4, 2, 2
    assert max(asked.values()) == 2
    assert len([name for name in twice if "/lessons/" in name]) == groups * windows
    assert kinds["persons"] == kinds["subjects"] == classes
    assert kinds["edu-groups"] == 2  # the groups, and the members of the classes
    assert len(twice) == groups * windows + 2 * classes + 2
    assert len(school.heard) == 1 + len(documents) + len(twice)


def test_all_of_a_school_translates(open_source: Any, school: School) -> None:
    source = open_source()
    parsed = parse(source, fetch(source))
    assert parsed.problems == []
    translated = translate(load("dnevnik_ru/v2"), parsed.tables, zone=ZONE)
    assert [finding.rule for finding in translated.findings] == []
    counts = {entity: frame.height for entity, frame in translated.frames.items()}
    assert counts["bell"] == sum(
        item["Type"] == "Lesson" for one in school.store["timetables"] for item in one["Items"]
    )
    assert counts["staff_member"] == counts["access_account"] == len(school.store["teachers"])
    assert counts["group"] == 2
    assert counts["enrolment"] == counts["pupil"]


def test_a_pupil_who_left_is_known_and_enrolled_no_more(
    open_source: Any, school: School, tmp_path: Path
) -> None:
    members = next(found for found in school.store["members"].values() if found)
    members[0]["until"] = "2026-10-01"
    school.save(tmp_path)
    source = open_source()
    parsed = parse(source, fetch(source))
    person = members[0]["row"]["id_str"]
    translated = translate(load("dnevnik_ru/v2"), parsed.tables, zone=ZONE).frames
    assert person in translated["pupil"]["person"].to_list()
    assert person not in translated["enrolment"]["pupil"].to_list()
    assert (person, "Archive") in ids(parsed, "students", "person.id_str", "membershipstatus")


def test_a_mark_entered_backdated_is_seen(open_source: Any, school: School, tmp_path: Path) -> None:
    """The whole year so far is read, not the days since the last reading."""
    first = min(school.store["marks"], key=lambda row: row["day"])
    first |= {"since": str(UNTIL), "until": None}
    school.save(tmp_path)
    mark = (first["row"]["id_str"],)
    source = open_source()
    school.control("today", date="2026-10-08")
    assert mark not in ids(parse(source, fetch(source, date(2026, 10, 8))), "marks")
    school.control("today", date=str(UNTIL))
    parsed = parse(source, fetch(source))
    assert mark in ids(parsed, "marks")
    assert first["day"] <= "2026-09-05"


# --- while it changes ----------------------------------------------------------------------------


class Direct:
    """Asks the emulator without a network, so that every moment of a reading can be tried."""

    concurrency = 1

    def __init__(self, store: Json, folder: Path) -> None:
        (folder / f"{SCHOOL}.json").write_text(json.dumps(store), "utf-8")
        self.journal = Dnevnik(folder, UNTIL, lambda _: None)
        self.asked = 0
        self.source = DnevnikRuSource(SCHOOL, self, store["school_id"], ZoneInfo(ZONE), YEAR_START)
        self._key = {"access-token": store["token"]}

    def ask(self, question: Question) -> HttpAnswer:
        self.asked += 1
        body, path = question.body or b"", f"/v2{question.path}"
        asked = Request(question.method, path, dict(question.query), self._key, body, b"")
        answer = self.journal.respond(asked)
        return HttpAnswer(answer.status, answer.body, json.loads(answer.body))

    def move(self, kind: str, after: int) -> None:
        content = json.dumps({"school": SCHOOL, "kind": kind, "after": after}).encode()
        self.journal.respond(Request("POST", "/_sandbox/move", {}, {}, content, b""))


@pytest.fixture
def direct(region: Path, tmp_path: Path) -> Callable[[], Direct]:
    """A school of three subjects: each takes a request per class and window."""
    store = json.loads((region / f"{SCHOOL}.json").read_text("utf-8"))
    for group, subjects in store["subjects"].items():
        store["subjects"][group] = subjects[:3]
    kept = {row["id_str"] for subjects in store["subjects"].values() for row in subjects}
    lessons = [row for row in store["lessons"] if row["row"]["subject"]["id_str"] in kept]
    store["lessons"] = lessons
    known = {row["row"]["id_str"] for row in lessons}
    for name in ("works", "marks", "logs"):
        store[name] = [row for row in store[name] if row["row"]["lesson_str"] in known]
    return lambda: Direct(store, tmp_path)


def read_while(direct: Callable[[], Direct], kind: str, after: int) -> list[RawDocument]:
    moving = direct()
    moving.move(kind, after)
    return fetch(moving.source)


def said(documents: list[RawDocument]) -> Counter[tuple[str, ...]]:
    """How often the documents speak of each lesson, mark, entry, work and member of a class."""
    found: Counter[tuple[str, ...]] = Counter()
    for document in documents:
        for row in json.loads(document.content):
            if document.name.startswith("GET /edu-groups/") and "id_str" in row:
                found["a row with an id", row["id_str"]] += 1
            elif document.name.startswith("POST /works/many"):
                found["work", row["id_str"]] += 1
            elif "/lesson-log-entries/" in document.name:
                found["entry", row["person_str"], row["lesson_str"]] += 1
            elif document.name.startswith("POST /edu-groups"):
                found.update(("member", one["person"]["id_str"]) for one in row["students"])
    return found


MOVES = ["lesson_back", "lesson_on", "pupil"]


@pytest.mark.parametrize("kind", MOVES)
def test_what_moves_at_any_moment_is_neither_lost_nor_doubled(direct: Any, kind: str) -> None:
    quiet = direct()
    documents = fetch(quiet.source)
    whole = said(documents)
    assert whole.total() > 500
    for after in range(1, quiet.asked + 1):
        assert said(read_while(direct, kind, after)) == whole, after


@pytest.mark.parametrize("kind", MOVES)
def test_what_moves_would_be_lost_or_doubled_if_it_were_read_once(
    direct: Any, kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The emulator's changes are such as the second reading is there for."""
    quiet = direct()
    whole = said(fetch(quiet.source))

    def read_once(plan: Any, ask_all: Any) -> list[Any]:
        held: dict[Any, bytes] = {}

        def answers(asks: Any) -> list[bytes]:
            lacking = [ask for ask in asks if ask.key not in held]
            held.update(zip((ask.key for ask in lacking), ask_all(lacking), strict=True))
            return [held[ask.key] for ask in asks]

        return [(ask, held[ask.key]) for ask in plan.walk(answers)]

    monkeypatch.setattr("connectors.dnevnik_ru.source.read_settled", read_once)
    assert any(said(read_while(direct, kind, n)) != whole for n in range(1, quiet.asked))


@pytest.mark.parametrize("kind", MOVES)
def test_what_moves_is_found_over_the_network_too(
    open_source: Any, school: School, kind: str
) -> None:
    source = open_source(concurrency=10)
    whole = everything(parse(source, fetch(source)))
    school.control("move", kind=kind, after=20)
    assert everything(parse(source, fetch(source))) == whole


@pytest.mark.parametrize("after", [1, 20, 60])
def test_marks_given_meanwhile_have_their_lessons(
    open_source: Any, school: School, after: int
) -> None:
    source = open_source()
    before = parse(source, fetch(source))
    school.control("move", kind="mark", after=after, count=3)
    now = parse(source, fetch(source))
    assert ids(now, "marks") >= ids(before, "marks")
    added = ids(now, "marks") - ids(before, "marks")
    assert added.total() == len(added) <= 3
    strays = set(ids(now, "marks", "lesson_str")) - set(ids(now, "lessons"))
    assert strays == set(ids(before, "marks", "lesson_str")) - set(ids(before, "lessons"))


def test_a_lesson_deleted_meanwhile_is_refused_and_then_read(
    open_source: Any, school: School
) -> None:
    source = open_source()
    whole = everything(parse(source, fetch(source)))["lessons"]
    school.control("move", kind="lesson_gone", after=40)
    with pytest.raises(Unavailable, match="vanished"):
        fetch(source)
    assert (everything(parse(source, fetch(source)))["lessons"]).total() == whole.total() - 1


def test_a_school_that_never_rests_is_unavailable(open_source: Any, school: School) -> None:
    school.control("move", kind="lesson_back", after=3, count=-1)
    with pytest.raises(Unavailable, match="not settled"):
        fetch(open_source())
    assert len(school.heard) < 6 * 90


# --- while it fails ------------------------------------------------------------------------------

RAISED: dict[str, type[ConnectorError]] = {
    "invalidRequest": Misconfigured,
    "parameterInvalid": Misconfigured,
    "apiResourceUnavailable": Unavailable,
    "apiMethodNotSupported": Misconfigured,
    "apiRequestLimit": RateLimited,
    "apiServerError": Unavailable,
    "apiUnknownError": Unavailable,
    "apiHttpsRequired": Misconfigured,
    "authorizationFailed": AccessDenied,
    "authorizationInvalidToken": AccessDenied,
    "authorizationTokenRequired": AccessDenied,
    "authorizationOutOfScope": AccessDenied,
    "authorizationNotOwner": AccessDenied,
    "authorizationOwnerForbidden": AccessDenied,
    "authorizationSystemForbidden": AccessDenied,
    "503": Unavailable,
    "429": RateLimited,
    "433": RateLimited,
    "html": Unavailable,
    "cut": Unavailable,
}


@pytest.mark.parametrize("kind", RAISED)
def test_every_error_in_the_middle_of_a_run_loses_the_whole_of_it(
    open_source: Any, school: School, kind: str
) -> None:
    school.control("fault", kind=kind, count=-1, after=30)
    with pytest.raises(RAISED[kind]) as caught:
        fetch(open_source())
    assert "по заказу" not in repr(caught.value)
    assert caught.value.where
    patient = issubclass(RAISED[kind], Retriable)
    assert len(school.heard) == 30 + (3 if patient else 1)
    assert isinstance(caught.value, Fatal) == (not patient)


@pytest.mark.parametrize(
    "kind", [kind for kind, raised in RAISED.items() if issubclass(raised, Retriable)]
)
def test_a_passing_error_changes_nothing(open_source: Any, school: School, kind: str) -> None:
    source = open_source()
    healthy = fetch(source)
    school.control("fault", kind=kind, count=2, after=30)
    assert fetch(source) == healthy


def test_the_pause_that_is_asked_for_is_kept(open_source: Any, school: School, time_: Any) -> None:
    school.control("fault", kind="433", count=1, after=10, retry_after="25")
    fetch(open_source())
    assert 25 in time_.slept


def test_requests_keep_their_distance(open_source: Any, school: School, time_: Any) -> None:
    fetch(open_source())
    assert time_.now == pytest.approx(0.015 * (len(school.heard) - 1))


def test_an_answer_slower_than_we_wait_is_unavailable(school: School, time_: Any) -> None:
    school.control("fault", kind="slow", count=-1, after=10)
    client = HttpClient(
        school.url,
        open_session(),
        policy=Policy(attempts=1, read_timeout=0.05, concurrency=1),
        judge=judge,
        sleep=time_.sleep,
        clock=time_.clock,
    )
    access = Access(client, SuppliedKey(school.store["token"]))
    number = school.store["school_id"]
    source = DnevnikRuSource(SCHOOL, access, number, ZoneInfo(ZONE), YEAR_START)
    with pytest.raises(Unavailable, match="ReadTimeout"):
        fetch(source)


# --- while keys end ------------------------------------------------------------------------------


@pytest.fixture
def refreshing(school: School, open_source: Any, tmp_path: Path) -> Callable[[], Source]:
    known = school.store["application"]
    return lambda: open_source(token=None, token_folder=tmp_path / "tokens", **known)


def grants(school: School) -> int:
    return sum(one.path == "/v2/authorizations" for one in school.heard)


@pytest.mark.parametrize("after", [0, 1, 30])
def test_a_key_that_ends_in_the_middle_is_renewed_once(
    refreshing: Any, open_source: Any, school: School, after: int
) -> None:
    healthy = fetch(open_source())
    source = refreshing()
    school.control("expire", after=after)
    assert fetch(source) == healthy
    assert grants(school) == 2


def test_a_supplied_key_that_ends_in_the_middle_is_fatal(open_source: Any, school: School) -> None:
    school.control("expire", after=30)
    with pytest.raises(AccessDenied):
        fetch(open_source())
    assert len(school.heard) == 31


def test_many_threads_renew_a_key_once(open_source: Any, school: School, tmp_path: Path) -> None:
    healthy = fetch(open_source())
    known = school.store["application"]
    source = open_source(token=None, token_folder=tmp_path / "tokens", concurrency=10, **known)
    school.control("expire", after=30)
    assert fetch(source) == healthy
    assert grants(school) == 2


def test_the_next_run_goes_on_with_the_kept_tokens(refreshing: Any, school: School) -> None:
    fetch(refreshing())
    fetch(refreshing())
    assert grants(school) == 1


def test_a_scope_that_is_missing_stops_the_school(refreshing: Any, school: School) -> None:
    school.control("grant", scope="CommonInfo,Messages")
    with pytest.raises(AccessDenied, match="EducationalInfo"):
        fetch(refreshing())
    assert len(school.heard) == 1


def test_a_rotated_refresh_token_is_good_for_one_use(
    refreshing: Any, school: School, tmp_path: Path
) -> None:
    fetch(refreshing())
    for path in (tmp_path / "tokens").iterdir():
        path.unlink()
    with pytest.raises(AccessDenied) as caught:
        fetch(refreshing())
    assert "authorise" in caught.value.fix


def test_secrets_reach_neither_documents_nor_logs(
    refreshing: Any, school: School, caplog: pytest.LogCaptureFixture
) -> None:
    school.control("fault", kind="503", count=2, after=5)
    with caplog.at_level("DEBUG"):
        documents = fetch(refreshing())
    assert "attempt" in caplog.text
    for secret in ("sandbox-refresh", "sandbox-secret", "key-1-of", "refresh-1-of"):
        assert secret not in caplog.text + repr(documents)


@pytest.mark.parametrize(
    "settings",
    [
        {"token": None},
        {"refresh_token": "x", "client_id": "y", "client_secret": "z"},
        {"token": None, "refresh_token": "x", "client_id": "y"},
        {"token": None, "refresh_token": "x", "client_secret": "y", "token_folder": "z"},
    ],
)
def test_settings_that_open_no_way_or_two_are_refused(
    open_source: Any, settings: dict[str, Any]
) -> None:
    with pytest.raises(Misconfigured) as caught:
        open_source(**settings)
    assert not str(caught.value).endswith(": ")
