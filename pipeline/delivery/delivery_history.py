"""What was delivered of a school day by day: how each delivery ended and where its records went.

Counts are the ledger's. What a verdict says in detail stays out: it may count families.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date

from sqlalchemy import Connection, text

from pipeline.delivery.destinations import DESTINATIONS
from pipeline.ledger import Counter, totals
from pipeline.runs import SchoolState
from schemas.rulebook import rule


@dataclass(frozen=True)
class DeliveryOfDay:
    """A delivery to a portal (``source``); ``counts``: by entity, ``reasons``: by counter."""

    run_id: str
    source: str
    state: SchoolState
    reason: str
    fix: str
    counts: Mapping[str, Mapping[Counter, int]] = field(default_factory=dict)
    reasons: Mapping[Counter, Mapping[str, int]] = field(default_factory=dict)

    @property
    def total(self) -> Mapping[Counter, int]:
        """``counts`` of all entities together."""
        return totals(self.counts)


def deliveries(
    connection: Connection, school: str, first: date, last: date
) -> dict[date, list[DeliveryOfDay]]:
    """The deliveries of the business dates from ``first`` to ``last``, by portal and time."""
    asked = {"school": school, "first": first, "last": last}
    verbs = [one.verb for one in DESTINATIONS.values()]
    rows = connection.execute(text(_RUNS), asked | {"verbs": verbs}).all()
    runs = {"school": school, "runs": [row.run_id for row in rows], "targets": list(DESTINATIONS)}
    counts, reasons = _counts(connection, runs)
    found: dict[date, list[DeliveryOfDay]] = defaultdict(list)
    for row in rows:
        key = (row.run_id, row.source)
        words = rule(row.rule) if row.rule else None
        found[row.business_date].append(
            DeliveryOfDay(
                run_id=row.run_id,
                source=row.source,
                state=SchoolState(row.state),
                reason=words.reason if words else "",
                fix=words.fix if words else "",
                counts=counts.get(key, {}),
                reasons=reasons.get(key, {}),
            )
        )
    return found


_Key = tuple[str, str]  # run and portal
_ByEntity = dict[_Key, dict[str, dict[Counter, int]]]
_ByReason = dict[_Key, dict[Counter, dict[str, int]]]


def _counts(connection: Connection, runs: Mapping[str, object]) -> tuple[_ByEntity, _ByReason]:
    by_entity: _ByEntity = {}
    by_reason: _ByReason = {}
    for run_id, source, entity, name, reason, count in connection.execute(text(_LEDGER), runs):
        key, counter = (run_id, source), Counter(name)
        of_entity = by_entity.setdefault(key, {}).setdefault(entity, {})
        of_entity[counter] = of_entity.get(counter, 0) + count
        if reason:
            of_reason = by_reason.setdefault(key, {}).setdefault(counter, {})
            of_reason[reason] = of_reason.get(reason, 0) + count
    return by_entity, by_reason


_RUNS = """
SELECT run_id, source, business_date, state, rule FROM ops.school_runs
WHERE school = :school AND verb = ANY(:verbs) AND business_date BETWEEN :first AND :last
ORDER BY business_date, source DESC, finished_at"""
_LEDGER = """
SELECT run_id, source, entity, counter, reason, count FROM ops.ledger
WHERE school = :school AND run_id = ANY(:runs) AND source = ANY(:targets)
ORDER BY entity, reason"""
