"""Ask a portal what it really holds, and put the outbox right where it was mistaken.

A portal restored from a backup has forgotten what it confirmed; one that somebody edited holds
what nobody sent. What it lists becomes the delivered state; the next batches make up the
difference, and what is not ours is withdrawn, behind the guard of all withdrawals.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import polars as pl
from sqlalchemy import Connection, text

from pipeline.delivery.outbox import KEPT, Box, Priority
from pipeline.store import copy_in

LISTED: dict[str, pl.DataType] = {n: pl.String() for n in ("key", "type", "hash", "id")}


@dataclass(frozen=True)
class Difference:
    """Counts of records: confirmed but ``missing`` there, ``other`` in content, and ``foreign``:
    there, though nothing of ours says so. ``new_withdrawals`` by entity are due since then."""

    missing: int
    other: int
    foreign: int
    new_withdrawals: dict[str, int]

    @property
    def found(self) -> int:
        """How many records differ."""
        return self.missing + self.other + self.foreign

    def __str__(self) -> str:
        return f"missing {self.missing}, other {self.other}, foreign {self.foreign}"


def confirmed(connection: Connection, box: Box) -> int:
    """How many records the portal holds by our books; none may be in flight."""
    return int(
        connection.execute(
            text(
                "SELECT count(*) FROM outbox.desired WHERE target = :target AND school = :school"
                " AND delivered_hash IS NOT NULL"
            ),
            box.values,
        ).scalar_one()
    )


def differences(connection: Connection, box: Box, listed: pl.DataFrame) -> pl.DataFrame:
    """What differs, record by record: ``key``, ``entity``, ``difference`` (String).

    ``listed``: all live records at the portal, columns of ``LISTED``. Changes nothing.
    """
    _stage(connection, listed)
    rows = connection.execute(text(_DIFFERENCES + " ORDER BY 3, 2, 1"), box.values).all()
    return pl.DataFrame(
        [tuple(row)[:3] for row in rows],
        schema={"key": pl.String, "entity": pl.String, "difference": pl.String},
        orient="row",
    )


def take_over(
    connection: Connection, box: Box, year: int, listed: pl.DataFrame, answered: Sequence[str]
) -> Difference:
    """Make what the portal lists the delivered state of ``box``.

    Records in flight are left alone: their batch will tell. ``answered``: batches settled in this
    delivery, whose withdrawals the ledger counts already.
    """
    _stage(connection, listed)
    counts = {row.difference: row.n for row in connection.execute(text(_COUNTS), box.values)}
    values = box.values | {"year": year, "later": Priority.LATER, "answered": list(answered)}
    connection.execute(text(_FORGET_MISSING), values)
    due: dict[str, int] = {}
    for statement in (_TAKE_OTHER, _TAKE_FOREIGN):
        for entity, count in connection.execute(text(statement), values):
            due[entity] = due.get(entity, 0) + count
    return Difference(
        counts.get("missing", 0), counts.get("other", 0), counts.get("foreign", 0), due
    )


def _stage(connection: Connection, listed: pl.DataFrame) -> None:
    connection.execute(text("DROP TABLE IF EXISTS listed"))
    connection.execute(
        text("CREATE TEMP TABLE listed (key text, type text, hash text, id text) ON COMMIT DROP")
    )
    copy_in(connection, "listed", listed.select(*LISTED))
    connection.execute(text("CREATE INDEX ON listed (key)"))
    connection.execute(text("ANALYZE listed"))


_DIFFERENCES = """
SELECT coalesce(d.key, l.key) AS key, coalesce(d.entity, l.type) AS entity,
  CASE WHEN l.key IS NULL THEN 'missing' WHEN d.delivered_hash IS NULL THEN 'foreign'
       ELSE 'other' END AS difference
FROM (SELECT * FROM outbox.desired WHERE target = :target AND school = :school) d
FULL JOIN listed l ON l.key = d.key
WHERE d.delivered_hash IS DISTINCT FROM l.hash AND d.state IS DISTINCT FROM 'in_flight'"""

_COUNTS = f"SELECT difference, count(*) AS n FROM ({_DIFFERENCES}) d GROUP BY difference"

# A withdrawal that nothing is left of stays due: the portal will say that there is nothing.
_FORGET_MISSING = """
UPDATE outbox.desired d SET delivered_hash = NULL, delivered_payload = NULL, updated_at = now(),
  state = CASE WHEN d.desired_hash IS NOT NULL AND d.state = 'delivered' THEN 'pending'
               ELSE d.state END
WHERE d.target = :target AND d.school = :school AND d.delivered_hash IS NOT NULL
  AND d.state <> 'in_flight' AND NOT EXISTS (SELECT 1 FROM listed l WHERE l.key = d.key)"""

# What was sent for a key we know is not what is there: the books follow the portal.
_TAKE_OTHER = f"""
WITH before AS (
  SELECT d.key, d.state = 'gone' AND NOT EXISTS (SELECT 1 FROM outbox.receipts r
      WHERE r.key = d.key AND r.batch = ANY(:answered)) AS newly_due
  FROM outbox.desired d JOIN listed l ON l.key = d.key
  WHERE d.target = :target AND d.school = :school AND d.state <> 'in_flight'
    AND d.delivered_hash IS DISTINCT FROM l.hash
), taken AS (
  UPDATE outbox.desired d SET delivered_payload = {KEPT},
    delivered_hash = l.hash, remote_id = l.id, updated_at = now(),
    state = CASE WHEN d.desired_hash IS NOT DISTINCT FROM l.hash THEN 'delivered'
                 WHEN d.state IN ('held', 'approved', 'rejected') THEN d.state ELSE 'pending' END
  FROM listed l, before b WHERE d.target = :target AND d.school = :school AND d.key = l.key
    AND b.key = d.key
  RETURNING d.entity, b.newly_due
)
SELECT entity, count(*) FROM taken WHERE newly_due GROUP BY entity"""

_TAKE_FOREIGN = """
WITH taken AS (
  INSERT INTO outbox.desired (target, school, key, entity, desired_hash, delivered_hash, remote_id,
    school_year, priority, state)
  SELECT :target, :school, l.key, l.type, NULL, l.hash, l.id, :year, :later, 'pending'
  FROM listed l WHERE NOT EXISTS (SELECT 1 FROM outbox.desired d
    WHERE d.target = :target AND d.school = :school AND d.key = l.key)
  RETURNING entity
)
SELECT entity, count(*) FROM taken GROUP BY entity"""
