"""The ways that people take through the dashboard, by what they read and press in a real browser;
each ends at what the database or the file they took then holds."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from openpyxl import load_workbook
from playwright.sync_api import Locator, Page

from tests.end_to_end.world import World
from tests.web.asked import asked, asking, granted
from tests.web.driver import Driver, tabbed, violations
from tests.web.held import SCHOOL, WAITING, logged, states, waiting

GOING = ("operator", "d1-officer", "s1-deputy")
DAY = "2026-09-18"
# Of form 1, in the order of its columns; offices see no small number of persons.
COLUMNS = (
    "classes", "classes_filled", "pupils", "pupils_with_data",
    "subjects", "subjects_with_data", "teachers", "teachers_with_access",
)  # fmt: skip
OF_PERSONS = frozenset({"pupils", "pupils_with_data", "teachers", "teachers_with_access"})
LEVELS = {f"{n} классы": (str(n),) for n in range(1, 11)} | {"11 (12) классы": ("11", "12")}
THRESHOLD, HIDDEN = 10, "скрыто"
NAMED = "В тексте названо имя человека из школы"  # a card of one rule
REASON = "педсовет 25 сентября, приказ 12"


def test_an_officer_goes_from_the_worst_school_to_its_empty_lessons(
    driver: Driver, region: World
) -> None:
    (worst,) = region.rows(
        "SELECT s.code, s.name, sum(1 - l.filled)::int AS lacking FROM quality.lesson_cells l"
        " JOIN registry.schools s ON s.code = l.school WHERE s.district = 'd1'"
        " GROUP BY s.code, s.name ORDER BY avg(l.filled) LIMIT 1"
    )
    (class_,) = region.rows(
        "SELECT l.class_key AS key, sum(1 - l.filled)::int AS lacking FROM quality.lesson_cells l"
        " WHERE l.school = :code GROUP BY l.class_key ORDER BY avg(l.filled) LIMIT 1",
        code=worst["code"],
    )
    with driver.page("d1-officer") as page:
        page.goto(driver.url + "/")
        page.get_by_label("Сначала").select_option(label="хуже: Полнота")
        page.get_by_role("button", name="Показать").click()
        page.wait_for_url("**sort=fill_rate**")
        page.locator("#schools tbody").get_by_role("link").first.click()
        page.wait_for_url("**/school/*")
        page.get_by_role("link", name="Что исправить").click()
        why = page.get_by_role("article").filter(has_text="Уроки заполнены не полностью")
        assert re.search(rf"Затронуто: {worst['lacking']} урок", why.inner_text())
        page.get_by_role("link", name="Показатели").click()
        things = page.locator("#things")
        things.get_by_role("link", name="Полнота").click()
        page.wait_for_url("**sort=fill_rate**")
        things.get_by_role("row").nth(1).get_by_role("link").first.click()
        page.get_by_role("link", name=f"Заполнены не полностью: {class_['lacking']}").click()
        page.wait_for_url("**lack=anything**")
        assert worst["name"] in page.get_by_role("heading", level=1).inner_text()
        lessons = page.locator("#lessons tbody tr")
        shown = sorted((row.locator("th").inner_text(), _cell(row, "Предмет"))
                       for row in lessons.all())  # fmt: skip
        first = lessons.first
        day, subject = first.locator("th").inner_text()[:10], _cell(first, "Предмет")
        first.get_by_role("link", name="откуда").click()
        said = page.locator("#counts").inner_text()
    rows = _lessons(region, worst["code"], class_["key"])
    assert shown == sorted((one["place"], one["subject"]) for one in rows if not one["filled"])
    own = [one["filled"] for one in rows if (one["day"], one["subject"]) == (day, subject)]
    assert said == f"{sum(own)} из {len(own)}"


def test_an_officer_takes_form_1_and_it_holds_what_was_counted(
    driver: Driver, region: World, tmp_path: Path
) -> None:
    file = f"forma1_d1_{DAY}.xlsx"
    with driver.page("d1-officer") as page:
        page.goto(driver.url + "/")
        page.get_by_role("link", name="Файлы", exact=True).click()
        with page.expect_download() as taken:
            page.get_by_role("link", name=file, exact=True).click()
        taken.value.save_as(tmp_path / taken.value.suggested_filename)
    sheets = load_workbook(tmp_path / file).worksheets
    schools = region.rows("SELECT code, name FROM registry.schools WHERE district = 'd1'")
    assert [sheet.title for sheet in sheets[1:]] == sorted(one["name"] for one in schools)
    codes = {one["name"]: [one["code"]] for one in schools}
    counted = 0
    for sheet in sheets:
        of = codes.get(sheet.title, [one["code"] for one in schools])
        rows = {row[0]: row[1:9] for row in sheet.iter_rows(values_only=True)}
        for title, levels in LEVELS.items():
            wanted = _form1(region, of, levels)
            for column, cell in zip(COLUMNS, rows[title], strict=True):
                if cell == HIDDEN:
                    assert column in OF_PERSONS
                    continue
                assert cell == wanted.get(column, 0), (sheet.title, title, column)
                assert column not in OF_PERSONS or not 0 < cell < THRESHOLD
                counted += cell > 0
    assert counted > 30
    (book,) = region.rows("SELECT login, detail FROM access.events ORDER BY id DESC LIMIT 1")
    assert book == {"login": "d1-officer", "detail": f"{DAY} {file}"}


def test_a_deputy_asks_for_a_waiver_and_the_district_grants_it(
    driver: Driver, region: World
) -> None:
    with asking(region), driver.page("s1-deputy") as school, driver.page("d1-officer") as office:
        school.goto(driver.url + "/")
        school.get_by_role("link", name="Что исправить").click()
        card = school.get_by_role("article").filter(has_text=NAMED)
        card.get_by_text("Попросить отсрочку").click()
        card.get_by_label("Почему, без имён людей").fill(REASON)
        card.get_by_label("Последний день отсрочки").fill("2026-10-31")
        assert violations(school) == []
        card.get_by_role("button", name="Отправить запрос").click()
        card.get_by_text("Запрос об отсрочке уже отправлен и ждёт решения.").wait_for()

        office.goto(driver.url + "/")
        office.get_by_role("link", name="Запросы об отсрочке (1)").click()
        request = office.get_by_role("article").filter(has_text=NAMED)
        assert REASON in request.inner_text()
        assert violations(office) == []
        request.get_by_role("button", name="Разрешить").click()
        office.get_by_role("heading", name="Решены").wait_for()

        school.get_by_role("link", name="Показатели").click()
        school.get_by_role("link", name="Что исправить").click()
        words = card.inner_text()
        (waiver,), (request_,) = granted(region), asked(region)
    for said in ("отсрочка до 31.10.2026", f"Причина: {REASON}", "разрешил d1-officer"):
        assert said in words
    assert (waiver["school"], waiver["rule"], waiver["reason"]) == (SCHOOL, "name_in_text", REASON)
    assert (str(waiver["until"]), waiver["entered_by"]) == ("2026-10-31", "d1-officer")
    assert (request_["asked_by"], request_["decision"]) == ("s1-deputy", "granted")
    assert request_["waiver"] == waiver["id"]


def test_an_operator_looks_at_what_waits_and_approves_it_by_keyboard(
    driver: Driver, region: World
) -> None:
    with waiting(region), driver.page("operator") as page:
        before = logged(region)
        page.goto(driver.url + "/")
        page.get_by_role("link", name="Удаления", exact=True).click()
        page.wait_for_url("**/plans")
        told = page.get_by_role("article")
        cells = told.get_by_role("cell").all_inner_texts()
        assert violations(page) == []
        assert states(region) == {"held": 11}
        _press(page, "Разрешить эти удаления (11)")
        page.get_by_text("Ничего не ждёт").wait_for()
        assert states(region) == {"approved": 11}
        assert logged(region)[len(before) :] == [("operator", SCHOOL, 11)]
    assert sorted(cells) == sorted(str(n) for n in WAITING.values())


def _cell(row: Locator, title: str) -> str:
    return row.locator(f"td[data-label='{title}']").inner_text()


def _press(page: Page, words: str) -> None:
    """Tab to the button with these ``words``, and Enter."""
    for _ in range(60):
        (focus,) = tabbed(page, 1)
        if (focus.tag, focus.words) == ("button", words):
            assert focus.visible
            page.keyboard.press("Enter")
            return
    raise AssertionError(f"Tab never comes to {words!r}")


def _lessons(region: World, school: str, class_key: str) -> list[dict[str, Any]]:
    """The lessons of a class, each by the words of its place."""
    days = ("пн", "вт", "ср", "чт", "пт", "сб", "вс")
    rows = region.rows(
        "SELECT to_char(l.date, 'DD.MM.YYYY') AS day, extract(isodow FROM l.date)::int AS weekday,"
        " l.number, l.filled, s.name AS subject FROM quality.lesson_cells l JOIN journal.subject s"
        " ON (s.school, s.source, s.key) = (l.school, l.source, l.subject_key)"
        " WHERE l.school = :school AND l.class_key = :class_key",
        school=school,
        class_key=class_key,
    )
    for one in rows:
        one["place"] = f"{one['day']}, {days[one['weekday'] - 1]}, {one['number']}-й"
    return rows


def _form1(region: World, schools: list[str], levels: tuple[str, ...]) -> dict[str, int]:
    """The sums of the counts of these schools and levels, by column."""
    rows = region.rows(
        "SELECT \"column\", sum(value)::int AS n FROM quality.form_figures WHERE form = 'form1'"
        " AND as_of = CAST(:day AS date) AND school = ANY(:schools) AND row = ANY(:levels)"
        ' GROUP BY "column"',
        day=DAY,
        schools=schools,
        levels=list(levels),
    )
    return {one["column"]: one["n"] for one in rows}
