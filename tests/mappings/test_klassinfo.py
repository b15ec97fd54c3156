"""Golden translation of small exports of KlassInfo."""

from __future__ import annotations

import pytest

CELL = {
    "Класс": "7а",
    "Предмет": "Алгебра",
    "Группа": None,
    "Ученик": "Пнёв  Ян Олегович",
    "Дата": "05.09.2026",
    "Урок": "3",
    "ВидКод": None,
    "Ячейка": "5",
    "Столбец": "05.09 3",
}
PUPIL = {
    "Класс": "7а",
    "Фамилия": "Пнёв",
    "Имя": "Ян",
    "Отчество": "Олегович",
    "Дата рождения": "28.02.2013",
    "Дата зачисления": "01.09.2020",
    "Дата отчисления": None,
}


def test_a_pupil_of_the_list_is_the_pupil_of_the_journal(applied, table):
    translated = applied("klassinfo/2", table("pupils", [PUPIL]), table("journal", [CELL]))

    person = "7а|пнев ян олегович"
    assert translated.frames["pupil"].select("person", "full_name").rows() == [
        (person, "Пнёв Ян Олегович")
    ]
    assert translated.frames["enrolment"]["pupil"].to_list() == [person]
    assert translated.frames["mark"]["pupil"].to_list() == [person]


def test_a_name_without_a_patronymic(applied, table):
    rows = [{**PUPIL, "Отчество": None}]

    pupil = applied("klassinfo/2", table("pupils", rows)).frames["pupil"]

    assert pupil.select("person", "full_name").row(0) == ("7а|пнев ян", "Пнёв Ян")


def test_without_a_surname_there_is_no_name(applied, table):
    rows = [{**PUPIL, "Фамилия": None}]

    assert applied("klassinfo/2", table("pupils", rows)).frames["pupil"]["full_name"][0] is None


@pytest.mark.parametrize(
    ("token", "entity", "read"),
    [
        ("Н/б", "attendance", "ill"),
        ("Опз", "attendance", "late"),
        ("осв", "attendance", "exempt"),
        ("Зач", "mark", "pass"),
        ("Д", "mark", "debt"),
        ("4", "mark", "4"),
    ],
)
def test_tokens_of_a_cell(token, entity, read, applied, table):
    frame = applied("klassinfo/2", table("journal", [{**CELL, "Ячейка": token}])).frames[entity]

    assert frame["value" if entity == "mark" else "status"].to_list() == [read]


def test_an_unknown_token_is_refused_under_its_column_header(applied, table):
    rows = [{**CELL, "Ячейка": "Ы"}, {**CELL, "ВидКод": "Ж", "Столбец": "05.09 3 Ж"}]

    refusals = applied("klassinfo/2", table("journal", rows)).refusals

    assert refusals.select("field", "rule").rows() == [
        ("05.09 3", "unknown_code"),
        ("05.09 3 Ж", "unknown_code"),
    ]


def test_the_lesson_of_a_cell_is_a_lesson_of_the_second_sheet(applied, table):
    lesson = {
        "Класс": "7а",
        "Предмет": "Алгебра",
        "Группа": None,
        "Дата": "05.09.2026",
        "№ урока": "3",
        "Тема": "Дроби",
        "Задано на дом": "не задано",
        "Учитель": "Ю Ян",
        "Замещал": None,
        "Дан": "да",
        "Отмечены отсутствующие": "да",
        "Примечание": "объединен",
    }

    translated = applied("klassinfo/2", table("lessons", [lesson]), table("journal", [CELL]))

    lessons = translated.frames["lesson"]
    assert translated.frames["mark"]["lesson_key"].to_list() == lessons["source_key"].to_list()
    shown = ("teacher", "homework", "homework_not_set", "held", "status", "attendance_taken")
    assert lessons.select(shown).row(0) == ("ю ян", None, "true", "true", "merged", "true")


def test_lists_and_totals(applied, table):
    translated = applied(
        "klassinfo/2",
        table("terms", [{
            "Название": "1 четверть", "Тип": "Четверть", "№": "1", "Дата начала": "01.09.2026",
            "Дата окончания": "25.10.2026"}]),
        table("teachers", [{
            "Фамилия": "Ю", "Имя": "Ян", "Отчество": None, "Должность": "учитель",
            "Доступ": "есть"}]),
        table("timetable", [{
            "Класс": "7а", "Группа": "1 гр.", "Предмет": "Физика", "Учитель": "Ю  Ян", "День": "6",
            "№ урока": "2", "Действует с": "01.09.2026", "Действует по": "31.05.2027"}]),
        table("totals", [{
            "Период": "1 четверть", "Класс": "7а", "Ученик": "Пнев Ян", "Предмет": "Физика",
            "Отметка": "осв"}]),
    )  # fmt: skip

    assert translated.refusals.is_empty()
    assert translated.findings == []
    assert translated.frames["access_account"].select("person", "active").row(0) == ("ю ян", "true")
    slot = translated.frames["timetable_slot"]
    assert slot.select("teacher", "weekday").row(0) == ("ю ян", "6")
    assert slot["group_key"].to_list() == translated.frames["group"]["source_key"].to_list()
    assert translated.frames["term_mark"].select("pupil", "value", "scale").row(0) == (
        "7а|пнев ян",
        "exempt",
        "code",
    )
