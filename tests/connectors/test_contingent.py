"""The contingent registry by both ways in, against its emulator on a real HTTP server."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from connectors.contingent import ContingentClient
from connectors.errors import (
    AccessDenied,
    BatchRefused,
    ConnectorError,
    Misconfigured,
    RateLimited,
    Unavailable,
)
from connectors.registry import Link
from sandbox.emulators.contingent import reshape
from sandbox.emulators.web import MAINTENANCE, Answer
from tests.connectors.contingent import (
    KEY,
    SCHOOL,
    SECRETS,
    Record,
    Registry,
    everything,
    running,
    upsert,
    withdraw,
)

VARIANTS = ("packet", "rest")
MOMENT = 1_790_000_000.0


@pytest.fixture
def registry(tmp_path: Path) -> Iterator[Registry]:
    with running(tmp_path) as registry:
        yield registry


@pytest.fixture
def link(time_: Any) -> Link:
    """Time moves when somebody sleeps, the calendar never."""
    return Link(sleep=time_.sleep, clock=time_.clock, jitter=lambda: 0.0, now=lambda: MOMENT)


@pytest.fixture(params=VARIANTS)
def variant(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def client(registry: Registry, variant: str, link: Link) -> ContingentClient:
    return registry.client(variant, link)


def statuses(client: ContingentClient, key: str, *records: Record) -> dict[str, str]:
    return {r.key: r.status for r in client.send(SCHOOL, key, records)}


def test_life_of_a_record(client: ContingentClient, registry: Registry) -> None:
    records = everything()
    assert statuses(client, "b1", *records) == dict.fromkeys(("c1", "p1", "e1", "m1"), "created")
    assert statuses(client, "b2", *records) == dict.fromkeys(("c1", "p1", "e1", "m1"), "unchanged")
    left = upsert("education", training_end_at="2026-11-20", deduction_reason="1")
    assert statuses(client, "b3", left) == {"e1": "updated"}
    assert registry.state()["e1"]["data"]["training_end_at"] == "2026-11-20"
    assert statuses(client, "b4", withdraw(left), withdraw(records[3])) == {
        "e1": "withdrawn",
        "m1": "withdrawn",
    }
    assert registry.state().keys() == {"c1", "p1"}
    assert statuses(client, "b5", records[2]) == {"e1": "created"}


def test_what_was_sent_is_what_the_registry_holds(
    client: ContingentClient, registry: Registry, variant: str
) -> None:
    records = everything()
    client.send(SCHOOL, "b1", records)
    state = registry.state()
    for record in records:
        data = {k: str(v) for k, v in record["data"].items() if v is not None}
        if record["type"] == "person" and variant == "rest":
            data["citizenship"] = "643"  # the country
        held = {k: v for k, v in state[record["key"]]["data"].items() if v is not None}
        assert held == data
        assert state[record["key"]]["hash"] == record["hash"]


def test_receipts_come_in_the_order_of_the_records(client: ContingentClient) -> None:
    backwards = everything()[::-1]
    assert [r.key for r in client.send(SCHOOL, "b1", backwards)] == ["m1", "e1", "p1", "c1"]


def test_the_same_key_applies_once(client: ContingentClient, registry: Registry) -> None:
    first = client.send(SCHOOL, "b1", everything())
    assert client.send(SCHOOL, "b1", everything()) == first
    assert client.fetch_batch("b1", everything()) == first
    assert registry.control("stats")["created"] == 4
    with pytest.raises(Misconfigured):
        client.send(SCHOOL, "b1", [upsert("class", name="6 б")])
    assert registry.state()["c1"]["data"]["name"] == "5 а"


def test_a_batch_never_sent_is_none(client: ContingentClient) -> None:
    assert client.fetch_batch("b1", everything()) is None


def test_what_the_registry_refuses_keeps_its_reason(
    client: ContingentClient, registry: Registry
) -> None:
    client.send(SCHOOL, "b1", everything()[:2])
    lost = upsert("education", "e9", person="nobody", **{"class": "nothing"})
    good, bad = client.send(SCHOOL, "b2", [upsert("movement"), lost])
    assert (good.status, bad.status) == ("created", "rejected")
    assert bad.code in ("registry_error", "unknown_reference")
    assert "запись" in bad.message
    assert "erson" in bad.message
    assert "e9" not in registry.state()


def test_a_correction_must_bring_what_was(client: ContingentClient, registry: Registry) -> None:
    client.send(SCHOOL, "b1", everything())
    other = withdraw(upsert("education", training_begin_at="2026-09-02"))
    [receipt] = client.send(SCHOOL, "b2", [other])
    assert receipt.status == "rejected"
    assert "e1" in registry.state()


def test_a_correction_of_what_is_not_there_is_done(client: ContingentClient) -> None:
    assert statuses(client, "b1", withdraw(upsert("education"))) == {"e1": "withdrawn"}


@pytest.mark.parametrize(
    ("record", "code", "said"),
    [
        (upsert("person", snils="112-233-445 96"), "bad_snils", "snils"),
        (upsert("person", snils="11223344595"), "bad_snils", "snils"),
        (upsert("person", lastname="О'Коннор"), "bad_name", "lastname"),
        (upsert("person", patronymic="И."), "bad_name", "patronymic"),
        (upsert("person", firstname="А" * 101), "schema", "Person/Firstname: слишком длинно"),
        (upsert("person", gender=3), "schema", "Person/Gender: нет в списке кодов"),
        (upsert("person", gender=None), "schema", "Person"),
        (upsert("person", snils=None, document_number=None), "no_identity", "СНИЛС"),
        (upsert("person", document_series=None), "bad_document", "document_series"),
        (upsert("person", document_type=None), "bad_document", "document_type"),
        (upsert("person", height=150), "schema", "нет в схеме"),
        (upsert("person", document_number="50\x0149"), "schema", "XML"),
        (upsert("person", document_number=[504913]), "schema", "не строка"),
        (upsert("class", grade_level=True), "schema", "не строка"),
        ({"key": "p1", "op": "withdraw", "type": "person"}, "no_data", "до удаления"),
        ({"key": "x1", "op": "upsert", "type": "mark", "data": {}}, "bad_record", "вид записи"),
        ({"key": "p1", "op": "rub", "type": "person", "data": {}}, "bad_record", "действие"),
    ],
)
def test_what_does_not_fit_stays_here_and_the_rest_goes(
    client: ContingentClient, registry: Registry, record: Record, code: str, said: str
) -> None:
    bad, good = client.send(SCHOOL, "b1", [record, upsert("class", "c2")])
    assert (bad.key, bad.status, bad.code, bad.remote_id) == (record["key"], "rejected", code, None)
    assert said in bad.message
    assert good.status == "created"
    assert registry.state().keys() == {"c2"}
    assert client.fetch_batch("b1", [record, upsert("class", "c2")]) == [bad, good]
    for value in map(str, (record.get("data") or {}).values()):
        assert len(value) < 5 or value not in bad.message


def test_nothing_fit_to_be_sent_asks_nobody(client: ContingentClient, registry: Registry) -> None:
    bad = upsert("person", snils="112-233-445 96")
    [receipt] = client.send(SCHOOL, "b1", [bad])
    assert receipt.status == "rejected"
    assert client.fetch_batch("b1", [bad]) == [receipt]
    assert client.send(SCHOOL, "b2", []) == []
    assert registry.heard == []


def test_a_batch_keeps_to_its_contract(client: ContingentClient, registry: Registry) -> None:
    with pytest.raises(ValueError, match="500"):
        client.send(SCHOOL, "b", [upsert("class", f"c{n}") for n in range(501)])
    with pytest.raises(ValueError, match="once"):
        client.send(SCHOOL, "b", [upsert("class"), upsert("class")])
    assert registry.heard == []


def test_a_school_nobody_registered_is_a_refused_batch(client: ContingentClient) -> None:
    with pytest.raises(BatchRefused):
        client.send("781999", "b1", everything())
    assert client.fetch_batch("b1", everything()) is None


def test_a_batch_that_fails_as_a_whole(client: ContingentClient, registry: Registry) -> None:
    registry.control("fail", b'{"packets": 1}')
    with pytest.raises(BatchRefused):
        client.send(SCHOOL, "b1", everything())
    assert registry.state() == {}
    assert client.fetch_batch("b1", everything()) is None
    with pytest.raises(BatchRefused):
        client.send(SCHOOL, "b1", everything())
    assert set(statuses(client, "b2", *everything()).values()) == {"created"}


def test_a_wrong_key_is_denied(registry: Registry, variant: str, link: Link) -> None:
    with pytest.raises(AccessDenied):
        registry.client(variant, link, key="other").send(SCHOOL, "b1", everything())


def page(_: Answer) -> Answer:
    return Answer(200, MAINTENANCE, "text/html; charset=utf-8")


def status(code: int, body: bytes = b"<p>no JSON</p>", **headers: str) -> Callable[..., Answer]:
    return lambda _: Answer(code, body, "text/html", headers)


def cut(answer: Answer) -> Answer:
    return replace(answer, cut=True)


def silent(_: Answer) -> Answer:
    return Answer(cut=True)


LOST = [page, status(500), status(507), status(503), status(429, Retry_After="1"), cut, silent]


@pytest.mark.parametrize("twist", LOST)
def test_a_lost_answer_is_asked_for_again(
    client: ContingentClient, registry: Registry, twist: Any
) -> None:
    registry.twists = [twist, twist]  # both applied, or refused; the third is heard
    assert set(statuses(client, "b1", *everything()).values()) == {"created"}
    assert registry.control("stats")["created"] == 4


@pytest.mark.parametrize("twist", LOST)
def test_an_answer_that_stays_lost_is_settled_by_the_key(
    client: ContingentClient, registry: Registry, twist: Any
) -> None:
    registry.twists = [None, *[twist] * 3]
    with pytest.raises((Unavailable, RateLimited)):
        client.send(SCHOOL, "b1", everything())
    registry.twists = []
    assert set(statuses(client, "b1", *everything()).values()) == {"created"}
    found = client.fetch_batch("b1", everything())
    assert found is not None
    assert {r.status for r in found} == {"created"}
    assert registry.control("stats")["created"] == 4


@pytest.mark.parametrize("code", [400, 413, 422])
def test_a_refusal_need_not_be_json(
    client: ContingentClient, registry: Registry, code: int
) -> None:
    registry.twists = [status(code, "Жмелеватов: отказ".encode())]
    with pytest.raises(BatchRefused) as caught:
        client.send(SCHOOL, "b1", everything())
    assert "Жмелеватов" not in told(caught.value)


@pytest.mark.parametrize(("code", "raised"), [(403, AccessDenied), (404, Misconfigured)])
def test_other_refusals(
    client: ContingentClient, registry: Registry, code: int, raised: type[Exception]
) -> None:
    registry.twists = [status(code)]
    with pytest.raises(raised):
        client.send(SCHOOL, "b1", everything())


CHANGES = {
    "half": lambda results: results[: len(results) // 2],
    "double": lambda results: [*results, results[0]],
    "surplus": lambda results: [*results, renamed(results[0])],
    "none": lambda results: [],
}


def renamed(result: Any) -> Any:
    """The result of another record, in whichever form the variant has."""
    if isinstance(result, tuple):
        return (result[0], {**result[1], "uid": "other"})
    return {**result, "external_id": "other"}


def changed(change: Callable[[list[Any]], list[Any]]) -> Callable[[Answer], Answer]:
    """As a wrapper of the emulator changes results: only in answers that have some."""
    return lambda answer: reshape(answer, change)


@pytest.mark.parametrize("name", CHANGES)
def test_results_that_are_not_those_of_the_records(
    client: ContingentClient, registry: Registry, name: str
) -> None:
    """With an error among the results, which the packet variant lists apart."""
    records = [*everything(), upsert("movement", "m9", person="nobody")]
    registry.twists = [changed(CHANGES[name])] * 20
    with pytest.raises(Unavailable):
        client.send(SCHOOL, "b1", records)
    with pytest.raises(Unavailable):
        client.fetch_batch("b1", records)
    registry.twists = []
    settled = client.send(SCHOOL, "b1", records)
    assert [r.status for r in settled] == [*["created"] * 4, "rejected"]


def test_a_fault_told_twice(registry: Registry, link: Link) -> None:
    """Several faults of one record are usual for a packet; the same one twice is a broken list."""
    registry.twists = [changed(lambda results: results * 2)] * 20
    with pytest.raises(Unavailable, match="twice"):
        registry.client("packet", link).send(SCHOOL, "b1", [upsert("education")])


@pytest.mark.parametrize("said", ["created", "withdrawn", "done", ""])
def test_a_change_cannot_have_created_anything(registry: Registry, link: Link, said: str) -> None:
    client = registry.client("rest", link)
    client.send(SCHOOL, "b1", everything())
    registry.twists = [changed(lambda results: [{**r, "status": said} for r in results])] * 20
    with pytest.raises(Unavailable):
        client.send(SCHOOL, "b2", everything())


def test_a_creation_cannot_have_changed_anything(registry: Registry, link: Link) -> None:
    registry.twists = [None, swap(b'"created"', b'"updated"')]
    with pytest.raises(Unavailable):
        registry.client("rest", link).send(SCHOOL, "b1", [upsert("class")])


def swap(old: bytes, new: bytes) -> Callable[[Answer], Answer]:
    return lambda answer: replace(answer, body=answer.body.replace(old, new))


@pytest.mark.parametrize(
    ("old", "new"),
    [(b"TotalRecords>4<", b"TotalRecords>5<"), (b'"total":1', b'"total":2'),
     (b"TotalRecords>4<", b"TotalRecords>3<"), (b'"total":1', b'"total":0'),
     (b"<c:Page>1<", b"<c:Page>2<"), (b"Records>4<", b"Records>four<")],
)  # fmt: skip
def test_a_list_that_is_not_whole(registry: Registry, link: Link, old: bytes, new: bytes) -> None:
    client = registry.client("packet" if b">" in old else "rest", link)
    client.send(SCHOOL, "b1", everything())
    registry.twists = [swap(old, new)] * 20
    with pytest.raises(Unavailable):
        list(client.list_records(SCHOOL))


def test_results_in_another_order_are_fine(client: ContingentClient, registry: Registry) -> None:
    records = [*everything(), upsert("movement", "m9", person="nobody"), upsert("class", "c2")]
    registry.twists = [changed(lambda results: results[::-1])] * 20
    receipts = client.send(SCHOOL, "b1", records)
    assert [r.key for r in receipts] == ["c1", "p1", "e1", "m1", "m9", "c2"]
    assert [r.status for r in receipts] == [*["created"] * 4, "rejected", "created"]


def test_a_registry_restored_from_an_older_state(
    client: ContingentClient, registry: Registry
) -> None:
    client.send(SCHOOL, "b1", everything()[:2])
    registry.control("backup", b'{"name": "evening"}')
    client.send(SCHOOL, "b2", everything()[2:])
    assert client.count_records(SCHOOL) == 4
    registry.control("restore", b'{"name": "evening"}')
    assert client.fetch_batch("b1", everything()[:2]) is not None
    assert client.fetch_batch("b2", everything()[2:]) is None
    assert client.count_records(SCHOOL) == 2
    assert set(statuses(client, "b2", *everything()[2:]).values()) == {"created"}


def test_the_live_records_are_listed(client: ContingentClient) -> None:
    records = everything()
    client.send(SCHOOL, "b1", records)
    found = pl.concat(client.list_records(SCHOOL))
    assert found.schema == dict.fromkeys(("key", "type", "hash", "id"), pl.String)
    wanted = {(r["key"], r["type"], r["hash"]) for r in records}
    assert set(found.drop("id").iter_rows()) == wanted
    assert client.count_records(SCHOOL) == 4


def test_no_records_are_an_empty_frame(client: ContingentClient) -> None:
    found = pl.concat(client.list_records(SCHOOL))
    assert found.schema == dict.fromkeys(("key", "type", "hash", "id"), pl.String)
    assert found.height == 0


@pytest.mark.parametrize(("variant", "page_size"), [("packet", "tickets"), ("rest", "rest")])
def test_the_list_comes_in_pages(
    variant: str, page_size: str, registry: Registry, link: Link, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = registry.client(variant, link)
    persons = [upsert("person", f"p{n:02}") for n in range(7)]
    client.send(SCHOOL, "b1", [upsert("class"), *persons, upsert("education", person="p03")])
    monkeypatch.setattr(f"connectors.contingent.{page_size}.PAGE", 3)
    frames = list(client.list_records(SCHOOL))
    assert len(frames) > 2
    assert max(f.filter(pl.col("type") == "person").height for f in frames) == 3
    keys = pl.concat(frames)["key"].to_list()
    assert sorted(keys) == sorted(["c1", "e1", *(p["key"] for p in persons)])


@pytest.mark.parametrize(("variant", "page_size"), [("packet", "tickets"), ("rest", "rest")])
def test_a_list_that_changes_while_it_is_read_is_not_trusted(
    variant: str, page_size: str, registry: Registry, link: Link, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = registry.client(variant, link)
    client.send(SCHOOL, "b1", [upsert("person", f"p{n}") for n in range(5)])
    monkeypatch.setattr(f"connectors.contingent.{page_size}.PAGE", 2)
    frames = client.list_records(SCHOOL)
    next(frames)
    if variant == "rest":
        next(frames)  # the first were the classes
    client.send(SCHOOL, "b2", [upsert("person", "p9")])
    with pytest.raises(Unavailable):
        list(frames)


def told(error: BaseException) -> str:
    """All that an error says, by whatever way, with its causes."""
    said = [
        repr(error),
        str(error),
        str(getattr(error, "where", "")),
        str(getattr(error, "fix", "")),
    ]
    return " ".join([*said, *(told(e) for e in (error.__cause__, error.__context__) if e)])


SPITEFUL = (
    "Жмелеватов Артемий (СНИЛС 112-233-445 95, 04.03.2015, ЖМЕЛЕВАТОВ) уже числится у Петровой"
)


def test_nobody_is_named_in_logs_and_errors(
    client: ContingentClient,
    registry: Registry,
    variant: str,
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.DEBUG)
    said: list[str] = []

    def quote(results: list[Any]) -> list[Any]:
        """Refuse all records in words that quote them."""
        if variant == "rest":
            return [{**r, "status": "rejected", "message": SPITEFUL} for r in results]
        about = [{k: r[k] for k in ("uid", "object-type")} for _, r in results]
        return [("Errors", {**one, "field": "Snils", "error": SPITEFUL}) for one in about]

    registry.twists = [changed(quote)] * 20
    receipts = client.send(SCHOOL, "b1", everything())
    assert {r.status for r in receipts} == {"rejected"}
    said += [r.message for r in receipts]
    assert all("уже числится у" in message for message in said)
    for twist in [*LOST, status(400, SPITEFUL.encode()), status(409), changed(CHANGES["half"])]:
        registry.twists = [twist] * 20
        for act in (client.send, None):
            with pytest.raises(ConnectorError) as caught:  # noqa: PT012
                if act:
                    act(SCHOOL, "b1", everything())
                client.fetch_batch("b1", everything())
                raise ConnectorError("nothing was wrong")
            said.append(told(caught.value))
    bad = [upsert("person", f"p{n}", **{name: "Жмелеватов."}) for n, name in enumerate(
        ("lastname", "snils", "birthdate", "document_number", "gender", "document_issued")
    )]  # fmt: skip
    registry.twists = []
    said += [repr(r) for r in client.send(SCHOOL, "b2", bad)]
    words = " ".join([*said, caplog.text, repr(client)])
    assert "Петров" not in words
    found = [secret for secret in SECRETS if secret.casefold() in words.casefold()]
    assert found == []
    assert KEY not in words


def test_the_emulator_heard_them_all_the_same(client: ContingentClient, registry: Registry) -> None:
    """Names do leave for this registry; the test above would else prove nothing."""
    client.send(SCHOOL, "b1", everything())
    log = registry.log.read_text("utf-8")
    assert [secret for secret in SECRETS if secret not in log] == []


def test_the_same_records_are_the_same_bytes(client: ContingentClient, registry: Registry) -> None:
    records = [*everything(), *(upsert(r["type"], f"{r['key']}0") for r in everything())]
    client.send(SCHOOL, "b1", records)
    first = [request.body for request in registry.heard]
    registry.heard.clear()
    client.send(SCHOOL, "b1", [dict(reversed(record.items())) for record in records[::-1]])
    assert [request.body for request in registry.heard] == first
