"""The door by packet and ticket: send, then ask until the registry has worked the packet off.

A ticket is kept nowhere: ``GetResult`` by request code (ASSUMED) finds the packet again, so a lost
answer or a queue that lasts too long is settled by the next run.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import polars as pl
from pydantic import Field, TypeAdapter, ValidationError

from connectors.base import Receipt
from connectors.contingent.answers import Result, Status, Wire, receipts_of, records_frame
from connectors.contingent.checks import Ready
from connectors.contingent.packet import Mode, Sender, pack, request_code
from connectors.contingent.shape import Shape
from connectors.contingent.soap import SEND, Call, Route, app_data, envelope
from connectors.errors import BatchRefused, Unavailable
from connectors.http import HttpClient

GET_RESULT, GET_DATA = "GetResult", "GetData"
PAGE = 500
UNTOLD_WAIT = 5.0  # seconds between two questions where the registry names no RetryAfter
SHORTEST_WAIT = 1.0
MEDIA_TYPE = "text/xml; charset=utf-8"

Sign = Callable[[bytes], bytes]


@dataclass(frozen=True)
class Pace:
    """How long a packet is waited for in one go, in seconds, and with what."""

    longest: float
    sleep: Callable[[float], None]
    now: Callable[[], datetime]


class _Error(Wire):
    """One fault of one record [V]."""

    error: str
    kind: str = Field(alias="object-type")
    uid: str = Field(min_length=1)
    field: str = ""


class _Done(Wire):
    """One record that was taken; ASSUMED, as the verified answer tells faults alone."""

    kind: str = Field(alias="object-type")
    uid: str = Field(min_length=1)
    status: Status
    id: str | None = Field(default=None, coerce_numbers_to_str=True)


class _Live(Wire):
    """A live record of the registry; ASSUMED."""

    kind: str = Field(alias="object-type")
    uid: str = Field(min_length=1)
    hash: str
    id: str = Field(coerce_numbers_to_str=True)


ERRORS = TypeAdapter(list[_Error])
DONE = TypeAdapter(list[_Done])
LIVE = TypeAdapter(list[_Live])


@dataclass(frozen=True)
class TicketDoor:
    """Keeps ``client.Door``. ``http`` carries ``soap.look``; ``sign`` puts the GOST signature on an
    envelope (ASSUMED: no signature where none is given)."""

    http: HttpClient
    shape: Shape
    sender: Sender
    pace: Pace
    mode: Mode = "MODE_UPDATED"
    sign: Sign | None = None

    def deliver(self, school: str, batch_key: str, sent: Sequence[Ready]) -> dict[str, Receipt]:
        """Send the packet and wait for its result."""
        code = request_code(batch_key)
        at = self.pace.now()
        archive = pack(self.shape, self.sender, school, code, sent, mode=self.mode, at=at)
        told = self._ask(SEND, {"RequestCode": code}, (f"req_{code}", archive))
        ticket = told.get("TicketGUID", "")
        if not ticket:
            raise Unavailable("the answer has no ticket", where=SEND)
        receipts = self._result({"TicketGUID": ticket}, sent)
        if receipts is None:
            raise Unavailable("the registry does not know its own ticket", where=GET_RESULT)
        return receipts

    def answered(self, batch_key: str, sent: Sequence[Ready]) -> dict[str, Receipt] | None:
        """The result of the packet known under the request code of ``batch_key``."""
        try:
            return self._result({"RequestCode": request_code(batch_key)}, sent)
        except BatchRefused:  # nothing of it was applied; sending again says so
            return None

    def count(self, school: str) -> int:
        """What the registry says it holds."""
        return _number(self._page(school, 1, 1), "TotalRecords")

    def pages(self, school: str) -> Iterator[pl.DataFrame]:
        """Page after page until all that was announced is there."""
        page, seen, total = 1, 0, None
        while True:
            told = self._page(school, page, PAGE)
            rows = _listed(LIVE, told, "Records", GET_DATA)
            seen += len(rows)
            if total not in (None, _number(told, "TotalRecords")) or _number(told, "Page") != page:
                raise Unavailable("the list changed while it was read", where=GET_DATA)
            total = _number(told, "TotalRecords")
            yield records_frame(
                [{"key": r.uid, "type": r.kind, "hash": r.hash, "id": r.id} for r in rows]
            )
            if seen >= total or not rows:
                break
            page += 1
        if seen != total:
            raise Unavailable("the list is not whole", where=GET_DATA)

    def _page(self, school: str, page: int, size: int) -> dict[str, str]:
        asked = {"Organization": school, "Page": str(page), "PageSize": str(size)}
        return self._ask(GET_DATA, asked)

    def _result(self, asked: Mapping[str, str], sent: Sequence[Ready]) -> dict[str, Receipt] | None:
        """The receipts, or None when the packet is not known."""
        waited = 0.0
        while True:
            told = self._ask(GET_RESULT, asked)
            match told.get("Status", "").upper():
                case "OK":
                    return packet_receipts(told, sent, self.shape)
                case "NOTFOUND":
                    return None
                case "FAIL":  # MessageText may name people and is not kept
                    raise BatchRefused("registry_failed", where=GET_RESULT)
                case "INQUEUE":
                    wait = _wait(told)
                case _:
                    raise Unavailable("the answer has an unknown status", where=GET_RESULT)
            waited += wait
            if waited > self.pace.longest:
                raise Unavailable("the packet is still in the queue", where=GET_RESULT)
            self.pace.sleep(wait)

    def _ask(
        self, operation: str, data: Mapping[str, str], archive: tuple[str, bytes] | None = None
    ) -> dict[str, str]:
        sender = self.sender
        caller = {"AIS_GUID": sender.ais_guid, "AuthorizationKey": sender.authorization_key}
        body = envelope(
            operation,
            Route(sender.source_system_id, sender.destination_system_id),
            {**caller, **data},
            at=self.pace.now(),
            namespace=self.shape.namespace,
            archive=archive,
        )
        headers = {"Content-Type": MEDIA_TYPE, "SOAPAction": operation, "Accept": "text/xml"}
        signed = self.sign(body) if self.sign else body
        call = Call("POST", "", body=signed, headers=headers, shape=bytes, operation=operation)
        return app_data(self.http.ask(call).body, operation)


def packet_receipts(
    told: Mapping[str, str], sent: Sequence[Ready], shape: Shape
) -> dict[str, Receipt]:
    """The receipts of ``sent`` from what was done and what was wrong. Raises ``Unavailable``."""
    kinds = {record.key: record.type for record in sent}
    done = _listed(DONE, told, "Results", GET_RESULT)
    faults = _listed(ERRORS, told, "Errors", GET_RESULT)
    if any(kinds.get(item.uid) != item.kind for item in [*done, *faults]):
        raise Unavailable("the answer speaks of other records", where=GET_RESULT)
    if any(item.status is Status.REJECTED for item in done):
        raise Unavailable("a refusal without a fault", where=GET_RESULT)
    results = [Result(key=item.uid, status=item.status, id=item.id or None) for item in done]
    elements = {name for block in shape.blocks.values() for name in block.fields.values()}
    return receipts_of([*results, *_refusals(faults)], sent, GET_RESULT, frozenset(elements))


def _refusals(faults: Sequence[_Error]) -> list[Result]:
    """One refusal for each record that has faults, in whichever of its fields."""
    by_uid: dict[str, list[str]] = {}
    for fault in faults:
        said = by_uid.setdefault(fault.uid, [])
        words = f"{fault.field}: {fault.error}" if fault.field else fault.error
        if words in said:
            raise Unavailable("the answer says a fault twice", where=GET_RESULT)
        said.append(words)
    return [
        Result(key=uid, status=Status.REJECTED, message="; ".join(said))
        for uid, said in by_uid.items()
    ]


def _listed(model: TypeAdapter[Any], told: Mapping[str, str], name: str, where: str) -> Any:
    """The JSON list in the element ``name``; an empty one where the element is empty."""
    try:
        return model.validate_python(json.loads(told[name] or "[]"))
    except (KeyError, ValueError, RecursionError, ValidationError):
        raise Unavailable(f"{name} are not as agreed", where=where) from None


def _number(told: Mapping[str, str], name: str) -> int:
    text = told.get(name, "")
    if not (text.isascii() and text.isdigit() and len(text) <= 9):
        raise Unavailable(f"{name} is no number", where=GET_DATA)
    return int(text)


def _wait(told: Mapping[str, str]) -> float:
    text = told.get("RetryAfter", "").strip()
    named = float(text) if text.isascii() and text.isdigit() and len(text) <= 6 else UNTOLD_WAIT
    return max(named, SHORTEST_WAIT)
