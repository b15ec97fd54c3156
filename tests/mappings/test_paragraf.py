"""Golden translation of a small Paragraf export."""

from __future__ import annotations

import pytest

LESSON = {
    "Код": "17",
    "Дата": "05.09.2026",
    "НомерУрока": "3",
    "КодКласса": "1",
    "КодГруппы": None,
    "КодПредмета": "4",
    "КодУчителя": "12",
    "КодЗамены": "13",
    "Тема": "Дроби",
    "ДомашнееЗадание": "№ 5",
    "БезДЗ": "нет",
    "Проведен": "да",
    "Состояние": "План",
    "ПосещаемостьОтмечена": "да",
    "Вложение": None,
    "Внесено": "05.09.2026 14:00:00",
    "Изменено": None,
}
MARK = {
    "Код": "900",
    "КодУченика": "70",
    "КодУрока": "17",
    "КодПредмета": "4",
    "ДатаУрока": "05.09.2026",
    "Отметка": "5",
    "Шкала": "5",
    "ВидРаботы": "Контрольная",
    "ДатаВыставления": "06.09.2026",
    "Внесено": "06.09.2026 09:00:00",
}
PUPIL = {
    "Код": "70",
    "Фамилия": "Брянчихин",
    "Имя": "Олег",
    "Отчество": None,
    "ДатаРождения": "28.02.2013",
    "СНИЛС": "112-233-445 95",
    "Телефон": None,
    "Почта": None,
    "КодКласса": "1",
    "ДатаЗачисления": "01.09.2020",
    "ДатаВыбытия": None,
    "UID": "123456789",
}


def _only(frame):
    assert frame.height == 1
    row = frame.row(0, named=True)
    return {name: value for name, value in row.items() if value is not None and name[0] != "_"}


def test_lesson(applied, table):
    assert _only(applied("paragraf/3.21", table("lessons", [LESSON])).frames["lesson"]) == {
        "source_key": "17",
        "date": "2026-09-05",
        "number": "3",
        "class_key": "1",
        "subject_key": "4",
        "teacher": "12",
        "substitute": "13",
        "topic": "Дроби",
        "homework": "№ 5",
        "homework_not_set": "false",
        "held": "true",
        "status": "scheduled",
        "attendance_taken": "true",
        "entered_at": "2026-09-05T14:00:00+03:00",
    }


@pytest.mark.parametrize(
    ("text", "sign", "homework", "not_set"),
    [
        ("№ 5", "нет", "№ 5", "false"),
        (None, "да", None, "true"),
        ("Не задано", "нет", None, "true"),
        ("не задано", None, None, "true"),
        (None, None, None, None),  # the contract refuses: no sign either way
    ],
)
def test_homework_not_set(text, sign, homework, not_set, applied, table):
    rows = [{**LESSON, "ДомашнееЗадание": text, "БезДЗ": sign}]

    lesson = applied("paragraf/3.21", table("lessons", rows)).frames["lesson"]

    assert lesson.select("homework", "homework_not_set").row(0) == (homework, not_set)


def test_mark(applied, table):
    assert _only(applied("paragraf/3.21", table("marks", [MARK])).frames["mark"]) == {
        "source_key": "900",
        "pupil": "70",
        "lesson_key": "17",
        "subject_key": "4",
        "date": "2026-09-05",
        "value": "5",
        "scale": "5",
        "work_type": "control",
        "given_on": "2026-09-06",
        "entered_at": "2026-09-06T09:00:00+03:00",
    }


