"""The pages of accounts: who sees which, and what the forms on them do."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest

from pipeline.access import accounts
from pipeline.access.accounts import Account
from reports.web.pages.events import LINES
from reports.web.pages.users import NO_ROLE, NOT_YOURS
from reports.web.visit import Dashboard
from schemas import tables
from tests.web.conftest import PEOPLE
from tests.web.people import PASSWORD, Browser

Opened = Callable[[str], Browser]
GIVEN = re.compile(r'id="first-password">([^<]+)<')
NO_MANAGERS = sorted(PEOPLE.keys() - {"operator", "s1-administrator"})


def account(dashboard: Dashboard, login: str) -> Account | None:
    with dashboard.accounts.begin() as connection:
        return accounts.find(connection, login)


@pytest.mark.parametrize("login", NO_MANAGERS)
def test_to_others_the_pages_are_not_there(
    browser: Opened, dashboard: Dashboard, login: str
) -> None:
    opened = browser(login)
    for path in ("/users", "/users/operator", "/events"):
        assert opened.get(path).status_code == 404
    for path in ("/users", "/users/operator/reset", "/users/operator/disable"):
        answer = opened.post("/account/password", path, login="somebody", role="operator")
        assert answer.status_code == 404
    assert account(dashboard, "somebody") is None
    assert account(dashboard, "operator") is not None


def test_an_operator_makes_an_account_that_comes_in(browser: Opened, url: str) -> None:
    opened = browser("operator")
    page = opened.post("/users", login="d2-officer", role="district_officer", district="d2")
    given = GIVEN.search(page.text)
    assert given is not None
    fresh = Browser(url)
    fresh.send("/sign-in", login="d2-officer", password=given[1])
    fresh.post("/account/password", now=given[1], password=PASSWORD, again=PASSWORD)
    assert fresh.get("/").url == url + "/district/d2"
    listed = opened.get("/users").text
    assert "d2-officer" in listed
    assert given[1] not in listed
    last = opened.get("/events", login="d2-officer").text
    assert "заведена: operator" in last


@pytest.mark.parametrize(
    ("fields", "trouble"),
    [
        ({"login": "d2-officer", "role": "king"}, NO_ROLE),
        ({"login": "d2-officer", "role": "district_officer", "district": "d9"},
         "района d9 в реестре нет: укажите один из d1, d2;"),
        ({"login": "s9-deputy", "role": "school_deputy", "school": "999999"},
         "школы 999999 в реестре нет: проверьте её код;"),
        ({"login": "<b>Иванов</b>", "role": "operator"}, "&lt;b&gt;Иванов&lt;/b&gt;"),
        ({"login": "d1-officer", "role": "district_officer", "district": "d1"}, "уже есть"),
        ({"login": "both", "role": "reader", "district": "d1", "school": "781001"}, "или район"),
    ],
)  # fmt: skip
def test_what_cannot_be_made_is_told(
    browser: Opened, dashboard: Dashboard, fields: dict[str, str], trouble: str
) -> None:
    answer = browser("operator").post("/users", **fields)
    assert answer.status_code == 400
    assert trouble in answer.text
    assert "<b>Иванов" not in answer.text
    with dashboard.accounts.begin() as connection:
        assert len(accounts.listed(connection)) == len(PEOPLE)


def test_a_schools_administrator_manages_its_own_school(
    browser: Opened, dashboard: Dashboard
) -> None:
    opened = browser("s1-administrator")
    seen = opened.get("/users").text
    assert [login for login in PEOPLE if f'href="/users/{login}"' in seen] == [
        "s1-deputy",
        "s1-reader",
    ]
    # Whatever else the form says, the account is of its own school.
    opened.post("/users", login="s1-second", role="school_deputy", district="d2", school="781002")
    made = account(dashboard, "s1-second")
    assert made is not None
    assert made.unit == "781001"
    for role in ("operator", "school_administrator", "district_officer"):
        answer = opened.post("/users", login="s1-third", role=role)
        assert (answer.status_code, NOT_YOURS in answer.text) == (400, True)
    for login in ("d1-officer", "operator", "s1-administrator", "nobody"):
        assert opened.get(f"/users/{login}").status_code == 404
        answer = opened.post("/account/password", f"/users/{login}/disable")
        assert answer.status_code == 404
    assert opened.post("/users/s1-deputy", "/users/s1-deputy/reset").status_code == 404
    opened.post("/users/s1-deputy", "/users/s1-deputy/disable")
    assert account(dashboard, "s1-deputy") is None
    assert {"d1-officer", "operator"} <= {
        login for login in PEOPLE if account(dashboard, login) is not None
    }


def test_an_operator_resets_and_closes(browser: Opened, url: str, dashboard: Dashboard) -> None:
    opened, other = browser("operator"), browser("d1-officer")
    page = opened.post("/users/d1-officer", "/users/d1-officer/reset")
    given = GIVEN.search(page.text)
    assert given is not None
    assert other.get("/district/d1").url == url + "/sign-in"
    fresh = Browser(url)
    fresh.send("/sign-in", login="d1-officer", password=given[1])
    assert fresh.get("/").url == url + "/account/password"
    assert opened.post("/users/d1-officer", "/users/d1-officer/disable").url == url + "/users"
    assert fresh.get("/").url == url + "/sign-in"
    assert opened.get("/users/operator").status_code == 404  # nobody locks himself out


def test_a_form_without_csrf_changes_nothing(browser: Opened, dashboard: Dashboard) -> None:
    opened = browser("operator")
    for path in ("/users", "/users/d1-officer/reset", "/users/d1-officer/disable"):
        answer = opened.send(path, login="d2-officer", role="district_officer", district="d2")
        assert answer.status_code == 403
    assert account(dashboard, "d2-officer") is None
    assert account(dashboard, "d1-officer") is not None


def test_each_has_a_page_of_its_own(browser: Opened) -> None:
    text = browser("s1-deputy").get("/account").text
    assert "завуч" in text
    assert 'href="/account/password"' in text
    assert "выключен" in text
    assert "включён" in browser("operator").get("/account").text


def test_the_book_is_paged_and_filtered(browser: Opened, dashboard: Dashboard, url: str) -> None:
    opened = browser("operator")
    row = {"at": dashboard.clock(), "kind": "downloaded", "login": "d1-officer"}
    with dashboard.accounts.begin() as connection:
        lines = [row | {"detail": f"file-{number:03}"} for number in range(LINES + 1)]
        connection.execute(tables.events.insert(), lines)
    first = opened.get("/events", login="d1-officer", kind="downloaded").text
    assert f"file-{LINES:03}" in first
    assert "file-000" not in first
    older = re.search(r'href="(/events\?[^"]+)">Раньше', first)
    assert older is not None
    second = opened.get(older[1].replace("&amp;", "&")).text
    assert re.findall(r"file-\d{3}", second)[0] == "file-000"
    assert "Раньше" not in second
    assert opened.get("/events", before="0").status_code == 400
    assert opened.get("/events", before=str(2**63)).status_code == 400
