"""Golden translation of a small NetSchool export, of the typed lists and of the benchmark."""

from __future__ import annotations

import pytest

from quality.references import check_references

CELL = {
    "Класс": "7а",
    "Предмет": "Алгебра",
    "Группа": None,
    "ФИО": "Брянчихин  Олег",
    "Дата": "05.09.2026",
    "Урок": "3",
    "ВидКод": None,
    "Ячейка": "5",
    "Столбец": "05.09/3",
}
TOPIC = {
    "Дата": "05.09.2026",
    "Урок": "3",
    "Тема": "Дроби",
    "Домашнее задание": "не задано",
    "Учитель": "Жмелеватова Алёна Петровна",
    "Замена": None,
    "Проведен": "да",
    "Посещаемость": "да",
    "Состояние": None,
    "Класс": "7а",
    "Предмет": "Алгебра",
    "Группа": None,
}


def _only(frame):
    assert frame.height == 1
    row = frame.row(0, named=True)
    return {name: value for name, value in row.items() if value is not None and name[0] != "_"}


def test_a_cell_with_absence_and_marks(applied, table):
    row = {**CELL, "Ячейка": "ОП 5 5", "ВидКод": "К", "Столбец": "05.09/3/К"}

    translated = applied("netschool/5", table("journal", [row]))

    assert translated.frames["mark"].select("source_key", "value", "work_type").rows() == [
        ("7а||Алгебра|2026-09-05|3|К|1", "5", "control"),
        ("7а||Алгебра|2026-09-05|3|К|2", "5", "control"),
    ]
    assert _only(translated.frames["attendance"]) == {
        "pupil": "7а|брянчихин олег",
        "lesson_key": "7а||Алгебра|2026-09-05|3",
        "status": "late",
    }
    assert translated.read == {**translated.read, "mark": 2, "attendance": 1}


def test_a_journal_without_a_filled_cell(applied, table):
    translated = applied("netschool/5", table("journal", []))

    assert translated.frames["mark"].is_empty()
    assert translated.read["attendance"] == 0


@pytest.mark.parametrize(
    ("token", "value", "scale"),
    [
        ("1", "1", "5"),
        (".", "debt", "code"),
        ("ЗЧ", "pass", "pass_fail"),
        ("НЗ", "fail", "pass_fail"),
    ],
)
def test_mark_tokens(token, value, scale, applied, table):
    mark = applied("netschool/5", table("journal", [{**CELL, "Ячейка": token}])).frames["mark"]

    assert mark.select("value", "scale", "work_type").row(0) == (value, scale, "lesson_work")


@pytest.mark.parametrize(
    ("letter", "status"),
    [
        ("УП", "excused"),
        ("Б", "ill"),
        ("НП", "unexcused"),
        ("ОТ", "absent"),
        ("ОП", "late"),
        ("ОСВ", "exempt"),
    ],
)
def test_absence_letters(letter, status, applied, table):
    translated = applied("netschool/5", table("journal", [{**CELL, "Ячейка": letter}]))

    assert translated.frames["attendance"]["status"].to_list() == [status]
    assert translated.frames["mark"].is_empty()


@pytest.mark.parametrize("token", ["7", "Ы", "б", "5-"])
def test_an_unknown_token_is_refused_under_its_column_header(token, applied, table):
    rows = [{**CELL, "Ячейка": f"{token} Б"}]

    translated = applied("netschool/5", table("journal", rows))

    assert translated.refusals.select("entity", "field", "rule").rows() == [
        ("mark", "05.09/3", "unknown_code")
    ]
    assert translated.frames["attendance"].height == 1


def test_an_unknown_kind_of_work_is_refused_under_its_column_header(applied, table):
    rows = [{**CELL, "ВидКод": "Ж", "Столбец": "05.09/3/Ж"}]

    refusals = applied("netschool/5", table("journal", rows)).refusals

    assert refusals.select("field", "rule").rows() == [("05.09/3/Ж", "unknown_code")]


def test_the_lesson_of_a_cell_is_the_lesson_of_the_topics(applied, table):
    group = {"Группа": "Англ.яз./1 гр.", "Предмет": "Английский язык"}
    cells, topics = [CELL, {**CELL, **group}], [TOPIC, {**TOPIC, **group}]

    translated = applied("netschool/5", table("journal", cells), table("topics", topics))

    lessons = translated.frames["lesson"]
    assert translated.frames["mark"]["lesson_key"].to_list() == lessons["source_key"].to_list()
    assert lessons["group_key"].to_list() == [None, "7а|Англ.яз./1 гр."]
    assert _only(lessons.head(1)) == {
        "source_key": "7а||Алгебра|2026-09-05|3",
        "date": "2026-09-05",
        "number": "3",
        "class_key": "7а",
        "subject_key": "Алгебра",
        "teacher": "жмелеватова алена петровна",
        "topic": "Дроби",
        "homework_not_set": "true",
        "held": "true",
        "status": "scheduled",
        "attendance_taken": "true",
    }


@pytest.mark.parametrize(
    ("written", "status"),
    [(None, "scheduled"), ("отменен", "cancelled"), ("объединен", "merged")],
)
def test_lesson_state(written, status, applied, table):
    topics = [{**TOPIC, "Состояние": written}]

    assert applied("netschool/5", table("topics", topics)).frames["lesson"]["status"][0] == status


def test_a_lesson_on_a_day_that_does_not_exist_is_refused_once(applied, table):
    translated = applied("netschool/5", table("topics", [{**TOPIC, "Дата": "31.09.2026"}]))

    assert translated.refusals.select("entity", "field", "rule").rows() == [
        ("lesson", "Дата", "bad_date")
    ]