@pytest.mark.parametrize(
    ("written", "scale", "value", "ours"),
    [
        ("7", "5", "7", "5"),
        ("10", "10", "10", "10"),
        ("85", "100", "85", "100"),
        ("A7", "Критерии", "A7", "criteria"),
        ("Зач", "Зачет", "pass", "pass_fail"),
        ("Незач", "Зачет", "fail", "pass_fail"),
        ("Повышенный", "Уровни", "above_middle", "levels"),
        ("Д", "Особая", "debt", "code"),
        ("осв", "Особая", "exempt", "code"),
        ("н/а", "Особая", "not_assessed", "code"),
        ("безотм", "Особая", "no_marks", "code"),
        (None, "Особая", None, "code"),
    ],
)
def test_mark_by_scale(written, scale, value, ours, applied, table):
    marks = [{**MARK, "Отметка": written, "Шкала": scale}]
    totals = [{"КодУченика": "70", "КодПредмета": "4", "КодПериода": "1", **marks[0]}]

    translated = applied("paragraf/3.21", table("marks", marks), table("term_marks", totals))

    for entity in ("mark", "term_mark"):
        assert translated.frames[entity].select("value", "scale").row(0) == (value, ours)


@pytest.mark.parametrize(
    ("column", "text", "rule"),
    [
        ("ДатаУрока", "31.09.2026", "bad_date"),
        ("Внесено", "31.09.2026 10:00:00", "bad_date"),
        ("Шкала", "12", "unknown_code"),
        ("ВидРаботы", "Диктант", "unknown_code"),
    ],
)
def test_what_the_mapping_refuses(column, text, rule, applied, table):
    translated = applied("paragraf/3.21", table("marks", [MARK, {**MARK, column: text}]))

    assert translated.frames["mark"]["_row"].to_list() == [0]
    refusal = translated.refusals.row(0, named=True)
    assert (refusal["entity"], refusal["_row"], refusal["_line"]) == ("mark", 1, 3)
    assert (refusal["field"], refusal["rule"]) == (column, rule)
    assert translated.refusals.height == 1


def test_a_pupil_row_speaks_of_pupil_enrolment_and_uid(applied, table):
    rows = [PUPIL, {**PUPIL, "Код": "71", "UID": None, "ДатаВыбытия": "10.09.2026"}]

    translated = applied("paragraf/3.21", table("pupils", rows))

    assert _only(translated.frames["pupil"].head(1)) == {
        "person": "70",
        "full_name": "Брянчихин Олег",
        "birth_date": "2013-02-28",
        "snils": "112-233-445 95",
    }
    assert _only(translated.frames["enrolment"].tail(1)) == {
        "pupil": "71",
        "class_key": "1",
        "start": "2020-09-01",
        "finish": "2026-09-10",
    }
    assert _only(translated.frames["uid"]) == {"role": "pupil", "person": "70", "uid": "123456789"}


def test_staff_and_pupils_number_their_uids_together(applied, table):
    staff = {
        "Код": "12",
        "Фамилия": "Жмелеватова",
        "Имя": "Анна",
        "ДоступКЖ": "да",
        "UID": "999999",
    }

    translated = applied("paragraf/3.21", table("pupils", [PUPIL]), table("staff", [staff]))

    assert sorted(translated.frames["uid"]["_row"].to_list()) == [0, 1]
    assert set(translated.frames["uid"]["role"]) == {"pupil", "staff"}
    assert _only(translated.frames["access_account"]) == {"person": "12", "active": "true"}


