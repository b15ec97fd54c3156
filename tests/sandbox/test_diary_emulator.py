"""The diary service: batches applied once, answers per record, faults that lose answers."""

from __future__ import annotations

import http.client
import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from urllib.error import URLError
from urllib.request import Request, urlopen

import pytest

from sandbox.serve import Running, start

Ask = Callable[..., tuple[int, Any]]
SCHOOL = "781001"


def mark(key: str, value: str = "5", uid: str = "311000123") -> dict[str, Any]:
    data = {
        "lesson": "l1",
        "uid": uid,
        "subject_name": "Алгебра",
        "date": "14.09.2026",
        "estimate_type_code": 1058,
        "estimate_type_name": "Работа на уроке",
        "estimate_value_code": f"{value}/5",
        "estimate_value_name": value,
    }
    return {"key": key, "op": "upsert", "type": "mark", "hash": f"h{value}", "data": data}


def lesson(key: str, teacher: str | None) -> dict[str, Any]:
    data = {
        "lesson": key,
        "date": "14.09.2026",
        "number": 2,
        "group_name": "7 а",
        "subject_name": "Алгебра",
        "content_name": "Многочлены",
        "task_name": "§ 4",
        "task_file": "zadanie_4.docx",
        "teacher_uid": teacher,
        "substitution": False,
        "held": True,
    }
    return {"key": key, "op": "upsert", "type": "lesson", "hash": "h", "data": data}


def slot(key: str, teacher: str | None = "311000999", **changed: Any) -> dict[str, Any]:
    data = {
        "slot": key,
        "group_name": "7 а",
        "subject_name": "Алгебра",
        "weekday": 1,
        "number": 2,
        "teacher_uid": teacher,
        "valid_from": "01.09.2026",
        "valid_to": "31.05.2027",
    }
    record = {"key": key, "op": "upsert", "type": "timetable", "hash": "h"}
    return {**record, "data": data | changed}


class Portal:
    """A caller of the service."""

    def __init__(self, running: Running, ask: Ask) -> None:
        self.url = str(running.urls["diary_url"])
        self._bearer = f"Bearer {running.urls['diary_token']}"
        self._ask = ask

    def send(self, key: str, *records: Any, school: str = SCHOOL) -> tuple[int, Any]:
        body = {"institution": school, "records": list(records)}
        return self._ask(
            f"{self.url}/api/ingest/v1/batches",
            body,
            Idempotency_Key=key,
            Authorization=self._bearer,
        )

    def statuses(self, key: str, *records: Any, school: str = SCHOOL) -> dict[str, str]:
        status, body = self.send(key, *records, school=school)
        assert status == 200
        return {item["key"]: item["status"] for item in body["data"]["items"]}

    def get(self, path: str) -> tuple[int, Any]:
        return self._ask(f"{self.url}{path}", Authorization=self._bearer)

    def control(self, call: str, body: object = None) -> Any:
        status, found = self._ask(f"{self.url}/_sandbox/{call}", body)
        assert status == 200
        return found

    def stats(self) -> dict[str, int]:
        found: dict[str, int] = self._ask(f"{self.url}/_sandbox/stats")[1]
        return found


@pytest.fixture
def portal(running: Running, ask: Ask) -> Portal:
    return Portal(running, ask)


def test_life_of_a_record(portal: Portal) -> None:
    assert portal.statuses("b1", mark("k")) == {"k": "created"}
    assert portal.statuses("b2", mark("k")) == {"k": "unchanged"}
    assert portal.statuses("b3", mark("k", "4")) == {"k": "updated"}
    assert portal.statuses("b4", mark("k")) == {"k": "updated"}
    gone = {"key": "k", "op": "withdraw", "type": "mark"}
    assert portal.statuses("b5", gone) == {"k": "withdrawn"}
    assert portal.stats()["records"] == 0
    assert portal.statuses("b6", mark("k")) == {"k": "created"}
    assert portal.stats() == {
        "batches": 6,
        "replays": 0,
        "created": 2,
        "updated": 2,
        "unchanged": 1,
        "withdrawn": 1,
        "rejected": 0,
        "records": 1,
    }


def test_the_same_key_again_changes_nothing(portal: Portal) -> None:
    first = portal.send("b", mark("k"))
    assert portal.statuses("c", mark("k", "2")) == {"k": "updated"}
    assert portal.send("b", mark("k")) == first
    assert portal.stats()["replays"] == 1
    assert portal._ask(f"{portal.url}/_sandbox/state")[1][0]["hash"] == "h2"
    assert portal.send("b", mark("other"))[0] == 409


def test_a_batch_can_be_asked_for(portal: Portal) -> None:
    assert portal.get("/api/ingest/v1/batches/b")[0] == 404
    sent = portal.send("b", mark("k"), mark("m"))[1]
    assert portal.get("/api/ingest/v1/batches/b") == (200, sent)


