"""Batches on their way: written before they are sent, settled by the portal's own answers.

A batch that a portal cannot take is halved until the record that spoils it stands alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from sqlalchemy import Connection, text
from sqlalchemy.dialects.postgresql import insert

from connectors.base import Receipt
from pipeline.delivery.outbox import NEVER_HELD, Box, Priority
from schemas.tables import receipts


class BatchState(StrEnum):
    WRITTEN = "written"
    UNKNOWN = "unknown"  # sent, answer lost; the portal is asked, or the same key is sent again
    SETTLED = "settled"
    SPLIT = "split"  # never applied: its records went on in two halves
    DISSOLVED = "dissolved"  # never applied, and holds what must not leave any more


@dataclass(frozen=True)
class Batch:
    """A batch as it was written, to be sent (again) exactly so."""

    key: str
    records: list[dict[str, Any]]


def write_batch(
    connection: Connection,
    box: Box,
    run_id: str,
    key: str,
    size: int,
    order: Sequence[str],
    *,
    with_former: bool,
    most: Priority,
) -> Batch | None:
    """Put up to ``size`` pending records into the batch ``key``; None when none is left.

    Of records that are wanted only those of at most the priority ``most``.

    Withdrawals go first, then the open year and what is most urgent; ``order`` names the entities
    so that what others point at goes before them. ``with_former``: a withdrawal says what the
    portal holds. The caller commits before it sends.
    """
    values = box.values | {"run_id": run_id, "key": key, "size": size, "order": list(order)}
    values |= {"former": with_former, "most": int(most)}
    records = connection.execute(text(_WRITE_BATCH), values).scalar_one_or_none()
    return None if records is None else Batch(key, records)


_WRITE_BATCH = """
WITH picked AS (
  SELECT key FROM outbox.desired
  WHERE target = :target AND school = :school AND state IN ('pending', 'approved')
    AND (desired_hash IS NULL OR priority <= :most)
  ORDER BY desired_hash IS NOT NULL, school_year DESC, priority,
    array_position(CAST(:order AS text[]), entity), key
  LIMIT :size FOR UPDATE
), moved AS (
  UPDATE outbox.desired d SET state = 'in_flight', batch = :key, updated_at = now()
  FROM picked p WHERE d.target = :target AND d.school = :school AND d.key = p.key
  RETURNING d.key, d.entity, d.desired_hash, d.payload, d.delivered_payload
)
INSERT INTO outbox.batches (batch, target, school, run_id, records, state)
SELECT :key, :target, :school, :run_id, jsonb_agg(CASE WHEN desired_hash IS NULL
    THEN jsonb_build_object('key', key, 'op', 'withdraw', 'type', entity)
      || CASE WHEN NOT :former OR delivered_payload IS NULL THEN '{}'
         ELSE jsonb_build_object('was', delivered_payload) END
    ELSE jsonb_build_object('key', key, 'op', 'upsert', 'type', entity, 'hash', desired_hash,
      'data', payload) END
  ORDER BY array_position(CAST(:order AS text[]), entity), key), 'written'
FROM moved HAVING count(*) > 0
RETURNING records"""


def waiting_batches(connection: Connection, box: Box) -> list[Batch]:
    """Batches of a school without a settled answer, oldest first."""
    rows = connection.execute(
        text(
            "SELECT batch, records FROM outbox.batches WHERE target = :target AND school = :school"
            " AND state IN ('written', 'unknown') ORDER BY written_at, batch"
        ),
        box.values,
    )
    return [Batch(key, records) for key, records in rows]


def must_not_leave(connection: Connection, box: Box, batch: Batch) -> bool:
    """Whether ``batch`` would bring the portal a record that must not leave any more."""
    brought = [record["key"] for record in batch.records if record["op"] == "upsert"]
    query = (
        "SELECT EXISTS (SELECT FROM outbox.desired WHERE target = :target AND school = :school"
        " AND key = ANY(:keys) AND desired_hash IS NULL AND reason = ANY(:never))"
    )
    values = box.values | {"keys": brought, "never": list(NEVER_HELD)}
    return bool(connection.execute(text(query), values).scalar_one())


def dissolve(connection: Connection, box: Box, batch: Batch) -> None:
    """Give up a batch that was never applied; its records stand as their hashes say."""
    connection.execute(text(_DISSOLVE), box.values | {"batch": batch.key})
    connection.execute(
        text(
            "UPDATE outbox.batches SET state = 'dissolved', settled_at = now() WHERE batch = :batch"
        ),
        {"batch": batch.key},
    )


_DISSOLVE = """
UPDATE outbox.desired SET batch = NULL, updated_at = now(),
  state = CASE WHEN desired_hash IS DISTINCT FROM delivered_hash THEN 'pending'
               WHEN desired_hash IS NOT NULL THEN 'delivered'
               WHEN reason = '' THEN 'gone' ELSE 'withheld' END
