"""The outbox: what each target should hold and what it holds.

State diagram and invariants: docs/outbox.md. Delivery is decided by comparing two hashes, never by
remembering what was once sent; so A -> B -> A ends at A. How the difference travels: ``sending``.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum, StrEnum

import polars as pl
from sqlalchemy import Connection, text

from pipeline.store import copy_in


class State(StrEnum):
    PENDING = "pending"  # the portal should be told
    IN_FLIGHT = "in_flight"  # written into a batch that is not settled
    DELIVERED = "delivered"  # the portal confirmed the desired content
    REJECTED = "rejected"  # the portal refused the desired content: a dead letter
    WITHHELD = "withheld"  # must not leave, and the portal does not hold it
    HELD = "held"  # a withdrawal that waits for a person
    APPROVED = "approved"  # a withdrawal that a person has let go
    GONE = "gone"  # no longer a fact, and the portal does not hold it


@dataclass(frozen=True)
class Guard:
    """Withdrawals above both limits wait for a person (design decision 7)."""

    most: int = 50  # a class leaving the school withdraws more; a teacher's corrections do not
    share: float = 0.02  # of what the portal holds for the school


USUAL = Guard()
EVERY_ONE = Guard(most=0, share=0.0)

# Reasons to withdraw that a document sets a deadline for, or that follow from what a person did.
NEVER_HELD = ("no_consent", "blocked_text", "no_uid", "no_code")


class Priority(IntEnum):
    """Which of the pending records goes first; withdrawals go before all of them."""

    TODAY = 0
    RECENT = 1  # a fortnight: what families look at
    LATER = 2


# The columns of a desired state; see ``set_desired``.
WANTED: dict[str, pl.DataType] = {
    "key": pl.String(),
    "entity": pl.String(),
    "desired_hash": pl.String(),
    "payload": pl.String(),
    "reason": pl.String(),
    "person": pl.String(),
    "priority": pl.Int64(),
}


# A desired content that is replaced stays, as what the portal holds, if the portal confirmed it.
# Where the two are one it is kept once.
KEPT = """CASE WHEN d.delivered_hash = d.desired_hash THEN d.payload
  ELSE d.delivered_payload END"""
# The content that the portal confirmed last: of ``d``, a row of ``outbox.desired``.
DELIVERED_CONTENT = f"CASE WHEN d.delivered_hash IS NULL THEN NULL ELSE {KEPT} END"


@dataclass(frozen=True)
class Box:
    """The part of the outbox that one step works on: a school at a target."""

    target: str
    school: str

    @property
    def values(self) -> dict[str, str]:
        """As parameters of a statement."""
        return {"target": self.target, "school": self.school}


def set_desired(connection: Connection, box: Box, year: int, wanted: pl.DataFrame) -> None:
    """Make ``wanted`` the desired state of ``box`` for facts of the school year ``year``.

    ``wanted`` has the columns of ``WANTED``: ``desired_hash`` is null for what must not be there,
    ``payload`` JSON text or null, ``reason`` why it is withheld, else empty. Keys not in ``wanted``
    become unwanted; those of other years stay as they are. Rows whose desired hash does not change
    keep their state, so nothing is sent twice.
    """
    _stage(connection, wanted)
    connection.execute(text(_SET_DESIRED), box.values | {"year": year})


def amend(connection: Connection, box: Box, year: int, wanted: pl.DataFrame) -> int:
    """Give records of other years than ``year`` the content that ``wanted`` has for them.

    ``wanted``: columns of ``WANTED``. A closed year is not planned again: nothing of it is created
    or withdrawn here, and what must not leave stays as it was sent. Returns how many rows changed.
    """
    _stage(connection, wanted)
    return connection.execute(text(_AMEND), box.values | {"year": year}).rowcount


def _stage(connection: Connection, wanted: pl.DataFrame) -> None:
    connection.execute(text("DROP TABLE IF EXISTS wanted"))
    connection.execute(
        text(
            "CREATE TEMP TABLE wanted ON COMMIT DROP AS SELECT key, entity, desired_hash, payload,"
            " reason, person, priority FROM outbox.desired WITH NO DATA"
        )
    )
    copy_in(connection, "wanted", wanted.select(*WANTED))


# In flight, a row keeps its state: its batch settles first, then the two hashes are compared.
_SET_DESIRED = f"""
MERGE INTO outbox.desired d USING wanted w
ON d.target = :target AND d.school = :school AND d.key = w.key
WHEN MATCHED AND (d.desired_hash IS DISTINCT FROM w.desired_hash
    OR d.state <> 'rejected' AND d.reason <> w.reason) THEN
  UPDATE SET delivered_payload = {KEPT},
    desired_hash = w.desired_hash, payload = w.payload, reason = w.reason, person = w.person,
    priority = w.priority, school_year = :year, updated_at = now(),
    state = CASE WHEN d.state = 'in_flight' THEN d.state
                 WHEN w.desired_hash IS DISTINCT FROM d.delivered_hash THEN 'pending'
                 WHEN w.desired_hash IS NULL THEN 'withheld' ELSE 'delivered' END
