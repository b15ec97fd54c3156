"""Deliver: bring the portal to the desired state, one school at a time.

First the batches whose answer was lost are settled by sending them again under their own key;
then what is pending goes out in batches. Each step is committed before the next begins, so that
``kill -9`` at any point leaves books from which the next run goes on.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable
from dataclasses import dataclass

from sqlalchemy import Connection, text

from connectors.base import Target
from connectors.errors import AccessDenied, ConnectorError, RateLimited, Retriable
from pipeline import ledger, outbox, runs
from pipeline.collect import Run, where
from pipeline.hub import Hub
from pipeline.ledger import Counter, Entry
from pipeline.plan import TARGET, plan_school
from pipeline.quarantine import Place, keep_findings
from pipeline.runs import SchoolState, Verdict
from schemas.frames import Finding

# Below the portal's limit of 500 (docs/diary-contract.md); a poison batch stays small.
BATCH_SIZE = 200


def _new_key() -> str:
    return uuid.uuid4().hex


@dataclass(frozen=True)
class Delivery:
    """How to deliver: the portal and the source of idempotency keys."""

    target: Target
    new_key: Callable[[], str] = _new_key


def deliver_school(hub: Hub, school: str, run: Run, delivery: Delivery) -> Verdict:
    """Plan and deliver ``school``; the verdict says what is left.

    Raises nothing for a school's own trouble: one bad school never stops a batch.
    """
    taken: list[str] = []
    try:
        plan = plan_school(hub, school, run.business_date, run.run_id)
        _settle_waiting(hub, school, delivery, taken)
        _send_pending(hub, school, run.run_id, delivery, taken)
        verdict = _done(hub, school, run, plan.held)
    except RateLimited as error:
        verdict = Verdict(school, TARGET, SchoolState.FAILED, "rate_limited", str(error))
    except Retriable as error:
        verdict = Verdict(school, TARGET, SchoolState.FAILED, "source_unavailable", str(error))
    except AccessDenied as error:
        verdict = Verdict(school, TARGET, SchoolState.FAILED, "access_denied", str(error))
    except ConnectorError as error:
        verdict = Verdict(school, TARGET, SchoolState.FAILED, "misconfigured", str(error))
    except Exception as error:  # the last line of defence for the other schools
        verdict = Verdict(school, TARGET, SchoolState.FAILED, "hub_fault", where(error))
    with hub.engine.begin() as connection:
        entries = _account(connection, school, taken)
        ledger.add(connection, run.run_id, school, TARGET, entries)
        runs.record(connection, run.run_id, "deliver", run.business_date, verdict)
    return verdict


def _done(hub: Hub, school: str, run: Run, held: int) -> Verdict:
    """Delivered; where withdrawals wait for a person, a finding says how many."""
    rule, detail = "unplanned_withdrawal", str(held)
    found = [Finding(rule, document="svod plan", detail=detail)] if held else []
    with hub.engine.begin() as connection:
        where_kept = Place(run.run_id, school, TARGET, run.business_date.isoformat())
        keep_findings(connection, where_kept, found)
    if held:
        return Verdict(school, TARGET, SchoolState.PARTLY, rule, detail)
    return Verdict(school, TARGET, SchoolState.DONE)


def _settle_waiting(hub: Hub, school: str, delivery: Delivery, taken: list[str]) -> None:
    """Send again, unchanged, every batch without a settled answer."""
    with hub.engine.begin() as connection:
        waiting = outbox.waiting_batches(connection, TARGET, school)
    for batch in waiting:
        _send(hub, school, batch, delivery, taken)


def _send_pending(hub: Hub, school: str, run_id: str, delivery: Delivery, taken: list[str]) -> None:
    while True:
        key = delivery.new_key()
        with hub.engine.begin() as connection:
            if not outbox.write_batch(connection, TARGET, school, run_id, key, BATCH_SIZE):
                return
            (batch,) = (
                b for b in outbox.waiting_batches(connection, TARGET, school) if b.key == key
            )
        _send(hub, school, batch, delivery, taken)


def _send(
    hub: Hub, school: str, batch: outbox.WaitingBatch, delivery: Delivery, taken: list[str]
) -> None:
    with hub.engine.begin() as connection:
        outbox.mark_attempt(connection, batch.key)
    answers = delivery.target.send(school, batch.key, batch.records)
    with hub.engine.begin() as connection:
        outbox.settle(connection, TARGET, school, batch.key, answers)
    taken.append(batch.key)


def _account(connection: Connection, school: str, taken: list[str]) -> list[Entry]:
    """Where every record that is due stands now, by entity.

    A record that is due has a desired content, must not leave (a reason), or is to be
    withdrawn; delivered are those whose last answer came with a batch of this delivery.
    """
    rows = connection.execute(text(_STANDING), {"target": TARGET, "school": school, "taken": taken})
    return [Entry(entity, Counter(name), n, reason) for entity, name, reason, n in rows]


_STANDING = """
WITH answered AS (
  SELECT DISTINCT key FROM outbox.receipts WHERE batch = ANY(:taken) AND status <> 'rejected'
)
SELECT d.entity,
  CASE d.state
    WHEN 'delivered' THEN CASE WHEN a.key IS NULL THEN 'already' ELSE 'delivered' END
    WHEN 'in_flight' THEN 'unknown'
    WHEN 'approved' THEN 'pending'
    WHEN 'gone' THEN 'delivered'  -- a withdrawal that this delivery confirmed
    ELSE d.state END AS counter,
  d.reason, count(*)
FROM outbox.desired d LEFT JOIN answered a ON a.key = d.key
WHERE d.target = :target AND d.school = :school AND (d.state <> 'gone' OR a.key IS NOT NULL)
GROUP BY 1, 2, 3"""