@pytest.mark.parametrize(
    ("spoil", "code"),
    [
        (lambda r: r["data"].update(uid="31100O123"), "bad_uid"),
        (lambda r: r["data"].update(uid=None), "bad_uid"),
        (lambda r: r["data"].update(surname="Брянчихин"), "bad_record"),
        (lambda r: r["data"].pop("date"), "bad_record"),
        (lambda r: r["data"].update(date="вчера"), "bad_record"),
        (lambda r: r.update(type="remark"), "bad_record"),
        (lambda r: r.update(op="delete"), "bad_record"),
    ],
)
def test_bad_records_are_rejected_alone(portal: Portal, spoil: Any, code: str) -> None:
    bad = mark("bad")
    spoil(bad)
    items = portal.send("b", bad, mark("good"))[1]["data"]["items"]
    found = {item["key"]: (item["status"], item["code"]) for item in items}
    assert found == {"bad": ("rejected", code), "good": ("created", "")}


def test_unknown_institution(portal: Portal) -> None:
    assert portal.statuses("b", mark("k"), school="999") == {"k": "rejected"}


def test_a_teacher_may_have_no_uid(portal: Portal) -> None:
    found = portal.statuses("b", lesson("a", None), lesson("b", "123456"), lesson("c", "x"))
    assert found == {"a": "created", "b": "created", "c": "rejected"}


@pytest.mark.parametrize(
    ("changed", "code"),
    [
        ({"weekday": 0}, "bad_record"),
        ({"weekday": True}, "bad_record"),
        ({"weekday": 8}, "bad_record"),
        ({"number": "2"}, "bad_record"),
        ({"valid_from": "2026-09-01"}, "bad_record"),
        ({"valid_from": "31.09.2026"}, "bad_record"),
        ({"valid_from": "01.06.2027"}, "bad_record"),
        ({"group_name": None}, "bad_record"),
        ({"room": "12"}, "bad_record"),
        ({"teacher_uid": "7"}, "bad_uid"),
    ],
)
def test_slots_of_the_timetable(portal: Portal, changed: dict[str, Any], code: str) -> None:
    items = portal.send("b", slot("bad", **changed), slot("good"), slot("open", None))[1]
    found = {item["key"]: (item["status"], item["code"]) for item in items["data"]["items"]}
    assert found == {"bad": ("rejected", code), "good": ("created", ""), "open": ("created", "")}


@pytest.mark.parametrize(
    "changed", [{"task_file": ""}, {"task_file": 7}, {"substitution": None}, {"held": ...}]
)
def test_what_a_lesson_must_say(portal: Portal, changed: dict[str, Any]) -> None:
    record = lesson("k", None)
    record["data"].update(changed)
    if record["data"]["held"] is ...:
        del record["data"]["held"]
    assert portal.statuses("b", record) == {"k": "rejected"}


def test_a_withdrawal_of_what_is_not_there(portal: Portal) -> None:
    assert portal.statuses("b", {"key": "k", "op": "withdraw", "type": "timetable"}) == {
        "k": "withdrawn"
    }
    assert portal.stats()["records"] == 0


def test_refusals_of_a_whole_batch(portal: Portal, ask: Ask) -> None:
    assert ask(f"{portal.url}/api/ingest/v1/batches", {}, Authorization="Bearer no")[0] == 401
    assert portal.send("b", *[mark(str(n)) for n in range(501)])[0] == 413
    assert portal.send("")[0] == 400
    assert portal.send("b", {"op": "upsert"})[0] == 400
    assert portal.send("b", mark("k"), mark("k", "2"))[0] == 422
    assert portal.stats()["batches"] == 0


def test_pages(portal: Portal) -> None:
    portal.send("b", *[mark(f"k{n:02d}") for n in range(35)])
    data = portal.get(f"/api/ingest/v1/records?institution={SCHOOL}&p_page=2")[1]["data"]
    assert [item["key"] for item in data["items"]] == [f"k{n:02d}" for n in range(20, 35)]
    assert {k: v for k, v in data.items() if k != "items"} == {
        "before": 1,
        "current": 2,
        "last": 2,
        "next": 2,
        "total_pages": 2,
        "total_items": 35,
    }
    assert set(data["items"][0]) == {"key", "type", "hash", "id"}


def test_reads_in_the_verified_envelope(portal: Portal) -> None:
    portal.send("b", mark("k"), mark("m", uid="311000999"), lesson("l1", None))
    span = "p_date_from=14.09.2026&p_date_to=14.09.2026"
    body = portal.get(f"/api/journal/estimate/table?p_uid=311000123&{span}")[1]
    assert set(body) == {"data", "validations", "messages", "debug"}
    assert [e["estimate_value_code"] for e in body["data"]["items"]] == ["5/5"]
    assert "uid" not in body["data"]["items"][0]
    path = f"/api/journal/lesson/list-by-education?p_institution={SCHOOL}&{span}"
    lessons = portal.get(path)[1]["data"]["items"]
    [task] = lessons[0]["tasks"]
    assert (task["task_name"], task["files"]) == ("§ 4", ["zadanie_4.docx"])
    later = "p_date_from=15.09.2026&p_date_to=16.09.2026"
    body = portal.get(f"/api/journal/estimate/table?p_uid=311000123&{later}")[1]
    assert body["data"]["items"] == []


