"""Dnevnik.ru as a source: the school year up to the business date, read anew each time."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import date, datetime, time
from typing import Any
from zoneinfo import ZoneInfo

from connectors.base import DocumentProblem, Parsed, RawDocument, Upload
from connectors.dnevnik_ru.answers import read_answer, rows_of
from connectors.dnevnik_ru.plan import ID, STAGES, Ask, Heard, Scope
from connectors.dnevnik_ru.tables import build_tables
from connectors.errors import AccessDenied, Misconfigured, Unavailable
from connectors.formats.reading import Reading, unread
from connectors.http import HttpClient, Question

TOKEN_HEADER = "Access-Token"  # noqa: S105  # the header's name
READ_AT = time(20, 0)  # the evening collection; a run is a function of its business date
CONTEXT = Question("GET", "/users/me/context")
JSON = "application/json"


class DnevnikRuSource:
    """One school at Dnevnik.ru. ``client`` carries the school's key and ``errors.judge``."""

    kind = "dnevnik_ru"

    def __init__(
        self, school: str, client: HttpClient, school_id: str, zone: ZoneInfo, year_start: date
    ) -> None:
        if not ID.fullmatch(school_id):
            raise Misconfigured("school_id is not a number", fix="correct it in the registry")
        self._school = school
        self._client = client
        self._school_id = school_id
        self._zone = zone
        self._year_start = year_start

    def pending(self, until: date) -> list[Upload]:
        """The state on the evening of ``until``; asks nothing of the network."""
        if until < self._year_start:
            return []
        taken_at = datetime.combine(until, READ_AT, self._zone)
        return [Upload(self._school, until.isoformat(), taken_at, (self._year_start, until))]

    def fetch(self, upload: Upload) -> Iterable[RawDocument]:
        """All answers, in the order of the plan. Raises Retriable or Fatal."""
        self._check_access()
        documents: list[RawDocument] = []
        heard = Heard()
        for stage in STAGES:
            asks = list(stage(self._scope(upload), heard))
            for ask, content in zip(asks, self._ask_all(asks), strict=True):
                documents.append(RawDocument(ask.name, content, JSON))
                heard.hear(ask, _rows_or_unavailable(ask, content))
            if heard.odd:
                raise Unavailable("an answer holds an id that is no number", where=upload.ref)
        return documents

    def parse(self, upload: Upload, documents: Sequence[RawDocument]) -> Parsed:
        """Tables as answered; a missing or broken answer makes its tables incomplete."""
        by_name = {document.name: document for document in documents}
        readings: dict[str, list[Reading]] = {}
        asked: set[str] = set()
        heard = Heard()
        for stage in STAGES:
            for ask in list(stage(self._scope(upload), heard)):
                asked.add(ask.name)
                reading = _reading(ask, by_name.get(ask.name), heard)
                readings.setdefault(ask.table, []).append(reading)
        problems = [p for found in readings.values() for reading in found for p in reading.problems]
        problems += [
            DocumentProblem(d.name, "unknown_document") for d in documents if d.name not in asked
        ]
        return Parsed(build_tables(readings), problems)

    def _scope(self, upload: Upload) -> Scope:
        return Scope(self._school_id, *upload.covers)

    def _check_access(self) -> None:
        schools = self._client.ask(CONTEXT).value.get("schoolIds_str")
        if not isinstance(schools, list):
            raise Unavailable("the context names no schools", where=CONTEXT.where)
        if self._school_id not in schools:
            raise AccessDenied(
                "the access key is of another school",
                where=CONTEXT.where,
                fix="enter the key of this school, or correct school_id",
            )

    def _ask_all(self, asks: Sequence[Ask]) -> list[bytes]:
        """Answers in the order of ``asks``; the first failure stops what has not begun."""
        pool = ThreadPoolExecutor(max_workers=self._client.policy.concurrency)
        try:
            futures = [pool.submit(self._client.ask, ask.question) for ask in asks]
            return [future.result().body for future in futures]
        finally:
            pool.shutdown(cancel_futures=True)


def _rows_or_unavailable(ask: Ask, content: bytes) -> list[Any]:
    try:
        rows = rows_of(content)
    except ValueError:
        rows = [None]
    if not all(isinstance(row, dict) for row in rows):
        raise Unavailable("the answer has an unknown shape", where=ask.question.where)
    return rows


def _reading(ask: Ask, document: RawDocument | None, heard: Heard) -> Reading:
    """The frame of one answer; notes in ``heard`` what it tells later stages to ask."""
    if document is None:
        return unread(RawDocument(ask.name, b"", JSON), "missing_document")
    try:
        rows = rows_of(document.content)
    except ValueError:
        return unread(document, "broken_document")
    if ask.table == "classes" and not rows:  # a school without classes is a failed answer
        return unread(document, "empty_document")
    heard.hear(ask, [row for row in rows if isinstance(row, dict)])
    return read_answer(document, ask, rows)
