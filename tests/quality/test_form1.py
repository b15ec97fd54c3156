"""Form 1: eight counts per grade level."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date
from typing import Any

import polars as pl
import pytest

from quality.form1 import COLUMNS, form1
from quality.journal_frames import JournalFrames
from quality.schedule import ScheduleBasis

Frame = Callable[..., pl.DataFrame]
PERIOD = (date(2026, 9, 1), date(2026, 9, 18))

ROWS: dict[str, list[dict[str, Any]]] = {
    "class_": [
        {"source_key": "7a", "grade_level": 7},
        {"source_key": "7b", "grade_level": 7},
        {"source_key": "11a", "grade_level": 11},
    ],
    "enrolment": [
        {"pupil": "p1", "class_key": "7a"},
        {"pupil": "p2", "class_key": "7b"},
        {"pupil": "p3", "class_key": "11a"},
    ],
    "curriculum_hours": [
        {"class_key": "7a", "subject_key": "alg"},
        {"class_key": "7b", "subject_key": "alg"},
        {"class_key": "7b", "subject_key": "geo"},
    ],
    "timetable_slot": [{}, {"class_key": "7b", "teacher": "t2"}, {"class_key": "7b"}],
    "lesson": [{}],
    "mark": [],
    "attendance": [],
    "access_account": [{"person": "t1", "active": True}, {"person": "t2", "active": False}],
    "subject": [],
    "staff_member": [],
    "guardian": [],
    "holiday": [],
    "bell": [],
    "term": [],
}
SEVENTH = {
    "classes": 2,
    "classes_filled": 1,
    "pupils": 2,
    "pupils_with_data": 1,
    "subjects": 2,
    "subjects_with_data": 1,
    "teachers": 2,
    "teachers_with_access": 1,
}


def _form(
    frame: Frame,
    basis: ScheduleBasis = ScheduleBasis.TIMETABLE,
    known: Sequence[str] = ("p1",),
    **changed: list[dict[str, Any]],
) -> dict[int, dict[str, int]]:
    frames = {entity: frame(entity, *rows) for entity, rows in (ROWS | changed).items()}
    with_data = pl.Series("pupil", known, pl.String)
    rows = form1(JournalFrames(**frames), basis, PERIOD, with_data).to_dicts()
    return {row.pop("grade_level"): row for row in rows}


def test_counts_of_each_level(frame: Frame) -> None:
    counted = _form(frame)
    assert counted[7] == SEVENTH
    assert counted[11] == dict.fromkeys(COLUMNS, 0) | {"classes": 1, "pupils": 1}
    assert set(counted) == {7, 11}


@pytest.mark.parametrize(
    ("changed", "expected"),
    [
        ({"lesson": [{"held": False}]}, {"classes_filled": 0, "subjects_with_data": 0}),
        (
            {"lesson": [{"date": date(2026, 9, 19)}]},
            {"classes_filled": 0, "subjects_with_data": 0},
        ),
        (
            {"lesson": [{"status": "merged"}]},
            {"classes_filled": 0, "subjects_with_data": 0},
        ),
        ({"lesson": [{"subject_key": "art"}]}, {"subjects_with_data": 0}),  # not in the curriculum
        ({"lesson": [{"class_key": "7b"}]}, {}),
        ({"known": ["p1", "p2"]}, {"pupils_with_data": 2}),
        ({"known": ["stranger"]}, {"pupils_with_data": 0}),
        ({"access_account": []}, {"teachers_with_access": 0}),
        ({"timetable_slot": [{"teacher": None}]}, {"teachers": 0, "teachers_with_access": 0}),
        (
            {"timetable_slot": [{"valid_from": date(2026, 9, 19)}]},
            {"teachers": 0, "teachers_with_access": 0},
        ),
    ],
)
def test_what_counts(frame: Frame, changed: dict[str, Any], expected: dict[str, int]) -> None:
    assert _form(frame, **changed)[7] == SEVENTH | expected


@pytest.mark.parametrize(
    ("dates", "counted"),
    [
        ({}, 1),
        ({"start": date(2026, 9, 18)}, 1),
        ({"start": date(2026, 9, 19)}, 0),
        ({"finish": date(2026, 9, 18)}, 0),
        ({"finish": date(2026, 9, 19)}, 1),
    ],
)
def test_enrolments_open_on_the_day(frame: Frame, dates: dict[str, date], counted: int) -> None:
    row = {"pupil": "p1", "class_key": "7a"} | dates
    assert _form(frame, enrolment=[row])[7]["pupils"] == counted


def test_without_a_timetable_teachers_are_those_of_the_lessons(frame: Frame) -> None:
    lessons = [{"teacher": "t2", "substitute": "t1"}, {"teacher": "t2", "class_key": "11a"}]
    counted = _form(frame, ScheduleBasis.LESSONS, timetable_slot=[], lesson=lessons)
    assert (counted[7]["teachers"], counted[7]["teachers_with_access"]) == (1, 0)
    assert counted[11]["teachers"] == 1


def test_a_school_without_classes_has_no_rows(frame: Frame) -> None:
    assert _form(frame, **{entity: [] for entity in ROWS}) == {}
