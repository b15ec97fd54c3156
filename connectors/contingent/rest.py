"""The door by REST: a batch goes as a few requests, each under an idempotency key of its own.

Per type, PUT changes what the registry knows; what it answers ``not_found`` is created by POST.
Corrections are one DELETE each; a pupil who left is a PUT with the end of training, never a DELETE.
The requests follow from the batch and the answers alone, so that the same batch repeats the same
requests, and those that were answered answer the same again.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote

import polars as pl
from pydantic import Field

from connectors.base import Receipt
from connectors.contingent.answers import Result, Status, Wire, read, receipts_of, records_frame
from connectors.contingent.checks import Ready
from connectors.contingent.codes import Codes
from connectors.contingent.rest_fields import body_of
from connectors.errors import BatchRefused, Unavailable
from connectors.http import HttpClient, Question

# Order of creation; corrections go the other way, after it. Only education's path is [V].
PATHS = {
    "class": "/classes/batch",
    "person": "/persons/batch",
    "education": "/persons/batch/education",
    "movement": "/persons/batch/movement",
}
REQUESTS = "/requests"  # ASSUMED: the answer that an idempotency key got
PAGE = 500
NOT_FOUND = "not_found"
REFUSED = frozenset({400, 413, 422})

Ask = Callable[[Question], Any]


class _Item(Wire):
    """The result of one record; ASSUMED."""

    uid: str = Field(alias="external_id", min_length=1)
    status: str
    id: str | None = Field(default=None, coerce_numbers_to_str=True)
    code: str = ""
    message: str = ""


class _Items(Wire):
    items: list[_Item]


class _Kept(Wire):
    """A live record in a list."""

    uid: str = Field(alias="external_id", min_length=1)
    hash: str = Field(alias="external_hash")
    id: str = Field(coerce_numbers_to_str=True)


class _Person(_Kept):
    """A person expanded by what hangs on it."""

    education: list[_Kept]
    movement: list[_Kept]


class _Classes(Wire):
    total: int = Field(ge=0)
    items: list[_Kept]


class _Persons(Wire):
    total: int = Field(ge=0)
    items: list[_Person]


def look(question: Question, status: int, _: bytes) -> None:
    """Sees every answer before its status is judged, for ``HttpClient``: a refusal is one whatever
    its body, which need not be JSON [V]."""
    if status in REFUSED and question.method != "GET":
        raise BatchRefused("batch_refused", where=question.where)


class _NotAnsweredError(Exception):
    """A request of a batch was never answered: the batch was not applied in full."""


@dataclass(frozen=True)
class RestDoor:
    """Keeps ``client.Door``. ``http`` carries ``look``; ``key`` is the hub's ApiKey."""

    http: HttpClient
    codes: Codes
    key: str = field(repr=False)

    def deliver(self, school: str, batch_key: str, sent: Sequence[Ready]) -> dict[str, Receipt]:
        """Every request of the batch, in order."""
        return self._batch(school, batch_key, sent, self._value)

    def answered(self, batch_key: str, sent: Sequence[Ready]) -> dict[str, Receipt] | None:
        """The answers kept for the requests of the batch, or None when one is missing."""
        try:
            return self._batch("", batch_key, sent, self._kept)
        except _NotAnsweredError:
            return None

    def count(self, school: str) -> int:
        """Classes as announced; persons with all that hangs on them must be read to be counted."""
        return sum(page.height for page in self.pages(school))

    def pages(self, school: str) -> Iterator[pl.DataFrame]:
        """Classes, then persons with their education and movements."""
        for classes in self._pages("/classes", school, _Classes, ()):
            yield records_frame([_row("class", item) for item in classes])
        expand = (("expand", "education,movement"),)
        for persons in self._pages("/persons", school, _Persons, expand):
            rows = [_row("person", person) for person in persons]
            rows += [_row("education", item) for person in persons for item in person.education]
            rows += [_row("movement", item) for person in persons for item in person.movement]
            yield records_frame(rows)

    def _pages(
        self,
        path: str,
        school: str,
        model: type[_Classes] | type[_Persons],
        query: tuple[tuple[str, str], ...],
    ) -> Iterator[list[Any]]:
        seen, total = 0, None
        fixed = (("filter", _of_school(school)), *query, ("orderby", "id"), ("top", str(PAGE)))
        while True:
            question = self._question("GET", path, query=(*fixed, ("skip", str(seen))))
            page = read(model, self.http.ask(question).value, question.where)
            if total not in (None, page.total):
                raise Unavailable("the list changed while it was read", where=question.where)
            total = page.total
            seen += len(page.items)
            yield list(page.items)
            if seen >= total or not page.items:
                break
        if seen != total:
            raise Unavailable("the list is not whole", where=path)

    def _batch(
        self, school: str, batch_key: str, sent: Sequence[Ready], ask: Ask
    ) -> dict[str, Receipt]:
        receipts: dict[str, Receipt] = {}
        for kind, path in PATHS.items():
            of_kind = sorted(
                (r for r in sent if r.type == kind and r.op == "upsert"), key=lambda r: r.key
            )
            for method in ("PUT", "POST"):
                if of_kind:
                    question = self._write(method, path, school, batch_key, kind, of_kind)
                    taken = _receipts(ask(question), of_kind, question.where, method)
                    receipts |= taken
                    of_kind = [record for record in of_kind if record.key not in taken]
        for kind in reversed(PATHS):
            for record in sorted((r for r in sent if r.type == kind), key=lambda r: r.key):
                if record.op == "withdraw":
                    question = self._delete(record, school, batch_key)
                    receipts |= _receipts(ask(question), [record], question.where, "DELETE")
        return receipts

    def _write(
        self,
        method: str,
        path: str,
        school: str,
        batch_key: str,
        kind: str,
        records: Sequence[Ready],
    ) -> Question:
        body = {"items": [body_of(record, school, self.codes) for record in records]}
        idempotency = f"{batch_key}.{kind}.{method.lower()}"
        return self._question(
            method, path, (("organization_id", school),), _json(body), idempotency
        )

    def _delete(self, record: Ready, school: str, batch_key: str) -> Question:
        """[V] for education: DELETE /persons/{id}/education, of a record made by mistake."""
        owner = quote(str(record.data.get("person", record.key)), safe="")
        path = {
            "class": f"/classes/{owner}",
            "person": f"/persons/{owner}",
            "education": f"/persons/{owner}/education",
            "movement": f"/persons/{owner}/movement",
        }[record.type]
        body = _json(body_of(record, school, self.codes))
        idempotency = f"{batch_key}.{record.key}.delete"
        return self._question("DELETE", path, (("organization_id", school),), body, idempotency)

    def _question(
        self,
        method: str,
        path: str,
        query: tuple[tuple[str, str], ...] = (),
        body: bytes | None = None,
        idempotency: str = "",
        accept: frozenset[int] = frozenset(),
    ) -> Question:
        headers = {"ApiKey": self.key}
        if idempotency:
            headers["Idempotency-Key"] = idempotency  # ASSUMED
        return Question(method, path, query, body, headers, accept=accept)

    def _value(self, question: Question) -> Any:
        return self.http.ask(question).value

    def _kept(self, question: Question) -> Any:
        """The answer that the request ``question`` once got."""
        path = f"{REQUESTS}/{quote(question.headers['Idempotency-Key'], safe='')}"
        answer = self.http.ask(self._question("GET", path, accept=frozenset({404})))
        if answer.status == 404:
            raise _NotAnsweredError
        return answer.value