def test_subjects_and_groups_are_read_once(applied, table):
    curriculum = [
        {"Класс": class_, "Предмет": "Алгебра", "Часов в неделю": "3"} for class_ in ("7а", "7б")
    ]
    slot = {"Класс": "7а", "Группа": "1 гр.", "Предмет": "Английский язык", "Учитель": "Ю Ян",
            "Урок": "2", "С": "01.09.2026", "По": "31.05.2027"}  # fmt: skip
    timetable = [
        {**slot, "День недели": "Пн"},
        {**slot, "День недели": "Сб"},
        {**slot, "День недели": "Сб", "Группа": None, "Предмет": "Алгебра"},
    ]

    translated = applied(
        "netschool/5", table("curriculum", curriculum), table("timetable", timetable)
    )

    assert _only(translated.frames["subject"]) == {"source_key": "Алгебра", "name": "Алгебра"}
    assert translated.frames["curriculum_hours"].height == 2
    assert _only(translated.frames["group"]) == {
        "source_key": "7а|1 гр.",
        "class_key": "7а",
        "name": "1 гр.",
    }
    slots = translated.frames["timetable_slot"]
    assert slots["weekday"].to_list() == ["1", "6", "6"]
    assert slots["group_key"].to_list() == ["7а|1 гр.", "7а|1 гр.", None]
    assert slots["source_key"].n_unique() == 3


def test_people_lists_and_totals(applied, table):
    pupil = {"Класс": "7а", "ФИО": "Семёнов Пётр", "Дата рождения": "28.02.2013",
             "Зачислен": "01.09.2020", "Выбыл": None}  # fmt: skip
    translated = applied(
        "netschool/5",
        table("terms", [{
            "Период": "1 четверть", "Вид": "Четверть", "Номер": "1", "Начало": "01.09.2026",
            "Окончание": "25.10.2026"}]),
        table("vacations", [{
            "Название": "Осенние", "Вид": "Каникулы", "Начало": "26.10.2026",
            "Окончание": "03.11.2026"}]),
        table("classes", [{"Класс": "7а", "Параллель": "7", "Литера": "а"}]),
        table("pupils", [pupil]),
        table("staff", [{"ФИО": "Ю Ян", "Должность": "учитель", "Доступ к журналу": "нет"}]),
        table("totals", [{
            "Период": "1 четверть", "Класс": "7а", "ФИО": "Семенов Петр", "Предмет": "Алгебра",
            "Отметка": "ЗЧ"}]),
    )  # fmt: skip

    assert translated.refusals.is_empty()
    assert translated.findings == []
    assert _only(translated.frames["holiday"])["source_key"] == "Осенние|2026-10-26"
    assert _only(translated.frames["pupil"]) == {
        "person": "7а|семенов петр",
        "full_name": "Семёнов Пётр",
        "birth_date": "2013-02-28",
    }
    assert _only(translated.frames["enrolment"])["class_key"] == "7а"
    assert _only(translated.frames["access_account"]) == {"person": "ю ян", "active": "false"}
    assert _only(translated.frames["term_mark"]) == {
        "pupil": "7а|семенов петр",
        "subject_key": "Алгебра",
        "term_key": "1 четверть",
        "value": "pass",
        "scale": "pass_fail",
    }


def test_later_refusals_are_named_as_people_see_the_journal(applied, table):
    rows = [CELL, {**CELL, "Ячейка": "Б", "Столбец": "06.09/1"}]
    translated = applied("netschool/5", table("journal", rows))
    known = dict.fromkeys(("lesson", "subject", "person:pupil"), translated.frames["term"]["name"])

    for entity, fields in {
        "mark": ["ФИО", "05.09/3", "Предмет"],
        "attendance": ["ФИО", "06.09/1"],
    }.items():
        found = check_references(entity, translated.frames[entity], known).refusals
        assert translated.under_source_names(found)["field"].to_list() == fields


def test_typed_lists(applied, table):
    translated = applied(
        "lists/1",
        table("uid", [
            {"Роль": "ученик", "ФИО": "Ёлкин Олег", "Класс": "7а", "UID": "123456"},
            {"Роль": "повар", "ФИО": "Ёлкин Пётр", "Класс": None, "UID": "123457"}]),
        table("applications", [{
            "Номер": "12", "ФИО ребёнка": "Ёлкин Олег", "Класс": "7а",
            "ФИО заявителя": "Ёлкина Анна", "Дата заявления": "01.09.2026",
            "Дата регистрации": None, "Дата отказа": None}]),
    )  # fmt: skip

    assert _only(translated.frames["uid"]) == {
        "role": "pupil",
        "full_name": "Ёлкин Олег",
        "class_name": "7а",
        "uid": "123456",
    }
    assert translated.refusals.select("entity", "field", "rule").rows() == [
        ("uid", "Роль", "unknown_code")
    ]
    assert _only(translated.frames["consent"]) == {
        "source_key": "12",
        "full_name": "Ёлкин Олег",
        "class_name": "7а",
        "applicant_name": "Ёлкина Анна",
        "applied_on": "2026-09-01",
    }


def test_the_benchmark_profile(applied, table):
    row = {"school_id": "780001", "student_id": "1", "subject": "Физика",
           "lesson_date": "05.09.2026", "mark": "5", "kind": "КР", "absent": ""}  # fmt: skip
    rows = [row, row, {**row, "absent": "Б"}, {**row, "absent": None}]

    translated = applied("bench/1", table("marks", rows))

    assert translated.frames["mark"]["source_key"].to_list() == [
        f"Физика|05.09.2026|КР|{number}" for number in (1, 2, 3, 4)
    ]
    assert _only(translated.frames["attendance"]) == {
        "pupil": "1",
        "lesson_key": "Физика|05.09.2026",
        "status": "ill",
    }
