"""NetSchool's web service as a source: the school year up to the business date."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from functools import partial
from zoneinfo import ZoneInfo

from connectors.base import DocumentProblem, Parsed, RawDocument, Upload
from connectors.formats.reading import Reading, empty_frame, unread
from connectors.netschool_web.answers import read_list, rows_of
from connectors.netschool_web.diaries import Diaries
from connectors.netschool_web.live import read_all
from connectors.netschool_web.plan import ENTRUSTED, JSON, STAGES, Ask, Heard, Scope
from connectors.netschool_web.reports import read_attendance, read_totals
from connectors.netschool_web.session import WebSession
from connectors.netschool_web.tables import build_tables

READ_AT = time(20, 0)  # the evening collection; a run is a function of its business date
FEEDS_NO_TABLE = frozenset({"year", "entrusted"})


@dataclass(frozen=True)
class Reach:
    """How much of the diaries is read. ``window``: days of one span; ``recent_weeks``: how far back
    on every day but ``full_weekday`` (1 Monday to 7 Sunday), on which, as without a number of
    weeks, it is the whole year so far."""

    window: int = 7
    recent_weeks: int | None = None
    full_weekday: int = 6

    def first_day(self, year_start: date, until: date) -> date:
        """The first day to read on the evening of ``until``."""
        if self.recent_weeks is None or until.isoweekday() == self.full_weekday:
            return year_start
        monday = until - timedelta(days=until.weekday())
        return max(year_start, monday - timedelta(weeks=self.recent_weeks - 1))


class NetSchoolWebSource:
    """One school at its web service; ``connect`` makes a session that is still to be opened."""

    kind = "netschool_web"

    def __init__(
        self,
        school: str,
        connect: Callable[[], WebSession],
        reach: Reach,
        zone: ZoneInfo,
        year_start: date,
    ) -> None:
        self._school = school
        self._connect = connect
        self._reach = reach
        self._zone = zone
        self._year_start = year_start

    def pending(self, until: date) -> list[Upload]:
        """The state on the evening of ``until``; asks nothing of the network."""
        if until < self._year_start:
            return []
        taken_at = datetime.combine(until, READ_AT, self._zone)
        first = self._reach.first_day(self._year_start, until)
        return [Upload(self._school, until.isoformat(), taken_at, (first, until))]

    def fetch(self, upload: Upload) -> Iterable[RawDocument]:
        """All answers, in the order of the plan. Raises Retriable or Fatal."""
        session = self._connect()
        try:
            session.open()
            answered = read_all(self._scope(upload), partial(_ask_all, session))
            return [RawDocument(ask.name, content, ask.media_type) for ask, content in answered]
        finally:
            session.close()

    def _scope(self, upload: Upload) -> Scope:
        return Scope(*upload.covers, self._reach.window)

    def parse(self, upload: Upload, documents: Sequence[RawDocument]) -> Parsed:
        """Tables as answered; a missing or broken answer makes its tables incomplete."""
        by_name = {document.name: document for document in documents}
        scope = self._scope(upload)
        book = _Book(Diaries(scope), {}, Heard())
        asked: set[str] = set()
        for stage in STAGES:
            for ask in list(stage(scope, book.heard)):
                asked.add(ask.name)
                book.read(ask, by_name.get(ask.name))
        book.note_strangers()
        problems = [p for found in book.readings.values() for one in found for p in one.problems]
        problems += [
            DocumentProblem(d.name, "unknown_document") for d in documents if d.name not in asked
        ]
        recent = scope.first > self._year_start
        tables = build_tables(book.readings, book.diaries, recent=recent)
        return Parsed(tables, list(dict.fromkeys(problems)))


def _ask_all(session: WebSession, asks: Sequence[Ask]) -> list[bytes]:
    """Answers in the order of ``asks``; the first failure stops what has not begun."""

    def answer(ask: Ask) -> bytes:
        if ask.before is not None:
            session.ask(ask.before)
        return session.ask(ask.call).body

    pool = ThreadPoolExecutor(max_workers=session.concurrency)
    try:
        return list(pool.map(answer, asks))
    finally:
        pool.shutdown(cancel_futures=True)


@dataclass
class _Book:
    """What ``parse`` has read so far."""

    diaries: Diaries
    readings: dict[str, list[Reading]]
    heard: Heard

    def read(self, ask: Ask, document: RawDocument | None) -> None:
        """Notes the reading of one answer, and in ``heard`` what it tells later stages to ask."""
        if document is None:
            missing = RawDocument(ask.name, b"", JSON)
            self._note(ask.table, unread(missing, "missing_document"))
            if ask.table == "totals":
                self._note("taught", unread(missing, "missing_document"))
        elif ask.table == "attendance":
            self._note("attendance", read_attendance(document, ask))
        elif ask.table == "totals":
            totals, taught = read_totals(document, ask)
            self._note("totals", totals)
            self._note("taught", taught)
        else:
            self._note(ask.table, self._read_json(ask, document))

    def note_strangers(self) -> None:
        """Pupils whose diary is not entrusted to the account: their marks are not there."""
        if lacking := self.heard.strangers():
            detail = f"дневники не доверены учётной записи: {len(lacking)}"
            problem = DocumentProblem(ENTRUSTED, "access_denied", detail=detail)
            self._note("entrusted", Reading(empty_frame(), [problem]))

    def _note(self, table: str, reading: Reading) -> None:
        self.readings.setdefault(table, []).append(reading)

    def _read_json(self, ask: Ask, document: RawDocument) -> Reading:
        if not document.content.strip():
            return unread(document, "empty_document")
        try:
            rows = rows_of(document.content, ask)
        except ValueError:
            return unread(document, "broken_document")
        if ask.table == "classes" and not rows:  # a school without classes is a failed answer
            return unread(document, "empty_document")
        if ask.table == "diary":
            problems = self.diaries.add(document, ask, rows[0])
            return Reading(empty_frame(), problems)
        lacking = self.heard.hear(ask, rows)
        problems = [DocumentProblem(document.name, "broken_document", at) for at in lacking]
        if ask.table in FEEDS_NO_TABLE:
            return Reading(empty_frame(), problems)
        reading = read_list(document, ask, rows)
        known = {problem.line for problem in reading.problems}
        return Reading(
            reading.frame, reading.problems + [p for p in problems if p.line not in known]
        )
