"""The lessons of a school one by one are those of the database, with what each has and lacks."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests.end_to_end.world import World
from tests.web.figures import FIRST, LAST, SCHOOL, page_of, sheets, table
from tests.web.forms import whole_words_of, words_of
from tests.web.people import Browser

Resident = Callable[[str], Browser]
PATH = f"/school/{SCHOOL}/lessons"
# What a lesson lacks: what the link says, and the lessons themselves.
LACKS = {
    "anything": ("Заполнены не полностью", "filled = 0"),
    "held": ("Нет отметки о проведении", "held = 0"),
    "topic": ("Нет темы", "held = 1 AND topic = 0"),
    "homework": ("Нет домашнего задания", "homework_due = 1 AND homework = 0"),
    "attendance": ("Не отмечена посещаемость", "held = 1 AND attendance = 0"),
    "marks": ("Нет отметок", "held = 1 AND marks = 0"),
    "late": ("Внесены не в срок", "parts_in_time < parts_judged"),
}
COLUMNS = {"class": "class_key", "subject": "subject_key", "teacher": "teacher"}
DAYS = ("пн", "вт", "ср", "чт", "пт", "сб", "вс")
YES, NO, NOTHING = "есть", "нет", "—"


def lessons(
    region: World, where: str = "true", first: str = FIRST, last: str = LAST, **values: Any
) -> list[dict[str, Any]]:
    """Lessons of the school with the names of their things, the newest days first."""
    named = " ".join(
        f"LEFT JOIN journal.{entity} {name} ON ({name}.school, {name}.source, {name}.key)"
        f" = (l.school, l.source, l.{column})"
        for entity, name, column in (
            ("class_", "c", "class_key"),
            ('"group"', "g", "group_key"),
            ("subject", "s", "subject_key"),
        )
    )
    return region.rows(
        "SELECT l.*, c.name AS class_name, g.name AS group_name, s.name AS subject_name"
        f" FROM quality.lesson_cells l {named} WHERE l.school = :school AND ({where})"
        " AND l.date BETWEEN CAST(:first AS date) AND CAST(:last AS date)"
        " ORDER BY l.date DESC, l.number, l.class_key, l.id",
        school=SCHOOL,
        first=first,
        last=last,
        **values,
    )


def told(row: dict[str, Any]) -> dict[str, str]:
    """How a page says a lesson, by heading."""

    def part(name: str) -> str:
        return (YES if row[name] else NO) if row["held"] else NOTHING

    day = f"{row['date']:%d.%m.%Y}, {DAYS[row['date'].weekday()]}, {row['number']}-й"
    in_time = f"{row['parts_in_time']} из {row['parts_judged']}" if row["parts_judged"] else NOTHING
    open_ = f" срок {row['parts_open']} не наступил" if row["parts_open"] else ""
    held = YES if row["held"] else NO
    return {
        "": day,
        "Класс": " ".join(name for name in (row["class_name"], row["group_name"]) if name),
        "Предмет": row["subject_name"],
        "Учитель": row["teacher"] or "не указан",
        "Проведён": held if row["lesson_key"] else "в журнале урока нет",
        "Тема": part("topic"),
        "Задание": part("homework") if row["homework_due"] or not row["held"] else "не задано",
        "Посещаемость": part("attendance"),
        "Отметки": part("marks"),
        "В срок": in_time + open_,
        "Записи": "откуда",
    }


def written(row: dict[str, Any]) -> dict[str, Any]:
    """A lesson as the workbook holds it, by heading."""

    def part(name: str) -> str:
        return YES if row[name] else NO

    set_ = part("homework") if row["homework_due"] or not row["held"] else "не задано"
    return {
        "День": row["date"],
        "Урок": row["number"],
        "Класс": row["class_name"],
        "Группа": row["group_name"],
        "Предмет": row["subject_name"],
        "Учитель": row["teacher"],
        "Есть в журнале": part("lesson_key"),
        "Проведён": part("held"),
        "Тема": part("topic"),
        "Домашнее задание": set_,
        "Посещаемость": part("attendance"),
        "Отметки": part("marks"),
        "Частей в срок": row["parts_in_time"],
        "Частей всего": row["parts_judged"],
        "Срок не наступил": row["parts_open"],
    }


def short(name: str) -> str:
    """``Фамилия Имя Отчество`` as ``Фамилия И. О.``"""
    surname, *given = name.split()
    return " ".join([surname, *(f"{one[0]}." for one in given)])


def pages(opened: Browser, **asked: str) -> Iterator[Any]:
    """The pages of the lessons, from each to the next by its link."""
    page = page_of(opened.get(PATH, **asked))
    yield page
    while further := [a for a in page.iter("a") if a.get("rel") == "next"]:
        page = page_of(opened.get(further[0].get("href")))
        yield page


def shown(opened: Browser, **asked: str) -> list[dict[str, str]]:
    """All rows, page after page."""
    return [
        {name: whole_words_of(cell) for name, cell in row.items()}
        for page in pages(opened, **asked)
        for row in table(page, "lessons")
    ]


def switch(page: Any) -> list[str]:
    """What the links above the table say of how many lessons there are."""
    (nav,) = [one for one in page.find_class("switch") if one.get("aria-label") == "Чего нет"]
    return [words_of(a) for a in nav.iter("a")]


def test_all_lessons_are_there_page_by_page(resident: Resident, region: World) -> None:
    rows = lessons(region)
    assert len(rows) > 100, "they fill more than a page"
    wanted = [told(row) for row in rows]
    assert shown(resident("d1-officer")) == wanted
    for words in ("в журнале урока нет", "не задано", NOTHING, NO):
        assert any(words in row.values() for row in wanted), f"no lesson to tell of: {words}"


@pytest.mark.parametrize("lack", LACKS)
def test_what_lacks_something_is_there_and_counted(
    resident: Resident, region: World, lack: str
) -> None:
    opened = resident("d1-officer")
    title, where = LACKS[lack]
    rows = lessons(region, where)
    assert rows
    assert shown(opened, lack=lack) == [told(row) for row in rows]
    assert f"{title}: {len(rows)}" in switch(page_of(opened.get(PATH)))


@pytest.mark.parametrize("name", COLUMNS)
def test_the_lessons_of_one_thing_in_some_days(
    resident: Resident, region: World, name: str
) -> None:
    """Of each: narrowed by all that the address can say at once."""
    opened, column = resident("d1-officer"), COLUMNS[name]
    days = {"first": "2026-09-07", "last": "2026-09-12"}
    keys = {row[column] for row in lessons(region, **days) if row[column]}
    asked = {"from": days["first"], "to": days["last"]}
    page = page_of(opened.get(PATH, **asked))
    (list_,) = [one for one in page.iter("select") if one.get("name") == name]
    assert {one.get("value") for one in list_.iter("option")} == keys | {""}
    for key in sorted(keys)[:3]:
        own = lessons(region, f"l.{column} = :key", **days, key=key)
        assert shown(opened, **asked, **{name: key}) == [told(row) for row in own]
        counts = {
            title: len(lessons(region, f"l.{column} = :key AND {where}", **days, key=key))
            for title, where in LACKS.values()
        }
        wanted = [f"{title}: {count}" for title, count in ({"Все": len(own)} | counts).items()]
        assert switch(page_of(opened.get(PATH, **asked, **{name: key}))) == wanted


def test_the_schools_own_people_read_names(resident: Resident, region: World) -> None:
    known = region.hub.vault.identities(SCHOOL)
    names = {code: short(name) for code, name in known.select("pseudonym", "full_name").iter_rows()}
    rows = lessons(region)
    assert len({row["teacher"] for row in rows}) > 5
    teachers = [row["Учитель"] for row in shown(resident("s1-deputy"))]
    assert teachers == [names.get(row["teacher"], "не указан") for row in rows]


@pytest.mark.parametrize("lack", ["", "topic"])
def test_the_workbook_has_every_lesson(resident: Resident, region: World, lack: str) -> None:
    answer = resident("d1-officer").get(PATH, format="xlsx", **({"lack": lack} if lack else {}))
    (found,) = sheets(answer).values()
    rows = lessons(region, LACKS[lack][1] if lack else "true")
    assert found[1][0] == f"01.09.2026 – 18.09.2026; уроков: {len(rows)}"
    assert found[2] == list(written(rows[0]))
    assert [[day.date(), *rest] for day, *rest in found[3:]] == [
        list(written(row).values()) for row in rows
    ]
