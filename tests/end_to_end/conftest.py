"""Three regions, each taken through its business dates once for all tests."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from itertools import count
from pathlib import Path
from subprocess import CompletedProcess
from typing import Any

import pytest

from sandbox.params import Params
from tests.end_to_end.server import Server, embedded
from tests.end_to_end.world import World

# Both forms of both file systems, a day without an answer, a day without an upload.
SEPTEMBER = Params(districts=2, schools_per_system=2, classes=2)
# The last week of a term: term marks. An autumn's marks are many, so one school of each system.
OCTOBER = Params(
    districts=2,
    schools_per_system=1,
    classes=2,
    connected_on=date(2026, 10, 21),
    until=date(2026, 10, 23),
)
# One evening: what has to be done many times over is done here.
EVENING = Params(districts=2, schools_per_system=2, classes=1, connected_on=date(2026, 9, 18))

LOG = "everything.log"
CopyOf = Callable[[World], World]


@pytest.fixture(scope="session")
def server() -> Iterator[Server]:
    with embedded() as running:
        yield running


@pytest.fixture(scope="session")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("worlds")


@pytest.fixture(scope="session")
def september(server: Server, folder: Path) -> World:
    return _through_all_dates(server, "september", folder, SEPTEMBER, report=True)


@pytest.fixture(scope="session")
def october(server: Server, folder: Path) -> World:
    return _through_all_dates(server, "october", folder, OCTOBER, report=True)


@pytest.fixture(scope="session")
def evening(server: Server, folder: Path) -> World:
    return _through_all_dates(server, "evening", folder, EVENING, report=False)


@pytest.fixture(params=["september", "october"])
def world(request: pytest.FixtureRequest) -> World:
    """A region after its last business date; to be read only."""
    found: World = request.getfixturevalue(request.param)
    return found


@pytest.fixture
def copy_of(server: Server, tmp_path: Path) -> Iterator[CopyOf]:
    """``copy_of(world)``: a world of one's own, in the state the other one is in."""
    made: list[World] = []

    def copied(world: World) -> World:
        number = next(_numbers)
        made.append(world.copy(f"{world.name}_{number}", tmp_path / str(number)))
        return made[-1]

    yield copied
    for world in made:
        server.drop(world.name)


_numbers = count(1)


@pytest.fixture(params=["september", "october", "evening"])
def any_world(request: pytest.FixtureRequest) -> World:
    """A region after its last business date, the one of a single date too; to be read only."""
    found: World = request.getfixturevalue(request.param)
    return found


@dataclass(frozen=True)
class Asked:
    """What the commands said of ``world``, by command."""

    world: World
    answers: dict[str, CompletedProcess[str]]

    def rows(self, name: str) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = json.loads(self.answers[name].stdout)
        return found


@pytest.fixture(scope="session")
def asked(evening: World, folder: Path) -> Asked:
    """The commands, asked once for all tests, on a copy of the evening's region."""
    world = evening.copy("asked", folder / "asked")
    day, run = ("--business-date", world.last), ("--run-id", ASKED_RUN)
    with world.served():
        answers = {
            "collect": world.svod("collect", *day, *run),
            "deliver --json": world.svod("deliver", *day, *run, "--json"),
            "plan --json": world.asked("plan", *day, "--json"),
            "quarantine": world.svod("quarantine"),
        }
    for name in ("runs", "ledger", "quarantine", "findings"):
        answers[f"{name} --json"] = world.asked(name, "--json")
    return Asked(world, answers)


ASKED_RUN = "asked"


def run_of(day: str) -> str:
    """The id of the run of a business date."""
    return f"run-{day}"


def _through_all_dates(
    server: Server, name: str, folder: Path, params: Params, *, report: bool
) -> World:
    """Every date as the DAGs do it; the figures of the last one only, since they take longest."""
    (folder / name).mkdir()
    with logged(folder / name / LOG):
        world = World.build(server, name, folder / name, params)
        with world.served():
            for day in world.dates:
                world.today(day)
                world.collect(day, run_of(day))
                world.deliver(day, run_of(day))
            if report:
                world.measure(world.last, run_of(world.last))
    return world


@contextmanager
def logged(path: Path) -> Iterator[None]:
    """Every record of every logger into ``path``, whatever its level."""
    root, statements = logging.getLogger(), logging.getLogger("sqlalchemy.engine")
    before, before_statements = root.level, statements.level
    handler = logging.FileHandler(path, encoding="utf-8")
    handler.setFormatter(logging.Formatter("%(name)s %(levelname)s %(message)s"))
    handlers, root.handlers = root.handlers, [handler]  # pytest's would keep it all in memory
    root.setLevel(logging.DEBUG)
    statements.setLevel(logging.INFO)  # with their parameters; DEBUG would add every row read
    try:
        yield
    finally:
        root.setLevel(before)
        statements.setLevel(before_statements)
        root.handlers = handlers
        handler.close()
