"""Held withdrawals are approved by the operator alone, as many as were shown."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from sqlalchemy import text

from reports.web.pages.plans import CHANGED
from reports.web.visit import Dashboard
from tests.end_to_end.world import World
from tests.web.figures import page_of, sheets, table
from tests.web.forms import inputs_of, parsed, words_of
from tests.web.held import SCHOOL, logged, one_more, states, waiting
from tests.web.journal import at_portal
from tests.web.people import Browser

Opened = Callable[[str], Browser]
PAGE = "/plans"


@pytest.fixture(autouse=True)
def held(region: World) -> Iterator[None]:
    with waiting(region):
        yield


def form_of(opened: Browser) -> dict[str, str]:
    (form,) = [f for f in parsed(opened.get(PAGE)).iter("form") if f.get("action") == PAGE]
    return inputs_of(form)


def test_what_waits_is_approved_as_it_was_shown(
    browser: Opened, region: World, dashboard: Dashboard
) -> None:
    opened = browser("operator")
    page = parsed(opened.get(PAGE))
    rows = {words_of(row[0]): words_of(row[1]) for row in page.iter("tr") if len(row) == 2}
    assert (rows["Уроков"], rows["Отметок"]) == ("7", "4")
    before = logged(region)
    answer = opened.send(PAGE, **form_of(opened))
    assert answer.history[0].status_code == 303
    assert "Ничего не ждёт" in answer.text
    assert states(region) == {"approved": 11}
    assert logged(region)[len(before) :] == [("operator", SCHOOL, 11)]
    with dashboard.accounts.begin() as connection:
        query = text("SELECT login, kind, school, detail FROM access.events ORDER BY id DESC")
        last = tuple(connection.execute(query).first() or ())
    assert last == ("operator", "entered", SCHOOL, "approve_withdrawals diary 11")


def test_each_number_opens_to_the_records_that_wait_now(browser: Opened, region: World) -> None:
    opened = browser("operator")
    links = page_of(opened.get(PAGE)).find_class("figure")
    assert [words_of(one) for one in links] == ["7", "4"]
    for one, entity in zip(links, ("lesson", "mark"), strict=True):
        rows = region.rows(
            "SELECT key FROM outbox.desired WHERE state = 'held' AND school = :school"
            " AND entity = :entity",
            school=SCHOOL,
            entity=entity,
        )
        page = page_of(opened.get(one.get("href")))
        assert words_of(page.get_element_by_id("counts")) == words_of(one)
        shown = table(page, "rows")
        known = at_portal(region, SCHOOL, entity)
        assert sorted(words_of(row["Откуда"]) for row in shown) == sorted(
            known[row["key"]][1] for row in rows
        )
        assert {words_of(row["Состояние"]) for row in shown} == {"Удаление ждёт решения"}
        book = sheets(opened.get(one.get("href"), format="xlsx"))["Записи"]
        expected = sorted(known[row["key"]] for row in rows)
        assert sorted((c[0], c[4]) for c in book if (c[0], c[4]) in expected) == expected
        for login in ("region-reader", "d1-officer", "s1-administrator"):
            assert browser(login).get(one.get("href")).status_code == 404
    for path in ("diary/781001/attendance", "diary/999999/mark", "other/781001/mark"):
        assert opened.get(f"{PAGE}/{path}").status_code == 404


def test_more_than_was_shown_is_shown_again(browser: Opened, region: World) -> None:
    opened = browser("operator")
    shown, before = form_of(opened), logged(region)
    one_more(region)
    answer = opened.send(PAGE, **shown)
    assert (answer.status_code, CHANGED in answer.text) == (409, True)
    assert states(region) == {"held": 12}
    assert logged(region) == before
    assert form_of(opened)["count"] == "12"


def test_what_is_approved_already_is_told(browser: Opened, region: World) -> None:
    opened = browser("operator")
    shown = form_of(opened)
    opened.send(PAGE, **shown)
    before = logged(region)
    assert opened.send(PAGE, **shown).status_code == 409
    assert logged(region) == before


@pytest.mark.parametrize("login", ["region-reader", "d1-officer", "s1-administrator"])
def test_only_the_operator_approves(browser: Opened, region: World, login: str) -> None:
    opened = browser(login)
    assert opened.get(PAGE).status_code == 404
    assert 'href="/plans"' not in opened.get("/files").text
    said = {"target": "diary", "school": SCHOOL, "count": "11"}
    assert opened.post("/files", PAGE, **said).status_code == 404
    assert states(region) == {"held": 11}


def test_a_form_of_another_page_or_without_a_number_is_refused(
    browser: Opened, region: World
) -> None:
    opened = browser("operator")
    said = form_of(opened)
    assert opened.send(PAGE, **(said | {"csrf": "чужой"})).status_code == 403
    assert opened.send(PAGE, **(said | {"count": "все"})).status_code == 400
    assert opened.send(PAGE, **(said | {"count": "10"})).status_code == 409
    assert opened.send(PAGE, **(said | {"school": "999999"})).status_code == 409
    assert states(region) == {"held": 11}