def _receipts(value: Any, records: Sequence[Ready], where: str, method: str) -> dict[str, Receipt]:
    """Receipts of ``records``; of a PUT without those that must be created first."""
    items = read(_Items, value, where).items
    unknown = {item.uid for item in items if method == "PUT" and item.status == NOT_FOUND}
    known = [item for item in items if item.uid not in unknown]
    asked = {record.key for record in records}
    if len({item.uid for item in items}) < len(items) or not unknown <= asked:
        raise Unavailable("the answer does not match the records sent", where=where)
    results = [
        read(
            Result,
            {
                "key": i.uid,
                "status": i.status,
                "id": i.id or None,
                "code": i.code,
                "message": i.message,
            },
            where,
        )
        for i in known
    ]
    rest = [record for record in records if record.key not in unknown]
    allowed = {"PUT": (Status.UPDATED, Status.UNCHANGED), "POST": (Status.CREATED,)}.get(method)
    if allowed and any(r.status not in (*allowed, Status.REJECTED) for r in results):
        raise Unavailable("a result does not fit its request", where=where)
    return receipts_of(results, rest, where)


def _row(kind: str, item: _Kept) -> dict[str, str]:
    return {"key": item.uid, "type": kind, "hash": item.hash, "id": item.id}


def _of_school(school: str) -> str:
    """The syntax of ``filter`` is ASSUMED."""
    return f"organization_id eq '{school.replace(chr(39), chr(39) * 2)}'"


def _json(value: Any) -> bytes:
    """The same bytes for the same records: the registry compares bodies under one key."""
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()
