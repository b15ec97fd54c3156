"""Golden translation of small exports of ЭлЖур."""

from __future__ import annotations

import pytest

MARK = {
    "id": "7",
    "student_id": "31",
    "lesson_id": "501",
    "subject_id": "4",
    "date": "2026-09-05",
    "value": "5",
    "nm": "control",
    "countas": "mark",
    "created": "2026-09-05 13:40",
}


def _only(frame):
    assert frame.height == 1
    row = frame.row(0, named=True)
    return {name: value for name, value in row.items() if value is not None and name[0] != "_"}


def test_a_mark_in_full(applied, table):
    translated = applied("eljur/1", table("marks", [MARK]))

    assert _only(translated.frames["mark"]) == {
        "source_key": "7",
        "pupil": "31",
        "lesson_key": "501",
        "subject_key": "4",
        "date": "2026-09-05",
        "value": "5",
        "scale": "5",
        "work_type": "control",
        "entered_at": "2026-09-05T13:40:00+03:00",
    }


@pytest.mark.parametrize(
    ("value", "read", "scale"),
    [
        ("1", "1", "5"),
        ("зач", "pass", "pass_fail"),
        ("нзач", "fail", "pass_fail"),
        ("Д", "debt", "code"),
        ("осв", "exempt", "code"),
        ("н/а", "not_assessed", "code"),
        ("безотм", "no_marks", "code"),
    ],
)
def test_values_of_marks(value, read, scale, applied, table):
    mark = applied("eljur/1", table("marks", [{**MARK, "value": value}])).frames["mark"]

    assert mark.select("value", "scale").row(0) == (read, scale)


@pytest.mark.parametrize(
    ("value", "status"),
    [
        ("Н", "absent"),
        ("н", "excused"),
        ("б", "ill"),
        ("нп", "unexcused"),
        ("оп", "late"),
        ("ОП", "late"),
        ("осв", "exempt"),
    ],
)
def test_values_of_absences(value, status, applied, table):
    row = {**MARK, "countas": "absence", "value": value, "nm": None}

    translated = applied("eljur/1", table("marks", [row]))

    assert _only(translated.frames["attendance"]) == {
        "pupil": "31",
        "lesson_key": "501",
        "status": status,
        "entered_at": "2026-09-05T13:40:00+03:00",
    }
    assert translated.frames["mark"].is_empty()


def test_remarks_are_no_marks(applied, table):
    row = {**MARK, "countas": "note", "value": "Не забыть учебник"}

    translated = applied("eljur/1", table("marks", [row]))

    assert translated.read == {**translated.read, "mark": 0, "attendance": 0}
    assert translated.refusals.is_empty()


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"countas": "grade"}, "countas"),
        ({"countas": None}, "countas"),
        ({"value": "н"}, "value"),
        ({"countas": "absence", "value": "5"}, "value"),
        ({"nm": "dictation"}, "nm"),
    ],
)
def test_what_the_mapping_refuses(changes, field, applied, table):
    refusals = applied("eljur/1", table("marks", [{**MARK, **changes}])).refusals

    assert (field, "unknown_code") in refusals.select("field", "rule").rows()


@pytest.mark.parametrize(
    ("column", "written", "field"),
    [("date", "05.09.2026", "date"), ("created", "2026-09-05T13:40:00", "created")],
)
def test_days_and_instants_are_iso(column, written, field, applied, table):
    refusals = applied("eljur/1", table("marks", [{**MARK, column: written}])).refusals

    assert refusals.select("field", "rule").rows() == [(field, "bad_date")]


def test_lists_lessons_and_finals(applied, table):
    person = {"lastname": "Пнёв", "firstname": "Ян", "middlename": None}
    translated = applied(
        "eljur/1",
        table("periods", [{
            "id": "1", "name": "1 полугодие", "kind": "halfyear", "num": "1",
            "start": "2026-09-01", "end": "2026-12-31"}]),
        table("vacations", [{
            "id": "1", "name": "День единства", "kind": "holiday", "start": "2026-11-04",
            "end": "2026-11-04"}]),
        table("students", [{
            "id": "31", **person, "birthday": "2013-02-28", "class_id": "5",
            "date_in": "2020-09-01", "date_out": None}]),
        table("teachers", [{"id": "12", **person, "position": "учитель", "has_access": "0"}]),
        table("plan", [{"class_id": "5", "subject_id": "4", "hours": "3.5"}]),
        table("lessons", [{
            "lesson_id": "501", "date": "2026-09-05", "num": "3", "class_id": "5", "grp": "9",
            "subject_id": "4", "teacher_id": "12", "substitute_id": None, "topic": "Дроби",
            "homework": None, "no_homework": "1", "conducted": "1", "absence_checked": "0",
            "state": None, "created": None}]),
        table("finals", [{
            "student_id": "31", "subject_id": "4", "period_id": "1", "value": "осв",
            "created": "2026-12-25 10:00"}]),
    )  # fmt: skip

    assert translated.refusals.is_empty()
    assert translated.findings == []
    assert _only(translated.frames["term"])["kind"] == "half_year"
    assert _only(translated.frames["holiday"])["kind"] == "public_holiday"
    assert _only(translated.frames["pupil"])["full_name"] == "Пнёв Ян"
    assert _only(translated.frames["access_account"])["active"] == "false"
    assert _only(translated.frames["curriculum_hours"])["hours_per_week"] == "3.5"
    lesson = _only(translated.frames["lesson"])
    assert (lesson["homework_not_set"], lesson["attendance_taken"], lesson["status"]) == (
        "true",
        "false",
        "scheduled",
    )
    assert _only(translated.frames["term_mark"])["value"] == "exempt"
