"""Runs of attended lessons without a mark: which lessons count, what settles them, when due."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from quality.rules.attended_runs import mark_after_lessons
from quality.schedule import ScheduleBasis
from tests.quality.rules.a_journal import BEGUN, DAY, WEEK, journal, keys, merged

# One lesson a day. Velikie Luki asks a mark of two lessons in a row; a written work waits a week,
# and the first two lessons of the year are free: the third and the fourth day make a run.
LESSONS = 6
DAYS = [BEGUN + n * DAY for n in range(LESSONS)]
DUE = DAYS[3] + WEEK
RUN = ["p1|alg|lesson2"]


def _lessons(**changed: dict[str, Any]) -> list[dict[str, Any]]:
    """The six lessons; ``l3={...}`` changes the one of that number."""
    rows = [{"date": day} for day in DAYS]
    return [row | changed.get(f"l{n}", {}) for n, row in enumerate(rows)]


def _found(on: date = DUE, **rows: Any) -> list[str]:
    return keys(mark_after_lessons(journal(on=on, **({"lesson": _lessons()} | rows))))


def _away(*numbers: int, status: str = "ill") -> list[dict[str, Any]]:
    return [{"lesson_key": f"lesson{n}", "status": status} for n in numbers]


def _mark(number: int, **more: Any) -> list[dict[str, Any]]:
    return [{"lesson_key": f"lesson{number}", "date": DAYS[number]} | more]


@pytest.mark.parametrize(
    ("on", "found"),
    [(DUE - DAY, []), (DUE, RUN), (DUE + DAY, RUN)],
)
def test_a_run_is_due_when_the_longest_deadline_of_marks_is_over(
    on: date, found: list[str]
) -> None:
    assert _found(on) == found


def test_without_a_deadline_in_days_the_day_itself_is_the_last() -> None:
    same_day = merged("spb", "velikie_luki")
    kept = [rule for rule in same_day.rules if rule.code != "written_marks"]
    profile = same_day.model_copy(update={"rules": kept})
    assert _found(DAYS[2], profile=profile) == []
    assert _found(DAYS[3], profile=profile) == RUN


@pytest.mark.parametrize(
    ("attendance", "found"),
    [
        (_away(2), ["p1|alg|lesson3"]),  # 3, 4, 5
        (_away(3), ["p1|alg|lesson4"]),  # 4, 5
        (_away(4), RUN),  # 2, 3
        (_away(2, 4), []),
        (_away(3, 5), []),
        (_away(2, 3, status="late"), RUN),
        (_away(2, 3, status="present"), RUN),
        (_away(0, 1), RUN),
        (_away(2, status="exempt"), []),  # exempt: not counted at all
    ],
)
def test_a_run_is_a_longest_row_of_attended_lessons(
    attendance: list[dict[str, Any]], found: list[str]
) -> None:
    assert _found(DAYS[5] + WEEK, attendance=attendance) == found


@pytest.mark.parametrize(
    ("mark", "found"),
    [
        (_mark(2), []),
        (_mark(5), []),  # any lesson of the run settles it
        (_mark(0), RUN),
        (_mark(1), RUN),
        (_mark(3, subject_key="geo"), []),  # told by its lesson
        (_mark(3, lesson_key=None), []),  # told by its day
        (_mark(3, lesson_key=None, subject_key="geo"), RUN),
        (_mark(3, pupil="p2"), RUN),
        (_mark(3, scale="code", value="debt"), RUN),
        (_mark(3, scale="code", value="exempt"), []),
    ],
)
def test_what_settles_a_run(mark: list[dict[str, Any]], found: list[str]) -> None:
    assert _found(DAYS[5] + WEEK, mark=mark) == found


def test_runs_before_and_after_an_absence_are_two() -> None:
    lessons = [{"date": BEGUN + n * DAY} for n in range(8)]
    rows = {"lesson": lessons, "attendance": _away(4)}
    on = BEGUN + 7 * DAY + WEEK
    assert _found(on, **rows) == ["p1|alg|lesson2", "p1|alg|lesson5"]
    assert _found(on, **rows, mark=_mark(5)) == ["p1|alg|lesson2"]


@pytest.mark.parametrize(
    ("lesson", "found"),
    [
        ({"held": False}, ["p1|alg|lesson4"]),
        ({"status": "cancelled", "held": False}, RUN),  # no lesson at all: 2 and 4 are neighbours
        ({"status": "merged", "held": False}, RUN),
        ({"attendance_taken": None}, ["p1|alg|lesson4"]),  # nobody knows who was there
        ({"substitute": "t2"}, RUN),
    ],
)
def test_lessons_that_are_none(lesson: dict[str, Any], found: list[str]) -> None:
    assert _found(DAYS[5] + WEEK, lesson=_lessons(l3=lesson)) == found


def test_a_slot_nobody_filled_ends_a_run() -> None:
    slots = [{"weekday": day.isoweekday()} for day in DAYS]
    lessons = [row for n, row in enumerate(_lessons()) if n not in (3, 5)]  # the 6th is a Sunday
    rows = {"lesson": lessons, "timetable_slot": slots}
    assert _found(DAYS[4] + WEEK, **rows) == RUN
    assert _found(DAYS[4] + WEEK, **rows, basis=ScheduleBasis.TIMETABLE) == []


@pytest.mark.parametrize(
    ("kind", "found"),
    [
        # After the vacation two lessons are free: 2 and 5 are neighbours.
        ("vacation", ["p1|alg|lesson2"]),
        ("quarantine", ["p1|alg|lesson2"]),
        ("public_holiday", ["p1|alg|lesson2"]),
    ],
)
def test_holidays_in_between(kind: str, found: list[str]) -> None:
    days = [*DAYS[:3], *(DAYS[2] + WEEK + n * DAY for n in range(1, 4))]
    lessons = [{"date": day} for day in days]
    holiday = [{"kind": kind, "start": DAYS[3], "finish": DAYS[2] + WEEK}]
    rows = {"lesson": lessons, "holiday": holiday}
    due = {"vacation": days[5], "quarantine": days[3], "public_holiday": days[3]}[kind] + WEEK
    assert _found(due - DAY, **rows) == []
    assert _found(due, **rows) == found


def test_two_lessons_after_a_vacation_are_free() -> None:
    holiday = [{"kind": "vacation", "start": DAYS[4] - DAY, "finish": DAYS[4] - DAY}]
    lessons = [row for n, row in enumerate(_lessons()) if n != 3]  # 0 1 2 | 4 5
    rows = {"holiday": holiday, "attendance": _away(4)}
    assert _found(DAYS[5] + 2 * WEEK, lesson=lessons, **rows) == []


def test_joined_in_mid_term_and_left() -> None:
    assert _found(DAYS[5] + WEEK, enrolment=[{"start": DAYS[4]}]) == ["p1|alg|lesson4"]
    assert _found(DAYS[5] + WEEK, enrolment=[{"start": DAYS[5]}]) == []
    assert _found(DUE, enrolment=[{"finish": DAYS[4]}]) == RUN
    assert _found(DUE, enrolment=[{"finish": DAYS[3]}]) == []  # not there on the day of leaving


def test_a_subject_without_hours_counts_too() -> None:
    assert _found(curriculum_hours=[]) == RUN


def test_lessons_of_a_group_are_those_of_who_is_seen_in_it() -> None:
    grouped = [row | {"group_key": "g1"} for row in _lessons()]
    assert _found(lesson=grouped) == []
    assert _found(DAYS[5] + WEEK, lesson=grouped, attendance=_away(0, status="late")) == RUN
    other = [row | {"group_key": "g2"} for row in _lessons()]
    both = [*grouped, *other]  # lesson6 and on are the other group's
    assert _found(DAYS[5] + WEEK, lesson=both, attendance=_away(0, status="late")) == RUN


def test_subjects_and_pupils_do_not_run_into_one_another() -> None:
    """Four subjects, one lesson each beyond the free ones: no run, though their rows follow."""
    lessons = [
        {"date": BEGUN + n * DAY, "subject_key": subject}
        for subject in ("a", "b", "c", "d")
        for n in range(3)
    ]
    pupils = [{}, {"pupil": "p2"}]
    assert _found(BEGUN + 3 * WEEK, lesson=lessons, enrolment=pupils) == []


def test_what_is_said_of_a_run() -> None:
    told = journal(on=DAYS[5] + WEEK, lesson=_lessons(l2={"substitute": "t2"}))
    (row,) = mark_after_lessons(told).to_dicts()
    assert row == {
        "rule": "mark_after_lessons", "key": "p1|alg|lesson2", "day": DAYS[3], "class_key": "7a",
        "subject_key": "alg", "teacher": "t2", "pupil": "p1", "lesson_key": "lesson2",
        "detail": "уроков подряд без отметки: 4, с 03.09.2026 по 06.09.2026",
    }  # fmt: skip


def test_a_regulation_that_does_not_ask() -> None:
    assert _found(profile="tomsk") == []
