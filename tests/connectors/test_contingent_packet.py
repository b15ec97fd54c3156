"""Packets, tickets and envelopes: the queue, modes, signature, and bytes that do not change."""

from __future__ import annotations

import base64
import io
import re
import zipfile
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from lxml import etree

from connectors.contingent import ContingentClient, read_shape
from connectors.contingent.checks import sift
from connectors.contingent.packet import Sender, pack, request_code
from connectors.contingent.soap import app_data
from connectors.errors import BatchRefused, Misconfigured, Unavailable
from connectors.registry import Link, make_contingent
from sandbox.emulators.web import Answer, Request
from tests.connectors.contingent import (
    KEY,
    SCHOOL,
    Registry,
    codes,
    everything,
    running,
    upsert,
    withdraw,
)

NS = "{urn:svod:contingent:1.0}"
SENDER = Sender("svod", "contingent", KEY, "4bca0dd5-3a2c-4f6c-8e0e-0a3c7f9a1b11")
AT = datetime(2026, 9, 21, 2, 30, tzinfo=UTC)


@pytest.fixture
def registry(tmp_path: Path) -> Iterator[Registry]:
    with running(tmp_path) as registry:
        yield registry


@pytest.fixture
def client(registry: Registry, link: Link) -> ContingentClient:
    return registry.client("packet", link)


def archive_of(request: Request) -> dict[str, bytes]:
    """Documents of the archive that a request carried."""
    found = re.search(rb"BinaryData>([^<]+)<", request.body)
    assert found is not None
    with zipfile.ZipFile(io.BytesIO(base64.b64decode(found[1]))) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def packed(records: list[Any], **changed: Any) -> bytes:
    shape = read_shape()
    ready, refused = sift(records, shape, codes())
    assert refused == {}
    asked: dict[str, Any] = {"mode": "MODE_UPDATED", "at": AT} | changed
    return pack(shape, SENDER, SCHOOL, request_code("b1"), ready, **asked)


def test_a_packet_has_a_document_for_each_block_and_a_request(
    client: ContingentClient, registry: Registry
) -> None:
    gone = upsert("movement", "m2")
    client.send(SCHOOL, "b1", [*everything(), withdraw(gone)])
    documents = archive_of(registry.heard[0])
    code = request_code("b1")
    kinds = ("class", "education", "movement", "person")
    assert list(documents) == [*(f"{kind}_{code}.xml" for kind in kinds), f"req_{code}.xml"]
    root = etree.fromstring(documents[f"req_{code}.xml"])
    assert root.attrib["mode"] == "MODE_UPDATED"
    assert root.attrib["session_id"] == code
    assert root.findtext(f"{NS}Organization") == SCHOOL
    applied = [dict(d.attrib) for d in root.iter(f"{NS}AppliedDocument")]
    assert [(a["block"], a["records"]) for a in applied] == [
        ("class", "1"), ("person", "1"), ("education", "1"), ("movement", "2"),
    ]  # fmt: skip
    movements = etree.fromstring(documents[f"movement_{code}.xml"])
    assert [(m.get("uid"), m.get("op"), m.get("hash") is None) for m in movements] == [
        ("m1", "upsert", False), ("m2", "delete", True),
    ]  # fmt: skip
    assert movements[1].findtext(f"{NS}OrderNumber") == gone["data"]["order_number"]


def test_bytes_follow_from_the_records_and_the_key_alone() -> None:
    first = packed(everything())
    assert packed(everything()[::-1]) == first
    assert packed(everything()) == first
    with zipfile.ZipFile(io.BytesIO(first)) as archive:
        assert {entry.date_time for entry in archive.infolist()} == {(1980, 1, 1, 0, 0, 0)}
    later = packed(everything(), at=AT.replace(hour=5))
    assert later != first
    with zipfile.ZipFile(io.BytesIO(later)) as late, zipfile.ZipFile(io.BytesIO(first)) as early:
        other = [n for n in early.namelist() if early.read(n) != late.read(n)]
        assert other == [f"req_{request_code('b1')}.xml"]


def test_the_hour_of_sending_makes_no_other_packet(registry: Registry) -> None:
    moment = iter(range(1_790_000_000, 1_790_900_000, 3600))
    link = Link(sleep=lambda _: None, now=lambda: float(next(moment)))
    moving = registry.client("packet", link)
    first = moving.send(SCHOOL, "b1", everything())
    assert moving.send(SCHOOL, "b1", everything()) == first
    bodies = [archive_of(r) for r in registry.heard if b"SendPacket" in r.body]
    assert bodies[0] != bodies[1]


def test_a_queued_packet_is_waited_for(
    client: ContingentClient, registry: Registry, time_: Any
) -> None:
    registry.control("queue", b'{"polls": 3}')
    assert {r.status for r in client.send(SCHOOL, "b1", everything())} == {"created"}
    assert time_.slept == [2, 2, 2]  # RetryAfter


def test_a_queue_that_lasts_is_settled_by_the_next_run(
    registry: Registry, link: Link, time_: Any
) -> None:
    client = registry.client("packet", link, longest_wait=5)
    registry.control("queue", b'{"polls": 6}')
    with pytest.raises(Unavailable, match="queue"):
        client.send(SCHOOL, "b1", everything())
    assert sum(time_.slept) <= 5
    with pytest.raises(Unavailable, match="queue"):
        client.fetch_batch("b1", everything())
    again = registry.client("packet", link)
    found = again.fetch_batch("b1", everything())
    assert found is not None
    assert {r.status for r in found} == {"created"}
    assert registry.control("stats")["batches"] == 1
    sent = [r for r in registry.heard if b"SendPacket>" in r.body]
    assert len(sent) == 1


