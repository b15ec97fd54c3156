"""Each measure at its boundaries, and sums over schools."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any

import polars as pl
import pytest

from quality.measures import FACTS, figures, lesson_facts, roll_up
from quality.schedule import ScheduleBasis, scheduled_lessons

Frame = Callable[..., pl.DataFrame]
DAY = date(2026, 9, 14)
FULL = [{"lesson_key": "lesson0", "pupil": "p1"}]

Pairs = dict[str, tuple[int, int]]


def _figures(
    frame: Frame,
    lessons: list[dict[str, Any]],
    marks: list[dict[str, Any]],
    attendance: list[dict[str, Any]],
) -> Pairs:
    """Figures of one Monday with one slot."""
    rows = frame("lesson", *lessons)
    scheduled = scheduled_lessons(
        ScheduleBasis.TIMETABLE, frame("timetable_slot", {}), rows, (DAY, DAY), set()
    )
    facts = lesson_facts(scheduled, rows, frame("mark", *marks), frame("attendance", *attendance))
    return {row[0]: (row[1], row[2]) for row in figures(_counts(facts)).iter_rows()}


def _counts(facts: pl.DataFrame) -> pl.DataFrame:
    return facts.select(pl.lit(1).alias("lessons"), pl.col(FACTS).cast(pl.Int64))


def _pairs(**changed: tuple[int, int]) -> Pairs:
    names = ("fill_rate", "held", "topic", "homework", "attendance", "marks")
    return dict.fromkeys(names, (1, 1)) | changed


def test_a_lesson_with_everything_counts_everywhere(frame: Frame) -> None:
    assert _figures(frame, [{}], FULL, FULL) == _pairs()


def test_a_slot_without_a_row_is_due_and_nothing_else(frame: Frame) -> None:
    assert _figures(frame, [], [], []) == _pairs(
        fill_rate=(0, 1),
        held=(0, 1),
        topic=(0, 0),
        homework=(0, 0),
        attendance=(0, 0),
        marks=(0, 0),
    )


def test_a_lesson_not_held_has_no_parts_whatever_was_typed(frame: Frame) -> None:
    assert _figures(frame, [{"held": False}], FULL, FULL) == _pairs(
        fill_rate=(0, 1),
        held=(0, 1),
        topic=(0, 0),
        homework=(0, 0),
        attendance=(0, 0),
        marks=(0, 0),
    )


def test_a_cancelled_lesson_leaves_nothing_to_count(frame: Frame) -> None:
    counted = _figures(frame, [{"status": "cancelled", "held": False}], [], [])
    assert set(counted.values()) == {(0, 0)}


@pytest.mark.parametrize(
    ("lesson", "changed"),
    [
        ({"topic": None}, {"topic": (0, 1), "fill_rate": (0, 1)}),
        ({"topic": " "}, {"topic": (0, 1), "fill_rate": (0, 1)}),
        ({"topic": "▇▇▇"}, {}),  # masked by the privacy room: it is recorded
        ({"homework": None}, {"homework": (0, 1), "fill_rate": (0, 1)}),
        ({"homework": None, "homework_not_set": True}, {"homework": (0, 0)}),
        ({"homework_not_set": True}, {"homework": (0, 0)}),
    ],
)
def test_topic_and_homework(frame: Frame, lesson: dict[str, Any], changed: Pairs) -> None:
    assert _figures(frame, [lesson], FULL, FULL) == _pairs(**changed)


@pytest.mark.parametrize(
    ("taken", "records", "counted"),
    [
        (True, [], 1),  # the source's own sign
        (None, FULL, 1),  # any record proves it
        (False, FULL, 1),
        (False, [], 0),
        (None, [], 0),
        (None, [{"lesson_key": "another", "pupil": "p1"}], 0),
    ],
)
def test_attendance(
    frame: Frame, taken: bool | None, records: list[dict[str, Any]], counted: int
) -> None:
    got = _figures(frame, [{"attendance_taken": taken}], FULL, records)
    assert got == _pairs(attendance=(counted, 1), fill_rate=(counted, 1))


@pytest.mark.parametrize(
    ("marks", "counted"),
    [
        ([], 0),
        ([{"lesson_key": None, "pupil": "p1"}], 0),  # a mark of no lesson
        ([{"lesson_key": "lesson0", "pupil": "p1"}, {"lesson_key": "lesson0", "pupil": "p2"}], 1),
    ],
)
def test_marks(frame: Frame, marks: list[dict[str, Any]], counted: int) -> None:
    assert _figures(frame, [{}], marks, FULL) == _pairs(marks=(counted, 1), fill_rate=(counted, 1))


def test_nothing_scheduled_gives_zero_of_zero(frame: Frame) -> None:
    empty = frame("lesson")
    scheduled = scheduled_lessons(
        ScheduleBasis.LESSONS, frame("timetable_slot"), empty, (DAY, DAY), set()
    )
    facts = lesson_facts(scheduled, empty, frame("mark"), frame("attendance"))
    assert {row[1:] for row in figures(_counts(facts)).iter_rows()} == {(0, 0)}


def test_every_fact_can_be_opened_down_to_its_lesson(frame: Frame) -> None:
    lessons = frame("lesson", {}, {"number": 2, "topic": None})
    slots = frame("timetable_slot", {}, {"number": 2}, {"number": 3})
    scheduled = scheduled_lessons(ScheduleBasis.TIMETABLE, slots, lessons, (DAY, DAY), set())
    facts = lesson_facts(scheduled, lessons, frame("mark", *FULL), frame("attendance", *FULL))
    assert facts.height == 3
    filled = facts.filter("filled")
    assert filled["lesson_key"].to_list() == ["lesson0"]
    assert all(facts[name].null_count() == 0 for name in FACTS)


def test_districts_and_region_are_sums() -> None:
    schools = pl.DataFrame(
        {
            "school": ["s1", "s2", "s3"],
            "district": ["d1", "d1", "d2"],
            "measure": ["held"] * 3,
            "numerator": [1, 2, 0],
            "denominator": [2, 10, 0],
        }
    )
    rolled = roll_up(schools)
    assert {(r[0], r[1]): (r[3], r[4]) for r in rolled.iter_rows()} == {
        ("school", "s1"): (1, 2),
        ("school", "s2"): (2, 10),
        ("school", "s3"): (0, 0),
        ("district", "d1"): (3, 12),
        ("district", "d2"): (0, 0),
        ("region", "region"): (3, 12),
    }
