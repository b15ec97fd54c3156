"""An empty hub: the pages lead to the first steps, and each step is done when the hub has it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime
from html import unescape

import pytest
from sqlalchemy import insert

from pipeline import migrate
from pipeline.database import connect
from privacy.keys import KeyRing
from reports.web.visit import Dashboard
from schemas.tables import districts, runs, schools, sources, uploads
from tests.end_to_end.server import Server
from tests.end_to_end.world import World
from tests.web.conftest import PEOPLE, Clock, dashboard_of, served
from tests.web.people import Browser, enrol

DAY = date(2026, 9, 18)
STEP = re.compile(r"<li( class=\"reached\")?>\s*<h2>([^<]+)</h2>")
TITLES = [
    "Добавить район",
    "Добавить школу",
    "Назвать источник",
    "Проверить файл соответствий",
    "Провести первый сбор",
    "Посмотреть",
]


@dataclass(frozen=True)
class Empty:
    """A hub that knows nothing yet, and who comes to it."""

    dashboard: Dashboard
    operator: Browser
    reader: Browser

    def add(self, table: object, **row: object) -> None:
        with self.dashboard.hub.engine.begin() as connection:
            connection.execute(insert(table), row)  # type: ignore[arg-type]


@pytest.fixture(scope="module")
def empty(
    server: Server, clock: Clock, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Empty]:
    world = World(server, "first_day", tmp_path_factory.mktemp("first-day"))
    world.home.mkdir()
    server.create(world.name)
    KeyRing.create(world.settings.keys)
    migrate.upgrade(connect(world.settings, "owner"))
    dashboard = dashboard_of(world, clock)
    known = {login: enrol(dashboard, PEOPLE[login]) for login in ("operator", "region-reader")}
    with served(dashboard) as url:
        yield Empty(dashboard, *(Browser(url, person, clock.now) for person in known.values()))


def _done(browser: Browser) -> list[str]:
    """Titles of the steps that are done; each page has all of them."""
    steps = STEP.findall(browser.get("/first-day").text)
    assert [title for _, title in steps] == TITLES
    return [title for reached, title in steps if reached]


def test_the_region_leads_the_operator_to_the_first_step(empty: Empty) -> None:
    assert 'href="/first-day"' in empty.operator.get("/region").text
    told = empty.reader.get("/region")
    assert "Показателей ещё нет" in told.text
    assert 'href="/first-day"' not in told.text
    assert empty.reader.get("/first-day").status_code == 404


def test_each_step_is_done_when_the_hub_has_it(empty: Empty) -> None:
    assert _done(empty.operator) == []
    assert empty.operator.get("/help").status_code == 200
    empty.add(districts, code="d1", name="Район")
    assert _done(empty.operator) == TITLES[:1]
    assert "Показателей ещё нет" in empty.operator.get("/district/d1").text
    empty.add(
        schools, code="781001", name="Школа", district="d1", profile="spb", school_year=2026,
        connected_on=DAY,
    )  # fmt: skip
    assert _done(empty.operator) == TITLES[:2]
    empty.add(sources, school="781001", kind="paragraf", mapping="paragraf/3.21", settings={})
    assert _done(empty.operator) == TITLES[:3]
    empty.add(runs, run_id="r", verb="collect", business_date=DAY, state="running")
    assert _done(empty.operator) == TITLES[:3]
    empty.add(
        uploads, school="781001", source="paragraf", ref="r", upload_date=DAY, accepted=True,
        run_id="r", taken_at=datetime(2026, 9, 18, 20, tzinfo=UTC),
    )  # fmt: skip
    assert _done(empty.operator) == TITLES[:4]
    with empty.dashboard.hub.engine.begin() as connection:
        connection.execute(runs.update().values(state="partly"))
    assert _done(empty.operator) == TITLES[:5]


def test_all_is_done_in_a_measured_region(browser: Callable[[str], Browser]) -> None:
    opened = browser("operator")
    assert _done(opened) == TITLES
    assert "показатели на конец дня 18.09.2026" in unescape(opened.get("/first-day").text)
