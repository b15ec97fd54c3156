"""A source that is down leads to its run in Airflow, where the dashboard knows the address."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

import pytest
from pydantic import ValidationError

from pipeline.settings import Settings
from reports.web.kept import Kept
from reports.web.visit import Dashboard
from tests.end_to_end.world import World
from tests.web.conftest import Clock, free_port, served
from tests.web.forms import parsed, words_of
from tests.web.people import Browser, Person

AIRFLOW = "https://airflow.example/base/"
OF_AIRFLOW = 'scheduled__2026-09-18T17:00:00+00:00_a/"b"<c>'
PAGE = (
    "https://airflow.example/base/dags/collect_journals/runs/"
    "scheduled__2026-09-18T17%3A00%3A00%2B00%3A00_a%2F%22b%22%3Cc%3E"
)
OF_SVOD = "2026-09-18-a1b2c3"


@pytest.fixture
def down(region: World) -> Iterator[None]:
    """The last attempt of two journals failed: one in a run of Airflow, one in a run of svod."""
    for school, run_id in (("781001", OF_AIRFLOW), ("781002", OF_SVOD)):
        region.write(
            "INSERT INTO ops.school_runs (run_id, verb, school, source, business_date, state, rule)"
            " SELECT :run, 'collect', school, kind, DATE '2026-09-19', 'failed',"
            " 'source_unavailable' FROM registry.sources WHERE school = :school LIMIT 1",
            run=run_id,
            school=school,
        )
    yield
    region.write("DELETE FROM ops.school_runs WHERE business_date = DATE '2026-09-19'")


@pytest.fixture
def opened(
    dashboard: Dashboard, people: dict[str, Person], clock: Clock, down: None
) -> Iterator[Callable[[str, str], Browser]]:
    """``opened(login, airflow)``: that account at a dashboard that knows Airflow so."""

    def open_(login: str, airflow: str) -> Browser:
        settings = dashboard.hub.settings.model_copy(update={"airflow_url": airflow})
        own = replace(
            dashboard,
            hub=replace(dashboard.hub, settings=settings),
            address=f"http://127.0.0.1:{free_port()}",
            kept=Kept(),
        )
        return Browser(running.enter_context(served(own)), people[login], clock.now)

    with ExitStack() as running:
        yield open_


def runs(browser: Browser) -> dict[str, str | None]:
    """What stands under «Прогон», and where it leads."""
    page = parsed(browser.get("/region"))
    cells = [one for one in page.iter("td") if one.get("data-label") == "Прогон"]
    links = [next(cell.iter("a"), None) for cell in cells]
    return {
        words_of(cell): None if link is None else link.get("href")
        for cell, link in zip(cells, links, strict=True)
    }


def test_the_run_is_a_link_for_the_operator(opened: Callable[[str, str], Browser]) -> None:
    assert runs(opened("operator", AIRFLOW)) == {OF_AIRFLOW: PAGE, OF_SVOD: None}


@pytest.mark.parametrize(("login", "airflow"), [("operator", ""), ("region-reader", AIRFLOW)])
def test_elsewhere_it_is_text(
    opened: Callable[[str, str], Browser], login: str, airflow: str
) -> None:
    assert runs(opened(login, airflow)) == {OF_AIRFLOW: None, OF_SVOD: None}


@pytest.mark.parametrize(
    "wrong", ["javascript:alert(1)", "airflow.example", "https://", "http:// a"]
)
def test_an_address_is_one_of_the_web(tmp_path: Path, wrong: str) -> None:
    with pytest.raises(ValidationError, match="airflow_url"):
        Settings(home=tmp_path, airflow_url=wrong)
