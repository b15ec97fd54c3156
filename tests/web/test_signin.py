"""Coming in: who may, how often one may err, and what is never a session."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pyotp
import pytest

from pipeline.access.sessions import FEW, IDLE, LOCK, LONGEST
from reports.web.signin import WORDS, WRONG_CODE, Refusal
from reports.web.visit import Dashboard
from schemas.tables import accounts, events
from tests.web.conftest import Clock
from tests.web.people import PASSWORD, Browser, Person

Opened = Callable[[str], Browser]


def _kinds(dashboard: Dashboard, login: str | None) -> list[str]:
    with dashboard.accounts.begin() as connection:
        query = events.select().where(events.c.login == login).order_by(events.c.id)
        return [row.kind for row in connection.execute(query)]


@pytest.mark.parametrize(
    ("login", "home"),
    [
        ("operator", "/region"),
        ("region-reader", "/region"),
        ("d1-officer", "/district/d1"),
        ("s1-deputy", "/school/781001"),
    ],
)
def test_each_account_comes_to_its_own_unit(
    browser: Opened, url: str, login: str, home: str
) -> None:
    opened = browser(login)
    answer = opened.session.get(url + "/", timeout=60, allow_redirects=False)
    assert (answer.status_code, answer.headers["location"]) == (303, home)


def test_nobody_sees_a_page_without_a_session(url: str) -> None:
    for path in ("/", "/region", "/district/d1", "/account/password"):
        assert Browser(url).get(path).url == url + "/sign-in"


def test_a_wrong_password_and_an_unknown_login_are_told_alike(
    url: str, people: dict[str, Person]
) -> None:
    said = {
        Browser(url)
        .send("/sign-in", login=login, password="неверный пароль")
        .text.replace(login, "")
        for login in ("d1-officer", "d9-officer")
    }
    assert len(said) == 1
    assert WORDS[Refusal.WRONG] in said.pop()


def test_too_many_wrong_passwords_lock_for_a_while(
    url: str, people: dict[str, Person], clock: Clock, dashboard: Dashboard
) -> None:
    person = people["d1-officer"]
    for _ in range(FEW):
        Browser(url).send("/sign-in", login=person.login, password="не тот")
    assert WORDS[Refusal.LOCKED] in Browser(url).sign_in(person, clock.now).text
    clock.pass_(LOCK)
    assert Browser(url).sign_in(person, clock.now).url.endswith("/district/d1")
    assert _kinds(dashboard, person.login)[-3:] == ["locked", "refused", "signed_in"]


def test_what_was_typed_is_not_kept(
    url: str, people: dict[str, Person], dashboard: Dashboard
) -> None:
    Browser(url).send("/sign-in", login="тайное слово", password="не тот")
    with dashboard.accounts.begin() as connection:
        (last, *_) = connection.execute(events.select().order_by(events.c.id.desc())).all()
    assert (last.kind, last.login, last.school, last.detail) == ("refused", None, None, "")


@pytest.mark.parametrize("span", [IDLE, LONGEST])
def test_a_session_ends_by_itself(browser: Opened, clock: Clock, url: str, span: timedelta) -> None:
    opened = browser("d1-officer")
    steps = span // (IDLE - timedelta(minutes=2)) if span == LONGEST else 0
    for _ in range(steps):  # it is used all the time
        clock.pass_(IDLE - timedelta(minutes=2))
        opened.get("/district/d1")
    clock.pass_(IDLE)
    assert opened.get("/district/d1").url == url + "/sign-in"


def test_signing_out_ends_the_session_itself(browser: Opened, url: str) -> None:
    opened = browser("d1-officer")
    kept = opened.session.cookies.copy()
    opened.post("/district/d1", "/sign-out")
    opened.session.cookies = kept
    assert opened.get("/district/d1").url == url + "/sign-in"


def test_a_planted_token_never_becomes_a_session(
    url: str, people: dict[str, Person], clock: Clock
) -> None:
    planted = Browser(url)
    planted.session.cookies.set("svod", "planted")
    planted.sign_in(people["d1-officer"], clock.now)
    assert planted.session.cookies.get("svod", domain="127.0.0.1") != "planted"
    thief = Browser(url)
    thief.session.cookies.set("svod", "planted")
    assert thief.get("/district/d1").url == url + "/sign-in"


def test_the_token_of_the_first_step_is_worth_nothing_after_the_second(
    url: str, people: dict[str, Person], clock: Clock
) -> None:
    opened = Browser(url)
    person = people["operator"]
    opened.send("/sign-in", login=person.login, password=PASSWORD)
    half = opened.session.cookies.copy()
    assert opened.get("/region").url == url + "/sign-in/code"
    opened.send("/sign-in/code", code=pyotp.TOTP(person.secret).at(clock.now))
    assert opened.get("/region").url == url + "/region"
    opened.session.cookies = half
    assert opened.get("/region").url == url + "/sign-in"


def test_a_code_is_taken_once(url: str, people: dict[str, Person], clock: Clock) -> None:
    person, at = people["operator"], clock.now
    assert Browser(url).sign_in(person, at).url == url + "/region"
    assert WRONG_CODE in Browser(url).sign_in(person, at).text


def test_many_half_sessions_give_no_more_codes_to_try(
    url: str, people: dict[str, Person], clock: Clock
) -> None:
    person = people["operator"]
    half = [Browser(url) for _ in range(FEW + 1)]
    for opened in half:
        opened.send("/sign-in", login=person.login, password=PASSWORD)
    for opened in half[:FEW]:
        opened.send("/sign-in/code", code="не код")
    right = half[-1].send("/sign-in/code", code=pyotp.TOTP(person.secret).at(clock.now))
    assert (right.status_code, WORDS[Refusal.LOCKED] in right.text) == (401, True)
    assert half[-1].get("/region").url == url + "/sign-in/code"


def test_an_operator_without_a_second_factor_is_led_to_it(
    url: str, people: dict[str, Person], clock: Clock, dashboard: Dashboard
) -> None:
    person = people["operator"]
    with dashboard.accounts.begin() as connection:
        off = {"factor": None, "factor_confirmed": False}
        connection.execute(accounts.update().where(accounts.c.login == person.login).values(off))
    opened = Browser(url)
    opened.send("/sign-in", login=person.login, password=PASSWORD)
    assert opened.get("/region").url == url + "/account/factor"


def test_a_first_password_must_be_changed(
    url: str, people: dict[str, Person], dashboard: Dashboard
) -> None:
    from pipeline.access.accounts import reset

    with dashboard.accounts.begin() as connection:
        given = reset(connection, "d1-officer", "tests", dashboard.clock())
    opened = Browser(url)
    opened.send("/sign-in", login="d1-officer", password=given)
    assert opened.get("/district/d1").url == url + "/account/password"
    weak = opened.post("/account/password", now=given, password="короткий", again="короткий")
    assert "Нужно от 12" in weak.text
    opened.post("/account/password", now=given, password=PASSWORD, again=PASSWORD)
    assert opened.get("/district/d1").url == url + "/district/d1"


def test_a_second_factor_that_is_confirmed_is_not_confirmed_again(
    browser: Opened, url: str
) -> None:
    answer = browser("operator").post("/region", "/account/factor", code="000000")
    assert (answer.status_code, answer.url) == (200, url + "/account/factor")
