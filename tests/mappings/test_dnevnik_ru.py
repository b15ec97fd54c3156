"""Golden translation of small Dnevnik.ru answers, as the connector flattens them."""

from __future__ import annotations

import pytest

BIG = 1_000_000_000_000_000_000


def _id(number: int) -> str:
    return str(BIG + number)


CLASS = {"id_str": _id(1), "parentIds_str": None, "type": "Group", "name": "7а", "parallel": "7"}
GROUP = {"id_str": _id(2), "parentIds_str": f"{_id(1)},{_id(9)}", "type": "Subgroup",
         "name": "7а англ. 1", "parallel": "7"}  # fmt: skip
LESSON = {
    "id_str": _id(17),
    "title": "Дроби",
    "date": "2026-09-05T00:00:00",
    "number": "3",
    "subject.id_str": _id(4),
    "subject.name": "Алгебра",
    "group_str": _id(1),
    "works_str": _id(30),
    "teachers_str.0": _id(12),
    "teachers_str.1": None,
    "status": "Conducted",
    "homework_text": "№ 5",
}
MARK = {
    "id_str": _id(900),
    "type": "Mark5",
    "value": "5",
    "textValue": "5",
    "person_str": _id(70),
    "work_str": _id(30),
    "lesson_str": _id(17),
    "number": "3",
    "date": "2026-09-06T09:00:00",
    "workType_str": _id(40),
    "workType.kind": "ControlWork",
    "mood": "Good",
    "use_avg_calc": "true",
    "_group": _id(1),
}


MEMBER = {
    "id_str": _id(12),
    "userId_str": _id(500),
    "firstName": "Анна",
    "lastName": "Жмелеватова",
    "middleName": None,
    "shortName": "Жмелеватова А.",
    "sex": "Female",
    "teacher": "true",
}


def _only(frame):
    assert frame.height == 1
    row = frame.row(0, named=True)
    return {name: value for name, value in row.items() if value is not None and name[0] != "_"}


@pytest.fixture
def answered(applied, table):
    def answer(**tables):
        classes = tables.pop("classes", [CLASS, GROUP])
        named = [table(name, rows) for name, rows in {"classes": classes, **tables}.items()]
        return applied("dnevnik_ru/v2", *named)

    return answer


def test_classes_and_groups(answered):
    translated = answered()

    assert _only(translated.frames["class_"]) == {
        "source_key": _id(1),
        "name": "7а",
        "grade_level": "7",
        "letter": "а",
    }
    assert _only(translated.frames["group"]) == {
        "source_key": _id(2),
        "class_key": _id(1),
        "name": "7а англ. 1",
    }


def test_an_unknown_kind_of_group_is_refused(answered):
    translated = answered(classes=[{**CLASS, "type": "Club"}])

    assert translated.refusals.select("entity", "field", "rule").rows() == [
        ("class_", "type", "unknown_code")
    ]


def test_lesson_of_a_class(answered):
    translated = answered(lessons=[LESSON])

    assert _only(translated.frames["lesson"]) == {
        "source_key": _id(17),
        "date": "2026-09-05",
        "number": "3",
        "class_key": _id(1),
        "subject_key": _id(4),
        "teacher": _id(12),
        "topic": "Дроби",
        "homework": "№ 5",
        "homework_not_set": "false",
        "held": "true",
        "status": "scheduled",
    }
    assert translated.findings == []


@pytest.mark.parametrize(
    ("status", "held", "ours"),
    [
        ("InPlan", "false", "scheduled"),
        ("Conducted", "true", "scheduled"),
        ("Cancelled", "false", "cancelled"),
    ],
)
def test_lesson_status(status, held, ours, answered):
    lesson = answered(lessons=[{**LESSON, "status": status}]).frames["lesson"]

    assert lesson.select("held", "status", "attendance_taken").row(0) == (held, ours, None)


def test_lesson_of_a_subgroup_with_a_substitute_and_no_homework(answered):
    row = {
        **LESSON,
        "group_str": _id(2),
        "teachers_str.0": _id(13),
        "teachers_str.1": _id(12),
        "homework_text": "Не задано",
    }

    lesson = _only(answered(lessons=[row]).frames["lesson"])

    assert (lesson["class_key"], lesson["group_key"]) == (_id(1), _id(2))
    assert (lesson["teacher"], lesson["substitute"]) == (_id(12), _id(13))
    assert lesson["homework_not_set"] == "true"
    assert "homework" not in lesson