WHERE target = :target AND school = :school AND batch = :batch AND state = 'in_flight'"""


def mark_attempt(connection: Connection, batch: str) -> None:
    """The batch is about to be sent: from here its outcome is unknown until it is settled."""
    connection.execute(
        text(
            "UPDATE outbox.batches SET state = 'unknown', attempts = attempts + 1"
            " WHERE batch = :batch"
        ),
        {"batch": batch},
    )


def split(connection: Connection, batch: Batch, keys: tuple[str, str]) -> tuple[Batch, Batch]:
    """Two halves of a batch that was never applied, in its place, under ``keys``."""
    middle = len(batch.records) // 2
    parts = (batch.records[:middle], batch.records[middle:])
    for position, key in enumerate(keys):
        connection.execute(
            text(_HALF),
            {"key": key, "whole": batch.key, "half": position},
        )
    connection.execute(
        text("UPDATE outbox.batches SET state = 'split', settled_at = now() WHERE batch = :batch"),
        {"batch": batch.key},
    )
    return Batch(keys[0], parts[0]), Batch(keys[1], parts[1])


_HALF = """
WITH half AS (
  SELECT b.target, b.school, b.run_id, jsonb_agg(r.record ORDER BY r.place) AS records
  FROM outbox.batches b, jsonb_array_elements(b.records) WITH ORDINALITY AS r(record, place)
  WHERE b.batch = :whole AND (r.place > jsonb_array_length(b.records) / 2) = (:half = 1)
  GROUP BY b.target, b.school, b.run_id
), moved AS (
  UPDATE outbox.desired d SET batch = :key FROM half h, jsonb_array_elements(h.records) AS r(record)
  WHERE d.target = h.target AND d.school = h.school AND d.key = r.record->>'key'
)
INSERT INTO outbox.batches (batch, target, school, run_id, records, state)
SELECT :key, target, school, run_id, records, 'written' FROM half"""


def taken_since(connection: Connection, target: str, batch: str) -> bool:
    """Has ``target`` taken another batch, of any school, since ``batch`` was written?"""
    query = (
        "SELECT EXISTS (SELECT 1 FROM outbox.batches b JOIN outbox.receipts r USING (batch)"
        " WHERE b.target = :target AND b.state = 'settled' AND r.status <> 'rejected'"
        " AND b.settled_at > (SELECT written_at FROM outbox.batches WHERE batch = :batch))"
    )
    return bool(connection.execute(text(query), {"target": target, "batch": batch}).scalar_one())


def settle(connection: Connection, box: Box, batch: str, answers: Sequence[Receipt]) -> None:
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
    connection.execute(text(_SETTLE), box.values | {"batch": batch})
    connection.execute(
        text(
            "UPDATE outbox.batches SET state = 'settled', settled_at = now() WHERE batch = :batch"
        ),
        {"batch": batch},
    )


# What was sent stands in the batch; what is wanted may have changed meanwhile.
_SETTLE = """
WITH sent AS (
  SELECT r.key, r.hash, r.data FROM outbox.batches b,
    jsonb_to_recordset(b.records) AS r(key text, hash text, data jsonb) WHERE b.batch = :batch
), answered AS (
  SELECT s.key, s.hash, s.data, a.status, a.remote_id, a.code FROM sent s
  JOIN outbox.receipts a ON a.batch = :batch AND a.key = s.key
)
UPDATE outbox.desired d SET
  batch = NULL, updated_at = now(),
  remote_id = coalesce(a.remote_id, d.remote_id),
  delivered_hash = CASE WHEN a.status = 'rejected' THEN d.delivered_hash ELSE a.hash END,
  delivered_payload = CASE WHEN a.status = 'rejected' THEN d.delivered_payload
                           WHEN a.hash = d.desired_hash THEN NULL  -- it is the payload
                           ELSE a.data END,
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
