"""Explain a counter of a run: the records that it counted, and where each of them was read.

Of a read are kept by record what was refused (the quarantine) and what the journal took anew,
changed or lost (its rows and their history); the others are counts from the start. Of a delivery
all are, in the outbox, which knows how the last one left them.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date
from typing import Any

import polars as pl
from sqlalchemy import Connection, text

from pipeline.delivery.destinations import DESTINATIONS
from pipeline.delivery.outbox import Box
from pipeline.delivery.standing import counted
from pipeline.explain.addresses import LedgerCounter
from pipeline.ledger import Counter
from schemas.frames import INSTANT
from schemas.records import ENTITIES
from schemas.tables.journal import VAULT_ONLY

# One row for each record: the key of the journal, or of a refused one none at all.
RECORDS: dict[str, pl.DataType] = {
    "source": pl.String(),
    "key": pl.String(),
    "field": pl.String(),
    "rule": pl.String(),
    "document": pl.String(),
    "line": pl.Int64(),
    "upload": pl.String(),
    "taken_at": INSTANT,
}


class NotOpenableError(Exception):
    """This counter cannot be opened; ask for what the message names."""


@dataclass(frozen=True)
class ExplainedCounter:
    """``records``: ``RECORDS``, of a delivery ``standing.STANDING``, as many as ``count``."""

    address: LedgerCounter
    count: int
    records: pl.DataFrame


def is_kept_by_record(address: LedgerCounter) -> bool:
    """Whether the books hold the records of such a counter, and they may be opened."""
    if address.of_delivery:
        return address.source in DESTINATIONS
    known = address.counter in _RECORDS and address.entity in ENTITIES
    return known and (address.entity not in VAULT_ONLY or address.counter is Counter.QUARANTINED)


def explain_counter(connection: Connection, address: LedgerCounter) -> ExplainedCounter:
    """The records of a counter of a run.

    Raises ``NotOpenableError`` for a counter that is not kept by record, for a run whose account
    has no such line, and where the books have moved on since.
    """
    count = _count(connection, address)
    if not is_kept_by_record(address):
        raise NotOpenableError(
            f"{address}: этот счётчик не хранится по записям или хранится в тайне; открываются"
            f" {', '.join(_RECORDS)} по сущностям журнала и счётчики доставки"
        )
    if address.of_delivery:
        return ExplainedCounter(address, count, _standing(connection, address, count))
    query = _RECORDS[address.counter]
    found = connection.execute(text(query.format(entity=address.entity)), _asked(address))
    records = pl.DataFrame([tuple(row) for row in found], RECORDS, orient="row")
    different = records.n_unique(["source", "key"]) if records.height else 0
    if different != count:
        raise NotOpenableError(
            f"{address}: в книгах {count}, а записей теперь {different}; записи хранят последний"
            " прогон, который их видел, поэтому прошлые прогоны открываются не всегда"
        )
    return ExplainedCounter(address, count, records)


def _standing(connection: Connection, address: LedgerCounter, count: int) -> pl.DataFrame:
    """The records of a counter of a delivery, if they stand as it left them."""
    last = connection.execute(text(_LAST_DELIVERY), _asked(address)).one_or_none()
    if last is None or last.run_id != address.run_id:
        raise NotOpenableError(
            f"{address}: после этой доставки были другие; портал и Свод помнят только, как записи"
            " стоят теперь, поэтому открывается последняя доставка школы"
        )
    box = Box(address.source, address.school)
    records = counted(
        connection,
        box,
        address.run_id,
        address.counter,
        entity=address.entity,
        reason=address.reason,
    )
    changed = records.filter(pl.col("since") > last.finished_at.astimezone(UTC)).height
    if records.height != count or changed:
        raise NotOpenableError(
            f"{address}: в книгах {count}, а записей теперь {records.height}, из них {changed}"
            " изменились после доставки (план, разрешение или повтор); они откроются после"
            " следующей"
        )
    return records


def account(connection: Connection, address: LedgerCounter) -> dict[Counter, int]:
    """All counters of the same run, school, entity and source, whatever the reason; empty where
    there is no account."""
    found = connection.execute(text(_ACCOUNT), _asked(address))
    return {Counter(counter): int(count) for counter, count in found}


def by_entity(connection: Connection, address: LedgerCounter) -> dict[str, int]:
    """What each entity adds to the counter, by name."""
    found = connection.execute(text(_BY_ENTITY), _asked(address))
    return {entity: int(count) for entity, count in found}


def by_reason(connection: Connection, address: LedgerCounter) -> dict[str, int]:
    """What each reason adds to the counter; of what has none under the empty one."""
    found = connection.execute(text(_BY_REASON), _asked(address))
    return {reason: int(count) for reason, count in found}


def run_day(connection: Connection, address: LedgerCounter) -> date | None:
    """The business date of the run on the school; None where there was none."""
    day: date | None = connection.execute(text(_DAY), _asked(address)).scalar_one_or_none()
    return day


def _asked(address: LedgerCounter) -> dict[str, Any]:
    return {
        "run": address.run_id,
        "school": address.school,
        "source": address.source,
        "entity": address.entity,
        "counter": address.counter.value,
        "reason": address.reason,
        "verbs": [one.verb for one in DESTINATIONS.values()],
    }


def _count(connection: Connection, address: LedgerCounter) -> int:
    found = by_entity(connection, address)
    if not found:
        raise NotOpenableError(f"{address}: такой строки в учёте прогона нет, её число — 0")
    return sum(found.values())


_OF_ACCOUNT = """
FROM ops.ledger WHERE run_id = :run AND school = :school
  AND (:entity = '' OR entity = :entity) AND (:source = '' OR source = :source)"""
_ACCOUNT = f"SELECT counter, sum(count) {_OF_ACCOUNT} GROUP BY counter"
_OF_COUNTER = f"""{_OF_ACCOUNT}
  AND counter = :counter AND (:reason = '' OR reason = :reason)"""
_BY_ENTITY = f"SELECT entity, sum(count) {_OF_COUNTER} GROUP BY 1 ORDER BY 1"
_BY_REASON = f"SELECT reason, sum(count) {_OF_COUNTER} GROUP BY 1 ORDER BY 2 DESC, 1"
_DAY = """
SELECT min(business_date) FROM ops.school_runs
WHERE run_id = :run AND school = :school AND (:source = '' OR source = :source)"""

# The last one to end, whatever its business date: the outbox stands as it left it.
_LAST_DELIVERY = """
SELECT run_id, finished_at FROM ops.school_runs
WHERE school = :school AND source = :source AND verb = ANY(:verbs)
ORDER BY finished_at DESC LIMIT 1"""

# A refused record has a row for each field that was wrong; it is known by its keyed hash alone.
_QUARANTINED = """
SELECT q.source, q.record_lookup, q.field, q.rule, q.document, q.line, q.upload_ref, u.taken_at
FROM ops.quarantine q
LEFT JOIN ops.uploads u ON u.school = q.school AND u.source = q.source AND u.ref = q.upload_ref
WHERE q.school = :school AND (:source = '' OR q.source = :source) AND q.entity = :entity
  AND q.last_run = :run
