"""A school's page shows what the database holds, sorted as the address asks."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from reports.web.pages.school_things import HEADINGS, By
from tests.end_to_end.world import World
from tests.web.figures import (
    OF_LESSONS,
    SCHOOL,
    TITLES,
    figures_in,
    lesson_sums,
    page_of,
    ratio,
    sheets,
    table,
    tiles,
)
from tests.web.forms import words_of
from tests.web.people import Browser

Opened = Callable[[str], Browser]
PATH = f"/school/{SCHOOL}"
COLUMNS = {By.CLASS: "class_key", By.SUBJECT: "subject_key", By.TEACHER: "teacher"}
MARKUP = '<script>alert(1)</script> & "5" \'='


@contextmanager
def called(region: World, table_: str, name: str) -> Iterator[None]:
    """The school's rows of a table of the journal have this name meanwhile."""
    query = f"SELECT key, name FROM journal.{table_} WHERE school = :school"
    before = region.rows(query, school=SCHOOL)
    update = f"UPDATE journal.{table_} SET name = :name WHERE school = :school"
    region.write(update, name=name, school=SCHOOL)
    yield
    for row in before:
        region.write(f"{update} AND key = :key", school=SCHOOL, **row)


@pytest.mark.parametrize("login", ["operator", "d1-reader", "s1-reader", "s1-deputy"])
def test_the_tiles_are_the_figures_that_were_measured(
    browser: Opened, region: World, login: str
) -> None:
    shown = tiles(page_of(browser(login).get(PATH)))
    kept = region.rows(
        "SELECT measure, numerator, denominator FROM quality.measures WHERE unit = :unit"
        " AND level = 'school' AND as_of = (SELECT max(as_of) FROM quality.measures)",
        unit=SCHOOL,
    )
    assert len(kept) == len(shown) == 9
    for row in kept:
        counts = (row["numerator"], row["denominator"])
        told = shown[row["measure"]]
        assert (told[0].counts if told else (0, 0)) == counts, row["measure"]


def test_the_tiles_are_the_figures_of_the_sandboxes_truth(browser: Opened, region: World) -> None:
    shown = tiles(page_of(browser("s1-deputy").get(PATH)))
    told = [one for one in region.truth["measures"] if one["unit"] == SCHOOL]
    assert {one["measure"] for one in told} >= {"fill_rate", "upload_frequency"}
    for one in told:
        if one["denominator"]:
            assert shown[one["measure"]][0].counts == (one["numerator"], one["denominator"])


@pytest.mark.parametrize(
    ("first", "last"), [("2026-09-01", "2026-09-18"), ("2026-09-07", "2026-09-09")]
)
def test_the_days_of_the_address_are_counted_and_the_last_day_beside_them(
    browser: Opened, region: World, first: str, last: str
) -> None:
    shown = tiles(page_of(browser("s1-reader").get(PATH, **{"from": first, "to": last})))
    for measure in OF_LESSONS:
        of_days, of_last = shown[measure]
        assert lesson_sums(region, measure, first=first, last=last) == {"all": of_days.counts}
        day = lesson_sums(region, measure, first="2026-09-18", last="2026-09-18")
        assert day == {"all": of_last.counts}


def test_each_measure_has_its_definition_and_document_at_hand(browser: Opened) -> None:
    page = page_of(browser("s1-reader").get(PATH))
    cited = {}
    for tile in page.find_class("tile"):
        (details,) = tile.iter("details")
        definition, citation = (words_of(one) for one in details.iter("p"))
        assert len(definition) > 30
        cited[tile.get("data-measure")] = citation
    assert "06.12.2013 № 01-16-3792/13-0-0" in cited["fill_rate"]  # the document asks for it
    assert any(one.startswith("Определение Свода") for one in cited.values())


@pytest.mark.parametrize("by", By)
@pytest.mark.parametrize("first", ["2026-09-01", "2026-09-14"])
def test_the_rows_are_the_sums_of_their_lessons(
    browser: Opened, region: World, by: By, first: str
) -> None:
    opened = browser("d1-reader")
    page = page_of(opened.get(PATH, by=by.value, **{"from": first, "to": "2026-09-18"}))
    (shown,) = [one for one in page.iter("table") if one.get("id") == "things"]
    rows = {row.get("data-key"): row for row in shown.find("tbody").iter("tr")}
    for measure in OF_LESSONS:
        sums = lesson_sums(region, measure, by=COLUMNS[by], first=first)
        assert rows.keys() == sums.keys()
        for key, counts in sums.items():
            (cell,) = [
                one for one in rows[key].iter("td") if one.get("data-label") == TITLES[measure]
            ]
            told = [figure.counts for figure in figures_in(cell)]
            assert told == ([counts] if counts[1] else []), (key, measure)
    for key, (_, lessons) in lesson_sums(region, "held", by=COLUMNS[by], first=first).items():
        assert words_of(rows[key].find("td")) == str(lessons)


