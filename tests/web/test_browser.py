"""The dashboard in a real browser: every page in each role that sees it, at a desk and on a phone;
with JavaScript off; by keyboard alone; and the ways people take through it."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import quote

import pyotp
import pytest
from playwright.sync_api import Page

from pipeline.access.accounts import AccountRole, Level
from reports.web.visit import Dashboard
from schemas.tables import accounts
from tests.end_to_end.world import World
from tests.web.conftest import PEOPLE, Clock
from tests.web.driver import Driver, driving, shots, tabbed, violations
from tests.web.pages import FRESH, HALF, SEEN
from tests.web.people import PASSWORD, Browser, Person, residing

NEWCOMER = "newcomer"  # signs in by hand
OPERATORS = {
    login: Person(login, AccountRole.OPERATOR, Level.REGION, "region")
    for login in (HALF, FRESH, NEWCOMER)
}


@pytest.fixture(scope="module")
def residents(dashboard: Dashboard) -> Iterator[dict[str, Person]]:
    """Accounts that stay for all tests here, so that each signs in once."""
    with residing(dashboard, (PEOPLE | OPERATORS).values()) as known:
        yield known


@pytest.fixture(scope="module")
def driver(
    url: str,
    dashboard: Dashboard,
    residents: dict[str, Person],
    clock: Clock,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Driver]:
    """One browser for all tests here, every account signed in."""
    _forget_factor(dashboard, FRESH)
    half = Browser(url)
    half.send("/sign-in", login=HALF, password=PASSWORD)
    known = {HALF: half.session} | {
        login: Browser(url, residents[login], clock.now).session for login in PEOPLE
    }
    known[FRESH] = Browser(url, OPERATORS[FRESH], clock.now).session  # by the password alone
    with driving(url, known, shots(tmp_path_factory.mktemp("shots"))) as opened:
        yield opened


@pytest.mark.parametrize(("login", "path"), SEEN)
def test_a_page_is_sound_at_each_width(driver: Driver, login: str, path: str) -> None:
    assert driver.troubles(login, _quoted(path)) == []


@pytest.mark.parametrize(("login", "path"), SEEN)
def test_a_page_says_the_same_without_javascript(driver: Driver, login: str, path: str) -> None:
    with_it = driver.tables(login, _quoted(path), javascript=True)
    assert driver.tables(login, _quoted(path), javascript=False) == with_it


def test_what_is_wrong_is_found(driver: Driver) -> None:
    """The judges of the tests above, on a page that is spoilt before it is drawn."""
    spoilt = (
        '<html lang="ru"><title>t</title><main><input><p style="width:2000px">ш</p></main>'
        "<script>console.warn('осторожно'); throw new Error('сбой')</script>"
    )
    with driver.page("") as page:
        page.context.route("**/spoilt", lambda route: route.fulfill(body=spoilt, status=500,
                           content_type="text/html; charset=utf-8"))  # fmt: skip
    found = "\n".join(driver.troubles("", "/spoilt"))
    for one in ("500 at", "px wider", "label:", "console: осторожно", "page error: сбой"):
        assert one in found


def test_tab_goes_through_a_page_from_the_top(driver: Driver) -> None:
    with driver.page("d1-officer") as page:
        page.goto(driver.url + "/district/d1")
        met = tabbed(page, 60)
        links = page.locator("#schools tbody a").all_text_contents()
    assert [one.words for one in met if not one.visible] == []
    words = [one.words for one in met]
    assert words[:3] == ["К содержанию", "Свод", "Главная"]
    places = [words.index(one) for one in ("Выйти", "from", "to", "q", "sort", "Показать")]
    assert places == sorted(places)
    ranked = [n for n, one in enumerate(met) if one.words in links]
    assert len(ranked) >= len(links) > 1
    assert ranked[0] > places[-1]


def test_the_skip_link_leads_past_the_sections(driver: Driver) -> None:
    with driver.page("d1-officer") as page:
        page.goto(driver.url + "/district/d1")
        page.keyboard.press("Tab")
        page.keyboard.press("Enter")
        (first, *_) = tabbed(page, 1)
    assert first.words == "Запросы об отсрочке"  # the first section that is not this page


def test_an_operator_signs_in_with_the_second_factor(
    driver: Driver, residents: dict[str, Person], clock: Clock
) -> None:
    with driver.page("") as page:
        page.goto(driver.url + "/region")
        _sign_in(page, "не тот пароль")
        page.get_by_role("alert").wait_for()
        assert violations(page) == []
        _sign_in(page, PASSWORD)
        page.get_by_label("Код").fill("000000")
        page.keyboard.press("Enter")
        page.get_by_role("alert").wait_for()
        page.get_by_label("Код").fill(pyotp.TOTP(residents[NEWCOMER].secret).at(clock.now))
        page.keyboard.press("Enter")
        page.wait_for_url("**/region")
        page.get_by_role("button", name="Выйти").click()
        page.wait_for_url("**/sign-in")


def test_an_officer_finds_the_worst_school_and_its_days(driver: Driver, region: World) -> None:
    with driver.page("d1-officer") as page:
        page.goto(driver.url + "/")
        page.wait_for_url("**/district/d1")
        page.get_by_label("Сначала").select_option("topic")
        page.get_by_role("button", name="Показать").click()
        rows = page.locator("#schools tbody tr")
        assert "sort=topic" in page.url
        shown = [_share(one) for one in rows.locator("td[data-label=Темы]").all_text_contents()]
        assert shown == sorted(shown)
        assert len(set(shown)) > 1
        worst = rows.first.get_by_role("link").first.text_content()
        days = page.locator(".heat tbody tr").filter(has_text=worst or "").locator("td.day a")
        told = [one.get_attribute("title") or "" for one in days.all()]
    measured = [f"{day[8:]}.{day[5:7]}.{day[:4]}" for day in region.dates]
    assert [one[:10] for one in told][-len(measured) :] == measured


def _sign_in(page: Page, password: str) -> None:
    page.get_by_label("Имя учётной записи").fill(NEWCOMER)
    page.get_by_label("Пароль").fill(password)
    page.get_by_role("button", name="Войти").click()


def _share(cell: str) -> float:
    """``94,1 % ▲ 0,3`` as 94.1."""
    return float(cell.split("%")[0].strip().replace(",", "."))


def _forget_factor(dashboard: Dashboard, login: str) -> None:
    off = {"factor": None, "factor_confirmed": False}
    with dashboard.accounts.begin() as connection:
        connection.execute(accounts.update().where(accounts.c.login == login).values(off))


def _quoted(path: str) -> str:
    return quote(path, safe="/?=&+")
