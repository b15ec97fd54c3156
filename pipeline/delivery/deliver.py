"""Deliver: bring a portal to the desired state, a batch of schools in two rounds.

In the first round, school by school: the batches whose answer was lost are settled; then, if the
portal's books are to be believed less than the portal, it is asked what it holds; then withdrawals
and today's facts go out. In the second round the rest follows: so no school's today waits for
another one's last year. Each step is committed before the next begins, so that ``kill -9`` at any
point leaves books from which the next run goes on.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import TypeVar

import polars as pl
from sqlalchemy import Connection, text

from connectors.base import Target
from connectors.errors import AccessDenied, ConnectorError, RateLimited, Retriable
from pipeline import ledger, runs
from pipeline.delivery import outbox, standing
from pipeline.delivery.consent_dues import dues_on, overdue
from pipeline.delivery.destinations import Destination
from pipeline.delivery.outbox import EVERY_ONE, Box, Guard
from pipeline.delivery.pace import Gatekeeper, PortalResting
from pipeline.delivery.plan import plan_school
from pipeline.delivery.reconcile import LISTED, confirmed, take_over
from pipeline.delivery.transmit import Sender
from pipeline.hub import Hub
from pipeline.intake.collect import Run, where
from pipeline.intake.quarantine import Place, add_findings, keep_findings
from pipeline.ledger import Counter, Entry
from pipeline.registry import open_year
from pipeline.runs import SchoolState, Verdict
from schemas.frames import Finding


class Mode(StrEnum):
    """``daily``: what changed, and the portal is asked how many records it holds. ``full``: it is
    asked for all of them. ``rollover``: full, and every withdrawal waits for a person."""

    DAILY = "daily"
    FULL = "full"
    ROLLOVER = "rollover"


Outcome = TypeVar("Outcome")


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


def deliver_schools(
    hub: Hub, schools: Sequence[str], run: Run, delivery: Delivery
) -> Iterator[Verdict]:
    """Plan and deliver ``schools``: what is urgent of all of them, then the rest.

    A verdict for each, as it comes to its end, says what is left. Raises nothing for a school's own
    trouble: one bad school never stops a batch.
    """
    going = []
    for school in schools:
        work = _Work(hub, school, run, delivery)
        failed = work.attempt(work.begin)
        if failed is None:
            going.append(work)
        else:
            yield failed
    for work in going:
        yield work.attempt(work.finish)


@dataclass
class _Work:
    """One delivery of one school; ``sender`` knows which batches it settled, ``held`` is how many
    withdrawals wait for a person."""

    hub: Hub
    school: str
    run: Run
    delivery: Delivery
    sender: Sender = field(init=False)
    findings: list[Finding] = field(default_factory=list)
    held: int = 0

    def __post_init__(self) -> None:
        one = self.delivery
        self.box = Box(one.destination.name, self.school)
        self.sender = Sender(
            self.hub, self.box, one.destination, one.target, one.gatekeeper, one.new_key, self._tell
        )

    def attempt(self, step: Callable[[], Outcome]) -> Outcome | Verdict:
        """Do ``step``; a verdict, be it that the school failed, closes its account."""
        try:
            outcome: Outcome | Verdict = step()
        except PortalResting as error:
            outcome = self._failed("portal_resting", str(error))
        except RateLimited as error:
            outcome = self._failed("rate_limited", str(error))
        except Retriable as error:
            self.delivery.gatekeeper.failed()
            outcome = self._failed("source_unavailable", str(error))
        except AccessDenied as error:
            outcome = self._failed("access_denied", str(error))
        except ConnectorError as error:
            outcome = self._failed("misconfigured", str(error))
        except Exception as error:  # the last line of defence for the other schools
            outcome = self._failed("hub_fault", where(error))
        return self._close(outcome) if isinstance(outcome, Verdict) else outcome

    def begin(self) -> None:
        """Plan, settle, compare, send what is urgent."""
        destination, run = self.delivery.destination, self.run
        guard = EVERY_ONE if self.delivery.mode is Mode.ROLLOVER else destination.guard
        plan = plan_school(self.hub, destination, self.school, run.business_date, run.run_id, guard)
        if plan.left_open:
            rule, detail = "closed_school_open_education", str(plan.left_open)
            self.findings.append(Finding(rule, document="svod plan", detail=detail))
        self.sender.settle_waiting()
        self.held = self._compare(guard) if self._must_compare() else plan.held
        self.sender.send_pending(run.run_id, urgent=True)

    def finish(self) -> Verdict:
        """Send the rest. Where withdrawals wait for a person, a finding says how many."""
        self.sender.send_pending(self.run.run_id)
        self.sender.set_suspects_aside()
        name = self.box.target
        if self.held:
            rule, detail = "unplanned_withdrawal", str(self.held)
            self.findings.append(Finding(rule, document="svod plan", detail=detail))
            return Verdict(self.school, name, SchoolState.PARTLY, rule, detail)
        return Verdict(self.school, name, SchoolState.DONE)

    def _failed(self, rule: str, detail: str) -> Verdict:
        return Verdict(self.school, self.box.target, SchoolState.FAILED, rule, detail)

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

    def _close(self, verdict: Verdict) -> Verdict:
        """The account, the findings and the verdict, together; what is late by now is told in it,
        whether the portal answered or not."""
        run, destination = self.run, self.delivery.destination
        with self.hub.engine.begin() as connection:
            standing.claim(connection, self.box, run.run_id, self.sender.settled)
            entries = list(standing.account(connection, self.box, run.run_id))
            ledger.add(connection, run.run_id, self.school, self.box.target, entries)
            if destination.by_consent:
                dues = dues_on(connection, self.hub.keys, self.school, run.business_date)
                late = overdue(dues)
                self.findings += late
                verdict = _with_late(verdict, late)
            place = Place(run.run_id, self.school, self.box.target, run.business_date.isoformat())
            keep_findings(connection, place, self.findings)
            runs.record(connection, run.run_id, destination.verb, run.business_date, verdict)
        return verdict


def _with_late(verdict: Verdict, late: list[Finding]) -> Verdict:
    """The verdict with what is late; a rule that stopped the delivery stays the first."""
    said = [f"{one.rule}: {one.detail}" for one in late]
    first = verdict.rule or next((one.rule for one in late), None)
    return replace(verdict, rule=first, detail="; ".join(filter(None, [verdict.detail, *said])))


def _held(connection: Connection, box: Box) -> int:
    query = (
        "SELECT count(*) FROM outbox.desired WHERE target = :target AND school = :school"
        " AND state = 'held'"
    )
    return int(connection.execute(text(query), box.values).scalar_one())
