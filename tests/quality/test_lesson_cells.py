"""Cells of lessons, of days and of pupils with enough marks."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any

import polars as pl

from quality.accumulation import PAIRS
from quality.lesson_cells import by_day, day_cells, lesson_cells, no_days, pair_cells, teachers_of
from quality.measures import lesson_facts
from quality.schedule import ScheduleBasis, scheduled_lessons
from quality.timeliness import PARTS
from quality.uploads import Cause

Frame = Callable[..., pl.DataFrame]
DAY, NEXT = date(2026, 9, 14), date(2026, 9, 15)


def _cells(
    frame: Frame, lessons: list[dict[str, Any]], parts: list[dict[str, Any]]
) -> pl.DataFrame:
    rows = frame("lesson", *lessons)
    scheduled = scheduled_lessons(
        ScheduleBasis.LESSONS, frame("timetable_slot"), rows, (DAY, NEXT), set()
    )
    facts = lesson_facts(scheduled, rows, frame("mark"), frame("attendance"))
    place = {"date": DAY, "number": 1, "class_key": "7a", "subject_key": "alg", "part": "lesson"}
    told = pl.DataFrame([place | part for part in parts], schema=PARTS)
    return lesson_cells(facts, told, frame("class_", {"source_key": "7a"}))


def test_a_cell_holds_its_lesson_and_its_parts(frame: Frame) -> None:
    outcomes = ("in_time", "late", "missing", "unknown", "not_due")
    cells = _cells(
        frame,
        [{"substitute": "t9"}, {"group_key": "g1"}, {"class_key": "8b"}],
        [{"lesson_key": "lesson0", "outcome": outcome} for outcome in outcomes]
        + [{"lesson_key": "lesson1", "group_key": "g1", "outcome": "in_time"}],
    )
    shown = cells.sort("lesson_key").select(
        "lesson_key", "teacher", "grade_level", "held", "filled", "parts_in_time", "parts_judged",
        "parts_open",
    )  # fmt: skip
    assert shown.rows() == [
        ("lesson0", "t9", 7, 1, 0, 1, 3, 1),
        ("lesson1", "t1", 7, 1, 0, 1, 1, 0),
        ("lesson2", "t1", None, 1, 0, 0, 0, 0),
    ]


def test_merged_and_cancelled_lessons_have_no_cell(frame: Frame) -> None:
    lessons = [{"status": "merged"}, {"status": "cancelled"}, {}]
    assert _cells(frame, lessons, [])["lesson_key"].to_list() == ["lesson2"]


def test_days_have_lessons_a_cause_or_both(frame: Frame) -> None:
    counted = by_day(_cells(frame, [{}, {"group_key": "g1"}], []))
    reached = {
        DAY: Cause.UPLOADED,
        NEXT: Cause.HUB_FAULT,
        date(2026, 9, 20): Cause.NOT_A_SCHOOL_DAY,
    }
    causes = reached | {DAY: Cause.PORTAL_REJECTED}  # the school has uploaded all the same
    days = day_cells(pl.concat([no_days(), counted, counted]), reached, causes)
    assert days.select("day", "cause", "lessons", "held", "uploads_due", "uploaded").rows() == [
        (DAY, "portal_rejected", 4, 4, 1, 1),
        (NEXT, "hub_fault", 0, 0, 1, 0),
        (date(2026, 9, 20), "not_a_school_day", 0, 0, 0, 0),
    ]
    before_it_was_connected = day_cells(counted, {}, {})
    assert before_it_was_connected.select("cause", "lessons", "uploads_due").rows() == [
        (None, 2, 0)
    ]


def test_accumulation_belongs_to_a_teacher_who_has_the_class_alone(frame: Frame) -> None:
    of = [("7a", "alg", True), ("7a", "alg", False), ("7a", "eng", True), ("8b", "alg", True)]
    pairs = pl.DataFrame(
        [
            {"pupil": "p", "class_key": c, "subject_key": s, "hours": 1.0, "weeks": 3, "asked": 1,
             "marks": 1, "enough": enough}
            for c, s, enough in of
        ],
        schema=PAIRS,
    )  # fmt: skip
    english = {"subject_key": "eng"}
    slots = frame(
        "timetable_slot",
        {"teacher": "t0", "valid_to": date(2026, 9, 10)},  # who left
        {"valid_from": date(2026, 9, 11)},
        english | {"group_key": "g1"},
        english | {"group_key": "g2", "teacher": "t2"},
    )
    classes = frame("class_", {"source_key": "7a"}, {"source_key": "8b", "grade_level": 8})
    cells = pair_cells(pairs, teachers_of(slots, frame("lesson"), DAY), classes)
    assert cells.rows() == [
        ("7a", "alg", "t1", 7, 1, 2),
        ("7a", "eng", None, 7, 1, 1),  # two groups, two teachers
        ("8b", "alg", None, 8, 1, 1),  # nobody is told
    ]


def test_without_a_timetable_the_last_lesson_tells_the_teacher(frame: Frame) -> None:
    lessons = frame(
        "lesson",
        {"teacher": "t1", "date": date(2026, 9, 7)},
        {"teacher": "t2", "substitute": "t3"},
        {"teacher": "t4", "status": "cancelled"},
        {"teacher": "t5", "date": NEXT},
    )
    given = teachers_of(frame("timetable_slot"), lessons, DAY)
    assert given.sort("day")["teacher"].to_list() == ["t1", "t2"]
