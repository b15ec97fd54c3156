"""Golden translation of small tables of NetSchool's web service, as the connector builds them."""

from __future__ import annotations

import pytest

PROFILE = "netschool_web/5"

NAMES = [{"name": "Алгебра", "id": "20"}, {"name": "Англ.яз.", "id": "21"}]
TYPES = [
    {"id": "3", "name": "Домашнее задание", "abbr": "ДЗ", "order": "1"},
    {"id": "4", "name": "Контрольная работа", "abbr": "К", "order": "2"},
    {"id": "99", "name": "Олимпиада", "abbr": "ОЛ", "order": "3"},
]
LESSON = {
    "classmeetingId": "500",
    "day": "2026-09-05T00:00:00",
    "number": "2",
    "relay": "1",
    "room": None,
    "startTime": "08:30",
    "endTime": "09:15",
    "subjectName": "Алгебра",
    "isEaLesson": "false",
    "subject": "Алгебра",
    "group": None,
    "homework_text": "№ 5",
    "written": "true",
    "_class": "10",
}
MARK = {
    "id": "2",
    "typeId": "4",
    "assignmentName": "Контрольная",
    "dueDate": "2026-09-05T00:00:00",
    "mark.mark": "5",
    "mark.dutyMark": "false",
    "mark.markDate": "2026-09-06T00:00:00.25",
    "mark.studentId": "100",
    "classmeetingId": "500",
    "subjectName": "Алгебра",
    "subject": "Алгебра",
    "isEaLesson": "false",
    "_class": "10",
    "_pupil": "100",
}
ABSENCE = {
    "ФИО": "Жмелеватов Пётр", "Дата": "2026-09-05", "Урок": "2", "Ячейка": "Б",
    "Столбец": "05.09/2", "pupil": "100", "classmeetingId": "500", "_class": "10",
}  # fmt: skip
TOTAL = {
    "ФИО": "Жмелеватов Пётр", "Предмет": "Алгебра", "Отметка": "4", "pupil": "100",
    "_class": "10", "_term": "60",
}  # fmt: skip


def _only(frame):
    assert frame.height == 1
    row = frame.row(0, named=True)
    return {name: value for name, value in row.items() if value is not None and name[0] != "_"}


def _told(translated):
    return translated.refusals.select("entity", "field", "rule").rows()


@pytest.fixture
def answered(applied, table):
    def answer(**tables):
        given = {"subject_names": NAMES, "assignment_types": TYPES, **tables}
        return applied(PROFILE, *[table(name, rows) for name, rows in given.items()])

    return answer


def test_lists(answered):
    translated = answered(
        classes=[{"id": "10", "name": "7а", "letter": "а", "grade.name": "7", "grade.id": "7",
                  "chiefs": None, "step.id": "2"}],
        students=[{"id": "100", "fullName": "Жмелеватов Пётр", "_class": "10"}],
        subjects=[{"id": "20", "name": "Алгебра", "shortName": None, "globalSubject.id": "1"}],
        staff=[{"id": "31", "fio": "Кузьмарова Ольга", "gender": "Ж", "staffPosition": "учитель",
                "staffRoles": "Учитель"}],
        taught=[{"Предмет": "Алгебра", "_class": "10"}, {"Предмет": "Алгебра", "_class": "10"}],
    )  # fmt: skip

    assert translated.findings == []
    assert _told(translated) == []
    assert _only(translated.frames["class_"]) == {
        "source_key": "10", "name": "7а", "grade_level": "7", "letter": "а",
    }  # fmt: skip
    assert _only(translated.frames["pupil"]) == {"person": "100", "full_name": "Жмелеватов Пётр"}
    assert _only(translated.frames["enrolment"]) == {"pupil": "100", "class_key": "10"}
    assert _only(translated.frames["subject"]) == {"source_key": "20", "name": "Алгебра"}
    assert _only(translated.frames["staff_member"]) == {
        "person": "31", "full_name": "Кузьмарова Ольга", "position": "учитель",
    }  # fmt: skip
    assert _only(translated.frames["curriculum_hours"]) == {"class_key": "10", "subject_key": "20"}


