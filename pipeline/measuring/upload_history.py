"""What came from a school day by day: the day's cause, the runs on it, and where its records went,
on to the portals too.

Counts are the ledger's; documents are told by the names that name nobody.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime

from sqlalchemy import Connection, text

from pipeline.delivery.delivery_history import DeliveryOfDay, deliveries
from pipeline.intake.collect import COLLECT
from pipeline.ledger import Counter, totals
from pipeline.runs import SchoolState
from quality.uploads import Cause
from schemas.rulebook import is_unread, rule

Counts = Mapping[Counter, int]


@dataclass(frozen=True)
class Unread:
    """A document that was not read: why, and how to mend it."""

    document: str
    reason: str
    fix: str
    detail: str


@dataclass(frozen=True)
class Upload:
    """A portion of the journal; ``documents``: how many it was read from."""

    ref: str
    taken_at: datetime
    accepted: bool
    documents: int
    covers_from: date | None
    covers_to: date | None


@dataclass(frozen=True)
class RunOfSource:
    """One run on one journal of the school; ``counts``: by entity."""

    run_id: str
    source: str
    state: SchoolState
    reason: str
    fix: str
    detail: str
    finished_at: datetime
    counts: Mapping[str, Counts] = field(default_factory=dict)
    uploads: Sequence[Upload] = ()
    unread: Sequence[Unread] = ()

    @property
    def total(self) -> Counts:
        """``counts`` of all entities together."""
        return totals(self.counts)


@dataclass(frozen=True)
class DayOfSchool:
    """A day; ``cause``: None where the day was not measured."""

    day: date
    cause: Cause | None
    runs: Sequence[RunOfSource]
    deliveries: Sequence[DeliveryOfDay] = ()


def history(
    connection: Connection, school: str, first: date, last: date, as_of: date
) -> list[DayOfSchool]:
    """The days from ``first`` to ``last`` of which anything is known, the newest first; causes as
    they were known on ``as_of``."""
    asked = {"school": school, "first": first, "last": last, "as_of": as_of, "verb": COLLECT}
    causes = {day: Cause(cause) for day, cause in connection.execute(text(_CAUSES), asked)}
    runs = _runs(connection, asked)
    sent = deliveries(connection, school, first, last)
    days = sorted(causes.keys() | runs.keys() | sent.keys(), reverse=True)
    return [DayOfSchool(day, causes.get(day), runs.get(day, []), sent.get(day, [])) for day in days]


def _runs(connection: Connection, asked: Mapping[str, object]) -> dict[date, list[RunOfSource]]:
    rows = connection.execute(text(_RUNS), asked).all()
    of_school = {"school": asked["school"], "runs": [row.run_id for row in rows]}
    counts = _counts(connection.execute(text(_LEDGER), of_school))
    uploads = _uploads(connection.execute(text(_UPLOADS), of_school))
    unread = _unread(connection.execute(text(_FINDINGS), of_school))
    found: dict[date, list[RunOfSource]] = defaultdict(list)
    for row in rows:
        key = (row.run_id, row.source)
        words = rule(row.rule) if row.rule else None
        found[row.business_date].append(
            RunOfSource(
                run_id=row.run_id,
                source=row.source,
                state=SchoolState(row.state),
                reason=words.reason if words else "",
                fix=words.fix if words else "",
                detail=row.detail,
                finished_at=row.finished_at,
                counts=counts.get(key, {}),
                uploads=uploads.get(key, []),
                unread=unread.get(key, []),
            )
        )
    return found


_Key = tuple[str, str]  # run and source


def _counts(rows: Iterable[tuple[str, str, str, str, int]]) -> dict[_Key, dict[str, Counts]]:
    found: dict[_Key, dict[str, dict[Counter, int]]] = defaultdict(lambda: defaultdict(dict))
    for run_id, source, entity, counter, count in rows:
        found[run_id, source][entity][Counter(counter)] = int(count)
    return {key: dict(by_entity) for key, by_entity in found.items()}


def _uploads(rows: Iterable[tuple[object, ...]]) -> dict[_Key, list[Upload]]:
    found: dict[_Key, list[Upload]] = defaultdict(list)
    for run_id, source, *said in rows:
        found[str(run_id), str(source)].append(Upload(*said))  # type: ignore[arg-type]
    return found


def _unread(rows: Iterable[tuple[str, str, str, str, str]]) -> dict[_Key, list[Unread]]:
    found: dict[_Key, list[Unread]] = defaultdict(list)
    for run_id, source, document, name, detail in rows:
        if is_unread(name):
            words = rule(name)
            found[run_id, source].append(Unread(document, words.reason, words.fix, detail))
    return found


_CAUSES = """
SELECT day, cause FROM quality.day_cells WHERE school = :school AND cause IS NOT NULL
  AND day BETWEEN :first AND :last AND as_of <= :as_of AND (until IS NULL OR until > :as_of)"""
_RUNS = """
SELECT run_id, source, business_date, state, rule, detail, finished_at FROM ops.school_runs
WHERE school = :school AND verb = :verb AND business_date BETWEEN :first AND :last
ORDER BY business_date, source, finished_at"""
_LEDGER = """
SELECT run_id, source, entity, counter, sum(count) FROM ops.ledger
WHERE school = :school AND run_id = ANY(:runs) GROUP BY run_id, source, entity, counter
ORDER BY entity"""
_UPLOADS = """
SELECT run_id, source, ref, taken_at, accepted, coalesce(cardinality(documents), 0),
  covers_from, covers_to
FROM ops.uploads WHERE school = :school AND run_id = ANY(:runs) ORDER BY ref"""
_FINDINGS = """
SELECT DISTINCT run_id, source, document, rule, detail FROM ops.findings
WHERE school = :school AND run_id = ANY(:runs) ORDER BY document"""
