"""Every count of the page of cards opened: its lines are as many, and those of the books."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable
from datetime import date
from typing import Any

import pytest

from pipeline.cards.waivers import Scope, enter
from tests.end_to_end.world import World
from tests.web.asked import asking
from tests.web.figures import LAST, SCHOOL, page_of, sheets, table
from tests.web.forms import words_of
from tests.web.people import Browser

Opened = Callable[[str], Browser]
CARDS = f"/school/{SCHOOL}/cards"
PSEUDONYM = re.compile(r"p[0-9a-f]{32}")
PLACE = re.compile(r"([^:]+):(\d+), выгрузка ([\w-]+)")
UNFILLED = ("held", "topic", "homework", "attendance", "marks")


def links(opened: Browser, title: str = "") -> dict[str, str]:
    """What can be opened on the cards whose title begins so, in words, by its address."""
    found: dict[str, str] = {}
    for card in page_of(opened.get(CARDS)).iter("article"):
        if words_of(card.find("h2")).split(" ", 1)[1].startswith(title):
            found |= {one.get("href"): words_of(one) for one in card.find_class("figure")}
    assert found, title
    return found


def counts(words: str) -> set[str]:
    """``Затронуто: 258 уроков; 308 замечаний; новых: 20`` as ``258 уроков``, ``308 замечаний``."""
    told = re.split("[,;] ", words.removeprefix("Затронуто: "))
    return {one for one in told if one[0].isdigit()}


def number(told: set[str]) -> int:
    """How many remarks they are, or else things."""
    by_word = {one.split()[-1]: int("".join(filter(str.isdigit, one))) for one in told}
    remarks = [n for word, n in by_word.items() if word.startswith("замечан")]
    return remarks[0] if remarks else sum(by_word.values())


def lines(opened: Browser, path: str) -> list[dict[str, Any]]:
    """All rows of a card's page, page after page."""
    page = page_of(opened.get(path))
    rows = table(page, "rows")
    while further := [a for a in page.iter("a") if a.get("rel") == "next"]:
        page = page_of(opened.get(further[0].get("href")))
        rows += table(page, "rows")
    return rows


@pytest.mark.parametrize("login", ["s1-reader", "operator"])
def test_every_count_of_the_cards_opens_and_is_the_same_there(browser: Opened, login: str) -> None:
    opened = browser(login)
    seen = 0
    for path, words in links(opened).items():
        page = page_of(opened.get(path))
        there = counts(words_of(page.get_element_by_id("counts")))
        if words.replace("\u202f", "").isdigit():
            assert number(there) == int(words.replace("\u202f", "")), path
        else:
            assert counts(words) == there, path
        seen += 1
    assert seen > 50


def test_lines_of_unfilled_lessons_are_the_open_remarks(browser: Opened, region: World) -> None:
    (whole, *_) = links(browser("s1-deputy"), "Уроки заполнены не полностью")
    rows = region.rows(
        "SELECT r.rule, to_char(r.day, 'DD.MM.YYYY') AS day, c.name AS class, s.name AS subject,"
        " l.origin_line AS line FROM quality.remarks r"
        " JOIN journal.class_ c ON c.school = r.school AND c.key = r.class_key"
        " JOIN journal.subject s ON s.school = r.school AND s.key = r.subject_key"
        " LEFT JOIN journal.lesson l ON l.school = r.school AND l.key = r.lesson_key"
        " WHERE r.school = :school AND r.rule = ANY(:rules) AND r.first_on <= CAST(:on AS date)"
        " AND (r.fixed_on IS NULL OR r.fixed_on > CAST(:on AS date))",
        school=SCHOOL,
        rules=list(UNFILLED),
        on=LAST,
    )
    wanted = Counter((row["day"], row["class"], row["subject"], row["line"]) for row in rows)
    found: Counter[Any] = Counter()
    for row in lines(browser("s1-deputy"), whole):
        place = PLACE.search(words_of(row["Откуда"]))
        told = [words_of(row[name]) for name in ("Дата", "Класс", "Предмет")]
        found[(*told, int(place[2]) if place else None)] += 1
    assert sum(found.values()) > 40
    assert found == wanted


def test_lines_of_refused_records_are_those_of_the_quarantine(
    browser: Opened, region: World
) -> None:
    (whole, *_) = links(browser("s1-deputy"), "Отдельные записи не приняты")
    found = lines(browser("s1-deputy"), whole)
    told = {(words_of(row["Откуда"]), words_of(row["Поле"])) for row in found}
    rows = region.rows(
        "SELECT document, line, upload_ref AS upload, source_column AS field FROM ops.quarantine"
        " WHERE school = :school AND state = 'open' AND rule <> 'dangling_reference'",
        school=SCHOOL,
    )
    known = {
        (f"{row['document']}:{row['line']}, выгрузка {row['upload']}", row["field"]) for row in rows
    }
    assert told
    assert told <= known