def test_an_unknown_lesson_status_is_refused_once(answered):
    translated = answered(lessons=[{**LESSON, "status": "Postponed"}])

    assert translated.refusals.select("entity", "field", "rule").rows() == [
        ("lesson", "status", "unknown_code")
    ]


def test_a_mark_takes_day_and_subject_from_its_lesson(answered):
    translated = answered(lessons=[LESSON], marks=[MARK])

    assert translated.findings == []
    assert _only(translated.frames["mark"]) == {
        "source_key": _id(900),
        "pupil": _id(70),
        "lesson_key": _id(17),
        "subject_key": _id(4),
        "date": "2026-09-05",
        "value": "5",
        "scale": "5",
        "work_type": "control",
        "given_on": "2026-09-06",
        "entered_at": "2026-09-06T09:00:00+03:00",
    }


@pytest.mark.parametrize(
    ("type_", "value", "ours", "scale"),
    [
        ("Mark10", "10", "10", "10"),
        ("Mark5", "8", "8", "5"),
        ("MarkPassFail", "Незач", "fail", "pass_fail"),
        ("MarkCode", "безотм", "no_marks", "code"),
        ("MarkCriteria", "B3", "B3", "criteria"),
    ],
)
def test_mark_types(type_, value, ours, scale, answered):
    marks = [{**MARK, "type": type_, "value": value}]

    mark = answered(lessons=[LESSON], marks=marks).frames["mark"]

    assert mark.select("value", "scale").row(0) == (ours, scale)


@pytest.mark.parametrize(
    ("change", "field", "rule"),
    [
        ({"type": "MarkStars"}, "type", "unknown_code"),
        ({"lesson_str": _id(99)}, "lesson_str", "dangling_reference"),
        ({"workType.kind": "Essay"}, "workType.kind", "unknown_code"),
        ({"date": "05.09.2026"}, "date", "bad_date"),
    ],
)
def test_what_the_mapping_refuses(change, field, rule, answered):
    translated = answered(lessons=[LESSON], marks=[{**MARK, **change}])

    assert translated.refusals.select("entity", "field", "rule").rows() == [("mark", field, rule)]


def test_twins_within_an_answer_stay_for_the_duplicate_check(answered):
    assert answered(lessons=[LESSON], marks=[MARK, MARK]).frames["mark"].height == 2


def test_people_and_subjects_seen_through_several_groups_are_one(answered):
    person = {"id_str": _id(70), "lastName": "Брянчихин", "firstName": "Олег", "middleName": None}
    subject = {"id_str": _id(4), "name": "Алгебра", "knowledgeArea": "-"}
    period = {"id_str": _id(50), "start": "2026-09-01T00:00:00", "finish": "2026-10-25T00:00:00",
              "number": "1", "type": "Quarter", "name": "1 четверть", "year": "2026"}  # fmt: skip
    seen = [_id(1), _id(2)]

    translated = answered(
        persons=[{**person, "_group": group} for group in seen],
        subjects=[{**subject, "_group": group} for group in seen],
        reporting_periods=[{**period, "_group": group} for group in seen],
    )

    assert _only(translated.frames["pupil"])["full_name"] == "Брянчихин Олег"
    assert _only(translated.frames["subject"])["name"] == "Алгебра"
    assert _only(translated.frames["curriculum_hours"])["class_key"] == _id(1)
    assert _only(translated.frames["term"]) == {
        "source_key": _id(50),
        "name": "1 четверть",
        "kind": "quarter",
        "number": "1",
        "start": "2026-09-01",
        "finish": "2026-10-25",
    }
    assert translated.read["pupil"] == 1


def test_an_archived_membership_is_no_enrolment_and_an_unknown_one_is_refused(answered):
    rows = [
        {"group.id_str": _id(1), "person.id_str": _id(n), "membershipstatus": status}
        for n, status in enumerate(["Active", "Archive", "Guest"], start=70)
    ]

    translated = answered(students=rows)

    assert _only(translated.frames["enrolment"]) == {"pupil": _id(70), "class_key": _id(1)}
    assert translated.refusals["field"].to_list() == ["membershipstatus"]


