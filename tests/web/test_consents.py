"""Consents and UIDs by class: the school sees its own, offices no small count."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import Any

from privacy.disclosure import disclosure_policy
from tests.end_to_end.world import World
from tests.web.forms import parsed, words_of
from tests.web.people import Browser

Opened = Callable[[str], Browser]
SCHOOL, PAGE = "781001", "/school/781001/consents"


def table(opened: Browser) -> dict[str, dict[str, str]]:
    """The cells by class and title."""
    rows = [row for row in parsed(opened.get(PAGE)).iter("tr") if row.find("td") is not None]
    return {
        words_of(row[0]): {cell.get("data-label"): words_of(cell) for cell in row[1:]}
        for row in rows
    }


def expected(region: World) -> dict[str, Counter[str]]:
    """What the journal's own words come to, counted apart from the product."""
    on = region.last
    pupils = region.rows(
        "SELECT DISTINCT c.name, e.pupil FROM journal.enrolment e JOIN journal.class_ c"
        " ON c.school = e.school AND c.source = e.source AND c.source_key = e.class_key"
        " AND c.school_year = e.school_year AND c.vanished_at IS NULL"
        " WHERE e.school = :school AND e.vanished_at IS NULL AND coalesce(e.start, :on) <= :on"
        " AND coalesce(e.finish, 'infinity') > :on",
        school=SCHOOL,
        on=on,
    )
    consents = region.rows(
        "SELECT pupil, bool_or(registered_on <= :on AND coalesce(refused_on, 'infinity') > :on)"
        " AS active FROM journal.consent WHERE school = :school AND vanished_at IS NULL"
        " GROUP BY pupil",
        school=SCHOOL,
        on=on,
    )
    active = {row["pupil"] for row in consents if row["active"]}
    with_uid = region.hub.vault.who_has_uid(SCHOOL)
    found: dict[str, Counter[str]] = {}
    for row in pupils:
        counts = found.setdefault(row["name"], Counter())
        counts["Учеников"] += 1
        counts["Согласие действует"] += row["pupil"] in active
        counts["из них с UID"] += row["pupil"] in active & with_uid
        counts["Всего с UID"] += row["pupil"] in with_uid
    return found


def test_a_school_and_the_operator_see_all_counts(browser: Opened, region: World) -> None:
    truth = expected(region)
    assert truth
    for login in ("s1-deputy", "s1-reader", "operator"):
        shown = table(browser(login))
        assert shown.keys() == truth.keys() | {"Всего"}
        for name, counts in truth.items():
            assert {title: int(shown[name][title]) for title in counts} == counts
        whole: Counter[str] = sum(truth.values(), Counter())
        assert {title: int(shown["Всего"][title]) for title in whole} == whole


def test_offices_see_no_small_count_and_no_number_of_pupils(browser: Opened, region: World) -> None:
    truth = expected(region)
    sign = disclosure_policy().sign
    for login in ("d1-officer", "d1-reader", "region-reader"):
        opened = browser(login)
        shown = table(opened)
        assert shown.keys() == truth.keys() | {"Всего"}
        said: list[Any] = []
        for name, cells in shown.items():
            assert cells.keys() == {"Согласие действует", "из них с UID"}
            for title, words in cells.items():
                said.append(words)
                if words == sign:
                    continue
                assert int(words) == 0 or int(words) >= 10
                if name in truth:
                    assert int(words) == truth[name][title]
        assert sign in said
        page = parsed(opened.get(PAGE))
        assert disclosure_policy().hint in opened.get(PAGE).text
        links = [words_of(a) for a in page.find_class("figure")]
        assert links == [words for words in said if words != sign]


def test_another_school_is_not_there(browser: Opened) -> None:
    assert browser("s1-deputy").get("/school/781003/consents").status_code == 404
