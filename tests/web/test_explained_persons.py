"""Counts of persons of form 1 on their pages: whole for the school and the operator, as the form
prints them for offices; and how people without a name are shown."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import unquote

import pytest

from tests.end_to_end.world import World
from tests.web.figures import FIRST, LAST, SCHOOL, page_of, table
from tests.web.forms import words_of
from tests.web.pages import DAYS
from tests.web.people import Browser

Opened = Callable[[str], Browser]
HIDDEN = "скрыто"
OF_PERSONS = ("pupils", "pupils_with_data", "teachers", "teachers_with_access")
PSEUDONYM = re.compile(r"p[0-9a-f]{32}")
OFFICES = ("d1-officer", "d1-reader", "region-reader")


def cell(code: str, grade: int, school: str = SCHOOL, days: str = DAYS) -> str:
    return f"/explain/form1/{code}/school/{school}/grade={grade}/{days}"


def shown(page: Any) -> str:
    return words_of(page.get_element_by_id("counts"))


def grades(region: World) -> list[int]:
    rows = region.rows(
        "SELECT DISTINCT grade_level AS grade FROM journal.class_ WHERE school = :school"
        " AND vanished_at IS NULL ORDER BY 1",
        school=SCHOOL,
    )
    return [row["grade"] for row in rows]


def kept(region: World) -> dict[tuple[str, int], int]:
    """Form 1 of the school as it was kept, by column and grade: true counts."""
    rows = region.rows(
        "SELECT \"column\" AS code, row, value FROM quality.form_figures WHERE form = 'form1'"
        " AND school = :school AND as_of = CAST(:on AS date)",
        school=SCHOOL,
        on=LAST,
    )
    return {(row["code"], int(row["row"])): row["value"] for row in rows}


@pytest.mark.parametrize("login", ["operator", "s1-reader"])
def test_pupils_and_teachers_are_those_of_the_journal(
    browser: Opened, region: World, login: str
) -> None:
    opened = browser(login)
    here = (
        "SELECT count(DISTINCT e.pupil)::int AS n FROM journal.enrolment e JOIN journal.class_ c"
        " ON c.school = e.school AND c.key = e.class_key WHERE e.school = :school"
        " AND c.grade_level = :grade AND e.vanished_at IS NULL"
        " AND (e.start IS NULL OR e.start <= CAST(:last AS date))"
        " AND (e.finish IS NULL OR e.finish > CAST(:last AS date))"
    )
    with_data = (
        f"{here} AND (EXISTS (SELECT FROM journal.mark m WHERE m.school = e.school"
        " AND m.pupil = e.pupil AND m.vanished_at IS NULL"
        " AND m.date BETWEEN CAST(:first AS date) AND CAST(:last AS date))"
        " OR EXISTS (SELECT FROM journal.attendance a JOIN journal.lesson l"
        " ON l.school = a.school AND l.key = a.lesson_key WHERE a.school = e.school"
        " AND a.pupil = e.pupil AND a.vanished_at IS NULL"
        " AND l.date BETWEEN CAST(:first AS date) AND CAST(:last AS date)))"
    )
    for grade in grades(region):
        bound = {"school": SCHOOL, "grade": grade, "first": FIRST, "last": LAST}
        (pupils,), (told,) = region.rows(here, **bound), region.rows(with_data, **bound)
        page = page_of(opened.get(cell("pupils", grade)))
        assert shown(page) == str(pupils["n"])
        assert len(table(page, "rows")) == pupils["n"]
        assert shown(page_of(opened.get(cell("pupils_with_data", grade)))) == str(told["n"])


@pytest.fixture
def small(region: World) -> Iterator[dict[tuple[str, int], int]]:
    """The evening's form 1, in which nine teachers of a grade are known and two lack access."""
    (grade, *_) = grades(region)
    write = (
        "UPDATE quality.form_figures SET value = :n WHERE form = 'form1' AND school = :school"
        ' AND as_of = CAST(:on AS date) AND row = :row AND "column" = :code'
    )
    bound = {"school": SCHOOL, "on": LAST, "row": str(grade)}
    before = kept(region)
    made = {("teachers", grade): 9, ("teachers_with_access", grade): 7}
    for (code, _), n in made.items():
        region.write(write, n=n, code=code, **bound)
    yield before | made
    for code, _ in made:
        region.write(write, n=before[code, grade], code=code, **bound)