@pytest.mark.parametrize("fraction", ["", ".25", ".000", ".123456"])
def test_terms_and_vacations(answered, fraction):
    start, finish = f"2026-10-26T00:00:00{fraction}", f"2026-11-02T00:00:00{fraction}"
    translated = answered(
        terms=[{"id": "60", "termName": "1 полугодие", "termTypeId": "3", "startDate": start,
                "endDate": finish, "schoolYearId": "1"}],
        vacations=[{"id": "1", "name": "Осенние каникулы", "startTime": start, "endTime": finish}],
    )  # fmt: skip

    assert _only(translated.frames["term"]) == {
        "source_key": "60", "name": "1 полугодие", "kind": "half_year", "number": "1",
        "start": "2026-10-26", "finish": "2026-11-02",
    }  # fmt: skip
    assert _only(translated.frames["holiday"]) == {
        "source_key": "1", "name": "Осенние каникулы", "kind": "vacation",
        "start": "2026-10-26", "finish": "2026-11-02",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("Первая четверть", [("term", "termName", "bad_format")] * 1),
        ("1 семестр", [("term", "termName", "unknown_code")]),
    ],
)
def test_a_term_of_an_unknown_kind_is_refused(answered, name, told):
    row = {"id": "60", "termName": name, "startDate": "2026-09-01", "endDate": "2026-10-25"}

    assert set(told) <= set(_told(answered(terms=[row])))


@pytest.mark.parametrize(
    ("name", "kind"),
    [("Карантин по ОРВИ", "quarantine"), ("День знаний, праздник", "public_holiday")],
)
def test_holidays_by_their_name(answered, name, kind):
    row = {"id": "1", "name": name, "startTime": "2026-09-10", "endTime": "2026-09-11"}

    assert answered(vacations=[row]).frames["holiday"]["kind"].to_list() == [kind]


def test_a_holiday_without_a_kind_is_refused(answered):
    row = {"id": "1", "name": "Ремонт", "startTime": "2026-09-10", "endTime": "2026-09-11"}

    assert ("holiday", "name", "unknown_code") in _told(answered(vacations=[row]))


def test_a_lesson(answered):
    translated = answered(lessons=[LESSON])

    assert translated.findings == []
    assert _only(translated.frames["lesson"]) == {
        "source_key": "10|500", "date": "2026-09-05", "number": "2", "class_key": "10",
        "subject_key": "20", "homework": "№ 5", "homework_not_set": "false", "held": "true",
        "status": "scheduled",
    }  # fmt: skip


def test_a_lesson_of_a_part_of_the_class_and_of_two_classes(answered):
    part = {"subjectName": "Англ.яз./2 гр. [209]", "subject": "Англ.яз.", "group": "Англ.яз./2 гр."}
    rows = [{**LESSON, **part}, {**LESSON, **part, "_class": "11", "written": "false",
                                "homework_text": "не задано"}]  # fmt: skip
    translated = answered(lessons=rows)

    assert translated.frames["group"].select(
        "source_key", "class_key", "subject_key", "name"
    ).rows() == [
        ("10|Англ.яз./2 гр.", "10", "21", "Англ.яз./2 гр."),
        ("11|Англ.яз./2 гр.", "11", "21", "Англ.яз./2 гр."),
    ]
    lessons = translated.frames["lesson"]
    assert lessons["source_key"].to_list() == ["10|500", "11|500"]
    assert lessons["group_key"].to_list() == ["10|Англ.яз./2 гр.", "11|Англ.яз./2 гр."]
    assert lessons.select("held", "homework", "homework_not_set").row(1) == ("false", None, "true")


def test_extracurricular_lessons_are_no_part_of_the_journal(answered):
    ours = {"isEaLesson": "true", "subject": "Шахматы"}
    translated = answered(
        lessons=[{**LESSON, **ours}],
        marks=[{**MARK, **ours}, {**MARK, **ours, "mark.mark": "Б"}],
    )

    assert (
        translated.read["lesson"] == translated.read["mark"] == translated.read["attendance"] == 0
    )


