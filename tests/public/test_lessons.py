"""What a family is told: what the diary holds, of consenting families only."""

from __future__ import annotations

import logging
from datetime import date

import pytest
from sqlalchemy import insert, text

from pipeline.database import connect
from pipeline.hub import Hub
from pipeline.runs import SchoolState
from schemas.tables import days_off
from tests.public.asking import Asker
from tests.public.school import (
    AGREES,
    LATER,
    LEFT,
    NAMES,
    NEVER,
    OPEN,
    REFUSES,
    TEACHER,
    TODAY,
    School,
)

WEDNESDAY, FRIDAY = date(2026, 9, 16), TODAY


def test_a_delivered_lesson_is_told_and_nobody_in_it(school: School, ask: Asker) -> None:
    school.lesson("1", WEDNESDAY, teacher=NAMES[TEACHER], attachment="work.pdf")
    school.deliver()
    assert ask.lessons(AGREES) == [
        {
            "date": "2026-09-16",
            "number": 1,
            "class": "7 а",
            "subject": "Алгебра",
            "state": "held",
            "substitution": False,
            "topic": "Тема",
            "homework": "№ 1",
        }
    ]


def test_a_lesson_of_the_journal_alone_is_not_told(school: School, ask: Asker) -> None:
    school.lesson("1", WEDNESDAY)
    assert ask.lessons(AGREES) == []
    school.portal.down = True
    assert school.deliver() is SchoolState.FAILED
    assert ask.lessons(AGREES) == []
    school.portal.down = False
    school.deliver()
    assert len(ask.lessons(AGREES)) == 1


def test_a_change_is_told_once_it_is_delivered(school: School, ask: Asker) -> None:
    school.lesson("1", WEDNESDAY)
    school.deliver()
    school.change("lesson", "1", date=date(2026, 9, 17), homework="№ 2")
    for portal_is_down, expected in ((True, ("2026-09-16", "№ 1")), (False, ("2026-09-17", "№ 2"))):
        school.portal.down = portal_is_down
        school.deliver()
        assert [(o["date"], o["homework"]) for o in ask.lessons(AGREES)] == [expected]


@pytest.mark.parametrize("end", [{"vanished_at": "2026-09-18"}, {"status": "cancelled"}])
def test_a_lesson_goes_with_its_withdrawal(
    school: School, ask: Asker, end: dict[str, object]
) -> None:
    school.lesson("1", WEDNESDAY)
    school.deliver()
    school.change("lesson", "1", **end)
    school.portal.down = True
    school.deliver()
    assert len(ask.lessons(AGREES)) == 1, "the diary holds it still"
    school.portal.down = False
    school.deliver()
    assert ask.lessons(AGREES) == []


def test_a_substitution_is_said_without_the_teacher(school: School, ask: Asker) -> None:
    school.lesson("1", WEDNESDAY, subject_key="21", substitute=NAMES[TEACHER])
    school.deliver()
    (lesson,) = ask.lessons(AGREES)
    assert (lesson["subject"], lesson["substitution"]) == ("Физика", True)
    assert TEACHER not in str(lesson)


def test_a_text_that_came_to_be_blocked_is_not_told_though_the_diary_holds_it(
    school: School, ask: Asker
) -> None:
    school.lesson("1", WEDNESDAY, homework="спросить Жмелеватова")
    school.deliver()
    school.change("lesson", "1", text_blocked=True)
    school.portal.down = True
    school.deliver()
    assert ask.lessons(AGREES) == []
    assert school.actions()[-1]["details"]["withheld"] == {"blocked_text": 1}


def test_days_to_come_are_planned_by_the_delivered_timetable(school: School, ask: Asker) -> None:
    school.slot("m", weekday=1)
    school.slot("f1", weekday=5)
    school.slot("f2", weekday=5, number=2)
    school.slot("old", weekday=1, number=3, valid_to=date(2026, 9, 20))
    assert ask.lessons(AGREES) == []
    school.deliver()
    school.lesson("1", FRIDAY, subject_key="21")
    school.deliver()
    assert ask.subjects(AGREES, "2026-09-14", "2026-09-25") == [
        ("2026-09-18", 1, "Физика", "held"),
        ("2026-09-18", 2, "Алгебра", "planned"),
        ("2026-09-21", 1, "Алгебра", "planned"),
        ("2026-09-25", 1, "Алгебра", "planned"),
        ("2026-09-25", 2, "Алгебра", "planned"),
    ]