@pytest.mark.parametrize("login", OFFICES)
def test_offices_see_what_the_form_prints_and_no_row(
    browser: Opened, region: World, small: dict[tuple[str, int], int], login: str
) -> None:
    opened = browser(login)
    for code in OF_PERSONS:
        for grade in grades(region):
            answer = opened.get(cell(code, grade))
            page = page_of(answer)
            true = small[code, grade]
            assert shown(page) == HIDDEN if 0 < true < 10 else shown(page) in (HIDDEN, str(true))
            assert not page.xpath("//table")
            assert not PSEUDONYM.search(answer.text)
            file = opened.get(cell(code, grade), format="xlsx")
            assert file.headers["content-type"].startswith("text/html")


def test_offices_are_told_no_count_of_other_days(browser: Opened, region: World) -> None:
    (grade, *_) = grades(region)
    for days in ("2026-09-07/2026-09-18@2026-09-18", "2026-09-01/2026-09-16@2026-09-18"):
        page = page_of(browser("d1-officer").get(cell("pupils", grade, days=days)))
        assert not page.xpath("//*[@id='counts']")
        assert "Форма 1 за эти дни такого числа не печатает" in words_of(page)


@pytest.mark.parametrize("login", ["s1-reader", "operator", "d1-officer"])
def test_form1_of_a_school_is_that_which_was_kept_and_each_cell_opens(
    browser: Opened, region: World, login: str
) -> None:
    opened, true = browser(login), kept(region)
    page = page_of(opened.get(f"/school/{SCHOOL}/form1"))
    links = list(page.get_element_by_id("form1").iter("a"))
    told = {unquote(a.get("href")): words_of(a) for a in links}
    whole = login != "d1-officer"
    assert told == {
        cell(code, grade): str(n) if whole or code not in OF_PERSONS else "открыть"
        for (code, grade), n in true.items()
    }
    for path, words in told.items():
        there = shown(page_of(opened.get(path)))
        assert there == words or (words == "открыть" and there), path


def test_a_school_whose_documents_ask_for_no_form1_is_told_so(
    browser: Opened, region: World
) -> None:
    bound = "UPDATE registry.schools SET profile = :to WHERE code = :school"
    region.write(bound, to="tomsk", school=SCHOOL)
    try:
        page = page_of(browser("operator").get(f"/school/{SCHOOL}/form1"))
        one = page_of(browser("d1-officer").get(cell("pupils", grades(region)[0])))
    finally:
        region.write(bound, to="spb", school=SCHOOL)
    assert "Формы 1 у этой школы нет" in words_of(page)
    assert not one.xpath("//*[@id='counts']")


def test_a_count_of_persons_of_a_foreign_school_is_not_there(browser: Opened) -> None:
    for login in ("d1-officer", "d1-reader", "s1-deputy"):
        assert browser(login).get(cell("pupils", 5, "781002")).status_code == 404
    assert browser("region-reader").get(cell("pupils", 5, "999999")).status_code == 404


def test_who_has_no_name_is_shown_by_the_first_signs(browser: Opened) -> None:
    opened = browser("d1-officer")
    figure = page_of(opened.get(f"/explain/measure/held/school/{SCHOOL}/{DAYS}", rows="all"))
    things = page_of(opened.get(f"/school/{SCHOOL}", by="teacher"))
    lessons = page_of(opened.get(f"/school/{SCHOOL}/lessons"))
    people = [
        *[row["Учитель"].find("span") for row in table(figure, "rows")],
        *[a for row in table(things, "things") if (a := row[""].find("a")) is not None],
        *[row["Учитель"].find("span") for row in table(lessons, "lessons")],
    ]
    assert len(people) > 20
    for one in people:
        assert PSEUDONYM.fullmatch(one.get("title")), words_of(one)
        assert words_of(one) == f"{one.get('title')[:8]}…"
    for page in (figure, things, lessons):
        assert not PSEUDONYM.search(words_of(page.find("body")))


def test_a_name_is_shown_whole(browser: Opened) -> None:
    page = page_of(browser("s1-deputy").get(f"/explain/measure/held/school/{SCHOOL}/{DAYS}"))
    people = [row["Учитель"].find("span") for row in table(page, "rows")]
    assert people
    assert not [one for one in people if one.get("title") or "…" in words_of(one)]
