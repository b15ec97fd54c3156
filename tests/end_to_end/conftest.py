"""Three regions, each taken through its business dates once for all tests."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date
from itertools import count
from pathlib import Path

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
    root.addHandler(handler)
    root.setLevel(logging.DEBUG)
    statements.setLevel(logging.INFO)  # with their parameters; DEBUG would add every row read
    try:
        yield
    finally:
        root.setLevel(before)
        statements.setLevel(before_statements)
        root.removeHandler(handler)
        handler.close()
