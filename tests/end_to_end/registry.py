"""A contingent registry beside a world, reached by one of its two ways in."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Engine
from sqlalchemy.dialects.postgresql import insert

from pipeline.delivery.destinations import CONTINGENT
from sandbox.emulators.contingent import KEY, MANNER, Contingent
from sandbox.emulators.fault_plan import Plan
from sandbox.emulators.faults import Faulty, serve_with_faults
from sandbox.emulators.web import address
from schemas.tables import targets
from tests.end_to_end.world import World, ask

WAYS = ("rest", "packet")
OF_PACKETS = {
    "source_system_id": "svod",
    "destination_system_id": "contingent",
    "ais_guid": "4bca0dd5-3a2c-4f6c-8e0e-0a3c7f9a1b11",
}


@dataclass(frozen=True)
class Registry:
    """The emulator's address and what it holds."""

    url: str

    def records(self) -> dict[str, dict[str, Any]]:
        """Live records by the key we gave them."""
        return {record["uid"]: record for record in ask(f"{self.url}/_sandbox/state")}

    def control(self, call: str, **body: Any) -> Any:
        return ask(f"{self.url}/_sandbox/{call}", body or None)


def tell_of_registry(engine: Engine, way: str, url: str) -> None:
    """The region delivers to the registry at ``url`` from now on, by ``way``."""
    settings = {"variant": way, "key": KEY, "base_url": f"{url}/{way}", "attempts": 2}
    if way == "packet":
        settings |= OF_PACKETS
    statement = insert(targets).values(kind=CONTINGENT.name, settings=settings)
    with engine.begin() as connection:
        connection.execute(
            statement.on_conflict_do_update(index_elements=["kind"], set_={"settings": settings})
        )


@contextmanager
def registry_of(world: World, way: str, faults: Plan | None = None) -> Iterator[Registry]:
    """The registry at work, and the region told of it."""
    emulator = Contingent(world.region, world.truth["schools"])
    faulty = Faulty(emulator.respond, faults or Plan(), MANNER, "contingent")
    server = serve_with_faults(faulty, 0)
    tell_of_registry(world.hub.engine, way, address(server))
    try:
        yield Registry(address(server))
    finally:
        faulty.close()
        server.shutdown()
        server.server_close()
        emulator.close()
