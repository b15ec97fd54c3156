"""Every kind of fault around a small service, over a real HTTP server."""

from __future__ import annotations

import json
import socket
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from http.client import HTTPConnection, IncompleteRead, RemoteDisconnected
from typing import Any
from urllib.parse import urlsplit

import pytest

from sandbox.emulators.fault_plan import parse
from sandbox.emulators.faults import Change, Faulty, Manner, serve_with_faults
from sandbox.emulators.web import Answer, Request, Server, address, json_answer

LOST = (RemoteDisconnected, ConnectionResetError, BrokenPipeError)
REFUSED = (ConnectionRefusedError,)
SHORT = 0.6  # seconds; a client below waits half of it


class Shelf:
    """Keeps what is put on it and answers for each thing."""

    def __init__(self) -> None:
        self.things: list[str] = []
        self._backups: dict[str, list[str]] = {}

    def respond(self, request: Request) -> Answer:
        body = json.loads(request.body) if request.body else {}
        match request.method, request.path:
            case "POST", "/things":
                self.things += body
                return json_answer({"results": [{"thing": thing, "ok": True} for thing in body]})
            case "GET", "/things":
                return json_answer({"things": self.things})
            case "POST", "/_sandbox/backup":
                self._backups[body["name"]] = list(self.things)
                return json_answer(body)
            case "POST", "/_sandbox/restore" if body["name"] in self._backups:
                self.things = list(self._backups[body["name"]])
                return json_answer(body)
        return json_answer({}, 404)


def reshape(answer: Answer, change: Change) -> Answer:
    said = json.loads(answer.body)
    if "results" not in said:
        return answer
    return replace(answer, body=json.dumps({"results": change(said["results"])}).encode())


@dataclass
class Door:
    """A shelf behind its faults, and a caller that keeps no connection."""

    shelf: Shelf
    faulty: Faulty
    server: Server

    def ask(
        self, method: str, path: str, body: object = None, timeout: float = 5
    ) -> tuple[int, str, bytes, dict[str, str]]:
        line = HTTPConnection(urlsplit(address(self.server)).netloc, timeout=timeout)
        try:
            line.request(method, path, None if body is None else json.dumps(body).encode())
            answer = line.getresponse()
            content = answer.headers["Content-Type"]
            return answer.status, content, answer.read(), dict(answer.headers)
        finally:
            line.close()

    def put(self, *things: str, timeout: float = 5) -> tuple[int, list[str]]:
        """Status, and the things answered for."""
        status, content, body, _ = self.ask("POST", "/things", things, timeout)
        if status != 200 or "json" not in content:
            return status, []
        return status, [result["thing"] for result in json.loads(body).get("results", [])]

    def fault(self, **body: Any) -> int:
        return self.ask("POST", "/_sandbox/fault", body)[0]

    def played(self) -> list[tuple[int, str]]:
        told = json.loads(self.ask("GET", "/_sandbox/faults")[2])
        return [(entry["request"], entry["kind"]) for entry in told["played"]]


Open = Callable[[str], Door]


@pytest.fixture
def open_door() -> Iterator[Open]:
    doors: list[Door] = []

    def opened(plan: str) -> Door:
        shelf = Shelf()
        faulty = Faulty(shelf.respond, parse(plan), Manner(reshape=reshape), "shelf")
        doors.append(Door(shelf, faulty, serve_with_faults(faulty)))
        return doors[-1]

    yield opened
    for door in doors:
        door.faulty.close()
        door.server.shutdown()
        door.server.server_close()


@pytest.mark.parametrize(
    ("kind", "status", "content"),
    [
        ("429", 429, "json"),
        ("429_silent", 429, "json"),
        ("503", 503, "html"),
        ("error200", 200, "json"),
        ("html", 200, "html"),
        ("out_of_disk", 507, "json"),
    ],
)
def test_an_answer_instead(open_door: Open, kind: str, status: int, content: str) -> None:
    door = open_door(f"{kind}:2@1 retry_after=7")
    assert door.put("a") == (200, ["a"])
    for _ in range(2):
        found, type_, body, headers = door.ask("POST", "/things", ["b"])
        assert (found, content in type_) == (status, True)
        assert headers.get("Retry-After") == ("7" if kind == "429" else None)
        assert b'"thing"' not in body
    assert door.put("c") == (200, ["c"])
    assert door.shelf.things == ["a", "c"]
    assert door.played() == [(1, kind), (2, kind)]


