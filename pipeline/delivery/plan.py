"""Plan: what a portal should hold for a school, by the rules of consent and policy.

The facts of the open school year become the portal's records; the privacy gate says what may leave.
The result is the desired state; what differs from the delivered state is the plan.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date

import polars as pl
from sqlalchemy import Connection, text

from pipeline import ledger
from pipeline.consents.standing import states_on
from pipeline.delivery import outbox
from pipeline.delivery.consent_dues import dues_on
from pipeline.delivery.destinations import Destination, Moment
from pipeline.delivery.outbox import USUAL, Box, Guard
from pipeline.delivery.wanted import person_name, wanted_state
from pipeline.hub import Hub
from pipeline.ledger import Counter, Entry
from pipeline.registry import closed_on, closed_year, open_year
from pipeline.store import former, live
from privacy.consent import reasons


@dataclass(frozen=True)
class Plan:
    """What a delivery would do for one school at one target."""

    school: str
    target: str
    create: int
    update: int
    withdraw: int
    held: int
    withheld: int
    overdue: int = 0  # pupils whose consent should have been acted upon by now
    left_open: int = 0  # educations that nobody has ended though the school is closed


@dataclass(frozen=True)
class Wish:
    """A desired state and what its account begins with.

    ``wanted``: columns of ``outbox.WANTED``; ``due``: the number of records by type, so that what
    the gate loses shows in the ledger; ``agreed``: opaque names of people with an active consent,
    or None where the target asks for no consent; ``amended``: likewise as ``wanted``, records of
    closed years that are other than they were sent.
    """

    year: int
    wanted: pl.DataFrame
    due: Mapping[str, int]
    agreed: list[str] | None = None
    amended: pl.DataFrame | None = None


def plan_school(
    hub: Hub,
    destination: Destination,
    school: str,
    on: date,
    run_id: str,
    guard: Guard | None = None,
) -> Plan:
    """Make the desired state of ``school`` for the business date ``on``, and compare.

    Writes the outbox and the counters due and withheld of the ledger; sends nothing.
    """
    with hub.engine.begin() as connection:
        year, year_start = open_year(connection, school)
        facts = _facts(connection, destination, school, year)
        past = closed_year(connection, school) if destination.amended else None
        then = _facts(connection, destination, school, past.year) if past else {}
        states = states_on(connection, school, on)
        closed = closed_on(connection, school)
    moment = Moment(on, year, year_start)
    records = destination.records(hub.keys, school, facts, moment)
    consent = reasons(states)
    wish = Wish(
        year,
        wanted_state(hub, destination, school, on, consent, records),
        {entity: frame.height for entity, frame in records.items()},
        _agreed(hub, school, consent) if destination.by_consent else None,
    )
    if destination.amended and past:
        amended = destination.amended(hub.keys, school, then, facts, past)
        state = wanted_state(hub, destination, school, on, consent, amended)
        wish = replace(wish, amended=state)
    plan = account_plan(
        hub, Box(destination.name, school), run_id, wish, guard or destination.guard
    )
    over = closed is not None and closed <= on
    return replace(
        plan,
        overdue=_overdue(hub, school, on) if destination.by_consent else 0,
        left_open=_left_open(records) if over else 0,
    )


def _overdue(hub: Hub, school: str, on: date) -> int:
    with hub.engine.begin() as connection:
        return dues_on(connection, hub.keys, school, on).filter(pl.col("days_late") > 0).height


def _left_open(records: Mapping[str, pl.DataFrame]) -> int:
    """Educations without an end: only an order can end them, the hub invents none."""
    education = records.get("education")
    return 0 if education is None else education["training_end_at"].null_count()


def _facts(
    connection: Connection, destination: Destination, school: str, year: int
) -> dict[str, pl.DataFrame]:
    """Live rows by entity, and those that vanished where they count, as ``former_<entity>``."""
    facts = {entity: live(connection, entity, school, year) for entity in destination.facts}
    return facts | {
        f"former_{entity}": former(connection, entity, school, year)
        for entity in destination.former
    }


def account_plan(hub: Hub, box: Box, run_id: str, wish: Wish, guard: Guard | None = None) -> Plan:
    """Make ``wish`` the desired state of ``box``; its account of ``run_id`` begins anew."""
    guard = guard or USUAL
    with hub.engine.begin() as connection:
        outbox.set_desired(connection, box, wish.year, wish.wanted)
        if wish.amended is not None:
            outbox.amend(connection, box, wish.year, wish.amended)
        if wish.agreed is not None:
            outbox.withdraw_without_consent(connection, box, wish.year, wish.agreed)
        outbox.hold_withdrawals(connection, box, guard)
        entries = [Entry(entity, Counter.DUE, count) for entity, count in wish.due.items()]
        ledger.clear(connection, run_id, box.school, box.target)
        kept = _kept(connection, box, wish.year)
        for part in (entries, kept, _withdrawals_due(connection, box, wish.year)):
            ledger.add(connection, run_id, box.school, box.target, part)
        return compare(connection, box)


def _agreed(hub: Hub, school: str, consent: pl.DataFrame) -> list[str]:
    agreed = consent.filter(pl.col("reason").is_null())
    names = agreed.select(person_name(hub.keys, school, "pupil").alias("person"))
    return names["person"].drop_nulls().to_list()


def _kept(connection: Connection, box: Box, year: int) -> list[Entry]:
    """Records of closed years: due as they were, whether they may stay or not."""
    rows = connection.execute(
        text(
            "SELECT entity, count(*) FROM outbox.desired WHERE target = :target"
            " AND school = :school AND school_year <> :year"
            " AND (desired_hash IS NOT NULL OR reason <> '') GROUP BY entity"
        ),
        box.values | {"year": year},
    )
    return [Entry(entity, Counter.DUE, count) for entity, count in rows]


def _withdrawals_due(connection: Connection, box: Box, year: int) -> list[Entry]:
    """Records that are no longer facts but are, or may be, at the portal.

    To be asked in the transaction of ``set_desired``, whose table ``wanted`` it reads.
    """
    rows = connection.execute(
        text(
            "SELECT entity, count(*) FROM outbox.desired WHERE target = :target"
            " AND school = :school AND desired_hash IS NULL"
            " AND state IN ('pending', 'in_flight', 'held', 'approved')"
            " AND (reason = '' OR school_year = :year"
            "   AND NOT EXISTS (SELECT FROM wanted w WHERE w.key = desired.key)) GROUP BY entity"
        ),
        box.values | {"year": year},
    )
    return [Entry(entity, Counter.DUE, count) for entity, count in rows]


def compare(connection: Connection, box: Box) -> Plan:
    """What a delivery of ``box`` would do now."""
    row = connection.execute(
        text(
            "SELECT count(*) FILTER (WHERE moving AND delivered_hash IS NULL"
            "   AND desired_hash IS NOT NULL),"
            " count(*) FILTER (WHERE moving AND delivered_hash IS NOT NULL"
            "   AND desired_hash IS NOT NULL),"
            " count(*) FILTER (WHERE moving AND desired_hash IS NULL),"
            " count(*) FILTER (WHERE state = 'held'), count(*) FILTER (WHERE state = 'withheld')"
            " FROM (SELECT *, state IN ('pending', 'approved', 'in_flight') AS moving"
            " FROM outbox.desired WHERE target = :target AND school = :school) d"
        ),
        box.values,
    ).one()
    return Plan(box.school, box.target, *row)
