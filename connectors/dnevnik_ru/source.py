"""Dnevnik.ru as a source: the school year up to the business date, read anew each time.

The whole year is read, since marks are entered backdated. The lists that say where lessons and
pupils stand are read again at the end (``connectors.consistent``).
"""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import date, datetime, time
from typing import Any
from zoneinfo import ZoneInfo

from connectors.base import DocumentProblem, Parsed, RawDocument, Upload
from connectors.consistent import AskAll, Placed, read_settled
from connectors.dnevnik_ru.access import Access
from connectors.dnevnik_ru.answers import read_answer, rows_of
from connectors.dnevnik_ru.plan import ID, MOVING, STAGES, Ask, Heard, Scope, placed, resting_on
from connectors.dnevnik_ru.tables import build_tables
from connectors.errors import AccessDenied, Misconfigured, Unavailable
from connectors.formats.reading import Reading, unread
from connectors.http import Question

READ_AT = time(20, 0)  # the evening collection; a run is a function of its business date
CONTEXT = Question("GET", "/users/me/context")
JSON = "application/json"


class DnevnikRuSource:
    """One school at Dnevnik.ru."""

    kind = "dnevnik_ru"

    def __init__(
        self, school: str, access: Access, school_id: str, zone: ZoneInfo, year_start: date
    ) -> None:
        if not ID.fullmatch(school_id):
            raise Misconfigured("school_id is not a number", fix="correct it in the registry")
        self._school = school
        self._access = access
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
        settled = read_settled(_LivePlan(self._scope(upload)), self._ask_all)
        return [RawDocument(ask.name, content, JSON) for ask, content in settled]

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
        schools = self._access.ask(CONTEXT).value.get("schoolIds_str")
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
        failed = threading.Event()

        def answer(ask: Ask) -> bytes:
            if failed.is_set():
                raise Unavailable("another request has failed", where=ask.question.where)
            try:
                return self._access.ask(ask.question).body
            except BaseException:
                failed.set()
                raise

        pool = ThreadPoolExecutor(max_workers=self._access.concurrency)
        try:
            return list(pool.map(answer, asks))
        finally:
            pool.shutdown(cancel_futures=True)


@dataclass(frozen=True)
class _LivePlan:
    """The plan as ``consistent`` walks it; a strange answer means to come again later."""

    scope: Scope

    def walk(self, answers: AskAll[Ask]) -> list[Ask]:
        heard = Heard()
        plan: list[Ask] = []
        for stage in STAGES:
            asks = list(stage(self.scope, heard))
            for ask, content in zip(asks, answers(asks), strict=True):
                heard.hear(ask, _rows_or_unavailable(ask, content))
                if heard.odd:
                    raise Unavailable("an id is no number", where=ask.question.where)
            plan += asks
        return plan

    def placed(self, ask: Ask, content: bytes) -> Counter[Placed] | None:
        if ask.table not in MOVING:
            return None
        try:
            return placed(ask, _rows_or_unavailable(ask, content))
        except (AttributeError, TypeError):
            raise Unavailable("the answer has an unknown shape", where=ask.question.where) from None

    def resting_on(self, ask: Ask, moved: Iterable[Placed], asks: Sequence[Ask]) -> Iterable[Ask]:
        return resting_on(ask, moved, asks)


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