WHEN MATCHED AND d.school_year <> :year THEN
  UPDATE SET school_year = :year
WHEN NOT MATCHED BY TARGET THEN
  INSERT (target, school, key, entity, desired_hash, payload, reason, person, priority,
    school_year, state)
  VALUES (:target, :school, w.key, w.entity, w.desired_hash, w.payload, w.reason, w.person,
    w.priority, :year, CASE WHEN w.desired_hash IS NULL THEN 'withheld' ELSE 'pending' END)
WHEN NOT MATCHED BY SOURCE AND d.target = :target AND d.school = :school
  AND d.school_year = :year AND (d.desired_hash IS NOT NULL OR d.reason <> '') THEN
  UPDATE SET delivered_payload = {KEPT}, desired_hash = NULL, payload = NULL, reason = '',
    updated_at = now(), state = CASE WHEN d.state = 'in_flight' THEN d.state
                 WHEN d.delivered_hash IS NULL THEN 'gone' ELSE 'pending' END"""


_AMEND = f"""
UPDATE outbox.desired d SET delivered_payload = {KEPT}, desired_hash = w.desired_hash,
  payload = w.payload, updated_at = now(),
  state = CASE WHEN d.state = 'in_flight' THEN d.state
               WHEN w.desired_hash IS DISTINCT FROM d.delivered_hash THEN 'pending'
               ELSE 'delivered' END
FROM wanted w
WHERE d.target = :target AND d.school = :school AND d.key = w.key AND d.school_year <> :year
  AND d.desired_hash <> w.desired_hash"""


def withdraw_without_consent(
    connection: Connection, box: Box, year: int, agreed: Sequence[str]
) -> int:
    """Withdraw what ``wanted`` does not speak of about people who are not among ``agreed``.

    ``agreed``: opaque names (``person``) of those with an active consent. That is what other years
    than ``year`` left, and what is no longer a fact and would wait for a person. A closed year is
    not planned again, so a consent given anew brings nothing of it back. Returns how many rows.
    """
    return connection.execute(
        text(
            f"UPDATE outbox.desired d SET delivered_payload = {KEPT},"
            " desired_hash = NULL, payload = NULL, reason = 'no_consent',"
            " updated_at = now(), state = CASE WHEN state = 'in_flight' THEN state"
            " WHEN delivered_hash IS NULL THEN 'withheld' ELSE 'pending' END"
            " WHERE target = :target AND school = :school"
            " AND person IS NOT NULL AND NOT person = ANY(:agreed)"
            " AND (school_year <> :year AND desired_hash IS NOT NULL OR desired_hash IS NULL"
            "   AND reason = '' AND state IN ('pending', 'in_flight', 'held', 'approved'))"
        ),
        box.values | {"year": year, "agreed": list(agreed)},
    ).rowcount


def hold_withdrawals(connection: Connection, box: Box, guard: Guard) -> int:
    """Hold the pending withdrawals of a school if they are more than ``guard`` lets through.

    Those are held that are no longer facts, or of whom the school has not told enough: an ended
    consent or a blocked text has a deadline in law and waits for nobody. Returns how many are held.
    """
    values = box.values | {"never": list(NEVER_HELD)}
    pending, holds = connection.execute(
        text(
            "SELECT count(*) FILTER (WHERE state IN ('pending', 'held') AND desired_hash IS NULL"
            " AND NOT reason = ANY(:never)),"
            " count(*) FILTER (WHERE delivered_hash IS NOT NULL)"
            " FROM outbox.desired WHERE target = :target AND school = :school"
        ),
        values,
    ).one()
    if pending <= guard.most or pending <= guard.share * holds:
        return 0
    return connection.execute(
        text(
            "UPDATE outbox.desired SET state = 'held' WHERE target = :target AND school = :school"
            " AND state = 'pending' AND desired_hash IS NULL AND NOT reason = ANY(:never)"
        ),
        values,
    ).rowcount


def approve(connection: Connection, box: Box) -> int:
    """Let the held withdrawals of a school go; returns how many."""
    return connection.execute(
        text(
            "UPDATE outbox.desired SET state = 'approved', updated_at = now()"
            " WHERE target = :target AND school = :school AND state = 'held'"
        ),
        box.values,
    ).rowcount


def replay(connection: Connection, box: Box, keys: Sequence[str] = ()) -> int:
    """Offer dead letters to the portal again: those of ``keys``, or all; returns how many."""
    return connection.execute(
        text(
            "UPDATE outbox.desired SET state = 'pending', reason = '', updated_at = now()"
            " WHERE target = :target AND school = :school AND state = 'rejected'"
            " AND (cardinality(CAST(:keys AS text[])) = 0 OR key = ANY(:keys))"
        ),
        box.values | {"keys": list(keys)},
    ).rowcount
