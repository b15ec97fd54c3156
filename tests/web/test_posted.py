"""Forms over HTTP: from which page they must come; and the cookie that stands for a session."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest
from starlette.testclient import TestClient

from pipeline.access.sessions import LONGEST
from reports.web.app import TITLES, create_app
from reports.web.guard import FOREIGN
from reports.web.visit import LARGEST_FORM, Dashboard
from tests.web.people import CSRF, PASSWORD, TIMEOUT, Browser, Person

Opened = Callable[[str], Browser]


@pytest.mark.parametrize("origin", [None, "null", "https://evil.example"])
def test_a_form_of_another_site_does_nothing(browser: Opened, url: str, origin: str | None) -> None:
    opened = browser("d1-officer")
    csrf = CSRF.search(opened.get("/district/d1").text)
    assert csrf is not None
    headers = {} if origin is None else {"Origin": origin}
    answer = opened.session.post(
        url + "/sign-out", data={"csrf": csrf[1]}, headers=headers, timeout=TIMEOUT
    )
    assert (answer.status_code, answer.text) == (403, FOREIGN)
    assert opened.get("/district/d1").url == url + "/district/d1"


def test_a_form_without_the_sessions_own_secret_does_nothing(browser: Opened, url: str) -> None:
    opened, other = browser("d1-officer"), browser("d1-reader")
    foreign = CSRF.search(other.get("/district/d1").text)
    assert foreign is not None
    for fields in ({}, {"csrf": ""}, {"csrf": "тайна"}, {"csrf": foreign[1]}):
        answer = opened.send("/sign-out", **fields)
        assert answer.status_code == 403
        assert TITLES[403][0] in answer.text
        assert opened.get("/district/d1").url == url + "/district/d1"


def test_a_form_that_is_too_large_or_malformed_is_refused(browser: Opened) -> None:
    opened = browser("d1-officer")
    assert opened.send("/sign-in", login="a" * LARGEST_FORM).status_code == 413
    assert opened.send("/sign-in", login="a\0b", password="c").status_code == 400


@pytest.mark.parametrize(
    ("address", "name", "flags"),
    [
        ("https://svod.example", "__Host-svod", {"httponly", "path=/", "samesite=lax", "secure"}),
        ("http://127.0.0.1:8070", "svod", {"httponly", "path=/", "samesite=lax"}),
    ],
)
def test_the_cookie_of_a_session(
    dashboard: Dashboard, people: dict[str, Person], address: str, name: str, flags: set[str]
) -> None:
    client = TestClient(create_app(replace(dashboard, address=address)), base_url=address)
    answer = client.post(
        "/sign-in",
        data={"login": "d1-officer", "password": PASSWORD},
        headers={"Origin": address},
        follow_redirects=False,
    )
    first, *rest = answer.headers["set-cookie"].split("; ")
    assert first.split("=", 1)[0] == name
    age = f"max-age={int(LONGEST.total_seconds())}"
    assert {flag.lower() for flag in rest} == flags | {age}