def test_poison_breaks_every_batch_that_holds_it(portal: Portal) -> None:
    portal.control("poison", {"key": "k"})
    assert portal.send("b", mark("k"), mark("m"))[0] == 500
    assert portal.get("/api/ingest/v1/batches/b")[0] == 404
    assert portal.statuses("c", mark("m")) == {"m": "created"}
    portal.control("poison", {"key": "k", "remove": True})
    assert portal.statuses("b", mark("k"), mark("m")) == {"k": "created", "m": "unchanged"}
    assert portal.control("batches") == {
        "sizes": {"2": 2, "1": 1},
        "received": [
            {"key": "b", "size": 2, "status": 500},
            {"key": "c", "size": 1, "status": 200},
            {"key": "b", "size": 2, "status": 200},
        ],
    }
    assert portal.stats()["batches"] == 2


def test_a_restored_portal_knows_what_it_knew(portal: Portal) -> None:
    first = portal.send("b", mark("k"))[1]
    portal.control("backup", {"name": "monday"})
    portal.send("c", mark("k", "2"), mark("m"))
    portal.control("poison", {"key": "x"})
    portal.control("restore", {"name": "monday"})

    assert [(r["key"], r["hash"]) for r in portal.control("state")] == [("k", "h5")]
    assert portal.get("/api/ingest/v1/batches/b") == (200, first)
    assert portal.get("/api/ingest/v1/batches/c")[0] == 404
    assert (portal.stats()["batches"], portal.stats()["records"]) == (2, 1)
    assert portal.control("batches")["sizes"] == {"1": 1, "2": 1}
    assert portal.send("d", mark("x"))[0] == 500
    assert portal.statuses("c", mark("k", "2"), mark("m")) == {"k": "updated", "m": "created"}


def test_control_calls_that_cannot_be_met(portal: Portal) -> None:
    for call, body in (
        ("restore", {"name": "never"}),
        ("backup", {"name": "../away"}),
        ("poison", {}),
    ):
        status, said = portal._ask(f"{portal.url}/_sandbox/{call}", body)
        assert (status, bool(said["error"])) == (400, True)


@pytest.mark.parametrize(("kind", "applied"), [("cut_before", 0), ("cut_after", 1)])
def test_lost_answers(portal: Portal, kind: str, applied: int) -> None:
    portal.control("fault", {"kind": kind})
    with pytest.raises((URLError, http.client.HTTPException, ConnectionError)):
        portal.send("b", mark("k"))
    assert portal.stats()["records"] == applied
    assert portal.statuses("b", mark("k")) == {"k": "created"}
    assert portal.stats()["records"] == 1


def test_faults_speak_as_the_service_does(portal: Portal) -> None:
    for kind, status in (("429", 429), ("error200", 200), ("out_of_disk", 507)):
        portal.control("fault", {"kind": kind})
        found, body = portal.send("b", mark("k"))
        assert found == status
        assert body["messages"]
        assert body["data"] == {}
    assert portal.stats()["batches"] == 0
    portal.control("fault", {"kind": "partial", "count": -1})
    assert list(portal.statuses("b", mark("k"), mark("m"))) == ["k"]
    listed = portal.get(f"/api/ingest/v1/records?institution={SCHOOL}")[1]["data"]["items"]
    assert len(listed) == 2
    assert len(portal.get("/api/ingest/v1/batches/b")[1]["data"]["items"]) == 1
    portal.control("fault", {"kind": "partial", "count": 0})
    assert list(portal.statuses("b", mark("k"), mark("m"))) == ["k", "m"]


def test_a_restart_forgets_nothing_and_every_byte_is_kept(
    spoilt: Any, running: Running, portal: Portal, ask: Ask
) -> None:
    first = portal.send("b", mark("k"))
    again = start(spoilt.folder)
    try:
        second = Portal(again, ask)
        assert second.send("b", mark("k")) == first
        assert second.stats()["records"] == 1
    finally:
        again.close()
    log = (spoilt.folder / "diary-received.log").read_bytes()
    body = json.dumps({"institution": SCHOOL, "records": [mark("k")]}).encode()
    assert log.count(body) == 2
    assert b"POST /api/ingest/v1/batches HTTP/1.1\r\n" in log
    assert b"Idempotency-Key: b" in log


def test_ten_at_once(portal: Portal) -> None:
    with ThreadPoolExecutor(10) as pool:
        found = list(pool.map(lambda n: portal.statuses(f"b{n % 5}", mark(f"k{n % 5}")), range(20)))
    assert all(set(f.values()) == {"created"} for f in found)
    assert portal.stats() | {"batches": 5, "replays": 15, "created": 5} == portal.stats()


def test_only_the_loopback_address_is_served(portal: Portal) -> None:
    assert portal.url.startswith("http://127.0.0.1:")
    with urlopen(Request(f"{portal.url}/_sandbox/stats"), timeout=5) as answer:
        assert answer.status == 200
