"""The contingent registry as a target: what does not fit stays here, the rest goes by one door."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Protocol

import polars as pl

from connectors.base import Receipt
from connectors.contingent.checks import Ready, sift
from connectors.contingent.codes import Codes
from connectors.contingent.shape import Shape

MOST_RECORDS = 500  # of a batch; ASSUMED

Record = dict[str, object]


class Door(Protocol):
    """One way into the registry. All raise ``Retriable``, ``Fatal`` and ``BatchRefused`` as
    ``connectors.base.Target`` says; receipts come by key, one for each record."""

    def deliver(self, school: str, batch_key: str, sent: Sequence[Ready]) -> dict[str, Receipt]:
        """Bring ``sent`` to the registry; again under the same key changes nothing."""
        ...

    def answered(self, batch_key: str, sent: Sequence[Ready]) -> dict[str, Receipt] | None:
        """What ``deliver`` was answered under the key, or None when it was not applied in full."""
        ...

    def count(self, school: str) -> int:
        """How many live records of ``school`` there are."""
        ...

    def pages(self, school: str) -> Iterator[pl.DataFrame]:
        """The live records of ``school``, columns of ``answers.RECORD_SCHEMA``."""
        ...


class ContingentClient:
    """One registry behind ``door``; records are held to ``shape`` and ``codes`` first."""

    kind = "contingent"
    most_records = MOST_RECORDS

    def __init__(self, door: Door, shape: Shape, codes: Codes) -> None:
        self._door = door
        self._shape = shape
        self._codes = codes

    def send(self, school: str, batch_key: str, records: Sequence[Record]) -> list[Receipt]:
        """Deliver ``records`` (docs/contingent-contract.md); receipts in their order.

        Raises as ``Target`` says, and ``ValueError`` for more than ``most_records`` or a key named
        twice.
        """
        ready, refused = self._sift(records)
        receipts = self._door.deliver(school, batch_key, ready) if ready else {}
        return _in_order(records, receipts | refused)

    def fetch_batch(self, batch_key: str, records: Sequence[Record]) -> list[Receipt] | None:
        """The answer that ``batch_key`` got, or None when it was not applied, or not in full: then
        the same key is sent again. Raises as ``send`` does."""
        ready, refused = self._sift(records)
        receipts = self._door.answered(batch_key, ready) if ready else {}
        return None if receipts is None else _in_order(records, receipts | refused)

    def count_records(self, school: str) -> int:
        """How many live records of ``school`` the registry holds."""
        return self._door.count(school)

    def list_records(self, school: str) -> Iterator[pl.DataFrame]:
        """The live records page by page. Raises ``Unavailable`` when the list changes meanwhile."""
        yield from self._door.pages(school)

    def _sift(self, records: Sequence[Record]) -> tuple[list[Ready], dict[str, Receipt]]:
        if len(records) > self.most_records:
            raise ValueError(f"a batch holds at most {self.most_records} records")
        if len({str(record["key"]) for record in records}) < len(records):
            raise ValueError("a batch names each key once")
        return sift(records, self._shape, self._codes)


def _in_order(records: Sequence[Record], receipts: dict[str, Receipt]) -> list[Receipt]:
    return [receipts[str(record["key"])] for record in records]
