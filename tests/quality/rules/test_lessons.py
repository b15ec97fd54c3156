"""What lessons lack, and what was entered late: to the microsecond, by whose clock."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any

import pytest

from quality.rules.find import find
from quality.rules.lessons import lacking, late
from quality.schedule import ScheduleBasis
from tests.quality.rules.a_journal import (
    BERLIN,
    DAY,
    MICROSECOND,
    MINUTE,
    MOSCOW,
    at,
    journal,
    keys,
    noon,
)

MONDAY = date(2026, 9, 14)
PLACE = "2026-09-14|1|7a||alg"
ALL = {"mark": [{}]}  # a lesson is full with a mark


def _lacks(**rows: Any) -> dict[str, list[str]]:
    found = lacking(journal(**(ALL | rows)))
    return {rule: keys(found.filter(rule=rule)) for rule in sorted(set(found["rule"]))}


@pytest.mark.parametrize(
    ("lesson", "lacks"),
    [
        ({}, []),
        ({"held": False}, ["held"]),
        ({"held": False, "topic": None}, ["held"]),  # what was not held lacks nothing else
        ({"topic": None}, ["topic"]),
        ({"topic": " "}, ["topic"]),
        ({"homework": None}, ["homework"]),
        ({"homework": None, "homework_not_set": True}, []),
        ({"attendance_taken": None}, ["attendance"]),
        ({"status": "cancelled", "held": False}, []),
        ({"status": "merged", "topic": None}, []),
        ({"topic": None, "homework": None, "attendance_taken": False},
         ["attendance", "homework", "topic"]),
    ],
)  # fmt: skip
def test_what_a_lesson_lacks(lesson: dict[str, Any], lacks: list[str]) -> None:
    assert _lacks(lesson=[lesson]) == {rule: [PLACE] for rule in lacks}


def test_a_lesson_without_marks_and_its_columns() -> None:
    lesson = {"substitute": "t2", "group_key": "g1"}
    found = lacking(journal(lesson=[lesson]))
    assert found.to_dicts() == [
        {
            "rule": "marks", "key": "2026-09-14|1|7a|g1|alg", "day": MONDAY, "class_key": "7a",
            "subject_key": "alg", "teacher": "t2", "pupil": None, "lesson_key": "lesson0",
            "detail": "",
        }
    ]  # fmt: skip


def test_lessons_of_two_groups_are_two_things() -> None:
    rows = [{"group_key": "g1", "topic": None}, {"group_key": "g2", "topic": None}]
    assert _lacks(lesson=rows, mark=[{}, {"lesson_key": "lesson1"}]) == {
        "topic": ["2026-09-14|1|7a|g1|alg", "2026-09-14|1|7a|g2|alg"]
    }


@pytest.mark.parametrize("kind", ["vacation", "quarantine", "public_holiday"])
def test_a_slot_nobody_filled_is_not_held_unless_the_day_is_off(kind: str) -> None:
    timetable: dict[str, Any] = {"basis": ScheduleBasis.TIMETABLE, "timetable_slot": [{}]}
    mondays = [f"2026-09-{day:02}|1|7a||alg" for day in (7, 14)]
    assert _lacks(**timetable, on=MONDAY) == {"held": mondays}
    off = [{"kind": kind, "start": MONDAY - DAY, "finish": MONDAY}]
    assert _lacks(**timetable, on=MONDAY, holiday=off) == {"held": mondays[:1]}


def test_two_rows_of_one_place_are_one_thing() -> None:
    rows = [{"topic": None}, {"topic": None}]
    found = find(journal(profile="kogalym", lesson=rows, mark=[{}, {"lesson_key": "lesson1"}]))
    assert found.rows(named=True)[0]["rule"] == "topic"
    assert found.height == 1


def _late(entered: datetime | None, *, zone: str = MOSCOW, **more: Any) -> list[tuple[str, str]]:
    """Rule and key of what is late when all of the lesson was entered at that instant."""
    told = {"held": True, "topic": "Дроби", "homework": "№ 1", "attendance_taken": True}
    version = told | {
        "key": "lesson0", "seen_at": noon(MONDAY + 9 * DAY), "entered_at": entered,
        "changed_at": None, "substitute": "t2",
    }  # fmt: skip
    rows = {"lesson": [{"substitute": "t2"}], "lesson_versions": [version]} | more
    found = late(journal(zone=zone, **rows))
    return sorted(found.select("rule", "key").rows())


MIDNIGHT = at(MONDAY + DAY)
OF_SPB = [
    (rule, PLACE)
    for rule in ("attendance_entered", "homework_entered", "lesson_entered", "substitution_entered")
]


@pytest.mark.parametrize("zone", [MOSCOW, BERLIN])
@pytest.mark.parametrize(
    ("after_midnight", "found"),
    [
        (-MINUTE, []),
        (-MICROSECOND, []),
        (timedelta(0), OF_SPB),
        (MICROSECOND, OF_SPB),
        (MINUTE, OF_SPB),
    ],
)
def test_parts_are_due_by_midnight_of_the_region(
    zone: str, after_midnight: timedelta, found: list[tuple[str, str]]
) -> None:
    assert _late(at(MONDAY + DAY, zone) + after_midnight, zone=zone, profile="spb") == found


@pytest.mark.parametrize(
    ("profile", "last"),
    [("velikie_luki", at(MONDAY) + timedelta(hours=11, minutes=45)),
     ("tomsk", at(MONDAY) + timedelta(hours=11, minutes=15))],
)  # fmt: skip
@pytest.mark.parametrize(
    ("after", "is_late"),
    [(-MINUTE, False), (timedelta(0), False), (MICROSECOND, True), (MINUTE, True)],
)
def test_homework_is_due_after_the_last_bell(
    profile: str, last: datetime, after: timedelta, is_late: bool
) -> None:
    bells = [{"number": 1, "finish": "09:45"}]
    found = _late(last + after, profile=profile, bell=bells)
    assert found == ([("homework_entered", PLACE)] if is_late else [])


@pytest.mark.parametrize(
    ("looks", "found"),
    [
        ((), []),  # nobody looked before: nobody knows
        ((MIDNIGHT - MINUTE,), []),  # it may have been written before midnight
        ((MIDNIGHT - MICROSECOND,), OF_SPB),  # not there when the last moment was over
        ((MIDNIGHT + DAY,), OF_SPB),
    ],
)
def test_by_the_hubs_clock_late_is_what_a_look_did_not_show(
    looks: tuple[datetime, ...], found: list[tuple[str, str]]
) -> None:
    assert _late(None, profile="spb", looks=looks) == found


def test_what_is_missing_is_not_late() -> None:
    empty = {"lesson": [{"held": True, "topic": None}], "lesson_versions": []}
    assert _late(None, profile="spb", looks=(MIDNIGHT + DAY,), **empty) == []


@pytest.mark.parametrize(
    ("profile", "work", "days", "rule"),
    [
        ("tomsk", "oral", 0, "lesson_marks"),
        ("tomsk", "control", 3, "control_marks"),
        ("tomsk", "test", 3, "control_marks"),
        ("tomsk", "project", 7, "written_marks"),
        ("velikie_luki", "control", 7, "written_marks"),
        ("spb", "written", 0, "lesson_marks"),
    ],
)
@pytest.mark.parametrize("zone", [MOSCOW, BERLIN])
@pytest.mark.parametrize(
    ("lesson_day", "after", "is_late"),
    [
        (MONDAY, -MINUTE, False),
        (MONDAY, -MICROSECOND, False),
        (MONDAY, timedelta(0), True),
        (MONDAY, MINUTE, True),
        (date(2026, 10, 24), -MICROSECOND, False),  # Berlin's clocks go back on the 25th
        (date(2026, 10, 24), timedelta(0), True),
    ],
)
def test_a_mark_is_late_by_the_rule_of_its_work(
    profile: str, work: str, days: int, rule: str, zone: str, lesson_day: date, after: timedelta,
    is_late: bool,
) -> None:  # fmt: skip
    entered = at(lesson_day + (days + 1) * DAY, zone) + after
    mark = {"date": lesson_day, "work_type": work, "entered_at": entered,
            "first_seen_at": entered + 9 * DAY}  # fmt: skip
    lesson = {"date": lesson_day, "entered_at": noon(lesson_day)}
    told = journal(profile=profile, zone=zone, on=lesson_day, lesson=[lesson], mark=[mark])
    found = late(told).filter(rule=rule)
    assert keys(found) == (["mark0"] if is_late else [])
    assert set(found["pupil"]) <= {"p1"}