def test_the_school_reads_names_and_the_book_says_so(browser: Opened, region: World) -> None:
    (whole, *_) = links(browser("s1-deputy"), "Уроки заполнены не полностью")
    known = region.hub.vault.identities(SCHOOL)
    surnames = {name.split()[0] for name in known["full_name"]}
    told = {words_of(row["Учитель"]) for row in lines(browser("s1-deputy"), whole)}
    assert len(told) > 5
    assert {one.split()[0] for one in told} <= surnames
    rows = [row["Учитель"].find("span") for row in lines(browser("operator"), whole)]
    assert all(PSEUDONYM.fullmatch(one.get("title")) for one in rows)


def test_each_waiver_of_a_card_opens_to_what_it_covers(browser: Opened, region: World) -> None:
    """Of two waivers on one card each; the school is told the reason of the one it looks at."""
    opened = browser("s1-deputy")
    with asking(region):
        for rule in ("topic", "homework"):
            until, reason = date(2026, 10, 31), f"приказ о {rule}"
            enter(region.hub, SCHOOL, Scope(rule), reason, "район", until)
        waived = [path for path in links(opened, "Уроки заполнены") if "waiver=" in path]
        told = links(opened, "Уроки заполнены")
        assert len(waived) == 2
        for path in waived:
            page = page_of(opened.get(path))
            assert counts(words_of(page.get_element_by_id("counts"))) == counts(told[path])
            assert number(counts(told[path])) == len(lines(opened, path))
            assert "Только: отсрочка: приказ о" in words_of(page)
        assert len({told[path] for path in waived}) == 2


@pytest.mark.parametrize("login", ["d1-officer", "region-reader"])
def test_offices_see_lines_of_lessons_but_none_of_refused_records(
    browser: Opened, region: World, login: str
) -> None:
    opened = browser(login)
    surnames = {name.split()[0] for name in region.hub.vault.identities(SCHOOL)["full_name"]}
    hidden = 0
    for title in ("Уроки заполнены", "Отдельные записи не приняты", "По заявлениям"):
        for path in links(browser("s1-deputy"), title):
            answer = opened.get(path)
            page = page_of(answer)
            assert not [name for name in surnames if name in answer.text]
            if title == "Уроки заполнены":
                assert page.xpath("//table[@id='rows']")
                continue
            assert not page.xpath("//table")
            assert not page.xpath("//*[@id='counts']")
            assert not PSEUDONYM.search(answer.text)
            assert opened.get(path, format="xlsx").status_code == 404
            hidden += 1
    assert hidden > 5


def test_the_workbook_has_the_lines_that_were_chosen(browser: Opened) -> None:
    opened = browser("s1-deputy")
    part = next(path for path in links(opened, "Уроки заполнены") if "part=1" in path)
    (found,) = sheets(opened.get(part, format="xlsx")).values()
    shown = lines(opened, part)
    headings = [name for name in shown[0] if name]
    (at,) = [n for n, row in enumerate(found) if row[0] == headings[0].lower()]
    rows = [row for row in found[at + 1 :] if row[0]]
    assert len(rows) == len(shown) > 5


@pytest.mark.parametrize("login", ["d1-officer", "s1-deputy", "region-reader"])
def test_a_card_there_is_not_or_of_another_school_is_not_there(browser: Opened, login: str) -> None:
    (whole, *_) = links(browser("operator"))
    foreign = "781002" if login != "region-reader" else "999999"
    for path in (
        whole.replace(SCHOOL, foreign),
        whole.replace(LAST, "2026-08-01"),
        f"/explain/card/topic/school/{SCHOOL}/{'0' * 12}@{LAST}",
    ):
        assert browser(login).get(path).status_code == 404, path
        assert browser(login).get(path, format="xlsx").status_code == 404, path


def test_a_choice_that_the_card_has_not_is_told_so(browser: Opened) -> None:
    opened = browser("s1-deputy")
    (whole, *_) = links(opened)
    for query in ("part=999", "share=999", "state=waived&waiver=77"):
        page = page_of(opened.get(f"{whole}?{query}"))
        assert not page.xpath("//table[@id='rows']")
        assert "Таких строк нет" in words_of(page)
