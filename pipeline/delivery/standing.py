"""How the records of a school stand at a portal, as the account of a delivery counts them.

A record that is due has a desired content, must not leave (a reason), or is to be withdrawn;
delivered are those whose last answer came with a batch that the delivery's account counts. Counted
and opened by the same statement, so that a counter opens to what it has counted.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import polars as pl
from sqlalchemy import Connection, text

from pipeline.delivery.outbox import Box
from pipeline.ledger import Counter, Entry
from schemas.frames import INSTANT

# A record of the outbox; ``key``: its opaque name at the portal; ``since``: its last change.
STANDING: dict[str, pl.DataType] = {
    "key": pl.String(),
    "entity": pl.String(),
    "state": pl.String(),
    "reason": pl.String(),
    "since": INSTANT,
    "school_year": pl.Int64(),
}


def claim(connection: Connection, box: Box, run_id: str, settled: Sequence[str]) -> None:
    """The account of ``run_id`` counts the answers to the batches ``settled``, and to no others: a
    delivery that is done again counts afresh."""
    connection.execute(text(_CLAIM), box.values | {"run": run_id, "settled": list(settled)})


def account(connection: Connection, box: Box, run_id: str) -> Iterator[Entry]:
    """Where every record that is due stands now, by entity, for the account of ``run_id``."""
    query = f"SELECT entity, counter, reason, count(*) FROM ({_COUNTED}) s GROUP BY 1, 2, 3"
    for entity, name, reason, count in connection.execute(
        text(query), box.values | {"run": run_id}
    ):
        yield Entry(entity, Counter(name), count, reason)


def counted(
    connection: Connection,
    box: Box,
    run_id: str,
    counter: Counter,
    *,
    entity: str = "",
    reason: str = "",
) -> pl.DataFrame:
    """The records that ``account`` would count under ``counter`` now: ``STANDING``, by key.

    ``due`` are all of them; ``entity`` and ``reason`` narrow where they are not empty.
    """
    query = f"""
SELECT {", ".join(STANDING)} FROM ({_COUNTED}) s
WHERE :counter IN ('{Counter.DUE}', counter) AND :entity IN ('', entity) AND :reason IN ('', reason)
ORDER BY entity, key"""
    values = {"run": run_id, "counter": counter.value, "entity": entity, "reason": reason}
    return _read(connection, query, box.values | values)


def held(connection: Connection, box: Box, entity: str) -> pl.DataFrame:
    """The withdrawals of ``entity`` that wait for a person now: ``STANDING``, by key."""
    query = """
SELECT key, entity, state, reason, updated_at AS since, school_year FROM outbox.desired
WHERE target = :target AND school = :school AND state = 'held' AND entity = :entity
ORDER BY key"""
    return _read(connection, query, box.values | {"entity": entity})


def _read(connection: Connection, query: str, values: dict[str, str]) -> pl.DataFrame:
    rows = connection.execute(text(query), values)
    return pl.DataFrame([tuple(row) for row in rows], schema=STANDING, orient="row")


_CLAIM = """
UPDATE outbox.batches SET counted_by = CASE WHEN batch = ANY(:settled) THEN :run END
WHERE target = :target AND school = :school AND (batch = ANY(:settled) OR counted_by = :run)"""

_COUNTED = """
SELECT d.key, d.entity, d.state, d.reason, d.updated_at AS since, d.school_year,
  CASE d.state
    WHEN 'delivered' THEN CASE WHEN a.key IS NULL THEN 'already' ELSE 'delivered' END
    WHEN 'in_flight' THEN 'unknown'
    WHEN 'approved' THEN 'pending'
    WHEN 'gone' THEN 'delivered'  -- a withdrawal that this delivery confirmed
    ELSE d.state END AS counter
FROM outbox.desired d LEFT JOIN (
  SELECT DISTINCT r.key FROM outbox.receipts r JOIN outbox.batches b ON b.batch = r.batch
  WHERE b.target = :target AND b.school = :school AND b.counted_by = :run
    AND r.status <> 'rejected'
) a ON a.key = d.key
WHERE d.target = :target AND d.school = :school AND (d.state <> 'gone' OR a.key IS NOT NULL)"""
