"""The days of a hub full of canaries, one after the other, and all that came out of it."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psycopg
from sqlalchemy.dialects.postgresql import insert

from connectors.base import Source
from pipeline.delivery.deliver import Mode
from pipeline.delivery.destinations import CONTINGENT
from schemas.tables import targets
from tests.canaries.people import Canary
from tests.canaries.schools import DAY, Planted
from tests.canaries.world import (
    BROKEN,
    FAULT,
    FIELDS,
    FRAMES,
    PACKET,
    CanaryWorld,
    Faulty,
    changed_documents,
    healthy,
    trouble_with,
)
from tests.end_to_end.conftest import LOG, logged
from tests.end_to_end.server import Server
from tests.end_to_end.world import SVOD
from tests.support.needles import Needles

ASKED = ("runs", "ledger", "quarantine", "findings", "dead", "portals", "people ambiguous",
         "people merges", "cards --district d1")  # fmt: skip
ASKED_OF_A_SCHOOL = tuple(f"cards --on {day}" for day in (FIELDS, FRAMES))


@dataclass
class Evening:
    """``said``: what each command answered, by the command."""

    world: CanaryWorld
    folder: Path
    needles: Needles
    of_needle: dict[str, list[Canary]]
    said: dict[str, bytes] = field(default_factory=dict)

    def landed(self) -> Iterator[bytes]:
        """Every document that any source gave, opened, and its name."""
        landing = self.world.hub.landing
        for row in self.world.rows("SELECT DISTINCT sha256 FROM ops.landing"):
            yield landing.get(row["sha256"])

    def leaks(self, content: bytes) -> list[Canary]:
        """The canaries in ``content``, one for each needle."""
        return [self.of_needle[needle][0] for needle in sorted(self.needles.found_in(content))]


def lived(server: Server, folder: Path) -> Evening:
    """Everything that can happen to the hub in five days."""
    world = CanaryWorld.prepare(server, "canaries", folder)
    with logged(folder / LOG), world.served():
        _days(world)
        said = _answers(world)
        said["run"] = _said(_run_of_the_dags(world))
    of_needle = _needles(world.schools_)
    return Evening(world, folder, Needles(of_needle), of_needle, said)


def _run_of_the_dags(world: CanaryWorld) -> subprocess.CompletedProcess[str]:
    """The DAGs themselves, for Airflow's books and logs."""
    return subprocess.run(
        [SVOD, "run", "--business-date", str(FAULT)],
        env=world.environment(),
        capture_output=True,
        text=True,
        check=False,
        timeout=900,
    )


def _days(world: CanaryWorld) -> None:
    firebird = world.doors.firebird
    world.take(DAY, "healthy", healthy)
    world.deliver_everywhere(DAY, "healthy")
    world.take(FIELDS, "fields", changed_documents(FIELDS, firebird))
    _by_packet(world)
    world.deliver_everywhere(FIELDS, "fields", Mode.FULL)
    world.take(FRAMES, "frames", changed_documents(FRAMES, firebird))
    world.take(BROKEN, "broken", changed_documents(BROKEN, firebird))
    world.doors.trouble = trouble_with(world)
    world.take(FAULT, "trouble", healthy)
    world.deliver_everywhere(FAULT, "trouble")
    world.doors.trouble = None
    world.take(FAULT, "fault", faulty)
    world.measure(str(FRAMES), "frames")


def faulty(planted: Planted, kind: str, source: Source) -> Source:
    """Every journal meets a fault of the hub."""
    return Faulty(source, planted.text())


def _by_packet(world: CanaryWorld) -> None:
    """The contingent registry by its other way in."""
    address = world.doors.addresses()["SANDBOX_CONTINGENT_URL"]
    settings = {**PACKET, "base_url": f"{address}/packet"}
    statement = insert(targets).values(kind=CONTINGENT.name, settings=settings)
    with world.hub.engine.begin() as connection:
        connection.execute(
            statement.on_conflict_do_update(index_elements=["kind"], set_={"settings": settings})
        )


def _answers(world: CanaryWorld) -> dict[str, bytes]:
    """Every command that answers, as a table and as JSON, for each run; and some that fail."""
    said = {}
    of_schools = [
        f"{name} --school {one.code}" for name in ASKED_OF_A_SCHOOL for one in world.schools_
    ]
    for name in (*ASKED, *of_schools):
        for form in ((), ("--json",)):
            said[" ".join((name, *form))] = _said(world.asked(*name.split(), *form))
    for run in ("healthy", "fields", "frames", "broken", "trouble", "fault"):
        for name in ("ledger", "findings"):
            command = (name, "--run-id", run, "--json")
            said[" ".join(command)] = _said(world.asked(*command))
    day = ("--business-date", str(FRAMES))
    for name, *only in (["collect", "--school", world.schools_[1].code], ["deliver"]):
        said[f"{name} again"] = _said(world.asked(name, *day, *only))
    said["plan"] = _said(world.asked("plan", *day))
    said["plan --json"] = _said(world.asked("plan", *day, "--json"))
    sample = world.region / "drops" / world.schools_[0].code / str(FIELDS) / "pupils.xml"
    said["mappings check"] = _said(world.asked("mappings", "check", "paragraf/3.21", str(sample)))
    return said


def _said(done: Any) -> bytes:
    return f"{done.stdout}\n{done.stderr}".encode()


def _needles(schools: list[Planted]) -> dict[str, list[Canary]]:
    found: dict[str, list[Canary]] = {}
    for canary in (one for planted in schools for one in planted.planted):
        found.setdefault(canary.needle, []).append(canary)
    return found


def tables(world: CanaryWorld, database: str = "") -> Iterator[tuple[str, bytes]]:
    """Every table of the hub's database, or of another one on its server, as COPY writes it."""
    url = world.server.url(database or world.name)
    with psycopg.connect(url.replace("+psycopg", "")) as connection:
        names = connection.execute(
            "SELECT nspname, relname FROM pg_class JOIN pg_namespace n ON n.oid = relnamespace"
            " WHERE relkind IN ('r', 'p', 'v', 'm') AND NOT relispartition"
            " AND nspname NOT IN ('pg_catalog', 'information_schema') ORDER BY 1, 2"
        ).fetchall()
        for schema, name in names:
            query = f'COPY (SELECT * FROM "{schema}"."{name}") TO STDOUT'
            with connection.cursor().copy(query) as copied:
                yield f"{schema}.{name}", b"".join(bytes(part) for part in copied)
