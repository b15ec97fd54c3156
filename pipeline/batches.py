"""Steps for a batch of schools: what one mapped Airflow task, or one command, does.

One bad school never stops a batch. After all schools had their turn, ``SchoolsWaitingError``
tells the caller that some should be tried again later; those already done are not done twice.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import date

from sqlalchemy import Connection

from connectors.errors import RateLimited, Unavailable
from pipeline import runs
from pipeline.delivery.deliver import Delivery, Mode, deliver_schools
from pipeline.delivery.destinations import DESTINATIONS, Destination
from pipeline.delivery.pace import Gatekeeper
from pipeline.hub import Hub
from pipeline.intake.collect import COLLECT, Run, collect_school
from pipeline.intake.identity import match_people
from pipeline.ledger import require_closed
from pipeline.registry import school_codes, source_kinds, target_names, target_settings
from pipeline.runs import RunState, SchoolState, Verdict
from pipeline.settings import expand

# What a later try may mend; the rest needs a person first.
PASSING = frozenset({"source_unavailable", "rate_limited", "portal_resting"})


class SchoolsWaitingError(Unavailable):
    """Some schools of the batch got no answer; run the same batch again later."""


class SchoolsLimitedError(RateLimited):
    """As ``SchoolsWaitingError``, and a system asked for fewer requests: wait longer."""


def split(schools: Sequence[str], size: int) -> list[list[str]]:
    """``schools`` in batches of at most ``size``, keeping their order."""
    return [list(schools[i : i + size]) for i in range(0, len(schools), size)]


def open_run(hub: Hub, verb: str, run: Run) -> list[list[str]]:
    """Begin ``verb`` of ``run``; returns the batches of schools to work on: none where the region
    names no such target."""
    with hub.engine.begin() as connection:
        runs.start(connection, run.run_id, verb, run.business_date)
        due = _due(connection, verb, run.business_date)
        return split(sorted(due), hub.settings.batch_schools)


def collect_batch(hub: Hub, schools: Sequence[str], run: Run) -> dict[str, int]:
    """Collect each school; returns how many ended in each state.

    Raises ``SchoolsWaitingError`` when a source did not answer.
    """
    return _each(
        hub,
        schools,
        run,
        COLLECT,
        lambda due: (verdict for school in due for verdict in collect_school(hub, school, run)),
    )


def deliver_batch(
    hub: Hub,
    schools: Sequence[str],
    run: Run,
    destination: Destination,
    mode: Mode = Mode.DAILY,
) -> dict[str, int]:
    """Deliver each school to ``destination``; returns how many ended in each state.

    Raises ``SchoolsWaitingError`` when the portal did not answer.
    """
    with hub.engine.begin() as connection:
        settings = expand(target_settings(connection, destination.name))
        runs.note_mode(connection, run.run_id, destination.verb, mode.value)
    gatekeeper = Gatekeeper(hub.engine, destination.name)
    delivery = Delivery(destination, destination.connect(settings), gatekeeper, mode)
    return _each(
        hub,
        schools,
        run,
        destination.verb,
        lambda due: deliver_schools(hub, due, run, delivery),
    )


def work_batch(
    hub: Hub, verb: str, schools: Sequence[str], run: Run, mode: Mode = Mode.DAILY
) -> dict[str, int]:
    """Do ``verb``, collect or that of a destination; see ``collect_batch``, ``deliver_batch``."""
    if verb == COLLECT:
        return collect_batch(hub, schools, run)
    destination = next(one for one in DESTINATIONS.values() if one.verb == verb)
    return deliver_batch(hub, schools, run, destination, mode)


def close_run(hub: Hub, verb: str, run: Run, schools: Sequence[str] | None = None) -> RunState:
    """Close ``verb`` of ``run``; every one of ``schools`` (default: all) must have a verdict.

    A school the step never reached, say because its task died, counts as failed. Raises
    ``LedgerOpenError`` with the rows that are off. After a collect, whoever is new or changed is
    matched with the people of other schools.
    """
    if verb == COLLECT:
        match_people(hub)
    with hub.engine.begin() as connection:
        reached = {(v.school, v.source) for v in runs.verdicts(connection, run.run_id, verb)}
        due = _due(connection, verb, run.business_date)
        for part in sorted(
            {(s, kind) for s in schools or due for kind in due.get(s, {verb})} - reached
        ):
            missed = Verdict(*part, SchoolState.FAILED, "hub_fault", "was not reached")
            runs.record(connection, run.run_id, verb, run.business_date, missed)
        state = runs.finish(connection, run.run_id, verb)
    with hub.engine.begin() as connection:
        require_closed(connection, run.run_id)
    return state


def _each(
    hub: Hub,
    schools: Sequence[str],
    run: Run,
    verb: str,
    act: Callable[[Sequence[str]], Iterable[Verdict]],
) -> dict[str, int]:
    done = _already_done(hub, run, verb)
    counts: dict[str, int] = {}
    waiting: dict[str, set[str]] = {}
    for verdict in act([code for code in schools if code not in done]):
        counts[verdict.state.value] = counts.get(verdict.state.value, 0) + 1
        if verdict.rule in PASSING:
            waiting.setdefault(verdict.school, set()).add(verdict.rule)
    if waiting:
        limited = any("rate_limited" in rules for rules in waiting.values())
        kind = SchoolsLimitedError if limited else SchoolsWaitingError
        raise kind(f"{verb}: no answer for schools {', '.join(waiting)}")
    return counts


def _already_done(hub: Hub, run: Run, verb: str) -> set[str]:
    """Schools that an earlier try of this very run has finished, each of their journals."""
    with hub.engine.begin() as connection:
        found = runs.verdicts(connection, run.run_id, verb)
        due = _due(connection, verb, run.business_date)
    finished = {(v.school, v.source) for v in found if v.state is not SchoolState.FAILED}
    return {s for s, kinds in due.items() if {(s, kind) for kind in kinds} <= finished}


def _due(connection: Connection, verb: str, on: date) -> dict[str, set[str]]:
    """What a run owes a verdict on: by school, its journals, or the target of a delivery.

    A school that is closed is collected no more; what it left at the portals still changes.
    """
    if verb == COLLECT:
        return source_kinds(connection, on)
    names = {one.name for one in DESTINATIONS.values() if one.verb == verb}
    there = names & target_names(connection)
    return dict.fromkeys(school_codes(connection), there) if there else {}