@pytest.mark.parametrize(
    ("said", "waited"), [(b"7", 7), (b"", 5), (b"soon", 5), (b"0", 1), ("٣".encode(), 5)]
)
def test_how_long_it_waits(
    client: ContingentClient, registry: Registry, time_: Any, said: bytes, waited: float
) -> None:
    registry.control("queue", b'{"polls": 1}')
    retry = b"RetryAfter>%s<"
    registry.twists = [
        None,
        lambda a: replace(a, body=a.body.replace(retry % b"2", retry % said)),
    ]
    client.send(SCHOOL, "b1", everything())
    assert time_.slept == [waited]


def test_a_ticket_that_is_lost_is_no_answer(client: ContingentClient, registry: Registry) -> None:
    registry.control("backup", b'{"name": "before"}')

    def forget(answer: Answer) -> Answer:
        registry.control("restore", b'{"name": "before"}')
        return answer

    registry.twists = [forget]
    with pytest.raises(Unavailable, match="ticket"):
        client.send(SCHOOL, "b1", everything())
    assert client.fetch_batch("b1", everything()) is None
    assert {r.status for r in client.send(SCHOOL, "b1", everything())} == {"created"}


def swap(old: bytes, new: bytes) -> Any:
    return lambda answer: replace(answer, body=answer.body.replace(old, new))


@pytest.mark.parametrize(
    "twist",
    [
        swap(b"<c:Status>ok<", b"<c:Status>well<"),
        swap(b"<c:Status>ok</c:Status>", b""),
        swap(b"<c:Status>ok<", b"<c:Status>ok</c:Status><c:Status>ok<"),
        swap(b"<c:Errors>[]</c:Errors>", b""),
        swap(b"<c:Errors>[]<", b"<c:Errors>{}<"),
        swap(b"<c:Errors>[]<", b"<c:Errors>none<"),
        swap(b'"created"', b'"done"'),
        swap(b'"created"', b'"rejected"'),
        swap(b'"created"', b'"withdrawn"'),
        swap(b'"object-type": "class"', b'"object-type": "person"'),
        swap(b'"uid": "c1"', b'"uid": ""'),
        swap(b"m:AppData", b"m:OtherData"),
        swap(b"s:Envelope", b"s:Letter"),
        swap(b"</s:Envelope>", b""),
    ],
)
def test_an_answer_that_does_not_fit_is_no_answer(
    client: ContingentClient, registry: Registry, twist: Any
) -> None:
    registry.twists = [None, *[twist] * 5]
    with pytest.raises(Unavailable):
        client.send(SCHOOL, "b1", everything())
    registry.twists = []
    assert {r.status for r in client.send(SCHOOL, "b1", everything())} == {"created"}


def test_no_ticket_is_no_answer(client: ContingentClient, registry: Registry) -> None:
    registry.twists = [swap(b"TicketGUID", b"Ticket")]
    with pytest.raises(Unavailable, match="ticket"):
        client.send(SCHOOL, "b1", everything())


def test_several_faults_of_one_record_are_one_refusal(
    client: ContingentClient, registry: Registry
) -> None:
    lost = upsert("education", person="nobody", **{"class": "nothing"})
    [receipt] = client.send(SCHOOL, "b1", [lost])
    assert receipt.status == "rejected"
    assert receipt.message == "Person: Неизвестная запись; Class: Неизвестная запись"


@pytest.mark.parametrize(
    ("code", "raised"), [("Client", BatchRefused), ("Server", Unavailable), ("x", Unavailable)]
)
def test_a_fault_inside_http_200(
    client: ContingentClient, registry: Registry, code: str, raised: type[Exception]
) -> None:
    body = (
        '<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"><s:Body><s:Fault>'
        f"<faultcode>s:{code}</faultcode></s:Fault></s:Body></s:Envelope>"
    )
    registry.twists = [lambda _: Answer(200, body.encode(), "text/xml")] * 5
    with pytest.raises(raised):
        client.send(SCHOOL, "b1", everything())
    with pytest.raises(Unavailable):
        app_data(body.encode(), "GetResult")


def test_entities_of_an_answer_are_not_resolved() -> None:
    body = b'<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]><a>&x;</a>'
    with pytest.raises(Unavailable):
        app_data(body, "GetResult")


def test_the_mode_is_told(registry: Registry, link: Link) -> None:
    client = registry.client("packet", link, mode="MODE_ALL")
    client.send(SCHOOL, "b1", everything())
    root = etree.fromstring(archive_of(registry.heard[0])[f"req_{request_code('b1')}.xml"])
    assert root.attrib["mode"] == "MODE_ALL"


def test_a_signature_goes_over_the_whole_envelope(registry: Registry, link: Link) -> None:
    signed: list[bytes] = []

    def sign(envelope: bytes) -> bytes:
        signed.append(envelope)
        return envelope.replace(b"<soap:Header/>", b"<soap:Header><Signature/></soap:Header>")

    client = make_contingent(registry.settings("packet"), codes(), link, sign)
    client.send(SCHOOL, "b1", everything())
    assert len(signed) == len(registry.heard) == 2
    assert all(b"<Signature/>" in request.body for request in registry.heard)


def test_a_packet_that_does_not_fit_is_a_mistake_of_the_settings() -> None:
    with pytest.raises(Misconfigured, match="@mode"):
        packed(everything(), mode="MODE_SOME")
