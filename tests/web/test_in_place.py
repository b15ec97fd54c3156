"""Parts of a page that are changed in place, in a real browser: the page stays, its address goes
on, nothing of it is kept on the computer."""

from __future__ import annotations

from playwright.sync_api import Page, expect
from sqlalchemy import delete

from reports.web.visit import Dashboard
from schemas.tables import sessions
from tests.end_to_end.world import World
from tests.web.driver import Driver, violations

GOING = ("d1-officer", "s1-deputy")


def _marked(page: Page) -> None:
    page.evaluate("window.stays = true")


def _stays(page: Page) -> bool:
    """Whether the page is still the one that was marked."""
    found: bool = page.evaluate("window.stays === true")
    return found


def test_schools_are_found_as_their_name_is_typed(driver: Driver, region: World) -> None:
    schools = region.rows("SELECT code, name FROM registry.schools WHERE district = 'd1'")
    assert len(schools) > 1
    wanted = schools[0]
    with driver.page("d1-officer") as page:
        page.goto(driver.url + "/district/d1?sort=topic")
        _marked(page)
        page.get_by_label("Школа").press_sequentially(wanted["code"])
        names = page.locator("#schools tbody th")
        expect(names).to_have_text([wanted["name"]])
        expect(page.locator(".heat tbody th")).to_have_text([wanted["name"]])
        expect(page.get_by_label("Школа")).to_be_focused()
        assert _stays(page)
        assert {"sort=topic", f"q={wanted['code']}"} <= set(page.url.partition("?")[2].split("&"))
        assert violations(page) == []
        page.reload()
        assert names.all_text_contents() == [wanted["name"]]


def test_a_school_is_parted_otherwise_and_back_is_the_page_before(driver: Driver) -> None:
    with driver.page("s1-deputy") as page:
        page.goto(driver.url + "/school/781001")
        classes = page.locator("#things tbody th").all_text_contents()
        _marked(page)
        page.get_by_role("link", name="По предметам").click()
        expect(page.locator("#h-things")).to_have_text("По предметам")
        expect(page.locator("#by-subject")).to_be_focused()
        page.locator("#things").get_by_role("link", name="Темы").click()
        page.wait_for_url("**sort=topic**")
        expect(page.locator("#sort-topic")).to_have_attribute("aria-current", "true")
        assert _stays(page)
        assert page.locator(".tile").count() == 9
        page.evaluate("history.go(-2)")  # two addresses, one page
        expect(page.locator("#h-things")).to_have_text("По классам")
        assert page.locator("#things tbody th").all_text_contents() == classes
        kept = page.evaluate("[...Object.keys(localStorage), ...Object.keys(sessionStorage)]")
        assert set(kept) <= {"htmx-current-path-for-history"}  # the address, no page


def test_whose_session_has_ended_is_led_to_sign_in(driver: Driver, dashboard: Dashboard) -> None:
    with driver.page("s1-deputy") as page:
        page.goto(driver.url + "/school/781001")
        with dashboard.accounts.begin() as connection:
            connection.execute(delete(sessions))
        page.get_by_role("link", name="По предметам").click()
        page.wait_for_url("**/sign-in")
