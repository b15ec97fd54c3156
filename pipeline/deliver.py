"""Deliver: bring a portal to the desired state, one school at a time.

First the batches whose answer was lost are settled; then, if the portal's books are to be
believed less than the portal, it is asked what it holds; then what is pending goes out in batches.
Each step is committed before the next begins, so that ``kill -9`` at any point leaves books from
which the next run goes on.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from enum import StrEnum

import polars as pl
from sqlalchemy import Connection, text

from connectors.base import Target
from connectors.errors import AccessDenied, ConnectorError, RateLimited, Retriable
from pipeline import ledger, outbox, runs
from pipeline.collect import Run, where
from pipeline.destinations import Destination
from pipeline.hub import Hub
from pipeline.ledger import Counter, Entry
from pipeline.outbox import EVERY_ONE, Box, Guard
from pipeline.pace import Gatekeeper, PortalResting
from pipeline.plan import plan_school
from pipeline.quarantine import Place, add_findings, keep_findings
from pipeline.reconcile import LISTED, confirmed, take_over
from pipeline.registry import open_year
from pipeline.runs import SchoolState, Verdict
from pipeline.transmit import Sender
from schemas.frames import Finding


class Mode(StrEnum):
    """``daily``: what changed, and the portal is asked how many records it holds. ``full``: it is
    asked for all of them. ``rollover``: full, and every withdrawal waits for a person."""

    DAILY = "daily"
    FULL = "full"
    ROLLOVER = "rollover"


def _new_key() -> str:
    return uuid.uuid4().hex


@dataclass(frozen=True)
class Delivery:
    """How to deliver: where, by which client and at which pace, and the idempotency keys."""

    destination: Destination
    target: Target
    gatekeeper: Gatekeeper
    mode: Mode = Mode.DAILY
    new_key: Callable[[], str] = _new_key


def deliver_school(hub: Hub, school: str, run: Run, delivery: Delivery) -> Verdict:
    """Plan and deliver ``school``; the verdict says what is left.

    Raises nothing for a school's own trouble: one bad school never stops a batch.
    """
    work = _Work(hub, school, run, delivery)
    name = delivery.destination.name
    try:
        verdict = work.done(work.deliver())
    except PortalResting as error:
        verdict = Verdict(school, name, SchoolState.FAILED, "portal_resting", str(error))
    except RateLimited as error:
        verdict = Verdict(school, name, SchoolState.FAILED, "rate_limited", str(error))
    except Retriable as error:
        delivery.gatekeeper.failed()
        verdict = Verdict(school, name, SchoolState.FAILED, "source_unavailable", str(error))
    except AccessDenied as error:
        verdict = Verdict(school, name, SchoolState.FAILED, "access_denied", str(error))
    except ConnectorError as error:
        verdict = Verdict(school, name, SchoolState.FAILED, "misconfigured", str(error))
    except Exception as error:  # the last line of defence for the other schools
        verdict = Verdict(school, name, SchoolState.FAILED, "hub_fault", where(error))
    work.close(verdict)
    return verdict


@dataclass
class _Work:
    """One delivery of one school; ``sender`` knows which batches it settled."""

    hub: Hub
    school: str
    run: Run
    delivery: Delivery
    sender: Sender = field(init=False)
    findings: list[Finding] = field(default_factory=list)

    def __post_init__(self) -> None:
        one = self.delivery
        self.box = Box(one.destination.name, self.school)
        self.sender = Sender(
            self.hub, self.box, one.destination, one.target, one.gatekeeper, one.new_key, self._tell
        )

    def deliver(self) -> int:
        """Plan, settle, compare, send; returns how many withdrawals wait for a person."""
        destination, run = self.delivery.destination, self.run
        guard = EVERY_ONE if self.delivery.mode is Mode.ROLLOVER else destination.guard
        plan = plan_school(self.hub, destination, self.school, run.business_date, run.run_id, guard)
        self.sender.settle_waiting()
        held = self._compare(guard) if self._must_compare() else plan.held
        self.sender.send_pending(run.run_id)
        return held

    def _must_compare(self) -> bool:
        """Daily, only if the number of records at the portal is not the one it confirmed."""
        if self.delivery.mode is not Mode.DAILY:
            return True
        with self.hub.engine.begin() as connection:
            ours = confirmed(connection, self.box)
        theirs = self.sender.count_records() if ours else None
        return theirs is not None and theirs != ours

    def _compare(self, guard: Guard) -> int:
        """Take over what the portal holds; returns how many withdrawals wait for a person now."""
        listed = pl.concat([pl.DataFrame(schema=LISTED), *self.sender.list_records()])
        with self.hub.engine.begin() as connection:
            year, _ = open_year(connection, self.school)
            found = take_over(connection, self.box, year, listed, self.sender.settled)
            due = [Entry(name, Counter.DUE, n) for name, n in found.new_withdrawals.items()]
            ledger.add(connection, self.run.run_id, self.school, self.box.target, due)
            outbox.hold_withdrawals(connection, self.box, guard)
            if found.found:
                differs = Finding("portal_differs", document="svod reconcile", detail=str(found))
                self._tell(connection, f"{self.run.business_date} reconcile", differs)
            return _held(connection, self.box)

    def _tell(self, connection: Connection, what: str, finding: Finding) -> None:
        """Keep a finding on ``what``, a batch or a comparison, that this delivery has ended."""
        place = Place(self.run.run_id, self.school, self.box.target, what)
        add_findings(connection, place, [finding])

    def done(self, held: int) -> Verdict:
        """Delivered; where withdrawals wait for a person, a finding says how many."""
        name = self.box.target
        if held:
            rule, detail = "unplanned_withdrawal", str(held)
            self.findings.append(Finding(rule, document="svod plan", detail=detail))
            return Verdict(self.school, name, SchoolState.PARTLY, rule, detail)
        return Verdict(self.school, name, SchoolState.DONE)

    def close(self, verdict: Verdict) -> None:
        """The account, the findings and the verdict, together."""
        run, destination = self.run, self.delivery.destination
        with self.hub.engine.begin() as connection:
            entries = list(_account(connection, self.box, self.sender.settled))
            ledger.add(connection, run.run_id, self.school, self.box.target, entries)
            place = Place(run.run_id, self.school, self.box.target, run.business_date.isoformat())
            keep_findings(connection, place, self.findings)
            runs.record(connection, run.run_id, destination.verb, run.business_date, verdict)


def _held(connection: Connection, box: Box) -> int:
    query = (
        "SELECT count(*) FROM outbox.desired WHERE target = :target AND school = :school"
        " AND state = 'held'"
    )
    return int(connection.execute(text(query), box.values).scalar_one())


def _account(connection: Connection, box: Box, settled: list[str]) -> Iterator[Entry]:
    """Where every record that is due stands now, by entity.

    A record that is due has a desired content, must not leave (a reason), or is to be
    withdrawn; delivered are those whose last answer came with a batch of this delivery.
    """
    rows = connection.execute(text(_STANDING), box.values | {"settled": settled})
    for entity, name, reason, count in rows:
        yield Entry(entity, Counter(name), count, reason)


_STANDING = """
WITH answered AS (
  SELECT DISTINCT key FROM outbox.receipts WHERE batch = ANY(:settled) AND status <> 'rejected'
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
