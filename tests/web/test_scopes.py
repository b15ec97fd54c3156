"""Every route of the dashboard asked by every role for what is not its own, and for nonsense."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from html import unescape
from urllib.parse import quote

import pytest
import schemathesis
from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute
from hypothesis import HealthCheck, Phase, given, settings
from sqlalchemy import select

from pipeline.access.accounts import Level
from pipeline.scope import Scope, scoped
from reports.web.app import create_app
from reports.web.visit import Dashboard
from schemas.tables import schools
from tests.web.conftest import PEOPLE
from tests.web.people import CSRF, Browser

Opened = Callable[[str], Browser]
DISTRICTS = ("d1", "d2")
WORDS = (
    "'; DROP TABLE registry.schools; --",
    "' OR '1'='1",
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "{{ 7 * 7 }}${7*7}",
    "../../../../etc/passwd",
    "9" * 400,
    "\u202e\U0001f600\uffff",
)
RAW = ("<script>alert", "<img src=x", "49$")
# Parameters of pages, asked for whether a route has them or not.
USUAL = ("from", "to", "q", "sort", "school", "district", "code", "login", "kind", "before", "page")
FIELD = re.compile(r'<(?:input|select|textarea)\b[^>]*\bname="([^"]+)"')
FORM = re.compile(r'(?s)<form\b[^>]*method="post"[^>]*action="([^"]+)".*?</form>')


@pytest.fixture(scope="module")
def routes(dashboard: Dashboard) -> list[APIRoute]:
    found = [route for route in create_app(dashboard).routes if isinstance(route, APIRoute)]
    assert len(found) > 15
    return found


@pytest.fixture(scope="module")
def by_district(dashboard: Dashboard) -> dict[str, list[tuple[str, str]]]:
    """Codes and names of the schools of each district."""
    found: dict[str, list[tuple[str, str]]] = {district: [] for district in DISTRICTS}
    with scoped(dashboard.reader, Scope.of_region()) as connection:
        c = schools.c
        for code, name, district in connection.execute(select(c.code, c.name, c.district)):
            found[district].append((code, name))
    assert all(found.values())
    return found


def foreign(login: str, by_district: dict[str, list[tuple[str, str]]]) -> dict[str, list[str]]:
    """Units that the account must not see: codes by the first part of the address."""
    person = PEOPLE[login]
    every = [code for known in by_district.values() for code, _ in known]
    match person.level:
        case Level.REGION:
            return {"district": ["d9"], "school": ["999999"]}
        case Level.DISTRICT:
            own = [code for code, _ in by_district[person.unit]]
            others = [code for code in DISTRICTS if code != person.unit]
            return {"district": others, "school": [code for code in every if code not in own]}
        case Level.SCHOOL:
            others = [code for code in every if code != person.unit]
            return {"district": list(DISTRICTS), "school": others}


def address(route: APIRoute, code: str, other: str = "1") -> str:
    """The path of ``route``, its unit ``code``, and ``other`` in every other place."""
    path = re.sub(r"\{code(:\w+)?\}", quote(code, safe=""), route.path)
    return re.sub(r"\{[^}]+\}", quote(other, safe=""), path)


def of_unit(routes: list[APIRoute], kind: str) -> Iterator[tuple[APIRoute, str]]:
    for route in routes:
        if route.path.startswith(f"/{kind}/{{code}}"):
            for method in sorted(route.methods & {"GET", "POST"}):
                yield route, method


def csrf_of(opened: Browser) -> str:
    found = CSRF.search(opened.get("/account/password").text)
    assert found is not None
    return found[1]


@pytest.mark.parametrize("login", PEOPLE)
def test_no_route_tells_of_a_foreign_unit(
    browser: Opened, routes: list[APIRoute], by_district: dict[str, list[tuple[str, str]]],
    login: str,
) -> None:  # fmt: skip
    opened = browser(login)
    csrf = csrf_of(opened)
    asked = 0
    for kind, codes in foreign(login, by_district).items():
        for route, method in of_unit(routes, kind):
            for code in codes:
                path = address(route, code)
                answer = opened.get(path) if method == "GET" else opened.send(path, csrf=csrf)
                assert answer.status_code in (403, 404), f"{login}: {method} {path}"
                asked += 1
    assert asked


@pytest.mark.parametrize("login", PEOPLE)
def test_no_figure_of_a_foreign_unit_is_explained(
    browser: Opened, by_district: dict[str, list[tuple[str, str]]], login: str
) -> None:
    opened, person = browser(login), PEOPLE[login]

    def explained(level: str, unit: str) -> int:
        path = f"/explain/measure/fill_rate/{level}/{unit}/2026-09-17/2026-09-18@2026-09-18"
        return opened.get(path).status_code

    assert explained(person.level.value, person.unit) == 200
    for level, codes in foreign(login, by_district).items():
        assert {explained(level, code) for code in codes} == {404}
    for code in foreign(login, by_district)["school"]:
        for within in ("", "/class=1", "/class=8%25D0%25B0"):
            path = f"/explain/coverage/active/school/{code}{within}@2026-09-18"
            assert opened.get(path).status_code == 404
        for counter, source in (
            ("read", "paragraf"),
            ("read", "dnevnik_ru"),
            ("read", "lists"),
            ("due", "diary"),
            ("withheld", "diary"),
        ):
            path = f"/explain/ledger/{counter}/school/{code}/source={source}@run-2026-09-18"
            assert opened.get(path).status_code == 404
        card = f"/explain/card/missing/school/{code}/f39905a03317@2026-09-18"
        assert opened.get(card).status_code == 404
    if person.level is not Level.REGION:
        assert explained("region", "region") == 404


@pytest.mark.parametrize("login", PEOPLE)
def test_no_page_names_a_foreign_school_whatever_is_asked(
    browser: Opened, routes: list[APIRoute], by_district: dict[str, list[tuple[str, str]]],
    login: str,
) -> None:  # fmt: skip
    opened, person = browser(login), PEOPLE[login]
    codes = foreign(login, by_district)["school"]
    names = [name for known in by_district.values() for code, name in known if code in codes]
    answered = 0
    for route in routes:
        if "GET" not in route.methods:
            continue
        for code in {*foreign(login, by_district)["district"], codes[0]}:
            asked = dict.fromkeys({*USUAL, *parameters(route.dependant)}, code)
            text = unescape(opened.get(address(route, person.unit), **asked).text)
            assert not [name for name in names if name in text], f"{login}: {route.path}"
            answered += 1
    assert answered > len(codes)


def parameters(dependant: Dependant) -> dict[str, bool]:
    """Query parameters of a route and of what it depends on; whether one is any text."""
    found = {one.alias: one.field_info.annotation is str for one in dependant.query_params}
    for inner in dependant.dependencies:
        found |= parameters(inner)
    return found


@pytest.mark.parametrize("login", ["operator", "d1-officer", "s1-administrator", "s1-deputy"])
def test_nonsense_in_an_address_is_no_fault_and_never_comes_back_raw(
    browser: Opened, routes: list[APIRoute], login: str
) -> None:
    opened, person = browser(login), PEOPLE[login]
    for route in routes:
        if "GET" not in route.methods:
            continue
        told = parameters(route.dependant)
        texts = {*USUAL, *(name for name, is_text in told.items() if is_text)}
        texts -= {name for name, is_text in told.items() if not is_text}
        for word in WORDS:
            asked = [
                opened.get(address(route, person.unit, word), **dict.fromkeys(texts, word)),
                *(
                    opened.get(address(route, person.unit), **{n: word})
                    for n in told.keys() - texts
                ),
            ]
            if "{code" in route.path:
                asked.append(opened.get(address(route, word, word)))
            for answer in asked:
                assert answer.status_code < 500, f"{login}: {answer.url}"
                assert not [raw for raw in RAW if raw in answer.text], f"{login}: {answer.url}"


@pytest.mark.parametrize("login", ["operator", "s1-administrator"])
def test_nonsense_in_a_form_is_no_fault_and_never_comes_back_raw(
    browser: Opened, routes: list[APIRoute], login: str
) -> None:
    opened, person = browser(login), PEOPLE[login]
    forms: dict[str, set[str]] = {}
    for route in routes:
        if "GET" in route.methods:
            text = opened.get(address(route, person.unit)).text
            for form in FORM.finditer(text):
                forms[unescape(form[1])] = set(FIELD.findall(form[0])) - {"csrf"}
    assert {"/users", "/account/password"} <= forms.keys()
    del forms["/sign-out"]
    csrf = csrf_of(opened)
    for path, fields in forms.items():
        for word in WORDS:
            answer = opened.send(path, csrf=csrf, **dict.fromkeys(fields, word))
            assert answer.status_code < 500, f"{path}: {word}"
            assert not [raw for raw in RAW if raw in answer.text], f"{path}: {word}"


@pytest.mark.parametrize("login", ["operator", "d1-officer"])
def test_what_schemathesis_asks_is_no_fault(
    browser: Opened, dashboard: Dashboard, url: str, login: str
) -> None:
    opened = browser(login)
    schema = schemathesis.openapi.from_dict(create_app(dashboard).openapi())
    operations = [one.ok() for one in schema.get_all_operations()]
    answered: list[int] = []
    for operation in operations:

        @settings(
            max_examples=20,
            deadline=None,
            derandomize=True,
            database=None,
            phases=[Phase.generate],
            suppress_health_check=list(HealthCheck),
        )
        @given(case=operation.as_strategy())
        def ask(case: schemathesis.Case) -> None:
            answer = case.call(
                base_url=url, headers={"Origin": url}, cookies=opened.session.cookies.get_dict()
            )
            answered.append(answer.status_code)
            assert answer.status_code < 500, f"{case.method} {case.formatted_path}"

        ask()
    assert len(answered) >= len(operations)
    assert 200 in answered
    assert opened.get("/account").url == url + "/account"  # the session was one until the end
