"""Which lessons are scheduled: the timetable, the calendar, and what the journal says."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any

import polars as pl
import pytest

from quality.schedule import ScheduleBasis, scheduled_lessons
from quality.school_days import (
    between_terms,
    days_without_lessons,
    has_saturday_lessons,
    holiday_dates,
    school_days,
)

Frame = Callable[..., pl.DataFrame]
PERIOD = (date(2026, 9, 7), date(2026, 9, 20))  # two whole weeks, Monday to Sunday
MONDAYS = [date(2026, 9, 7), date(2026, 9, 14)]


def _dates(scheduled: pl.DataFrame) -> list[date]:
    return sorted(scheduled["date"].to_list())


def _timetable(
    slots: pl.DataFrame, lessons: pl.DataFrame, off: set[date] | None = None
) -> pl.DataFrame:
    return scheduled_lessons(ScheduleBasis.TIMETABLE, slots, lessons, PERIOD, off or set())


def test_a_slot_without_rows_is_a_lesson_each_week(frame: Frame) -> None:
    scheduled = _timetable(frame("timetable_slot", {}), frame("lesson"))
    assert _dates(scheduled) == MONDAYS
    assert scheduled["lesson_key"].to_list() == [None, None]


def test_a_lesson_row_takes_its_slot(frame: Frame) -> None:
    scheduled = _timetable(frame("timetable_slot", {}), frame("lesson", {}))
    assert dict(scheduled.select("date", "lesson_key").iter_rows()) == {
        MONDAYS[0]: None,
        MONDAYS[1]: "lesson0",
    }


@pytest.mark.parametrize("status", ["cancelled", "merged"])
def test_a_lesson_that_is_off_takes_its_slot_away(frame: Frame, status: str) -> None:
    scheduled = _timetable(frame("timetable_slot", {}), frame("lesson", {"status": status}))
    assert _dates(scheduled) == MONDAYS[:1]


def test_days_off_have_no_lessons(frame: Frame) -> None:
    scheduled = _timetable(frame("timetable_slot", {}), frame("lesson", {}), {MONDAYS[1]})
    assert _dates(scheduled) == MONDAYS[:1]


@pytest.mark.parametrize(
    ("slot", "dates"),
    [
        ({"weekday": 6}, [date(2026, 9, 12), date(2026, 9, 19)]),
        ({"weekday": 7}, []),  # nobody is taught on Sunday
        ({"valid_from": date(2026, 9, 14)}, MONDAYS[1:]),
        ({"valid_to": date(2026, 9, 7)}, MONDAYS[:1]),
        ({"valid_from": date(2026, 10, 1)}, []),
    ],
)
def test_slots_count_on_their_days(frame: Frame, slot: dict[str, Any], dates: list[date]) -> None:
    assert _dates(_timetable(frame("timetable_slot", slot), frame("lesson"))) == dates


@pytest.mark.parametrize(
    "other",
    [
        {"number": 2},
        {"subject_key": "geo"},
        {"class_key": "7b"},
        {"group_key": "g1"},
        {"date": date(2026, 9, 15)},
    ],
)
def test_an_extra_lesson_matches_no_slot_and_does_not_count(
    frame: Frame, other: dict[str, Any]
) -> None:
    scheduled = _timetable(frame("timetable_slot", {}), frame("lesson", other))
    assert _dates(scheduled) == MONDAYS
    assert scheduled["lesson_key"].null_count() == 2


def test_lessons_of_two_groups_are_two_lessons(frame: Frame) -> None:
    slots = frame("timetable_slot", {"group_key": "g1"}, {"group_key": "g2"})
    scheduled = _timetable(slots, frame("lesson", {"group_key": "g2"}))
    assert scheduled.height == 4
    assert scheduled.filter(pl.col("lesson_key") == "lesson0")["group_key"].to_list() == ["g2"]


def test_two_slots_of_one_place_are_one_lesson(frame: Frame) -> None:
    slots = frame("timetable_slot", {}, {"teacher": "t2"})
    assert _timetable(slots, frame("lesson", {})).height == 2


def test_a_cancelled_row_beside_a_held_one_leaves_the_lesson(frame: Frame) -> None:
    lessons = frame("lesson", {"status": "cancelled", "held": False}, {})
    scheduled = _timetable(frame("timetable_slot", {}), lessons)
    assert scheduled.drop_nulls("lesson_key")["lesson_key"].to_list() == ["lesson1"]


def test_without_a_timetable_lessons_are_scheduled_by_their_rows(frame: Frame) -> None:
    lessons = frame(
        "lesson",
        {},
        {"held": False},
        {"status": "cancelled"},
        {"date": date(2026, 9, 21)},  # after the period
        {"date": date(2026, 9, 6)},
    )
    scheduled = scheduled_lessons(
        ScheduleBasis.LESSONS, frame("timetable_slot"), lessons, PERIOD, set()
    )
    assert scheduled["lesson_key"].to_list() == ["lesson0", "lesson1"]


def test_both_bases_give_the_same_columns(frame: Frame) -> None:
    slots, lessons = frame("timetable_slot", {}), frame("lesson", {})
    by_slot = scheduled_lessons(ScheduleBasis.TIMETABLE, slots, lessons, PERIOD, set())
    by_lesson = scheduled_lessons(ScheduleBasis.LESSONS, slots, lessons, PERIOD, set())
    assert by_slot.schema == by_lesson.schema


def test_holidays_are_every_day_of_every_kind(frame: Frame) -> None:
    holidays = frame(
        "holiday",
        {"start": date(2026, 9, 10), "finish": date(2026, 9, 11)},
        {"start": date(2026, 9, 14), "finish": date(2026, 9, 14), "kind": "quarantine"},
    )
    assert holiday_dates(holidays, [date(2026, 9, 1)]) == {
        date(2026, 9, 1),
        date(2026, 9, 10),
        date(2026, 9, 11),
        date(2026, 9, 14),
    }


@pytest.mark.parametrize(("saturdays", "count"), [(False, 9), (True, 11)])
def test_school_days_are_weekdays_and_saturdays_where_taught(saturdays: bool, count: int) -> None:
    days = school_days(*PERIOD, {date(2026, 9, 14)}, saturdays=saturdays)
    assert len(days) == count
    assert date(2026, 9, 14) not in days
    assert not any(day.isoweekday() == 7 for day in days)


def test_saturdays_are_read_from_the_timetable_or_from_lessons(frame: Frame) -> None:
    saturday_lesson = frame("lesson", {"date": date(2026, 9, 12)})
    assert has_saturday_lessons(frame("timetable_slot", {"weekday": 6}), frame("lesson"))
    assert not has_saturday_lessons(frame("timetable_slot", {"weekday": 5}), saturday_lesson)
    assert has_saturday_lessons(frame("timetable_slot"), saturday_lesson)
    assert not has_saturday_lessons(frame("timetable_slot"), frame("lesson"))


def test_between_two_terms_there_is_no_school() -> None:
    terms = pl.DataFrame(
        {
            "kind": ["year", "quarter", "quarter", "half_year"],
            "start": [date(2026, 9, 1), date(2026, 11, 3), date(2026, 9, 1), date(2027, 1, 11)],
            "finish": [
                date(2027, 5, 31),
                date(2026, 12, 29),
                date(2026, 10, 30),
                date(2027, 5, 31),
            ],
        }
    )
    gaps = between_terms(terms)
    assert min(gaps) == date(2026, 10, 31)
    assert max(gaps) == date(2027, 1, 10)
    assert len(gaps) == 3 + 12
    assert between_terms(terms.clear()) == set()


def test_a_journal_that_lists_holidays_is_believed(frame: Frame) -> None:
    terms = frame(
        "term",
        {"kind": "quarter", "start": date(2026, 9, 1), "finish": date(2026, 10, 25)},
        {"kind": "quarter", "start": date(2026, 10, 28), "finish": date(2026, 12, 29)},
    )
    listed = frame("holiday", {"start": date(2026, 10, 27), "finish": date(2026, 10, 27)})
    assert days_without_lessons(listed, terms, []) == {date(2026, 10, 27)}
    assert days_without_lessons(listed.clear(), terms, [date(2026, 11, 4)]) == {
        date(2026, 10, 26),
        date(2026, 10, 27),
        date(2026, 11, 4),
    }