@pytest.mark.parametrize(
    ("cell", "duty", "value", "scale"),
    [
        ("5", "false", "5", "5"),
        ("1", None, "1", "5"),
        ("ЗЧ", "false", "pass", "pass_fail"),
        ("НЗ", "false", "fail", "pass_fail"),
        (None, "true", "debt", "code"),
        ("3", "true", "3", "5"),
    ],
)
def test_marks(answered, cell, duty, value, scale):
    mark = _only(
        answered(marks=[{**MARK, "mark.mark": cell, "mark.dutyMark": duty}]).frames["mark"]
    )

    assert mark == {
        "source_key": "2", "pupil": "100", "lesson_key": "10|500", "subject_key": "20",
        "date": "2026-09-05", "value": value, "scale": scale, "work_type": "control",
        "given_on": "2026-09-06",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("letter", "status"),
    [("УП", "excused"), ("Б", "ill"), ("НП", "unexcused"), ("ОТ", "absent"), ("ОП", "late"),
     ("ОСВ", "exempt")],
)  # fmt: skip
def test_special_marks_are_absences_in_the_diary_and_in_the_report(answered, letter, status):
    translated = answered(
        marks=[{**MARK, "mark.mark": letter}], attendance=[{**ABSENCE, "Ячейка": letter}]
    )

    assert translated.findings == []
    assert translated.read["mark"] == 0
    rows = translated.frames["attendance"].select("pupil", "lesson_key", "status").rows()
    assert rows == [("100", "10|500", status)] * 2


@pytest.mark.parametrize(
    ("change", "field", "rule"),
    [
        ({"typeId": "12345"}, "typeId", "dangling_reference"),
        ({"typeId": "99"}, "typeId", "unknown_code"),
        ({"mark.mark": "6"}, "mark.mark", "unknown_code"),
        ({"mark.mark": "Н"}, "mark.mark", "unknown_code"),
        ({"subject": "Ботаника"}, "subject", "dangling_reference"),
        ({"dueDate": "05.09.2026"}, "dueDate", "bad_date"),
        ({"mark.markDate": "завтра"}, "mark.markDate", "bad_date"),
    ],
)
def test_what_a_mark_is_refused_for(answered, change, field, rule):
    assert ("mark", field, rule) in _told(answered(marks=[{**MARK, **change}]))


def test_an_unknown_letter_of_the_report_is_refused_under_its_column(answered):
    translated = answered(attendance=[{**ABSENCE, "Ячейка": "Щ"}])

    assert _told(translated) == [("attendance", "05.09/2", "unknown_code")]


def test_an_absence_without_lesson_or_pupil_has_no_reference(answered):
    rows = [{**ABSENCE, "classmeetingId": None}, {**ABSENCE, "pupil": None}]
    translated = answered(attendance=rows)

    found = translated.frames["attendance"].select("pupil", "lesson_key").rows()
    assert found == [("100", None), (None, "10|500")]
    assert translated.field_names["attendance"]["pupil"] == "ФИО"


@pytest.mark.parametrize(
    ("cell", "value", "scale"),
    [("4", "4", "5"), ("ЗЧ", "pass", "pass_fail"), ("ОСВ", "exempt", "code")],
)
def test_term_marks(answered, cell, value, scale):
    assert _only(answered(totals=[{**TOTAL, "Отметка": cell}]).frames["term_mark"]) == {
        "pupil": "100", "subject_key": "20", "term_key": "60", "value": value, "scale": scale,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"Отметка": "Б"}, ("term_mark", "Отметка", "unknown_code")),
        ({"Предмет": "Ботаника"}, ("term_mark", "Предмет", "dangling_reference")),
    ],
)
def test_what_a_term_mark_is_refused_for(answered, change, told):
    assert told in _told(answered(totals=[{**TOTAL, **change}]))


def test_a_new_field_is_told(answered):
    translated = answered(lessons=[{**LESSON, "mood": "good"}])

    assert [(f.rule, f.field) for f in translated.findings] == [("unknown_column", "mood")]