@pytest.mark.parametrize("measure", ["fill_rate", "timeliness"])
@pytest.mark.parametrize("by", By)
def test_the_address_sorts(browser: Opened, by: By, measure: str) -> None:
    opened = browser("s1-reader")

    def shares(sort: str) -> list[float | None]:
        rows = table(page_of(opened.get(PATH, by=by.value, sort=sort)), "things")
        told = [ratio(f[0].get("title")) if (f := row[TITLES[measure]].find_class("figure"))
                else None for row in rows]  # fmt: skip
        return [None if one is None else one[0] / one[1] for one in told]

    worst, best = shares(measure), shares(f"-{measure}")
    known = [one for one in worst if one is not None]
    assert len(set(known)) > 1
    assert known == sorted(known)
    assert worst[len(known) :] == [None] * (len(worst) - len(known)), "the unknown come last"
    assert [one for one in best if one is not None] == sorted(known, reverse=True)


def test_by_name_the_second_class_comes_before_the_tenth(browser: Opened, region: World) -> None:
    with called(region, "class_", "х"):
        keys = sorted(lesson_sums(region, "held", by="class_key"))
        names = {key: f"{number}а" for key, number in zip(keys, (10, 2), strict=False)}
        for key, name in names.items():
            region.write(
                "UPDATE journal.class_ SET name = :name WHERE school = :school AND key = :key",
                name=name, school=SCHOOL, key=key,
            )  # fmt: skip
        rows = table(page_of(browser("s1-reader").get(PATH)), "things")
    told = [words_of(row[""]) for row in rows]
    assert [name for name in told if name in names.values()] == ["2а", "10а"]


def test_a_row_leads_to_its_lessons(browser: Opened) -> None:
    opened = browser("s1-deputy")
    for by in By:
        for row in table(page_of(opened.get(PATH, by=by.value)), "things")[:2]:
            link = row[""].find("a").get("href")
            lessons = page_of(opened.get(link))
            (every,) = [a for a in lessons.iter("a") if words_of(a).startswith("Все: ")]
            assert words_of(every) == f"Все: {words_of(row['Уроков'])}"


@pytest.mark.parametrize("path", [f"/school/{code}" for code in ("781002", "999999", "d1")])
@pytest.mark.parametrize("login", ["d1-officer", "s1-deputy"])
def test_a_foreign_school_is_not_there(browser: Opened, login: str, path: str) -> None:
    opened = browser(login)
    for asked in (path, f"{path}?format=xlsx", f"{path}/lessons", f"{path}/lessons?format=xlsx"):
        assert opened.get(asked).status_code == 404, asked


@pytest.mark.parametrize(("by", "table_"), [(By.CLASS, "class_"), (By.SUBJECT, "subject")])
def test_what_a_journal_writes_is_no_markup_and_no_formula(
    browser: Opened, region: World, by: By, table_: str
) -> None:
    opened = browser("s1-deputy")
    for name in (MARKUP, "=1+1"):
        with called(region, table_, name):
            pages = [opened.get(PATH, by=by.value), opened.get(f"{PATH}/lessons")]
            told = sheets(opened.get(PATH, by=by.value, format="xlsx"))
        for page in pages:
            assert "<script>alert" not in page.text
        assert name in words_of(page_of(pages[0]).get_element_by_id("things"))
        assert name in words_of(page_of(pages[1]).get_element_by_id("lessons"))
        (sheet,) = [rows for title, rows in told.items() if title.startswith("По ") and
                    rows[1][0] == HEADINGS[by]]  # fmt: skip
        assert {row[0] for row in sheet[2:]} == {name}


def test_a_schools_name_is_no_markup(browser: Opened, region: World) -> None:
    query = "UPDATE registry.schools SET name = :name WHERE code = :school"
    (before,) = region.rows("SELECT name FROM registry.schools WHERE code = :s", s=SCHOOL)
    region.write(query, name=MARKUP, school=SCHOOL)
    try:
        opened = browser("d1-officer")
        figure = f"/explain/measure/held/school/{SCHOOL}/2026-09-01/2026-09-18@2026-09-18"
        answers: list[Any] = [opened.get(one) for one in (PATH, f"{PATH}/lessons", figure)]
    finally:
        region.write(query, name=before["name"], school=SCHOOL)
    for answer in answers:
        assert answer.status_code == 200
        assert "<script>alert" not in answer.text
        assert MARKUP in words_of(page_of(answer))
