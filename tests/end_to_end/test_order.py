"""Today's facts of every school of a batch reach the portal before older ones of any."""

from __future__ import annotations

import json
from typing import Any

from pipeline.runs import RunState
from tests.end_to_end.conftest import CopyOf
from tests.end_to_end.world import World


def test_no_schools_today_waits_for_the_past_of_another(evening: World, copy_of: CopyOf) -> None:
    world = copy_of(evening)
    world.forget("outbox")
    world.empty_portal()
    with world.served():
        assert world.deliver(world.last, "in-order") is RunState.CLOSED
    batches = received(world)
    urgent = [all(is_todays(record, world.last) for record in one["records"]) for one in batches]
    first_of_the_past = urgent.index(False)
    assert not any(urgent[first_of_the_past:])
    told_today = {one["institution"] for one in batches[:first_of_the_past]}
    assert told_today == set(world.schools())
    assert any(is_todays(record, world.last) for one in batches for record in one["records"])
    past = [record for one in batches[first_of_the_past:] for record in one["records"]]
    assert past
    assert not any(is_todays(record, world.last) for record in past)


def is_todays(record: dict[str, Any], day: str) -> bool:
    said = str(record.get("data", {}).get("date", ""))  # dd.mm.yyyy
    return "-".join(reversed(said.split("."))) >= day


def received(world: World) -> list[dict[str, Any]]:
    """The bodies of the batches, in the order in which the diary service got them."""
    lines = (world.region / "diary-received.log").read_bytes().splitlines()
    return [json.loads(line) for line in lines if line.startswith(b'{"institution"')]
