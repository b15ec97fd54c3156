"""The diary service: a receipt for each record, or an error that says what to do."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import polars as pl
import pytest

from connectors.base import Receipt
from connectors.errors import AccessDenied, BatchRefused, Misconfigured, RateLimited, Unavailable
from connectors.registry import Link, make_diary

SEND = "POST /api/ingest/v1/batches"
RECORDS: list[dict[str, object]] = [
    {
        "key": "m1",
        "op": "upsert",
        "type": "mark",
        "hash": "h1",
        "data": {"estimate": "5", "a": "я"},
    },
    {"key": "m2", "op": "withdraw", "type": "mark"},
]
ITEMS = [
    {"key": "m2", "status": "withdrawn", "id": None, "code": "", "message": ""},
    {"key": "m1", "status": "created", "id": 77, "code": "", "message": "", "more": 1},
]
RECEIPTS = [Receipt("m1", "created", "77"), Receipt("m2", "withdrawn")]


def envelope(items: list[Any], **data: Any) -> dict[str, Any]:
    return {"data": {"items": items} | data, "validations": [], "messages": [], "debug": []}


@pytest.fixture
def diary(server: Any, link: Link) -> Any:
    return make_diary({"base_url": server.url, "token": "hub-token", "attempts": 3}, link)


def test_receipts_come_in_the_order_of_the_records(diary: Any, server: Any, reply: Any) -> None:
    server.replies[SEND] = reply.json(envelope(ITEMS))
    assert diary.send("781001", "batch-1", RECORDS) == RECEIPTS
    [heard] = server.heard
    assert heard.headers["Authorization"] == "Bearer hub-token"
    assert heard.headers["Idempotency-Key"] == "batch-1"
    assert json.loads(heard.body) == {"institution": "781001", "records": RECORDS}


def test_the_same_records_are_the_same_bytes(diary: Any, server: Any, reply: Any) -> None:
    server.replies[SEND] = reply.json(envelope(ITEMS))
    diary.send("781001", "batch-1", RECORDS)
    diary.send("781001", "batch-1", [dict(reversed(record.items())) for record in RECORDS])
    assert server.heard[0].body == server.heard[1].body


def test_a_rejected_record_keeps_its_reason(diary: Any, server: Any, reply: Any) -> None:
    rejected = {"key": "m1", "status": "rejected", "code": "bad_uid", "message": "нет такого кода"}
    server.replies[SEND] = reply.json(envelope([rejected, ITEMS[0]]))
    first, _ = diary.send("781001", "batch-1", RECORDS)
    assert first == Receipt("m1", "rejected", None, "bad_uid", "нет такого кода")


@pytest.mark.parametrize(
    "value",
    [
        envelope(ITEMS[:1]),
        envelope([*ITEMS, {"key": "m3", "status": "created", "id": "9"}]),
        envelope([*ITEMS, ITEMS[0]]),
        envelope([ITEMS[0], {"key": "m3", "status": "created", "id": "9"}]),
        envelope([ITEMS[0], {"key": "m1", "status": "done", "id": "9"}]),
        envelope([ITEMS[0], {"key": "m1", "status": "withdrawn", "id": "9"}]),
        envelope([{"key": "m2", "status": "created", "id": "9"}, ITEMS[1]]),
        {"data": None},
        {"data": {"items": "m1"}},
        {"type": "error", "description": "down"},
        {},
    ],
)
def test_an_answer_that_does_not_fit_is_no_answer(
    diary: Any, server: Any, reply: Any, value: Any
) -> None:
    server.replies[SEND] = reply.json(value)
    with pytest.raises(Unavailable):
        diary.send("781001", "batch-1", RECORDS)


@pytest.mark.parametrize(
    "fault",
    [
        lambda reply: reply(b"", 503),
        lambda reply: reply(b"", 429, {"Retry-After": "2"}),
        lambda reply: reply(b"<html>down</html>"),
        lambda reply: reply.json({"type": "error", "description": "down"}),
        lambda reply: reply.json(envelope(ITEMS)) and reply(b'{"data"', cut=True),
    ],
)
def test_a_lost_answer_is_asked_for_again_under_the_same_key(
    diary: Any, server: Any, reply: Any, fault: Callable[[Any], Any]
) -> None:
    server.replies[SEND] = reply.json(envelope(ITEMS))
    server.faults = [fault(reply), fault(reply)]
    assert diary.send("781001", "batch-1", RECORDS) == RECEIPTS
    assert [heard.headers["Idempotency-Key"] for heard in server.heard] == ["batch-1"] * 3
    assert len({heard.body for heard in server.heard}) == 1


@pytest.mark.parametrize(
    ("status", "raised"),
    [(401, AccessDenied), (403, AccessDenied), (409, Misconfigured), (413, BatchRefused),
     (400, BatchRefused), (422, BatchRefused), (500, Unavailable), (429, RateLimited)],
)  # fmt: skip
def test_refusals(
    diary: Any, server: Any, reply: Any, status: int, raised: type[Exception]
) -> None:
    server.replies[SEND] = reply.json({"message": "Жмелеватов"}, status)
    with pytest.raises(raised) as caught:
        diary.send("781001", "batch-1", RECORDS)
    assert "Жмелеватов" not in repr(caught.value)


def test_a_batch_keeps_to_its_contract(diary: Any, server: Any) -> None:
    many: list[dict[str, object]] = [{"key": str(n), "op": "withdraw"} for n in range(501)]
    with pytest.raises(ValueError, match="500"):
        diary.send("781001", "b", many)
    with pytest.raises(ValueError, match="once"):
        diary.send("781001", "b", [RECORDS[0], RECORDS[0]])
    assert diary.send("781001", "b", []) == []
    assert server.heard == []


def test_a_batch_is_found_by_its_key(diary: Any, server: Any, reply: Any) -> None:
    server.replies["GET /api/ingest/v1/batches/a%2Fb"] = reply.json(envelope(ITEMS))
    assert diary.fetch_batch("a/b", RECORDS) == RECEIPTS
    assert diary.fetch_batch("a/b") == RECEIPTS[::-1]
    with pytest.raises(Unavailable):
        diary.fetch_batch("a/b", RECORDS[:1])


@pytest.mark.parametrize("body", [b"", b'{"message": "no such batch"}'])
def test_a_batch_never_applied_is_none(diary: Any, server: Any, reply: Any, body: bytes) -> None:
    server.replies["GET /api/ingest/v1/batches/b1"] = reply(body, 404)
    assert diary.fetch_batch("b1") is None


def test_a_page_in_place_of_404_proves_nothing(diary: Any, server: Any, reply: Any) -> None:
    server.replies["GET /api/ingest/v1/batches/b1"] = reply(b"<html>404</html>", 404)
    with pytest.raises(Unavailable):
        diary.fetch_batch("b1")


def page(reply: Any, number: int, pages: int, total: int, *keys: str) -> Any:
    items = [{"key": key, "type": "mark", "hash": "h", "id": n} for n, key in enumerate(keys)]
    return reply.json(
        envelope(items, current=number, total_pages=pages, total_items=total, next=None)
    )


def address(number: int) -> str:
    return f"GET /api/ingest/v1/records?institution=781001&p_page={number}&p_limit=500"


def test_records_come_page_by_page(diary: Any, server: Any, reply: Any) -> None:
    server.replies[address(1)] = page(reply, 1, 2, 3, "a", "b")
    server.replies[address(2)] = page(reply, 2, 2, 3, "c")
    frames = list(diary.list_records("781001"))
    assert pl.concat(frames).rows() == [
        ("a", "mark", "h", "0"), ("b", "mark", "h", "1"), ("c", "mark", "h", "0"),
    ]  # fmt: skip


def test_no_records_are_an_empty_frame(diary: Any, server: Any, reply: Any) -> None:
    server.replies[address(1)] = page(reply, 1, 0, 0)
    [only] = diary.list_records("781001")
    assert only.schema == dict.fromkeys(("key", "type", "hash", "id"), pl.String)
    assert only.height == 0


@pytest.mark.parametrize("second", [(2, 2, 4, "c"), (1, 2, 3, "c"), (2, 2, 3), (2, 2, 3, "c", "d")])
def test_a_list_that_changes_while_read_is_not_trusted(
    diary: Any, server: Any, reply: Any, second: Any
) -> None:
    server.replies[address(1)] = page(reply, 1, 2, 3, "a", "b")
    server.replies[address(2)] = page(reply, *second)
    with pytest.raises(Unavailable):
        list(diary.list_records("781001"))
