"""What is dear to find is found once a minute, by one, for all."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from itertools import count
from threading import Barrier
from time import sleep
from types import SimpleNamespace
from typing import cast

import pytest
from jinja2 import UndefinedError
from sqlalchemy import text

from reports.web.kept import MINUTE, MOST, Found, Kept
from reports.web.pages.view import drawn
from reports.web.visit import Dashboard, Visit
from tests.end_to_end.world import World
from tests.web.conftest import Clock
from tests.web.figures import Shown, figures_in, page_of
from tests.web.people import Browser

NOW = datetime(2026, 9, 19, 9, tzinfo=UTC)


def test_it_is_found_anew_after_a_minute_and_for_each_key() -> None:
    kept, times = Kept(), count(1)

    def found(key: str, after: timedelta) -> int:
        return kept.get(key, NOW + after, lambda: next(times)).what

    assert [found("a", timedelta(0)), found("a", MINUTE - timedelta(seconds=1))] == [1, 1]
    assert found("b", timedelta(0)) == 2
    assert found("a", MINUTE) == 3


def test_another_key_is_found_meanwhile() -> None:
    kept = Kept()
    both = Barrier(2, timeout=10)
    with ThreadPoolExecutor(2) as pool:
        told = list(pool.map(lambda key: kept.get(key, NOW, both.wait).what, "ab"))
    assert sorted(told) == [0, 1]


def test_what_was_not_asked_for_the_longest_goes_first() -> None:
    kept, times = Kept(), count()
    for key in ("first", "second", *range(MOST - 2), "first", "one more"):
        kept.get(key, NOW, lambda: next(times))
    assert kept.get("first", NOW, lambda: -1).what == 0
    assert kept.get("second", NOW, lambda: -1).what == -1


def test_what_failed_is_not_kept() -> None:
    kept = Kept()
    with suppress(ZeroDivisionError):
        kept.get("a", NOW, lambda: 1 // 0)
    assert kept.get("a", NOW, lambda: 1).what == 1


def test_many_who_ask_at_once_have_it_found_once() -> None:
    kept, times = Kept(), count(1)

    def slow() -> int:
        sleep(0.05)
        return next(times)

    with ThreadPoolExecutor(8) as pool:
        told = list(pool.map(lambda _: kept.get("a", NOW, slow).what, range(8)))
    assert told == [1] * 8


def test_the_region_sees_a_change_after_a_minute(
    browser: Callable[[str], Browser], dashboard: Dashboard, clock: Clock
) -> None:
    opened = browser("region-reader")
    clock.pass_(MINUTE)
    opened.get("/region")
    with dashboard.hub.engine.begin() as connection:
        name = connection.execute(text("SELECT name FROM registry.districts LIMIT 1")).scalar_one()
        renamed = text("UPDATE registry.districts SET name = :to WHERE name = :name")
        connection.execute(renamed, {"name": name, "to": "Переименованный район"})
    try:
        assert "Переименованный район" not in opened.get("/region").text
        clock.pass_(MINUTE)
        assert "Переименованный район" in opened.get("/region").text
    finally:
        with dashboard.hub.engine.begin() as connection:
            connection.execute(renamed, {"to": name, "name": "Переименованный район"})
        clock.pass_(MINUTE)


def test_figures_are_found_anew_as_soon_as_anything_was_measured(
    browser: Callable[[str], Browser], region: World
) -> None:
    opened = browser("d1-officer")

    def shown() -> list[Shown]:
        return figures_in(page_of(opened.get("/district/d1")).get_element_by_id("schools"))

    before = shown()
    region.write("UPDATE quality.day_cells SET lessons = 2 * lessons")
    try:
        assert shown() == before
        region.write("UPDATE quality.measures SET computed_at = computed_at + interval '1 second'")
        twice = [one for one in shown() if one not in before]
        assert {one.path.split("/")[3] for one in twice} == {"fill_rate", "held"}
    finally:
        region.write("UPDATE quality.day_cells SET lessons = lessons / 2")
        region.write("UPDATE quality.measures SET computed_at = computed_at - interval '1 second'")


def test_what_is_drawn_for_all_knows_nobody() -> None:
    visit = cast(Visit, SimpleNamespace(kept=lambda key, find, longest: Found(find(), NOW)))
    with pytest.raises(UndefinedError, match="'account' is undefined"):
        drawn(visit, "account.html.j2", "key")
