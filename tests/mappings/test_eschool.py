"""Golden translation of small exports of the Tomsk e-school."""

from __future__ import annotations

import pytest

LESSON = {
    "Дата": "05.09.2026",
    "Урок": "3",
    "Класс": "7а",
    "Подгруппа": None,
    "Предмет": "Алгебра",
    "Номер учителя": "12",
    "Номер замещающего": "14",
    "Тема": "Дроби",
    "Задание": "№ 5",
    "Проведён": "да",
    "Отсутствующие отмечены": "нет",
    "Состояние": None,
    "Записано": "05.09.2026 13:40",
}
ROW = {
    "Дата": "05.09.2026",
    "Урок": "3",
    "Класс": "7а",
    "Подгруппа": None,
    "Предмет": "Алгебра",
    "Номер ученика": "31",
    "Вид работы": "контрольная",
    "Отметка": "5",
    "Записано": "05.09.2026 13:40",
}


def _only(frame):
    assert frame.height == 1
    row = frame.row(0, named=True)
    return {name: value for name, value in row.items() if value is not None and name[0] != "_"}


def test_a_lesson_in_full(applied, table):
    translated = applied("eschool/1", table("lessons", [LESSON]))

    assert _only(translated.frames["lesson"]) == {
        "source_key": "7а||Алгебра|2026-09-05|3",
        "date": "2026-09-05",
        "number": "3",
        "class_key": "7а",
        "subject_key": "Алгебра",
        "teacher": "12",
        "substitute": "14",
        "topic": "Дроби",
        "homework": "№ 5",
        "homework_not_set": "false",
        "held": "true",
        "status": "scheduled",
        "attendance_taken": "false",
        "entered_at": "2026-09-05T13:40:00+03:00",
    }


@pytest.mark.parametrize(
    ("column", "written", "field", "read"),
    [
        ("Состояние", "отменён", "status", "cancelled"),
        ("Состояние", "объединён", "status", "merged"),
        ("Задание", "не задано", "homework_not_set", "true"),
        ("Задание", "не задано", "homework", None),
    ],
)
def test_words_of_a_lesson(column, written, field, read, applied, table):
    came = table("lessons", [{**LESSON, column: written}])

    assert applied("eschool/1", came).frames["lesson"][field].to_list() == [read]


@pytest.mark.parametrize(
    ("token", "value", "scale"),
    [
        ("2", "2", "5"),
        ("1", "1", "5"),
        ("Д", "debt", "code"),
        ("Зач", "pass", "pass_fail"),
        ("Нез", "fail", "pass_fail"),
        ("н/а", "not_assessed", "code"),
        ("безотм", "no_marks", "code"),
    ],
)
def test_mark_tokens(token, value, scale, applied, table):
    mark = applied("eschool/1", table("journal", [{**ROW, "Отметка": token}])).frames["mark"]

    assert mark.select("value", "scale", "work_type").row(0) == (value, scale, "control")


@pytest.mark.parametrize(
    ("token", "status"),
    [
        ("Опз", "late"),
        ("Н/б", "ill"),
        ("Н/у", "excused"),
        ("Н/н", "unexcused"),
        ("Н", "absent"),
        ("осв", "exempt"),
    ],
)
def test_absence_tokens(token, status, applied, table):
    row = {**ROW, "Отметка": token, "Вид работы": None}

    translated = applied("eschool/1", table("journal", [row]))

    assert _only(translated.frames["attendance"]) == {
        "pupil": "31",
        "lesson_key": "7а||Алгебра|2026-09-05|3",
        "status": status,
        "entered_at": "2026-09-05T13:40:00+03:00",
    }
    assert translated.frames["mark"].is_empty()


