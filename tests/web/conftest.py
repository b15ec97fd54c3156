"""A measured region of two districts, the dashboard over HTTP on loopback, an account per role."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from functools import cache
from pathlib import Path

import pytest
import uvicorn

from pipeline.access.accounts import AccountRole, Level
from pipeline.database import connect
from reports.web.app import create_app
from reports.web.visit import Dashboard
from sandbox.params import Params
from tests.end_to_end.conftest import run_of
from tests.end_to_end.server import Server, embedded
from tests.end_to_end.world import World
from tests.web.driver import Driver, driving, shots
from tests.web.people import Browser, Enrolled, Person

# A school of each system; the first and the third are of one district. Two evenings, so that a
# figure has one before it.
REGION = Params(districts=2, schools_per_system=1, classes=2, connected_on=date(2026, 9, 17))
STARTED = datetime(2026, 9, 19, 6, 0, tzinfo=UTC)

PEOPLE = {
    one.login: one
    for one in (
        Person("operator", AccountRole.OPERATOR, Level.REGION, "region"),
        Person("region-reader", AccountRole.READER, Level.REGION, "region"),
        Person("d1-officer", AccountRole.DISTRICT_OFFICER, Level.DISTRICT, "d1"),
        Person("d1-reader", AccountRole.READER, Level.DISTRICT, "d1"),
        Person("s1-administrator", AccountRole.SCHOOL_ADMINISTRATOR, Level.SCHOOL, "781001"),
        Person("s1-deputy", AccountRole.SCHOOL_DEPUTY, Level.SCHOOL, "781001"),
        Person("s1-reader", AccountRole.READER, Level.SCHOOL, "781001"),
    )
}


class Clock:
    """The moment that the dashboard sees; each look is a second later, a test may move it."""

    def __init__(self) -> None:
        self.now = STARTED

    def __call__(self) -> datetime:
        self.now += timedelta(seconds=1)
        return self.now

    def pass_(self, span: timedelta) -> None:
        self.now += span


@pytest.fixture(scope="session")
def server() -> Iterator[Server]:
    with embedded() as running:
        yield running


@pytest.fixture(scope="session")
def region(server: Server, tmp_path_factory: pytest.TempPathFactory) -> World:
    """Collected and delivered on two evenings, both measured."""
    world = World.build(server, "dashboard", tmp_path_factory.mktemp("dashboard"), REGION)
    with world.served():
        for day in world.dates:
            world.today(day)
            world.collect(day, run_of(day))
            world.deliver(day, run_of(day))
            world.compute(day, run_of(day))
    return world


@pytest.fixture(scope="session")
def clock() -> Clock:
    return Clock()


@pytest.fixture(scope="session")
def dashboard(region: World, clock: Clock) -> Dashboard:
    return dashboard_of(region, clock)


@pytest.fixture(scope="session")
def url(dashboard: Dashboard) -> Iterator[str]:
    """Where the dashboard answers."""
    with served(dashboard) as address:
        yield address


def dashboard_of(world: World, clock: Clock) -> Dashboard:
    """As ``svod serve dashboard`` makes it, with a clock of the tests."""
    return Dashboard(
        hub=world.hub,
        reader=connect(world.settings, "svod_web"),
        accounts=connect(world.settings, "svod_access"),
        clock=clock,
        address=f"http://127.0.0.1:{free_port()}",
    )


@contextmanager
def served(dashboard: Dashboard) -> Iterator[str]:
    """Answers at its address meanwhile."""
    port = int(dashboard.address.rpartition(":")[2])
    config = uvicorn.Config(
        create_app(dashboard), host="127.0.0.1", port=port, access_log=False, log_level="warning"
    )
    running = uvicorn.Server(config)
    thread = threading.Thread(target=running.run, daemon=True)
    thread.start()
    while not running.started:
        assert thread.is_alive(), "the dashboard did not start"
        threading.Event().wait(0.01)
    yield dashboard.address
    running.should_exit = True
    thread.join()


@pytest.fixture(scope="session")
def enrolled(dashboard: Dashboard) -> Enrolled:
    return Enrolled.of(dashboard, PEOPLE.values())


@pytest.fixture
def people(dashboard: Dashboard, enrolled: Enrolled) -> Iterator[dict[str, Person]]:
    """Fresh accounts of ``PEOPLE``."""
    with enrolled.residing(dashboard) as known:
        yield known


@pytest.fixture
def browser(url: str, people: dict[str, Person], clock: Clock) -> Callable[[str], Browser]:
    """``browser("d1-officer")``: that account, signed in."""

    def opened(login: str) -> Browser:
        return Browser(url, people[login], clock.now)

    return opened


@pytest.fixture(scope="module")
def resident(
    url: str, dashboard: Dashboard, enrolled: Enrolled, clock: Clock
) -> Iterator[Callable[[str], Browser]]:
    """``resident("d1-officer")``: that account, signed in once for all tests of a file, which then
    has no ``people``."""
    with enrolled.residing(dashboard) as known:
        yield cache(lambda login: Browser(url, known[login], clock.now))


@pytest.fixture(scope="module")
def driver(
    request: pytest.FixtureRequest,
    url: str,
    resident: Callable[[str], Browser],
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Driver]:
    """One real browser for a file of tests, those whom it names in ``GOING`` signed in."""
    signed_in = {login: resident(login).session for login in request.module.GOING}
    with driving(url, signed_in, shots(tmp_path_factory.mktemp("shots"))) as opened:
        yield opened


@pytest.fixture(scope="session")
def reports(region: World) -> Path:
    """Where the region's files lie."""
    return region.settings.reports


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port
