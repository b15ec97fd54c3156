"""Plan: what the diary should hold for a school, by the rules of consent and policy.

The facts of the journal become the diary's records (docs/diary-contract.md); the privacy gate puts
UIDs in the place of pseudonyms and says what must not leave. The result is the desired state; what
differs from the delivered state is the plan.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

import polars as pl
from sqlalchemy import Connection, text

from pipeline import ledger, outbox
from pipeline.diary_records import diary_records
from pipeline.hub import Hub
from pipeline.ledger import Counter, Entry
from pipeline.store import hashed, live
from privacy.consent import active
from privacy.gate import release
from privacy.policy import load_policy

TARGET = "diary"
SENT = ("lesson", "mark", "attendance", "term_mark")


@dataclass(frozen=True)
class Plan:
    """What a delivery would do for one school."""

    school: str
    create: int
    update: int
    withdraw: int
    held: int
    withheld: int


@dataclass(frozen=True)
class Guard:
    """Withdrawals above both limits wait for a person (design decision 7)."""

    most: int = 50  # a class leaving the school withdraws more; a teacher's corrections do not
    share: float = 0.02  # of what the portal holds for the school


def plan_school(hub: Hub, school: str, on: date, run_id: str, guard: Guard | None = None) -> Plan:
    """Make the desired state of ``school`` for the business date ``on``, and compare.

    Writes the outbox and the counters due and withheld of the ledger; sends nothing.
    """
    with hub.engine.begin() as connection:
        facts = {entity: live(connection, entity, school) for entity in (*SENT, *_LOOKUPS)}
    records = diary_records(hub.keys, school, facts)
    due = {entity: frame.height for entity, frame in records.items()}
    wanted = _wanted(hub, school, active(facts["consent"], facts["enrolment"], on), records)
    return account_plan(hub, school, run_id, wanted, due, guard)


def account_plan(
    hub: Hub,
    school: str,
    run_id: str,
    wanted: pl.DataFrame,
    due: Mapping[str, int],
    guard: Guard | None = None,
) -> Plan:
    """Make ``wanted`` (see ``outbox.set_desired``) the desired state.

    ``due``, the number of facts by entity, goes into the ledger: what the gate loses shows there.
    """
    guard = guard or Guard()
    entries = [Entry(entity, Counter.DUE, count) for entity, count in due.items()]
    with hub.engine.begin() as connection:
        outbox.set_desired(connection, TARGET, school, wanted)
        outbox.hold_withdrawals(connection, TARGET, school, guard.most, guard.share)
        ledger.clear(connection, run_id, school, TARGET)
        ledger.add(connection, run_id, school, TARGET, entries)
        ledger.add(connection, run_id, school, TARGET, _withdrawals_due(connection, school))
        return _compare(connection, school)


_LOOKUPS = ("class_", "subject", "term", "consent", "enrolment")


def _wanted(
    hub: Hub, school: str, consent: pl.DataFrame, records: Mapping[str, pl.DataFrame]
) -> pl.DataFrame:
    """The desired state as ``outbox.set_desired`` takes it."""
    policy = load_policy(TARGET)
    uids = hub.vault.uids_of(school)
    parts = []
    for entity, frame in records.items():
        coded, uncoded = _coded(frame)
        released = release(
            policy, entity, coded, uids=uids, consent=consent, school=school, log=hub.log_action
        )
        parts.append(_payloads(entity, released.records))
        parts.append(_withheld(entity, pl.concat([released.withheld, uncoded])))
    return pl.concat(parts)


def _coded(frame: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame]:
    """The records the portal has a code for, and the keys of the others with their reason."""
    if "estimate_value_code" not in frame.columns:
        return frame, pl.DataFrame(schema={"key": pl.String, "reason": pl.String})
    lacking = pl.col("estimate_value_code").is_null()
    return frame.filter(~lacking), frame.filter(lacking).select("key", reason=pl.lit("no_code"))


def _payloads(entity: str, records: pl.DataFrame) -> pl.DataFrame:
    data = pl.struct(pl.exclude("key")).struct.json_encode()
    return hashed(records.select("key", data.alias("payload")), ["payload"]).select(
        "key",
        pl.lit(entity).alias("entity"),
        pl.col("content_hash").alias("desired_hash"),
        "payload",
        pl.lit("").alias("reason"),
    )


def _withheld(entity: str, withheld: pl.DataFrame) -> pl.DataFrame:
    return withheld.select(
        "key",
        pl.lit(entity).alias("entity"),
        pl.lit(None, dtype=pl.String).alias("desired_hash"),
        pl.lit(None, dtype=pl.String).alias("payload"),
        "reason",
    )


def _withdrawals_due(connection: Connection, school: str) -> list[Entry]:
    """Records that are no longer facts but are, or may be, at the portal."""
    rows = connection.execute(
        text(
            "SELECT entity, count(*) FROM outbox.desired WHERE target = :target"
            " AND school = :school AND desired_hash IS NULL AND reason = ''"
            " AND state IN ('pending', 'in_flight', 'held', 'approved') GROUP BY entity"
        ),
        {"target": TARGET, "school": school},
    )
    return [Entry(entity, Counter.DUE, count) for entity, count in rows]


def _compare(connection: Connection, school: str) -> Plan:
    row = connection.execute(
        text(
            "SELECT count(*) FILTER (WHERE moving AND delivered_hash IS NULL),"
            " count(*) FILTER (WHERE moving AND delivered_hash IS NOT NULL"
            "   AND desired_hash IS NOT NULL),"
            " count(*) FILTER (WHERE moving AND desired_hash IS NULL),"
            " count(*) FILTER (WHERE state = 'held'), count(*) FILTER (WHERE state = 'withheld')"
            " FROM (SELECT *, state IN ('pending', 'approved', 'in_flight') AS moving"
            " FROM outbox.desired WHERE target = :target AND school = :school) d"
        ),
        {"target": TARGET, "school": school},
    ).one()
    return Plan(school, *row)