def test_several_marks_of_one_kind_are_numbered(applied, table):
    marks = applied("eschool/1", table("journal", [{**ROW, "Отметка": "5 4"}, ROW])).frames["mark"]

    assert marks.select("source_key", "value").rows() == [
        (f"7а||Алгебра|2026-09-05|3|контрольная|{number}", value)
        for number, value in [(1, "5"), (2, "4"), (3, "5")]
    ]


@pytest.mark.parametrize("token", ["6", "н/б", "Б", "5-"])
def test_an_unknown_token_is_refused_under_its_column(token, applied, table):
    refusals = applied("eschool/1", table("journal", [{**ROW, "Отметка": token}])).refusals

    assert refusals.select("entity", "field", "rule").rows() == [
        ("mark", "Отметка", "unknown_code")
    ]


def test_a_group_is_known_by_class_subject_and_name(applied, table):
    group = {"Подгруппа": "1 гр.", "Предмет": "Английский язык"}
    slot = {
        "Класс": "7а",
        **group,
        "Номер учителя": "12",
        "День": "суббота",
        "Урок": "2",
        "С": "01.09.2026",
        "По": "31.05.2027",
    }
    translated = applied(
        "eschool/1",
        table("schedule", [slot, {**slot, "День": "среда"}]),
        table("lessons", [{**LESSON, **group}]),
    )

    key = "7а|Английский язык|1 гр."
    assert _only(translated.frames["group"]) == {
        "source_key": key,
        "class_key": "7а",
        "subject_key": "Английский язык",
        "name": "1 гр.",
    }
    assert translated.frames["timetable_slot"].select("weekday", "group_key").rows() == [
        ("6", key),
        ("3", key),
    ]
    assert translated.frames["lesson"]["group_key"].to_list() == [key]


def test_lists_and_totals(applied, table):
    translated = applied(
        "eschool/1",
        table("periods", [{
            "Период": "1 четверть", "Вид": "четверть", "Номер": "1", "Начало": "01.09.2026",
            "Конец": "25.10.2026"}]),
        table("vacations", [{
            "Название": "Осенние", "Вид": "каникулы", "Начало": "26.10.2026",
            "Конец": "03.11.2026"}]),
        table("classes", [{"Класс": "7а", "Параллель": "7", "Буква": "а"}]),
        table("pupils", [{
            "Номер": "31", "ФИО": "Пнёв Ян", "Дата рождения": "28.02.2013", "Класс": "7а",
            "Прибыл": "01.09.2020", "Выбыл": None, "СНИЛС": "112-233-445 95"}]),
        table("teachers", [{
            "Номер": "12", "ФИО": "Ю Ян", "Должность": "учитель", "Вход в журнал": "нет"}]),
        table("plan", [{"Класс": "7а", "Предмет": "Алгебра", "Часы": "3,5"}]),
        table("totals", [{
            "Период": "1 четверть", "Номер ученика": "31", "Предмет": "Алгебра", "Отметка": "осв",
            "Записано": "25.10.2026 10:00"}]),
        table("parents", [{
            "Номер": "41", "Номер ученика": "31", "ФИО": "Пнёва Анна", "Кем приходится": "мать",
            "Телефон": "+7 900"}]),
    )  # fmt: skip

    assert translated.refusals.is_empty()
    assert translated.findings == []
    assert _only(translated.frames["term"])["kind"] == "quarter"
    assert _only(translated.frames["holiday"])["source_key"] == "Осенние|2026-10-26"
    assert _only(translated.frames["pupil"]) == {
        "person": "31",
        "full_name": "Пнёв Ян",
        "birth_date": "2013-02-28",
        "snils": "112-233-445 95",
    }
    assert _only(translated.frames["enrolment"])["start"] == "2020-09-01"
    assert _only(translated.frames["access_account"]) == {"person": "12", "active": "false"}
    assert _only(translated.frames["curriculum_hours"])["hours_per_week"] == "3.5"
    assert _only(translated.frames["term_mark"])["value"] == "exempt"
    assert _only(translated.frames["guardian"])["relation"] == "мать"