@pytest.mark.parametrize(("kind", "applied"), [("cut_before", []), ("cut_after", ["a"])])
def test_the_connection_is_cut(open_door: Open, kind: str, applied: list[str]) -> None:
    door = open_door(kind)
    with pytest.raises(LOST):
        door.put("a")
    assert door.shelf.things == applied
    assert door.put("b") == (200, ["b"])


@pytest.mark.parametrize(
    ("kind", "before", "after"),
    [("timeout", [], []), ("timeout_after", ["a"], ["a"]), ("late", [], ["a"])],
)
def test_no_answer_in_time(open_door: Open, kind: str, before: list[str], after: list[str]) -> None:
    door = open_door(f"{kind} hold={SHORT}")
    with pytest.raises(TimeoutError):
        door.put("a", timeout=SHORT / 2)
    assert door.shelf.things == before
    time.sleep(SHORT)
    assert door.shelf.things == after
    assert door.put("b") == (200, ["b"])


def test_an_answer_that_is_held_ends_with_the_server(open_door: Open) -> None:
    door = open_door("timeout hold=600")
    lost = threading.Event()

    def wait() -> None:
        with pytest.raises(LOST):
            door.put("a", timeout=60)
        lost.set()

    threading.Thread(target=wait, daemon=True).start()
    while not door.played():
        time.sleep(0.01)
    door.faulty.close()
    assert lost.wait(5)


def test_an_answer_trickles_in(open_door: Open) -> None:
    door = open_door(f"slow slow={SHORT}")
    begun = time.monotonic()
    assert door.put("a", timeout=SHORT / 2) == (200, ["a"])
    assert time.monotonic() - begun >= SHORT * 0.9


@pytest.mark.parametrize(
    ("kind", "answered"),
    [
        ("partial", ["a", "b"]),
        ("reordered", ["d", "c", "b", "a"]),
        ("duplicate", ["a", "b", "c", "d", "a", "b"]),
    ],
)
def test_results_are_changed_and_all_is_applied(
    open_door: Open, kind: str, answered: list[str]
) -> None:
    door = open_door(kind)
    assert door.ask("GET", "/things")[0] == 200  # has no results: the fault waits
    assert door.played() == []
    assert door.put("a", "b", "c", "d") == (200, answered)
    assert door.shelf.things == ["a", "b", "c", "d"]
    assert door.put("e", "f") == (200, ["e", "f"])
    assert door.played() == [(1, kind)]


def test_nobody_listens_and_then_somebody_does(open_door: Open) -> None:
    door = open_door(f"refused:{SHORT}@1")
    host = urlsplit(address(door.server))
    kept = HTTPConnection(host.netloc, timeout=5)
    kept.request("POST", "/things", b'["a"]')
    assert kept.getresponse().read()
    with pytest.raises((*LOST, *REFUSED)):  # the open connection is gone
        _ask_again(kept)
    with pytest.raises(REFUSED):
        socket.create_connection((host.hostname or "", host.port or 0), timeout=5)
    _until_answered(door)
    assert door.put("b") == (200, ["b"])
    assert door.shelf.things == ["a", "b"]
    assert door.played() == [(1, "refused")]


def test_nobody_listens_from_the_start_or_from_now_on(open_door: Open) -> None:
    door = open_door(f"refused:{SHORT}")
    with pytest.raises(REFUSED):
        door.put("a")
    _until_answered(door)
    assert door.fault(kind="refused", count=SHORT) == 200
    with pytest.raises((*LOST, *REFUSED)):
        door.put("a")
    _until_answered(door)
    assert door.shelf.things == []


def test_a_server_may_be_stopped_while_it_is_away(open_door: Open) -> None:
    door = open_door("refused:600")
    port = door.server.server_port
    door.server.shutdown()
    door.server.server_close()
    time.sleep(0.1)
    with pytest.raises(REFUSED):
        socket.create_connection(("127.0.0.1", port), timeout=5)


def _ask_again(kept: HTTPConnection) -> None:
    kept.request("GET", "/things")
    kept.getresponse()


def _until_answered(door: Door) -> None:
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline:
        try:
            door.ask("GET", "/_sandbox/faults")
        except (*LOST, *REFUSED):
            time.sleep(0.02)
        else:
            return
    raise AssertionError("nobody came back")


def test_restored_from_backups(open_door: Open) -> None:
    door = open_door("restored@1,backup=monday@2,restored@3,restored=auto@4,restored=monday@5")
    seen = []
    for thing in "abcdef":
        door.put(thing)
        seen.append("".join(door.shelf.things))
    # to the start; kept under a name; back to that name; to the start by name; to that name again
    assert seen == ["a", "b", "bc", "bd", "e", "bf"]
    assert [kind for _, kind in door.played()] == [
        *("restored", "backup", "restored", "restored", "restored"),
    ]