def test_nothing_is_planned_on_days_without_lessons(hub: Hub, school: School, ask: Asker) -> None:
    for weekday in (1, 2, 3):
        school.slot(str(weekday), weekday=weekday)
    week = date(2026, 9, 22)
    school.add("holiday", "h", name="Карантин", kind="quarantine", start=week, finish=week)
    with hub.engine.begin() as connection:
        connection.execute(insert(days_off).values(day=date(2026, 9, 23), name="День"))
    school.deliver()
    assert [day for day, *_ in ask.subjects(AGREES)] == ["2026-09-21"]


def test_other_classes_are_not_told_and_a_transfer_parts_the_days(
    school: School, ask: Asker
) -> None:
    moved = date(2026, 9, 16)
    school.change("enrolment", f"{AGREES}|10", finish=moved)
    school.add(
        "enrolment", f"{AGREES}|11", pupil=NAMES[AGREES], class_key="11", start=moved
    )  # fmt: skip
    for key, class_ in (("a", "10"), ("b", "11")):
        for day in (14, 15, 16, 17):
            school.lesson(f"{key}{day}", date(2026, 9, day), class_key=class_)
    school.deliver()
    told = [(one["date"][-2:], one["class"]) for one in ask.lessons(AGREES)]
    assert told == [("14", "7 а"), ("15", "7 а"), ("16", "7 б"), ("17", "7 б")]


@pytest.mark.parametrize("uid", [REFUSES, LEFT, NEVER, LATER, TEACHER, "999999", "1", "x y"])
def test_whoever_does_not_consent_is_as_unknown_as_anybody(
    school: School, ask: Asker, uid: str
) -> None:
    school.lesson("1", WEDNESDAY)
    school.deliver()
    assert len(ask.lessons(AGREES)) == 1
    refused, unknown = ask(uid), ask("888888")
    assert refused.status_code == unknown.status_code == 404
    assert refused.content == unknown.content
    passing = {"date"}
    assert {n: v for n, v in refused.headers.items() if n not in passing} == {
        n: v for n, v in unknown.headers.items() if n not in passing
    }


def test_a_child_that_moved_is_told_of_its_new_school(hub: Hub, school: School, ask: Asker) -> None:
    """The vault knows the child by one UID in both schools; the old one's consent has ended."""
    moved_to = School(hub, "781002")
    moved_to.enrol(LEFT, "p" + "7" * 32, **OPEN)
    for one in (school, moved_to):
        one.lesson("1", WEDNESDAY, subject_key="21" if one is moved_to else "20")
        one.deliver()
    with connect(hub.settings, "owner").begin() as connection:
        copied = "SELECT :name, '781002', source, key_id, sealed, lookup FROM vault.uids"
        connection.execute(
            text(
                "INSERT INTO vault.uids (pseudonym, school, source, key_id, sealed, lookup)"
                f" {copied} WHERE pseudonym = :same"
            ),
            {"name": "p" + "7" * 32, "same": NAMES[LEFT]},
        )
    assert [lesson["subject"] for lesson in ask.lessons(LEFT)] == ["Физика"]
    told = {a["school"]: (a["count"], a["details"]["withheld"]) for a in school.actions()}
    assert told == {"781001": (0, {"no_consent": 1}), "781002": (1, {})}


def test_each_answer_is_one_action_and_no_code_is_in_it(
    school: School, ask: Asker, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    school.lesson("1", WEDNESDAY)
    school.deliver()
    for uid in (AGREES, REFUSES, "999999"):
        ask(uid)
    actions = school.actions()
    assert [(a["actor"], a["action"], a["school"], a["count"]) for a in actions] == [
        ("epgu", "release", "781001", 1),
        ("epgu", "release", "781001", 0),
        ("epgu", "release", "", 0),
    ]
    for uid in (AGREES, REFUSES, "999999"):
        assert uid not in str(actions)
        assert NAMES.get(uid, uid) not in str(actions)
    assert {a["details"]["policy"] for a in actions} == {"public_services"}


def test_what_cannot_be_logged_is_not_told(
    school: School, ask: Asker, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    school.lesson("1", WEDNESDAY)
    school.deliver()

    def broken(*_: object) -> object:
        raise OSError(f"cannot write about {AGREES}")

    monkeypatch.setattr("reports.public.schedule.action_log_on", broken)
    answer = ask(AGREES)
    assert answer.status_code == 503
    assert "Алгебра" not in answer.text
    assert AGREES not in answer.text + caplog.text
    assert "OSError at test_lessons.py" in caplog.text