@pytest.mark.parametrize(("user", "access"), [(_id(500), "true"), (None, "false")])
def test_access_to_the_journal(user, access, answered):
    account = answered(membership=[{**MEMBER, "userId_str": user}]).frames["access_account"]

    assert account.select("person", "active").row(0) == (_id(12), access)


def test_staff_is_who_teaches_and_who_does_not(answered):
    translated = answered(
        membership=[MEMBER, {**MEMBER, "id_str": _id(13), "teacher": "false"}],
        teachers=[{"Id_str": _id(12), "LastName": "Жмелеватова", "FirstName": "Анна",
                   "MiddleName": "Петровна", "DateBirth": "1980-01-31T00:00:00",
                   "Email": None, "NameTeacherPosition": "учитель"}],
    )  # fmt: skip

    assert translated.findings == []
    assert sorted(translated.frames["staff_member"]["person"]) == [_id(12), _id(13)]
    assert sorted(translated.frames["access_account"]["person"]) == [_id(12), _id(13)]


def test_bells(answered):
    bell = {"Name": "Основное", "Start": "2026-09-01T00:00:00", "FirstLessonNumber": "1",
            "Items.Id_str": _id(5), "Items.Start": "2026-09-01T08:30:00", "Items.Finish": "09:15",
            "Items.Name": None, "Items.Type": "Lesson", "Items.DaysOfWeek": "Monday",
            "Items.LessonNumber": "1"}  # fmt: skip

    translated = answered(
        timetables=[
            bell,
            {**bell, "Items.Id_str": _id(6), "Items.Type": "Break"},
            {**bell, "Items.Id_str": _id(7), "Items.Type": "Party"},
            {**bell, "Items.Id_str": _id(8), "Items.Start": "half past eight"},
        ]
    )

    assert translated.findings == []
    assert _only(translated.frames["bell"]) == {
        "source_key": _id(5),
        "timetable": "Основное",
        "number": "1",
        "start": "08:30",
        "finish": "09:15",
    }
    assert translated.refusals.select("field", "rule").rows() == [
        ("Items.Type", "unknown_code"),
        ("Items.Start", "bad_format"),
    ]


@pytest.mark.parametrize(
    ("written", "day", "moment"),
    [
        ("2026-09-06T09:00:00.5", "2026-09-06", "2026-09-06T09:00:00+03:00"),
        ("2026-09-06T22:30:00Z", "2026-09-07", "2026-09-07T01:30:00+03:00"),
        ("2026-09-06T09:00:00+07:00", "2026-09-06", "2026-09-06T05:00:00+03:00"),
    ],
)
def test_dates_with_and_without_an_offset(written, day, moment, answered):
    mark = _only(answered(lessons=[LESSON], marks=[{**MARK, "date": written}]).frames["mark"])

    assert (mark["given_on"], mark["entered_at"]) == (day, moment)


def test_attendance_term_marks_and_teachers(answered):
    translated = answered(
        log_entries=[{
            "person_str": _id(70), "lesson_str": _id(17), "comment": None, "status": "Pass",
            "createdDate": "2026-09-05T10:00:00.1234567", "_group": _id(1), "_subject": _id(4)}],
        final_marks=[{
            "person_str": _id(70), "group_str": _id(1), "reportingPeriod_str": _id(50),
            "subject_str": _id(4), "final-mark.type": "Mark5", "final-mark.value": "4",
            "final-mark.date": "2026-10-23T12:00:00", "final-mark.id_str": _id(901)}],
        teachers=[{
            "Id_str": _id(12), "LastName": "Жмелеватова", "FirstName": "Анна",
            "MiddleName": "Петровна", "DateBirth": "1980-01-31T00:00:00",
            "Email": "a@b.example", "NameTeacherPosition": "учитель"}],
    )  # fmt: skip

    assert translated.findings == []
    assert _only(translated.frames["attendance"]) == {
        "pupil": _id(70),
        "lesson_key": _id(17),
        "status": "excused",
        "entered_at": "2026-09-05T10:00:00+03:00",
    }
    assert _only(translated.frames["term_mark"]) == {
        "pupil": _id(70),
        "subject_key": _id(4),
        "term_key": _id(50),
        "value": "4",
        "scale": "5",
        "entered_at": "2026-10-23T12:00:00+03:00",
    }
    assert _only(translated.frames["staff_member"])["birth_date"] == "1980-01-31"
