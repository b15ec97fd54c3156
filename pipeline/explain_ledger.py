"""Explain a counter of a run: the records that it counted, and where each of them was read.

Kept by record are what was refused (the quarantine) and what the journal took anew, changed or
lost (its rows and their history). The other counters are counts from the start.
"""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl
from sqlalchemy import Connection, text

from pipeline.addresses import LedgerCounter
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
    """``records``: ``RECORDS``, as many as ``count``."""

    address: LedgerCounter
    count: int
    records: pl.DataFrame


def explain_counter(connection: Connection, address: LedgerCounter) -> ExplainedCounter:
    """The records of a counter of a run.

    Raises ``NotOpenableError`` for a counter that is not kept by record, for a run whose account
    has no such line, and where the books have moved on since.
    """
    count = _count(connection, address)
    query = _RECORDS.get(address.counter)
    if query is None or address.entity not in ENTITIES:
        raise NotOpenableError(
            f"{address}: этот счётчик не хранится по записям; открываются"
            f" {', '.join(_RECORDS)} по сущностям журнала"
        )
    if address.entity in VAULT_ONLY and address.counter is not Counter.QUARANTINED:
        raise NotOpenableError(f"{address}: {address.entity} хранится в тайне и не открывается")
    values = {
        "run": address.run_id,
        "school": address.school,
        "source": address.source,
        "entity": address.entity,
    }
    found = connection.execute(text(query.format(entity=address.entity)), values)
    records = pl.DataFrame([tuple(row) for row in found], RECORDS, orient="row")
    different = records.n_unique(["source", "key"]) if records.height else 0
    if different != count:
        raise NotOpenableError(
            f"{address}: в книгах {count}, а записей теперь {different}; записи хранят последний"
            " прогон, который их видел, поэтому прошлые прогоны открываются не всегда"
        )
    return ExplainedCounter(address, count, records)


def _count(connection: Connection, address: LedgerCounter) -> int:
    found = connection.execute(
        text(
            "SELECT sum(count) FROM ops.ledger WHERE run_id = :run AND school = :school"
            " AND entity = :entity AND counter = :counter AND (:source = '' OR source = :source)"
        ),
        {
            "run": address.run_id,
            "school": address.school,
            "entity": address.entity,
            "counter": address.counter,
            "source": address.source,
        },
    ).scalar_one()
    if found is None:
        raise NotOpenableError(f"{address}: такой строки в учёте прогона нет, её число — 0")
    return int(found)


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