def test_a_backup_that_is_not_there_is_told(open_door: Open) -> None:
    door = open_door("")
    assert door.fault(kind="restored", name="never") == 200
    assert door.put("a") == (200, ["a"])
    [entry] = json.loads(door.ask("GET", "/_sandbox/faults")[2])["played"]
    assert entry["problem"] == "shelf cannot restore 'never'"


def test_a_service_without_backups_cannot_be_restored() -> None:
    with pytest.raises(ValueError, match=r"shelf cannot backup"):
        Faulty(lambda _: Answer(404), parse("restored@3"), name="shelf")


def test_faults_follow_one_another(open_door: Open) -> None:
    door = open_door("429:2,cut_after@4,html@1")
    outcomes: list[object] = []
    for thing in "abcdef":
        try:
            outcomes.append(door.put(thing)[0])
        except LOST:
            outcomes.append("lost")
    assert outcomes == [429, 429, 200, 200, "lost", 200]
    assert door.shelf.things == ["d", "e", "f"]
    assert door.played() == [(0, "429"), (1, "429"), (2, "html"), (4, "cut_after")]


def test_a_request_that_changes_nothing_is_not_cut_after(open_door: Open) -> None:
    door = open_door("cut_after")
    assert door.ask("GET", "/things")[0] == 200
    with pytest.raises(LOST):
        door.put("a")


def test_a_storm_is_the_same_for_the_same_seed(open_door: Open) -> None:
    def played(seed: int) -> list[tuple[int, str]]:
        door = open_door(f"rate=0.5 seed={seed} slow=0.01")
        for number in range(60):
            try:
                door.put(str(number), f"{number}b")
            except LOST:
                continue
        return door.played()

    first = played(7)
    assert played(7) == first
    assert played(8) != first
    assert len({kind for _, kind in first}) > 5


# --- control -----------------------------------------------------------------------------------


def test_faults_are_ordered_from_outside(open_door: Open) -> None:
    door = open_door("")
    door.put("a")
    assert door.fault(kind="503", count=-1, after=1) == 200
    assert [door.put(thing)[0] for thing in "bcd"] == [200, 503, 503]
    assert door.fault(kind="503", count=1) == 200  # in place of the first
    assert [door.put(thing)[0] for thing in "ef"] == [503, 200]
    assert door.fault(kind="html", method="GET") == 200
    assert door.put("g") == (200, ["g"])
    assert "html" in door.ask("GET", "/things")[1]
    assert door.fault(plan="429@1,503") == 200
    assert [door.put(thing)[0] for thing in "hij"] == [503, 429, 200]


def test_faults_are_taken_away(open_door: Open) -> None:
    door = open_door("429:always rate=1 kinds=503")
    assert door.put("a")[0] == 429
    assert door.fault(kind="429", count=0) == 200
    assert door.put("a")[0] == 503
    assert door.fault(kind="all", count=0) == 200
    assert door.put("a") == (200, ["a"])


def test_what_waits_is_told(open_door: Open) -> None:
    door = open_door("429:2@1,refused:1.5@9")
    door.put("a")
    door.put("b")
    told = json.loads(door.ask("GET", "/_sandbox/faults")[2])
    assert told["requests"] == 2
    [entry] = told["played"]
    assert (entry["asked"], entry["seconds"] > 0) == ("POST /things", True)
    assert told["waiting"] == [
        {"kind": "429", "count": 1, "start": 1},
        {"kind": "refused", "count": 1.5, "start": 9},
    ]


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ({"kind": "flood"}, "flood"),
        ({"count": 3}, "kind"),
        ({"kind": "429", "count": "x"}, "x"),
        ({"kind": "restored"}, "nothing to restore"),
        ({"plan": "429:"}, "429:"),
    ],
)
def test_what_cannot_be_played_is_refused(open_door: Open, body: Any, said: str) -> None:
    status, _, content, _ = open_door("").ask("POST", "/_sandbox/fault", body)
    assert status == 400
    assert said in json.loads(content)["error"]


def test_a_fault_of_a_school_is_the_emulators_own(open_door: Open) -> None:
    assert open_door("").fault(kind="503", school="781001") == 404  # a shelf knows no schools


def test_a_cut_answer_is_half_an_answer(open_door: Open) -> None:
    """As emulators cut their own answers, beside the faults from outside."""
    door = open_door("")
    door.server.respond = lambda _: Answer(body=b"12345678", cut=True)
    with pytest.raises(IncompleteRead):
        door.ask("GET", "/things")
