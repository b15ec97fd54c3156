"""Counts of the page of consents on their pages: their pupils, told apart by plain SQL."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from datetime import date
from functools import cache
from typing import Any
from urllib.parse import quote, unquote

import pytest
from sqlalchemy import text

from privacy.disclosure import disclosure_policy
from reports.web.visit import Dashboard
from reports.words import SOURCES
from tests.end_to_end.world import World
from tests.web.figures import LAST, SCHOOL, number, page_of, sheets, table
from tests.web.forms import whole_words_of, words_of
from tests.web.people import Browser
from tests.web.test_explained_persons import PSEUDONYM
from tests.web.test_lessons import short

Resident = Callable[[str], Browser]
Row = dict[str, str]
LISTED = "781003"  # its consents come from the school's typed lists
OFFICES = ("d1-officer", "d1-reader", "region-reader")
COLUMNS = ("pupils", "active", "ready", "waiting", "stopped", "silent", "with_uid")
STATES = {
    "active": "действует",
    "registered": "зарегистрировано, ещё не действует",
    "applied": "подано заявление",
    "refused": "отказ",
    "silent": "заявления нет",
}
NOBODY = "Таких учеников нет."


def count_of(column: str, class_key: str = "", school: str = SCHOOL, on: str = LAST) -> str:
    """Its page: the address, of which each key is quoted, is quoted once more."""
    of = f"/class={quote(quote(class_key, safe=''))}" if class_key else ""
    return f"/explain/coverage/{column}/school/{school}{of}@{on}"


def place(row: dict[str, Any]) -> str:
    if row["document"].startswith("GET "):
        return f"запрос {row['document']}, запись {row['line']}, выгрузка {row['upload']}"
    return f"{row['document']}:{row['line']}, выгрузка {row['upload']}"


@cache
def truth(region: World, school: str) -> tuple[dict[str, Any], ...]:
    """Each pupil of each class of the school, and the words that tell of it."""
    landed = " JOIN ops.landing l ON l.id = t.origin_document WHERE t.school = :school"
    where = "t.origin_line AS line, l.name AS document, l.upload_ref AS upload"
    pupils = region.rows(
        f"SELECT c.key AS class_key, c.name AS class_name, t.pupil, {where}"
        " FROM journal.enrolment t"
        " JOIN journal.class_ c ON c.school = t.school AND c.source = t.source"
        f" AND c.source_key = t.class_key AND c.vanished_at IS NULL{landed}"
        " AND t.vanished_at IS NULL AND coalesce(t.start, CAST(:on AS date)) <= :on"
        " AND coalesce(t.finish, 'infinity') > :on",
        school=school,
        on=date.fromisoformat(LAST),
    )
    consents = region.rows(
        "SELECT t.pupil, t.source, t.applied_on, t.registered_on, t.refused_on,"
        f" {where} FROM journal.consent t{landed} AND t.vanished_at IS NULL AND t.pupil IS NOT NULL"
        " AND t.applied_on <= CAST(:on AS date)",
        school=school,
        on=LAST,
    )
    by_pupil = {row["pupil"]: row for row in consents}
    assert len(by_pupil) == len(consents), "a pupil has one application here"
    with_uid = {
        row["pseudonym"]
        for row in region.rows("SELECT pseudonym FROM vault.uids WHERE school = :s", s=school)
    }
    return tuple(told(row, by_pupil.get(row["pupil"]), with_uid) for row in pupils)


def told(row: dict[str, Any], consent: dict[str, Any] | None, with_uid: set[str]) -> dict[str, Any]:
    state, since, by = state_of(consent)
    uid = row["pupil"] in with_uid
    members = {
        "pupils": True,
        "active": state == "active",
        "ready": state == "active" and uid,
        "waiting": state in ("applied", "registered"),
        "stopped": state == "refused",
        "silent": state == "silent",
        "with_uid": uid,
    }
    words = {
        "Ученик": row["pupil"],
        "Класс": row["class_name"],
        "Согласие": STATES[state],
        "С какого дня": f"{since:%d.%m.%Y}" if since else "",
        "UID": "есть" if uid else "нет",
        "Откуда известно": by,
        "В списке класса": place(row),
    }
    return {"class_key": row["class_key"], "members": members, "words": words}


def state_of(consent: dict[str, Any] | None) -> tuple[str, date | None, str]:
    """The state on the last day, since when, and what says so."""
    if consent is None:
        return "silent", None, ""
    by, on = f"{SOURCES[consent['source']]}: {place(consent)}", date.fromisoformat(LAST)
    if consent["refused_on"] and consent["refused_on"] <= on:
        return "refused", consent["refused_on"], by
    if consent["registered_on"] is None:
        return "applied", consent["applied_on"], by
    if consent["registered_on"] > on:
        return "registered", consent["applied_on"], by
    return "active", consent["registered_on"], by


def members(region: World, column: str, class_key: str, school: str = SCHOOL) -> list[Row]:
    """The words of those who are counted; an empty key: of all classes."""
    return [
        one["words"]
        for one in truth(region, school)
        if one["members"][column] and class_key in ("", one["class_key"])
    ]


def classes(region: World, school: str = SCHOOL) -> dict[str, str]:
    """Names of the classes by key."""
    return {one["class_key"]: one["words"]["Класс"] for one in truth(region, school)}


def shown(opened: Browser, path: str) -> list[Row]:
    """The rows of all pages, pseudonyms whole."""
    page, found = page_of(opened.get(path)), []
    while True:
        if page.xpath("//*[@id='rows']"):
            found += [
                {name: whole_words_of(cell) for name, cell in row.items() if cell is not None}
                for row in table(page, "rows")
            ]
        further = [a for a in page.iter("a") if a.get("rel") == "next"]
        if not further:
            return found
        page = page_of(opened.get(further[0].get("href")))


def in_order(rows: list[Row]) -> list[Row]:
    return sorted(rows, key=lambda row: (row["Ученик"], row["В списке класса"]))


def links(opened: Browser, school: str = SCHOOL) -> Iterator[tuple[str, str, str, Any]]:
    """Each count that can be opened: name of the class, title of the column, path and cell."""
    page = page_of(opened.get(f"/school/{school}/consents"))
    for row in [one for one in page.iter("tr") if one.find("td") is not None]:
        for cell in row.iter("td"):
            for a in cell.find_class("figure"):
                yield words_of(row.find("th")), cell.get("data-label"), a.get("href"), a


@pytest.mark.parametrize(
    ("login", "school"),
    [("s1-deputy", SCHOOL), ("s1-reader", SCHOOL), ("operator", SCHOOL), ("operator", LISTED)],
)
def test_every_count_opens_to_as_many_pupils(
    resident: Resident, region: World, login: str, school: str
) -> None:
    opened = resident(login)
    found = {path: (name, a) for name, _, path, a in links(opened, school)}
    named = {"": "Всего"} | classes(region, school)
    assert len(named) > 2
    expected = {count_of(col, key, school): (col, key) for key in named for col in COLUMNS}
    assert found.keys() == expected.keys()
    zeros = 0
    for path, (column, key) in expected.items():
        name, link = found[path]
        count = len(members(region, column, key, school))
        assert (name, number(link)) == (named[key], count), path
        assert link.get("title") == "Откуда это число"
        page = page_of(opened.get(link.get("href")))
        assert number(page.get_element_by_id("counts")) == count, path
        assert words_of(page.get_element_by_id("address")) == unquote(path).removeprefix(
            "/explain/"
        )
        rows = table(page, "rows") if count else []
        assert len(rows) == min(count, 100), path
        assert (NOBODY in words_of(page)) == (count == 0)
        zeros += count == 0
    assert zeros, "a count of nobody opens too"


@pytest.mark.parametrize("school", [SCHOOL, LISTED])
@pytest.mark.parametrize("column", COLUMNS)
def test_pupils_are_those_of_the_journal_with_their_lines(
    resident: Resident, region: World, column: str, school: str
) -> None:
    opened = resident("operator")
    expected = members(region, column, "", school)
    assert in_order(shown(opened, count_of(column, "", school))) == in_order(expected)
    key = next(iter(classes(region, school)))
    of_class = [
        {name: words for name, words in row.items() if name != "Класс"}
        for row in members(region, column, key, school)
    ]
    assert in_order(shown(opened, count_of(column, key, school))) == in_order(of_class)


def events(dashboard: Dashboard) -> list[tuple[Any, ...]]:
    """The lines of the book, the last first."""
    with dashboard.accounts.begin() as connection:
        query = text("SELECT login, kind, school, detail FROM access.events ORDER BY id DESC")
        return [tuple(row) for row in connection.execute(query)]


def releases(region: World) -> list[dict[str, Any]]:
    return region.rows(
        "SELECT actor, count, details->>'purpose' AS purpose FROM ops.action_log"
        " WHERE action = 'release_names' ORDER BY id DESC"
    )


def test_the_schools_own_people_see_names_and_it_is_noted(
    resident: Resident, region: World, dashboard: Dashboard
) -> None:
    opened = resident("s1-deputy")
    key = next(iter(classes(region)))
    expected = members(region, "active", key)
    before = len(releases(region))
    names = [row["Ученик"] for row in shown(opened, count_of("active", key))]
    people = region.hub.vault.identities(SCHOOL)
    called = dict(people.select("pseudonym", "full_name").iter_rows())
    assert names == sorted(short(called[row["Ученик"]]) for row in expected)
    assert events(dashboard)[0] == ("s1-deputy", "named", SCHOOL, "coverage/active")
    released = releases(region)
    assert len(released) == before + 1
    assert released[0] == {
        "actor": "s1-deputy", "count": len(expected), "purpose": "school_pages",
    }  # fmt: skip


@pytest.mark.parametrize("login", ["operator", "s1-reader"])
def test_nobody_else_sees_a_name(
    resident: Resident, region: World, dashboard: Dashboard, login: str
) -> None:
    opened = resident(login)
    before = len(releases(region))
    page = opened.get(count_of("pupils")).text
    people = region.hub.vault.identities(SCHOOL)
    assert not [name for name in people["full_name"] if name.split()[0] in page]
    assert PSEUDONYM.search(page)
    assert len(releases(region)) == before
    assert not [one for one in events(dashboard) if one[:2] == (login, "named")]


@pytest.mark.parametrize("login", ["s1-deputy", "operator"])
def test_the_file_has_the_rows_of_the_page(
    resident: Resident, region: World, dashboard: Dashboard, login: str
) -> None:
    opened, key = resident(login), next(iter(classes(region)))
    rows = sheets(opened.get(count_of("silent", key), format="xlsx"))["Ученики"]
    pupils = sheets(opened.get(count_of("pupils", key), format="xlsx"))["Ученики"]
    login_, kind, school, file = events(dashboard)[0]
    assert (login_, kind, school) == (login, "downloaded", SCHOOL)
    assert file == f"svod-pupils-{SCHOOL}-{LAST}-{LAST}.xlsx"
    told = shown(opened, count_of("pupils", key))
    (at,) = [n for n, row in enumerate(pupils) if row[0] == "ученик"]
    headings = [str(one) for one in pupils[at] if one]
    found = [dict(zip(headings, row, strict=False)) for row in pupils[at + 1 :] if row[3]]
    assert [{name.lower(): cell or "" for name, cell in row.items()} for row in found] == [
        {name.lower(): words for name, words in row.items()} for row in told
    ]
    assert any(f"coverage/silent/school/{SCHOOL}/class={key}@{LAST}" in str(row) for row in rows)


@pytest.mark.parametrize("login", OFFICES)
def test_offices_see_what_the_page_of_consents_prints_and_no_pupil(
    resident: Resident, region: World, login: str
) -> None:
    opened, sign = resident(login), disclosure_policy().sign
    printed = {path: number(a) for _, _, path, a in links(opened)}
    assert printed
    hidden = 0
    for key in ("", *classes(region)):
        for column in ("active", "ready"):
            path = count_of(column, key)
            answer = opened.get(path)
            page, true = page_of(answer), len(members(region, column, key))
            said = words_of(page.get_element_by_id("counts"))
            assert said == str(printed.get(path, sign)), path
            assert said == str(true) if path in printed else said == sign
            assert path not in printed or true == 0 or true >= 10
            hidden += path not in printed
            assert not page.xpath("//table")
            assert not PSEUDONYM.search(answer.text)
            assert "format=xlsx" not in answer.text
            assert opened.get(path, format="xlsx").status_code == 404
        for column in set(COLUMNS) - {"active", "ready"}:
            assert opened.get(count_of(column, key)).status_code == 404
    assert hidden
    assert opened.get(count_of("active", on="2026-09-17")).status_code == 404


def test_an_earlier_day_is_told_by_the_records_known_now(resident: Resident, region: World) -> None:
    (row,) = region.rows(
        "SELECT count(*) AS n FROM journal.consent t WHERE school = :school AND vanished_at IS NULL"
        " AND registered_on <= '2026-09-08' AND coalesce(refused_on, 'infinity') > '2026-09-08'"
        " AND EXISTS (SELECT 1 FROM journal.enrolment e WHERE e.school = t.school"
        " AND e.pupil = t.pupil AND e.vanished_at IS NULL"
        " AND coalesce(e.start, '2026-09-08') <= '2026-09-08'"
        " AND coalesce(e.finish, 'infinity') > '2026-09-08')",
        school=SCHOOL,
    )
    page = page_of(resident("operator").get(count_of("active", on="2026-09-08")))
    assert number(page.get_element_by_id("counts")) == row["n"]
    assert row["n"] != len(members(region, "active", ""))
    assert "записи — какими Свод знает их сейчас" in words_of(page)


@pytest.mark.parametrize("login", ["operator", "d1-officer", "s1-deputy"])
def test_a_count_there_is_not_or_of_another_is_not_there(resident: Resident, login: str) -> None:
    opened = resident(login)
    paths = [
        count_of("active", "no-such-class"),
        count_of("active", on="2026-09-19"),
        count_of("active", on="2025-09-18"),
        count_of("active", school="999999"),
        count_of("pending"),
    ]
    if login != "operator":
        foreign = count_of("active", school="781002")
        assert resident("operator").get(foreign).status_code == 200
        paths.append(foreign)
    for path in paths:
        assert opened.get(path).status_code == 404, path
        assert opened.get(path, format="xlsx").status_code == 404, path


def test_the_command_opens_the_same(region: World) -> None:
    key, name = next(iter(classes(region).items()))
    words = ("explain", "coverage", "--school", SCHOOL, "--column", "active", "--class", name)
    *lines, last = region.asked(*words, "--json").stdout.splitlines()
    address = unquote(count_of("active", key)).removeprefix("/explain/")
    expected = members(region, "active", key)
    assert json.loads(last) == {"address": address, "count": len(expected)}
    rows = [json.loads(line) for line in lines]
    assert sorted(row["pupil"] for row in rows) == sorted(row["Ученик"] for row in expected)
    said = region.asked("explain", address, "--limit", "1").stdout
    assert f"Согласие действует: {len(expected)}" in said
    assert f"показано 1 из {len(expected)}" in said
    assert f"Адрес: {address}" in said
