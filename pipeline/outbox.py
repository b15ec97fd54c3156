"""The outbox: what each target should hold, what it holds, and what is under way.

State diagram and invariants: docs/outbox.md. Delivery is decided by comparing two hashes, never by
remembering what was once sent; so A -> B -> A ends at A. Everything is written before it is sent.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import polars as pl
from sqlalchemy import Connection, text
from sqlalchemy.dialects.postgresql import insert

from connectors.base import Receipt
from pipeline.store import copy_in
from schemas.tables import receipts


class State(StrEnum):
    PENDING = "pending"  # the portal should be told
    IN_FLIGHT = "in_flight"  # written into a batch that is not settled
    DELIVERED = "delivered"  # the portal confirmed the desired content
    REJECTED = "rejected"  # the portal refused the desired content
    WITHHELD = "withheld"  # must not leave, and the portal does not hold it
    HELD = "held"  # a withdrawal that waits for a person
    APPROVED = "approved"  # a withdrawal that a person has let go
    GONE = "gone"  # no longer a fact, and the portal does not hold it


class BatchState(StrEnum):
    WRITTEN = "written"
    UNKNOWN = "unknown"  # sent, answer lost; the same key is sent again
    SETTLED = "settled"


@dataclass(frozen=True)
class WaitingBatch:
    """A batch as it was written, to be sent (again) exactly so."""

    key: str
    records: list[dict[str, Any]]


def set_desired(connection: Connection, target: str, school: str, wanted: pl.DataFrame) -> None:
    """Make ``wanted`` the desired state of (target, school).

    ``wanted``: ``key``, ``entity``, ``desired_hash`` (null: must not be there), ``payload`` (JSON
    text or null), ``reason`` (why withheld, else empty). Keys not in ``wanted`` become unwanted.
    Rows whose desired hash does not change keep their state, so nothing is sent twice.
    """
    connection.execute(text("DROP TABLE IF EXISTS wanted"))
    connection.execute(
        text(
            "CREATE TEMP TABLE wanted ON COMMIT DROP AS SELECT key, entity, desired_hash, payload,"
            " reason FROM outbox.desired WITH NO DATA"
        )
    )
    copy_in(connection, "wanted", wanted)
    connection.execute(text(_SET_DESIRED), {"target": target, "school": school})


# In flight, a row keeps its state: its batch settles first, then the two hashes are compared.
_SET_DESIRED = """
MERGE INTO outbox.desired d USING wanted w
ON d.target = :target AND d.school = :school AND d.key = w.key
WHEN MATCHED AND (d.desired_hash IS DISTINCT FROM w.desired_hash
    OR d.state <> 'rejected' AND d.reason <> w.reason) THEN
  UPDATE SET desired_hash = w.desired_hash, payload = w.payload, reason = w.reason,
    updated_at = now(),
    state = CASE WHEN d.state = 'in_flight' THEN d.state
                 WHEN w.desired_hash IS DISTINCT FROM d.delivered_hash THEN 'pending'
                 WHEN w.desired_hash IS NULL THEN 'withheld' ELSE 'delivered' END
WHEN NOT MATCHED BY TARGET THEN
  INSERT (target, school, key, entity, desired_hash, payload, reason, state)
  VALUES (:target, :school, w.key, w.entity, w.desired_hash, w.payload, w.reason,
    CASE WHEN w.desired_hash IS NULL THEN 'withheld' ELSE 'pending' END)
