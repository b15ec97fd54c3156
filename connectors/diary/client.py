"""The diary service as a target: batches under an idempotency key, settled by asking.

An answer is useful only when it holds exactly one item for each record. Anything else (an error
inside HTTP 200, a page, a missing or surplus item) is ``Unavailable``: the portal may have applied
the batch, so the caller settles it by ``fetch_batch`` or by sending the same key again.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import Any, TypeVar
from urllib.parse import quote

import polars as pl
from pydantic import BaseModel, ValidationError

from connectors.base import Receipt
from connectors.diary.wire import (
    FITTING,
    PagedItems,
    ReceiptEnvelope,
    ReceiptItem,
    RecordEnvelope,
    RecordItem,
)
from connectors.errors import BatchRefused, Unavailable
from connectors.http import HttpClient, Question

BATCHES = "/api/ingest/v1/batches"
RECORDS = "/api/ingest/v1/records"
MOST_RECORDS = 500  # of a batch, by contract
PAGE = 500
# Answers by which the service says that a batch was not applied and must not come again as it is.
REFUSED_WHOLE = (400, 413, 422)

RECORD_SCHEMA: dict[str, pl.DataType] = {
    name: pl.String() for name in ("key", "type", "hash", "id")
}

Envelope = TypeVar("Envelope", bound=BaseModel)
Record = dict[str, object]


def judge(question: Question, value: Any) -> None:
    """An error the service spells under HTTP 200: ``{type, description}``."""
    if isinstance(value, dict) and "data" not in value and {"type", "description"} <= value.keys():
        raise Unavailable("the service reports an error of its own", where=question.where)


class DiaryClient:
    """One diary service. ``http`` carries ``judge``; ``token`` is the hub's own."""

    kind = "diary"
    most_records = MOST_RECORDS

    def __init__(self, http: HttpClient, token: str) -> None:
        self._http = http
        self._headers = {"Authorization": f"Bearer {token}"}

    def send(self, school: str, batch_key: str, records: Sequence[Record]) -> list[Receipt]:
        """Deliver ``records`` (``{key, op, type, hash, data}``); receipts in their order.

        Raises ``Retriable`` when the answer is lost or unusable, ``BatchRefused`` when nothing was
        applied and never will be, ``AccessDenied`` for 401 and 403, ``Misconfigured`` when the
        key was used for another body (409), ``ValueError`` for more than ``MOST_RECORDS`` or a
        key named twice.
        """
        if len(records) > MOST_RECORDS:
            raise ValueError(f"a batch holds at most {MOST_RECORDS} records")
        operations = {str(record["key"]): str(record["op"]) for record in records}
        if len(operations) < len(records):
            raise ValueError("a batch names each key once")
        if not records:
            return []
        question = Question(
            "POST",
            BATCHES,
            body=_body(school, records),
            headers=self._headers | {"Idempotency-Key": batch_key},
            accept=frozenset(REFUSED_WHOLE),
        )
        answer = self._http.ask(question)
        if answer.status in REFUSED_WHOLE:
            raise BatchRefused(f"refused_{answer.status}", where=question.where)
        return _receipts(_read(ReceiptEnvelope, answer.value, question), operations, question)

    def fetch_batch(
        self, batch_key: str, records: Sequence[Record] | None = None
    ) -> list[Receipt] | None:
        """The answer that ``batch_key`` got, or None when it was never applied. With ``records``
        the answer must fit them, as in ``send``. Raises as ``send`` does."""
        path = f"{BATCHES}/{quote(batch_key, safe='')}"
        question = Question("GET", path, headers=self._headers, accept=frozenset({404}))
        answer = self._http.ask(question)
        if answer.status == 404:
            return None
        envelope = _read(ReceiptEnvelope, answer.value, question)
        if records is None:
            return [item.receipt() for item in envelope.data.items]
        operations = {str(record["key"]): str(record["op"]) for record in records}
        return _receipts(envelope, operations, question)

    def count_records(self, school: str) -> int | None:
        """How many live records the portal holds. Raises as ``send`` does."""
        query = (("institution", school), ("p_page", "1"), ("p_limit", "1"))
        question = Question("GET", RECORDS, query, headers=self._headers)
        envelope = _read(RecordEnvelope, self._http.ask(question).value, question)
        return envelope.data.total_items

    def list_records(self, school: str) -> Iterator[pl.DataFrame]:
        """The live records page by page, columns of ``RECORD_SCHEMA``. Raises ``Unavailable``
        when the list changes while it is read: then no page of it may be trusted."""
        page, seen = 1, 0
        total: int | None = None
        while True:
            question = self._page(school, page)
            data = _read(RecordEnvelope, self._http.ask(question).value, question).data
            seen += len(data.items)
            if data.current != page or total not in (None, data.total_items):
                raise Unavailable("the list changed while it was read", where=question.where)
            total = data.total_items
            yield _frame(data)
            if page >= data.total_pages:
                break
            page += 1
        if seen != total:
            raise Unavailable("the list is not whole", where=RECORDS)

    def _page(self, school: str, page: int) -> Question:
        query = (("institution", school), ("p_page", str(page)), ("p_limit", str(PAGE)))
        return Question("GET", RECORDS, query, headers=self._headers)


def _body(school: str, records: Sequence[Record]) -> bytes:
    """The same bytes for the same records: the service compares bodies under one key."""
    body = {"institution": school, "records": list(records)}
    return json.dumps(body, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()


def _read(model: type[Envelope], value: Any, question: Question) -> Envelope:
    try:
        return model.model_validate(value)
    except ValidationError:  # its message would quote the answer
        raise Unavailable("the answer is not as agreed", where=question.where) from None


def _receipts(
    envelope: ReceiptEnvelope, operations: dict[str, str], question: Question
) -> list[Receipt]:
    """One receipt per record in the order sent. Raises ``Unavailable`` for any other answer."""
    items: dict[str, ReceiptItem] = {item.key: item for item in envelope.data.items}
    if len(items) < len(envelope.data.items) or items.keys() != operations.keys():
        raise Unavailable("the answer does not match the records sent", where=question.where)
    for key, operation in operations.items():
        if items[key].status not in FITTING[operation]:
            raise Unavailable("an answer does not fit its operation", where=question.where)
    return [items[key].receipt() for key in operations]


def _frame(data: PagedItems[RecordItem]) -> pl.DataFrame:
    rows = [item.model_dump() for item in data.items]
    return pl.DataFrame(rows, schema=RECORD_SCHEMA)
