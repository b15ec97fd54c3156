"""The seam between Svod and an outside system.

A *source* turns what a journal system offers into raw documents, and raw documents into
tables in the source's own words. The two halves are separate on purpose:

1. ``pending`` lists the uploads that can be read up to a business date. Must be idempotent.
2. ``fetch`` brings the documents of one upload, byte for byte. It is the only half that
   touches network or disk. The caller lands the bytes before anything reads them.
3. ``parse`` is pure: the same documents give the same tables, for ever. It never guesses:
   a document it cannot read becomes a ``DocumentProblem`` and marks its tables incomplete,
   so that missing rows are never taken for deletions.

A *target* takes batches of records and answers for each of them.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Protocol

import polars as pl


@dataclass(frozen=True)
class Upload:
    """One portion a source offers for one school.

    ``ref`` is stable and sortable within the source (an ISO date); ``taken_at`` is when the
    school produced it (aware, region's zone); ``covers`` the business dates its facts span.
    """

    school: str
    ref: str
    taken_at: datetime
    covers: tuple[date, date]


@dataclass(frozen=True)
class RawDocument:
    """Bytes as they came: a file of a drop or the answer to one request."""

    name: str  # path inside the drop, or method and path of the request
    content: bytes
    media_type: str


@dataclass(frozen=True)
class SourceTable:
    """Rows in the source's own words.

    ``frame``: every column ``String`` (null = nothing there), plus ``_document`` (String) and
    ``_line`` (Int64: line, row, or 1-based place in the answer; the place a person would
    look at). ``complete`` is false when part of the table could not be read.
    """

    name: str
    frame: pl.DataFrame
    complete: bool = True


@dataclass(frozen=True)
class DocumentProblem:
    """A document that cannot be read, in whole or in part. ``detail`` holds no personal data."""

    document: str
    rule: str  # a key of schemas/rules.yml
    line: int | None = None
    field: str | None = None
    detail: str = ""


@dataclass(frozen=True)
class Parsed:
    """All that one upload said, and what of it could not be read."""

    tables: list[SourceTable]
    problems: list[DocumentProblem] = field(default_factory=list)


class Source(Protocol):
    """A journal system, for one school. See the module docstring for the steps."""

    kind: str

    def pending(self, until: date) -> list[Upload]:
        """Uploads available up to ``until``, oldest first. Raises Retriable or Fatal."""
        ...

    def fetch(self, upload: Upload) -> Iterable[RawDocument]:
        """The documents of ``upload``. Raises Retriable or Fatal; never returns a part."""
        ...

    def parse(self, upload: Upload, documents: Sequence[RawDocument]) -> Parsed:
        """Tables in the source's own words. Pure; raises nothing for bad documents."""
        ...


@dataclass(frozen=True)
class Receipt:
    """The portal's answer for one record: ``status`` is a value of wire.ReceiptStatus."""

    key: str
    status: str
    remote_id: str | None = None
    code: str = ""
    message: str = ""


class Target(Protocol):
    """A portal that takes batches of records under an idempotency key.

    A record is ``{key, op, type, hash, data}``, ``op`` upsert or withdraw; a withdrawal has no
    ``hash`` and no ``data``, and ``was``, the content that was confirmed last, where it is kept.
    """

    kind: str
    most_records: int  # of one batch

    def send(
        self, school: str, batch_key: str, records: Sequence[dict[str, object]]
    ) -> list[Receipt]:
        """Deliver a batch; the same key and records may be sent again and change nothing.

        Raises Retriable when the answer is lost or refused for now (the caller settles it by
        ``fetch_batch`` or by sending the same key again), BatchRefused when nothing was applied
        and sending again is of no use, Fatal when a person must act.
        """
        ...

    def fetch_batch(
        self, batch_key: str, records: Sequence[dict[str, object]]
    ) -> list[Receipt] | None:
        """The answer that ``batch_key`` got, or None when it was never applied.

        Raises Retriable and Fatal as ``send`` does.
        """
        ...

    def count_records(self, school: str) -> int | None:
        """How many live records of ``school`` there are; None where the portal does not tell."""
        ...

    def list_records(self, school: str) -> Iterator[pl.DataFrame]:
        """The live records of ``school`` in pages: ``key``, ``type``, ``hash``, ``id`` (String).

        Raises Retriable also when the list changes while it is read: no page of it counts then.
        """
        ...