WHEN NOT MATCHED BY SOURCE AND d.target = :target AND d.school = :school
  AND (d.desired_hash IS NOT NULL OR d.reason <> '') THEN
  UPDATE SET desired_hash = NULL, payload = NULL, reason = '', updated_at = now(),
    state = CASE WHEN d.state = 'in_flight' THEN d.state
                 WHEN d.delivered_hash IS NULL THEN 'gone' ELSE 'pending' END"""


def hold_withdrawals(
    connection: Connection, target: str, school: str, most: int, share: float
) -> int:
    """Hold the pending withdrawals of a school if they are more than ``most`` and ``share``.

    ``share`` is of what the portal holds. Only records that are no longer facts are held: an ended
    consent or a blocked text has a deadline in law and waits for nobody. Returns how many are held.
    """
    values = {"target": target, "school": school}
    pending, holds = connection.execute(
        text(
            "SELECT count(*) FILTER (WHERE state IN ('pending', 'held') AND desired_hash IS NULL"
            " AND reason = ''),"
            " count(*) FILTER (WHERE delivered_hash IS NOT NULL)"
            " FROM outbox.desired WHERE target = :target AND school = :school"
        ),
        values,
    ).one()
    if pending <= most or pending <= share * holds:
        return 0
    return connection.execute(
        text(
            "UPDATE outbox.desired SET state = 'held' WHERE target = :target AND school = :school"
            " AND state = 'pending' AND desired_hash IS NULL AND reason = ''"
        ),
        values,
    ).rowcount


def approve(connection: Connection, target: str, school: str) -> int:
    """Let the held withdrawals of a school go; returns how many."""
    return connection.execute(
        text(
            "UPDATE outbox.desired SET state = 'approved', updated_at = now()"
            " WHERE target = :target AND school = :school AND state = 'held'"
        ),
        {"target": target, "school": school},
    ).rowcount


def write_batch(
    connection: Connection, target: str, school: str, run_id: str, key: str, size: int
) -> bool:
    """Put up to ``size`` pending records into the batch ``key``; false when none is left.

    Lessons go first, since marks and attendance point at them. The caller commits before it sends.
    """
    values = {"target": target, "school": school, "run_id": run_id, "key": key, "size": size}
    return bool(connection.execute(text(_WRITE_BATCH), values).rowcount)


_WRITE_BATCH = """
WITH picked AS (
  SELECT key FROM outbox.desired
  WHERE target = :target AND school = :school AND state IN ('pending', 'approved')
  ORDER BY entity <> 'lesson', entity, key LIMIT :size FOR UPDATE
), moved AS (
  UPDATE outbox.desired d SET state = 'in_flight', batch = :key, updated_at = now()
  FROM picked p WHERE d.target = :target AND d.school = :school AND d.key = p.key
  RETURNING d.key, d.entity, d.desired_hash, d.payload
)
INSERT INTO outbox.batches (batch, target, school, run_id, records, state)
SELECT :key, :target, :school, :run_id, jsonb_agg(CASE WHEN desired_hash IS NULL
    THEN jsonb_build_object('key', key, 'op', 'withdraw', 'type', entity)
    ELSE jsonb_build_object('key', key, 'op', 'upsert', 'type', entity, 'hash', desired_hash,
      'data', payload) END ORDER BY key), 'written'
FROM moved HAVING count(*) > 0"""


def waiting_batches(connection: Connection, target: str, school: str) -> list[WaitingBatch]:
    """Batches of a school without a settled answer, oldest first."""
    rows = connection.execute(
        text(
            "SELECT batch, records FROM outbox.batches WHERE target = :target AND school = :school"
            " AND state <> 'settled' ORDER BY written_at, batch"
        ),
        {"target": target, "school": school},
    )
    return [WaitingBatch(key, records) for key, records in rows]


def mark_attempt(connection: Connection, batch: str) -> None:
    """The batch is about to be sent: from here its outcome is unknown until it is settled."""
    connection.execute(
        text(
            "UPDATE outbox.batches SET state = 'unknown', attempts = attempts + 1"
            " WHERE batch = :batch"
        ),
        {"batch": batch},
    )


def settle(
    connection: Connection, target: str, school: str, batch: str, answers: Sequence[Receipt]
) -> None:
    """Take the portal's answer for every record of ``batch`` into the books, once."""
    connection.execute(
        insert(receipts),
        [
            {
                "batch": batch,
                "key": answer.key,
                "status": answer.status,
                "remote_id": answer.remote_id,
                "code": answer.code,
                "message": answer.message,
            }
            for answer in answers
        ],
    )
    connection.execute(text(_SETTLE), {"target": target, "school": school, "batch": batch})
    connection.execute(
        text(
            "UPDATE outbox.batches SET state = 'settled', settled_at = now() WHERE batch = :batch"
        ),
        {"batch": batch},
    )


# What was sent stands in the batch; what is wanted may have changed meanwhile.
_SETTLE = """
WITH sent AS (
  SELECT r.key, r.hash FROM outbox.batches b,
    jsonb_to_recordset(b.records) AS r(key text, hash text) WHERE b.batch = :batch
), answered AS (
  SELECT s.key, s.hash, a.status, a.remote_id, a.code FROM sent s
  JOIN outbox.receipts a ON a.batch = :batch AND a.key = s.key
)
UPDATE outbox.desired d SET
  batch = NULL, updated_at = now(),
  remote_id = coalesce(a.remote_id, d.remote_id),
  delivered_hash = CASE WHEN a.status = 'rejected' THEN d.delivered_hash ELSE a.hash END,
  reason = CASE WHEN a.status = 'rejected' AND d.desired_hash IS NOT DISTINCT FROM a.hash
                THEN a.code ELSE d.reason END,
  state = CASE
    WHEN d.desired_hash IS DISTINCT FROM a.hash THEN
      CASE WHEN a.status = 'rejected' AND d.desired_hash IS NOT DISTINCT FROM d.delivered_hash
           THEN CASE WHEN d.desired_hash IS NULL THEN 'gone' ELSE 'delivered' END
           ELSE 'pending' END
    WHEN a.status = 'rejected' THEN 'rejected'
    WHEN a.hash IS NULL THEN CASE WHEN d.reason = '' THEN 'gone' ELSE 'withheld' END
    ELSE 'delivered' END
FROM answered a WHERE d.target = :target AND d.school = :school AND d.key = a.key"""
