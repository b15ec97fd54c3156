"""The fault matrix: whatever a portal does, it ends with what it should hold, once, and known.

Every fault x portal (the contingent registry by both ways in) x mode. A case begins with an empty
portal and an empty outbox, delivers one school until a run ends well, and then once more, as the
next day does.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from pipeline import batches
from pipeline.deliver import Mode
from pipeline.destinations import CONTINGENT, DIARY, Destination
from pipeline.runs import RunState
from tests.end_to_end.registry import WAYS, registry_of
from tests.end_to_end.world import World, ask

# How many requests in a row, and how many go well before them: the fault hits the second batch.
FAULTS: dict[str, dict[str, Any]] = {
    "refused": {"count": 1.2},
    "429": {"count": 3},
    "429_silent": {"count": 3},
    "503": {"count": 3},
    "cut_before": {"count": 3, "method": "POST"},
    "cut_after": {"count": 3, "method": "POST"},
    "timeout": {"count": 1, "method": "POST"},
    "timeout_after": {"count": 1, "method": "POST"},
    "late": {"count": 1, "method": "POST"},
    "error200": {"count": 3},
    "html": {"count": 3},
    "partial": {"count": 3, "method": "POST"},
    "reordered": {"count": 3, "method": "POST"},
    "duplicate": {"count": 3, "method": "POST"},
    "slow": {"count": 1, "method": "POST"},
    "out_of_disk": {"count": 3, "method": "POST"},
    "restored": {"count": 1, "name": "empty"},
}
PORTALS = ("diary", *WAYS)
MODES = (Mode.DAILY, Mode.FULL)
MOST_RUNS = 5


@dataclass
class Bench:
    """One school of a world before one portal; ``url`` is the portal's, for its control."""

    world: World
    destination: Destination
    school: str
    url: str

    def empty(self) -> None:
        """The portal and our books of it as before the first delivery."""
        self.fault(kind="all", count=0)
        self.control("restore", name="empty")
        self.world.forget("outbox")

    def fault(self, **rule: Any) -> None:
        self.control("fault", **rule)

    def control(self, call: str, **body: Any) -> Any:
        return ask(f"{self.url}/_sandbox/{call}", body or None)

    def deliver(self, run_id: str, mode: Mode) -> RunState:
        act = partial(batches.deliver_batch, destination=self.destination, mode=mode)
        return self.world.step(self.destination.verb, act, self.world.last, run_id, [self.school])

    def wanted(self) -> dict[str, str]:
        rows = self.world.rows(
            "SELECT key, desired_hash FROM outbox.desired WHERE desired_hash IS NOT NULL"
        )
        return {row["key"]: row["desired_hash"] for row in rows}

    def there(self) -> dict[str, str]:
        named = "key" if self.destination is DIARY else "uid"
        return {record[named]: record["hash"] for record in self.control("state")}


@pytest.fixture(scope="module", params=PORTALS)
def bench(
    request: pytest.FixtureRequest, evening: World, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Bench]:
    folder: Path = tmp_path_factory.mktemp(f"faults-{request.param}")
    world = evening.copy(f"faults_{request.param}", folder / "world")
    school = world.schools("paragraf")[0]
    world.empty_portal()
    with ExitStack() as stack:
        if request.param == "diary":
            stack.enter_context(world.served())
            made = Bench(world, DIARY, school, world.portal_url)
        else:
            registry = stack.enter_context(registry_of(world, request.param))
            made = Bench(world, CONTINGENT, school, registry.url)
        made.control("backup", name="empty")
        made.fault(plan="hold=1 slow=1 retry_after=1")
        yield made
    world.server.drop(world.name)


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("kind", sorted(FAULTS))
def test_every_fault_ends_well(bench: Bench, kind: str, mode: Mode) -> None:
    bench.empty()
    before, earlier = bench.control("stats"), len(bench.control("faults")["played"])
    bench.fault(kind=kind, after=1, **FAULTS[kind])
    states = []
    for number in range(MOST_RUNS):  # a run whose ledger does not close raises
        states.append(bench.deliver(f"{kind}-{mode}-{number}", mode))
        if states[-1] is RunState.CLOSED:
            break
    played = [event["kind"] for event in bench.control("faults")["played"][earlier:]]
    assert kind in played, "the fault was never met"
    states.append(bench.deliver(f"{kind}-{mode}-next", mode))
    assert states[-2:] == [RunState.CLOSED] * 2, states
    assert set(states[:-2]) <= {RunState.PARTLY}
    wanted = bench.wanted()
    assert wanted
    assert bench.there() == wanted
    made = {name: value - before[name] for name, value in bench.control("stats").items()}
    if kind != "restored":  # what was lost with the backup has to be made again
        assert made["created"] == len(wanted)
        assert made["updated"] == made["withdrawn"] == 0
