"""Marks in the course of a term: which week, how many hours, who counts."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import polars as pl
import pytest

from quality.accumulation import accumulation
from quality.profiles import load_profile
from quality.regulations import Accumulation, Asked

BEGUN = date(2026, 9, 1)
WEEK, DAY = timedelta(weeks=1), timedelta(days=1)
SCHEMAS: dict[str, dict[str, Any]] = {
    "terms": {"kind": pl.String, "start": pl.Date, "finish": pl.Date},
    "enrolments": {"pupil": pl.String, "class_key": pl.String, "start": pl.Date, "finish": pl.Date},
    "hours": {"class_key": pl.String, "subject_key": pl.String, "hours_per_week": pl.Float64},
    "lessons": {
        "source_key": pl.String, "date": pl.Date, "number": pl.Int64, "class_key": pl.String,
        "group_key": pl.String, "subject_key": pl.String, "held": pl.Boolean, "status": pl.String,
        "attendance_taken": pl.Boolean,
    },
    "marks": {
        "pupil": pl.String, "lesson_key": pl.String, "subject_key": pl.String, "date": pl.Date,
        "value": pl.String, "scale": pl.String,
    },
    "attendance": {"pupil": pl.String, "lesson_key": pl.String, "status": pl.String},
}  # fmt: skip
ONE: dict[str, dict[str, Any]] = {
    "terms": {"kind": "quarter", "start": BEGUN, "finish": date(2026, 10, 25)},
    "enrolments": {"pupil": "p1", "class_key": "7a", "start": None, "finish": None},
    "hours": {"class_key": "7a", "subject_key": "alg", "hours_per_week": 2.0},
    "lessons": {
        "source_key": "l1", "date": BEGUN + DAY, "number": 1, "class_key": "7a",
        "group_key": None, "subject_key": "alg", "held": True, "status": "scheduled",
        "attendance_taken": True,
    },
    "marks": {
        "pupil": "p1", "lesson_key": "l1", "subject_key": "alg", "date": BEGUN + DAY, "value": "4",
        "scale": "5",
    },
    "attendance": {"pupil": "p1", "lesson_key": "l1", "status": "present"},
}  # fmt: skip


def _pairs(on: date, **frames: list[dict[str, Any]]) -> list[dict[str, Any]]:
    rule = load_profile("velikie_luki").rule(Accumulation, Asked.ACCUMULATION, on)
    assert rule is not None
    rows = {"terms": [{}], "enrolments": [{}], "hours": [{}], "lessons": [{}]} | frames
    made = {
        name: pl.DataFrame([ONE[name] | row for row in rows.get(name, [])], schema=schema)
        for name, schema in SCHEMAS.items()
    }
    return accumulation(rule, on, **made).to_dicts()


@pytest.mark.parametrize(
    ("hours", "on", "asked"),
    [
        (1.0, BEGUN + 3 * WEEK - DAY, None),
        (1.0, BEGUN + 3 * WEEK, 1),
        (1.0, BEGUN + 4 * WEEK - DAY, 1),
        (1.0, BEGUN + 4 * WEEK, 2),
        (2.0, BEGUN + 2 * WEEK, None),  # free no more, but nothing is asked yet
        (2.0, BEGUN + 3 * WEEK - DAY, None),
        (2.0, BEGUN + 3 * WEEK, 1),
        (2.0, BEGUN + 4 * WEEK, 2),
        (2.5, BEGUN + 3 * WEEK, 2),
        (5.0, BEGUN + 4 * WEEK, 3),
    ],
)
def test_what_is_asked_after_how_many_weeks(hours: float, on: date, asked: int | None) -> None:
    found = _pairs(on, hours=[{"hours_per_week": hours}])
    assert [pair["asked"] for pair in found] == ([] if asked is None else [asked])


@pytest.mark.parametrize(("marks", "enough"), [(0, False), (1, False), (2, True), (3, True)])
def test_who_has_enough(marks: int, enough: bool) -> None:
    (pair,) = _pairs(BEGUN + 4 * WEEK, marks=[{}] * marks)
    assert (pair["marks"], pair["enough"]) == (marks, enough)


@pytest.mark.parametrize(
    "mark",
    [
        {"date": BEGUN - DAY},
        {"date": BEGUN + 5 * WEEK},
        {"subject_key": "geo"},
        {"pupil": "p2"},
        {"scale": "code", "value": "debt"},
    ],
)
def test_what_is_no_mark_of_the_term(mark: dict[str, Any]) -> None:
    (pair,) = _pairs(BEGUN + 4 * WEEK, marks=[mark])
    assert pair["marks"] == 0


def test_weeks_run_from_the_day_a_pupil_came() -> None:
    came = {"start": BEGUN + 2 * WEEK}
    later = [{"date": BEGUN + 2 * WEEK}]
    assert _pairs(BEGUN + 5 * WEEK - DAY, enrolments=[came], lessons=later) == []
    (pair,) = _pairs(BEGUN + 5 * WEEK, enrolments=[came], lessons=later, marks=[{}])
    assert (pair["weeks"], pair["asked"], pair["marks"]) == (3, 1, 0)


@pytest.mark.parametrize(
    "frames",
    [
        {"enrolments": [{"finish": BEGUN + 4 * WEEK}]},  # left by now
        {"enrolments": [{"start": BEGUN + 5 * WEEK}]},  # not there yet
        {"lessons": []},  # nothing was taught
        {"lessons": [{"held": False}]},
        {"lessons": [{"status": "cancelled"}]},
        {"attendance": [{"status": "ill"}]},  # never attended
        {"attendance": [{"status": "exempt"}]},
        {"marks": [{"scale": "code", "value": "exempt"}]},
        {"hours": [{"hours_per_week": None}]},
        {"terms": [{"finish": BEGUN + 3 * WEEK}]},  # between terms
        {"terms": [{"kind": "year"}]},
    ],
)
def test_who_is_not_counted(frames: dict[str, list[dict[str, Any]]]) -> None:
    assert _pairs(BEGUN + 4 * WEEK, **frames) == []


def test_who_was_late_or_at_one_lesson_attended() -> None:
    assert _pairs(BEGUN + 4 * WEEK, attendance=[{"status": "late"}]) != []
    lessons = [{}, {"source_key": "l2"}]
    assert _pairs(BEGUN + 4 * WEEK, lessons=lessons, attendance=[{"status": "ill"}]) != []


def test_attending_is_known_where_attendance_was_taken_or_the_pupil_recorded() -> None:
    untaken: dict[str, Any] = {"lessons": [{"attendance_taken": None}]}
    on = BEGUN + 4 * WEEK
    assert _pairs(on, **untaken) == []
    assert len(_pairs(on, **untaken, marks=[{}])) == 1
    # Anybody's record shows that attendance was taken.
    assert len(_pairs(on, **untaken, attendance=[{"pupil": "p2", "status": "ill"}])) == 1


def test_a_group_is_the_pupils_own_if_something_shows_it() -> None:
    lessons = [{"group_key": "g1"}, {"source_key": "l2", "group_key": "g2"}]
    on = BEGUN + 4 * WEEK
    assert _pairs(on, lessons=lessons) == []
    assert len(_pairs(on, lessons=lessons, attendance=[{}])) == 1
    assert _pairs(on, lessons=lessons, attendance=[{"status": "ill"}]) == []
    seen = [{"status": "ill"}, {"lesson_key": "l2", "status": "late"}]
    assert len(_pairs(on, lessons=lessons, attendance=seen)) == 1