ORDER BY q.source, q.document, q.line, q.field"""

# Every content a row has had, with the run that wrote it.
_VERSIONS = """
SELECT source, key, recorded_run, recorded_at, first_seen_at, vanished_at, origin_document,
  origin_line FROM journal.{entity} WHERE school = :school
  AND (:source = '' OR source = :source)
UNION ALL
SELECT h.source, h.key, f.recorded_run, f.recorded_at, f.first_seen_at, f.vanished_at,
  f.origin_document, f.origin_line
FROM journal.history h, LATERAL jsonb_populate_record(NULL::journal.{entity}, h.before) AS f
WHERE h.entity = '{entity}' AND h.school = :school
  AND (:source = '' OR h.source = :source)"""


def _written(what: str) -> str:
    """Versions that the run wrote, of which ``what`` is true."""
    return f"""
SELECT v.source, v.key, NULL, NULL, l.name, v.origin_line, l.upload_ref, u.taken_at
FROM ({_VERSIONS}) v
LEFT JOIN ops.landing l ON l.id = v.origin_document
LEFT JOIN ops.uploads u ON u.school = l.school AND u.source = l.source AND u.ref = l.upload_ref
WHERE v.recorded_run = :run AND {what} ORDER BY v.source, l.name, v.origin_line, v.key"""


_RECORDS = {
    Counter.QUARANTINED: _QUARANTINED,
    Counter.CREATED: _written("v.vanished_at IS NULL AND v.recorded_at = v.first_seen_at"),
    Counter.CHANGED: _written("v.vanished_at IS NULL AND v.recorded_at > v.first_seen_at"),
    Counter.VANISHED: _written("v.vanished_at IS NOT NULL"),
}