def test_the_rest_of_the_export(applied, table):
    translated = applied(
        "paragraf/3.21",
        table("terms", [{
            "Код": "1", "Название": "1 четверть", "Вид": "Четверть", "Номер": "1",
            "Начало": "01.09.2026", "Окончание": "25.10.2026"}]),
        table("holidays", [{
            "Код": "1", "Название": "Осенние", "Вид": "Каникулы",
            "Начало": "26.10.2026", "Окончание": "03.11.2026"}]),
        table("classes", [{"Код": "1", "Название": "7а", "Параллель": "7", "Литера": "а"}]),
        table("groups", [{
            "Код": "2", "КодКласса": "1", "КодПредмета": "4", "Название": "1 гр."}]),
        table("curriculum", [{"КодКласса": "1", "КодПредмета": "4", "ЧасовВНеделю": "2,5"}]),
        table("guardians", [{
            "Код": "5", "КодУченика": "70", "Фамилия": "Брянчихина", "Имя": "Анна",
            "Отчество": "Петровна", "Телефон": "+7 900", "Почта": None, "Родство": "мать"}]),
        table("movements", [{
            "Код": "1", "КодУченика": "70", "Вид": "Перевод", "Дата": "10.09.2026",
            "НомерПриказа": "12-к", "ДатаПриказа": "09.09.2026", "ИзКласса": "1",
            "ВКласс": "2"}]),
        table("timetable", [{
            "Код": "1", "КодКласса": "1", "КодГруппы": None, "КодПредмета": "4",
            "КодУчителя": "12", "ДеньНедели": "6", "НомерУрока": "1",
            "ДействуетС": "01.09.2026", "ДействуетПо": "31.05.2027"}]),
        table("attendance", [{
            "КодУченика": "70", "КодУрока": "17", "Причина": "Н/у",
            "Внесено": "05.09.2026 10:00:00"}]),
        table("applications", [{
            "Код": "1", "КодУченика": "70", "ФИОЗаявителя": "Брянчихина Анна",
            "ДатаЗаявления": "01.09.2026", "ДатаРегистрации": "02.09.2026",
            "ДатаОтказа": None}]),
    )  # fmt: skip

    assert translated.refusals.is_empty()
    assert translated.findings == []
    assert _only(translated.frames["term"])["kind"] == "quarter"
    assert _only(translated.frames["holiday"])["kind"] == "vacation"
    assert _only(translated.frames["class_"])["grade_level"] == "7"
    assert _only(translated.frames["group"])["subject_key"] == "4"
    assert _only(translated.frames["curriculum_hours"])["hours_per_week"] == "2.5"
    assert _only(translated.frames["guardian"])["full_name"] == "Брянчихина Анна Петровна"
    assert _only(translated.frames["movement"])["kind"] == "transfer"
    assert _only(translated.frames["timetable_slot"])["weekday"] == "6"
    assert _only(translated.frames["attendance"])["status"] == "excused"
    assert _only(translated.frames["consent"])["registered_on"] == "2026-09-02"


def test_teachers_load_and_the_other_school_of_a_movement(applied, table):
    translated = applied(
        "paragraf/3.21",
        table("load", [{
            "КодУчителя": "12", "КодКласса": "1", "КодГруппы": "2", "КодПредмета": "4",
            "ЧасовВНеделю": "2,5"}]),
        table("movements", [{
            "Код": "1", "КодУченика": "70", "Вид": "Зачисление", "Дата": "10.09.2026",
            "НомерПриказа": "12-к", "ДатаПриказа": "09.09.2026", "ИзКласса": None,
            "ВКласс": "2", "ДругаяШкола": "Школа № 5"}]),
    )  # fmt: skip

    assert _only(translated.frames["teaching_load"]) == {
        "teacher": "12",
        "class_key": "1",
        "group_key": "2",
        "subject_key": "4",
        "hours_per_week": "2.5",
    }
    assert _only(translated.frames["movement"])["other_school"] == "Школа № 5"
    assert translated.findings == []


def test_without_a_surname_there_is_no_name(applied, table):
    pupils = applied("paragraf/3.21", table("pupils", [{**PUPIL, "Фамилия": None}])).frames["pupil"]

    assert pupils["full_name"].to_list() == [None]


def test_the_version_before_names_a_column_otherwise(applied, table):
    old = {**PUPIL, "СтраховойНомер": "112-233-445 95"}
    del old["СНИЛС"]

    read = applied("paragraf/3.20", table("pupils", [old]))
    misread = applied("paragraf/3.21", table("pupils", [old]))

    assert read.frames["pupil"]["snils"].to_list() == ["112-233-445 95"]
    assert read.findings == []
    assert [(one.rule, one.field) for one in misread.findings] == [
        ("unknown_column", "СтраховойНомер")
    ]
