"""The ledger: where every record of a run went, and whether the account closes.

Per run, school, source and entity (design decision 8)::

    read     = accepted + quarantined + duplicate
    accepted = created + changed + unchanged
    due      = delivered + already + withheld + rejected + unknown + pending + held

A difference other than zero is an error of the hub, whatever its cause: the run fails and
names the row. The counters of the two sides of each equation come from different places (a
frame's height, a MERGE's row count, the portal's receipts), so the check can fail.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum

from sqlalchemy import Connection, delete, text
from sqlalchemy.dialects.postgresql import insert

from schemas.tables import ledger


class Counter(StrEnum):
    READ = "read"
    ACCEPTED = "accepted"
    QUARANTINED = "quarantined"
    DUPLICATE = "duplicate"
    CREATED = "created"
    CHANGED = "changed"
    UNCHANGED = "unchanged"
    VANISHED = "vanished"  # outside the equations: what a complete read no longer held
    DUE = "due"
    DELIVERED = "delivered"
    ALREADY = "already"  # the portal holds it from an earlier run
    WITHHELD = "withheld"
    REJECTED = "rejected"
    UNKNOWN = "unknown"
    PENDING = "pending"
    HELD = "held"  # a withdrawal that waits for a person


EQUATIONS: dict[Counter, tuple[Counter, ...]] = {
    Counter.READ: (Counter.ACCEPTED, Counter.QUARANTINED, Counter.DUPLICATE),
    Counter.ACCEPTED: (Counter.CREATED, Counter.CHANGED, Counter.UNCHANGED),
    Counter.DUE: (
        Counter.DELIVERED,
        Counter.ALREADY,
        Counter.WITHHELD,
        Counter.REJECTED,
        Counter.UNKNOWN,
        Counter.PENDING,
        Counter.HELD,
    ),
}

# The counters of a delivery, whose source is a portal; the others are of a read.
OF_DELIVERY = frozenset({Counter.DUE, *EQUATIONS[Counter.DUE]})


def totals(counts: Mapping[str, Mapping[Counter, int]]) -> dict[Counter, int]:
    """``counts``, by entity, of all entities together."""
    found: dict[Counter, int] = {}
    for of_entity in counts.values():
        for counter, count in of_entity.items():
            found[counter] = found.get(counter, 0) + count
    return found


@dataclass(frozen=True)
class Entry:
    """``count`` records of ``entity`` met ``counter`` (``reason`` refines it)."""

    entity: str
    counter: Counter
    count: int
    reason: str = ""


@dataclass(frozen=True)
class OpenRow:
    """A row of the ledger that does not close: ``left`` should equal ``right``."""

    school: str
    source: str
    entity: str
    counter: Counter
    left: int
    right: int

    def __str__(self) -> str:
        terms = " + ".join(EQUATIONS[self.counter])
        return (
            f"{self.school} {self.source} {self.entity}: "
            f"{self.counter} {self.left} != {terms} {self.right}"
        )


class LedgerOpenError(Exception):
    """The run's account does not close: keep its data, read the rows named, call a developer."""

    def __init__(self, rows: list[OpenRow]) -> None:
        super().__init__("the ledger does not close:\n" + "\n".join(f"  {row}" for row in rows))
        self.rows = rows


def add(
    connection: Connection, run_id: str, school: str, source: str, entries: Iterable[Entry]
) -> None:
    """Add ``entries`` to the account of (run, school, source)."""
    rows = [
        {
            "run_id": run_id,
            "school": school,
            "source": source,
            "entity": entry.entity,
            "counter": entry.counter.value,
            "reason": entry.reason,
            "count": entry.count,
        }
        for entry in entries
        if entry.count
    ]
    if not rows:
        return
    statement = insert(ledger)
    connection.execute(
        statement.on_conflict_do_update(
            constraint=ledger.primary_key,
            set_={"count": ledger.c.count + statement.excluded.count},
        ),
        rows,
    )


def clear(connection: Connection, run_id: str, school: str, source: str) -> None:
    """Forget the account of (run, school, source), so that a repeated step counts afresh."""
    connection.execute(
        delete(ledger).where(
            ledger.c.run_id == run_id, ledger.c.school == school, ledger.c.source == source
        )
    )


def open_rows(connection: Connection, run_id: str) -> list[OpenRow]:
    """The rows of ``run_id`` that do not close, in order; empty when the ledger closes."""
    found: list[OpenRow] = []
    for left, right in EQUATIONS.items():
        rows = connection.execute(
            text(
                "SELECT school, source, entity,"
                " sum(count) FILTER (WHERE counter = :left) AS l,"
                " sum(count) FILTER (WHERE counter = ANY(:right)) AS r"
                " FROM ops.ledger WHERE run_id = :run GROUP BY 1, 2, 3"
                " HAVING coalesce(sum(count) FILTER (WHERE counter = :left), 0)"
                " <> coalesce(sum(count) FILTER (WHERE counter = ANY(:right)), 0)"
                " ORDER BY 1, 2, 3"
            ),
            {"run": run_id, "left": left.value, "right": [c.value for c in right]},
        )
        found += [OpenRow(s, o, e, left, int(a or 0), int(b or 0)) for s, o, e, a, b in rows]
    return found


def require_closed(connection: Connection, run_id: str) -> None:
    """Raise ``LedgerOpenError`` with the rows of ``run_id`` that do not close."""
    rows = open_rows(connection, run_id)
    if rows:
        raise LedgerOpenError(rows)
