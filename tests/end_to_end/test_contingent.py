"""The contingent registry gets identities and movements, whole or not at all, and nothing else."""

from __future__ import annotations

import pytest

from pipeline.delivery.outbox import Box
from pipeline.explain.addresses import LedgerCounter
from pipeline.explain.ledger import explain_counter
from pipeline.explain.portal_origins import parts_of
from pipeline.ledger import Counter
from pipeline.runs import RunState
from tests.end_to_end.conftest import CopyOf
from tests.end_to_end.registry import WAYS, registry_of
from tests.end_to_end.world import World


@pytest.fixture(params=WAYS)
def way(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def standing(world: World, run_id: str) -> dict[tuple[str, str], int]:
    rows = world.rows(
        "SELECT counter, reason, sum(count) AS n FROM ops.ledger WHERE run_id = :run"
        " AND source = 'contingent' GROUP BY 1, 2",
        run=run_id,
    )
    return {(row["counter"], row["reason"]): int(row["n"]) for row in rows}


def test_identities_arrive_once_and_whole(evening: World, copy_of: CopyOf, way: str) -> None:
    world = copy_of(evening)
    with registry_of(world, way) as registry:
        assert world.deliver_contingent(world.last, "first") is RunState.CLOSED
        there = registry.records()
        counted = standing(world, "first")
        assert counted["delivered", ""] == len(there) > 0
        assert counted["withheld", "incomplete_identity"] > 0
        assert world.deliver_contingent(world.last, "again") is RunState.CLOSED
        assert standing(world, "again")["already", ""] == len(there)
        assert ("delivered", "") not in standing(world, "again")
        assert registry.records() == there
    assert {record["type"] for record in there.values()} >= {"class", "person", "education"}


def test_every_counter_opens_to_rows_of_the_journal(
    evening: World, copy_of: CopyOf, way: str
) -> None:
    """An education to its list and the orders, a person to the list of pupils."""
    world = copy_of(evening)
    with registry_of(world, way):
        world.deliver_contingent(world.last, "first")
    lines = world.rows(
        "SELECT school, entity, counter, sum(count)::int AS n FROM ops.ledger"
        " WHERE run_id = 'first' AND source = 'contingent' GROUP BY 1, 2, 3"
    )
    made_of: dict[str, set[str]] = {}
    for line in lines:
        named = (Counter(line["counter"]), line["school"], "first", line["entity"])
        with world.hub.engine.begin() as connection:
            opened = explain_counter(connection, LedgerCounter(*named, "contingent"))
            box = Box("contingent", line["school"])
            parts = parts_of(connection, world.hub.keys, box, opened.records)
        assert opened.count == opened.records.height == line["n"]
        for key in opened.records["key"]:
            assert all(part["document"] is not None for part in parts[key])
            made_of.setdefault(line["entity"], set()).update(p["made_of"] for p in parts[key])
    assert made_of == {
        "class": {"class_"},
        "person": {"pupil"},
        "education": {"enrolment", "movement"},
        "movement": {"movement"},
    }


def test_names_are_nowhere_but_in_the_vault_and_the_registry(
    evening: World, copy_of: CopyOf, way: str
) -> None:
    world = copy_of(evening)
    with registry_of(world, way) as registry:
        world.deliver_contingent(world.last, "first")
        people = [r["data"] for r in registry.records().values() if r["type"] == "person"]
    names = {str(person["lastname"]) for person in people}
    assert names
    kept = world.rows(
        "SELECT (SELECT string_agg(d::text, '') FROM outbox.desired d) AS desired,"
        " (SELECT string_agg(b::text, '') FROM outbox.batches b) AS batches,"
        " (SELECT string_agg(r::text, '') FROM outbox.receipts r) AS receipts,"
        " (SELECT string_agg(a::text, '') FROM ops.action_log a) AS actions,"
        " (SELECT string_agg(f::text, '') FROM ops.findings f) AS findings"
    )[0]
    assert [
        (place, name)
        for place, content in kept.items()
        for name in names
        if name in (content or "")
    ] == []


def test_a_registry_restored_from_a_backup_is_repaired(
    evening: World, copy_of: CopyOf, way: str
) -> None:
    world = copy_of(evening)
    with registry_of(world, way) as registry:
        registry.control("backup", name="empty")
        world.deliver_contingent(world.last, "first")
        there = registry.records()
        registry.control("restore", name="empty")
        assert registry.records() == {}
        assert world.deliver_contingent(world.last, "second") is RunState.CLOSED
        assert registry.records() == there


def test_a_child_that_left_is_not_deleted(evening: World, copy_of: CopyOf, way: str) -> None:
    """An enrolment that vanished without an order may be a mistake of the export: a person asks."""
    world = copy_of(evening)
    with registry_of(world, way) as registry:
        world.deliver_contingent(world.last, "first")
        there = registry.records()
        world.write(
            "UPDATE journal.enrolment SET vanished_at = now() WHERE school = :school",
            school=world.schools("paragraf")[0],
        )
        assert world.deliver_contingent(world.last, "second") is RunState.PARTLY
        assert registry.records() == there
        assert any(counter == "held" for counter, _ in standing(world, "second"))
