"""The last allowed instant of each deadline, to the minute."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import polars as pl
import pytest

from quality.deadlines import last_moments
from quality.profiles import load_profile
from quality.regulations import AfterLastLesson, Asked, Deadline, EnteredInTime, SameDay, WithinDays

MONDAY = date(2026, 9, 14)
MOSCOW, TOMSK = "Europe/Moscow", "Asia/Tomsk"
BELLS = pl.DataFrame(
    {"number": [1, 2, 3, 3, 6], "finish": ["09:45", "10:40", "11:35", "11:50", "14:30"]}
)
NO_BELLS = BELLS.clear()


def _lessons(*rows: dict[str, Any]) -> pl.DataFrame:
    base = {"date": MONDAY, "number": 1, "class_key": "7a", "given_by": "t1"}
    schema = {"date": pl.Date, "number": pl.Int64, "class_key": pl.String, "given_by": pl.String}
    return pl.DataFrame([base | row for row in rows], schema=schema)


def _moments(deadline: Deadline, *rows: dict[str, Any], zone: str = MOSCOW) -> list[datetime]:
    return last_moments(deadline, _lessons(*rows), BELLS, zone).to_list()


def _local(day: date, hour: int, minute: int, zone: str = MOSCOW) -> datetime:
    return datetime(day.year, day.month, day.day, hour, minute, tzinfo=ZoneInfo(zone))


MINUTE = timedelta(minutes=1)
TEACHER = AfterLastLesson(until="after_last_lesson", of="teacher", minutes=120)
CLASS = AfterLastLesson(until="after_last_lesson", of="class", minutes=90)
TUESDAY, WEEK_LATER = MONDAY + timedelta(days=1), MONDAY + timedelta(days=7)


@pytest.mark.parametrize(
    ("deadline", "zone", "first_late_minute"),
    [
        (SameDay(until="same_day"), MOSCOW, _local(TUESDAY, 0, 0)),
        (SameDay(until="same_day"), TOMSK, _local(TUESDAY, 0, 0, TOMSK)),
        (WithinDays(until="days", days=3), MOSCOW, _local(MONDAY + timedelta(days=4), 0, 0)),
        (WithinDays(until="days", days=7), MOSCOW, _local(WEEK_LATER + timedelta(days=1), 0, 0)),
    ],
)
def test_a_day_ends_at_midnight_of_the_region(
    deadline: Deadline, zone: str, first_late_minute: datetime
) -> None:
    [last] = _moments(deadline, {}, zone=zone)
    assert first_late_minute - MINUTE <= last < first_late_minute


def test_hours_run_from_the_end_of_the_teachers_last_lesson() -> None:
    rows = [{"number": 1}, {"number": 6, "class_key": "8b"}, {"number": 2, "given_by": "t2"}]
    first, last, of_another = _moments(TEACHER, *rows)
    assert first == last == _local(MONDAY, 16, 30)
    assert of_another == _local(MONDAY, 12, 40)
    assert last < _local(MONDAY, 16, 31)


def test_hours_run_from_the_end_of_the_last_lesson_of_the_class() -> None:
    rows = [{"number": 1}, {"number": 2, "given_by": "t2"}, {"number": 6, "class_key": "8b"}]
    assert _moments(CLASS, *rows) == [
        _local(MONDAY, 12, 10),
        _local(MONDAY, 12, 10),
        _local(MONDAY, 16, 0),
    ]


def test_each_day_has_a_last_lesson_of_its_own() -> None:
    assert _moments(TEACHER, {"number": 1}, {"number": 2, "date": TUESDAY}) == [
        _local(MONDAY, 11, 45),
        _local(TUESDAY, 12, 40),
    ]


def test_of_two_bell_timetables_the_later_counts() -> None:
    assert _moments(TEACHER, {"number": 3}) == [_local(MONDAY, 13, 50)]


@pytest.mark.parametrize("row", [{"number": 5}, {"given_by": None}])
def test_who_has_no_bell_has_until_midnight(row: dict[str, Any]) -> None:
    [last] = _moments(TEACHER, row)
    assert last == _local(TUESDAY, 0, 0) - timedelta(microseconds=1)


def test_a_last_lesson_without_a_bell_is_not_passed_over() -> None:
    assert _moments(TEACHER, {"number": 1}, {"number": 5})[0] > _local(MONDAY, 23, 59)


def test_without_bells_everybody_has_until_midnight() -> None:
    [last] = last_moments(CLASS, _lessons({}), NO_BELLS, MOSCOW).to_list()
    assert last == datetime(2026, 9, 14, 20, 59, 59, 999999, UTC)


@pytest.mark.parametrize(
    ("profile", "asked", "due"),
    [
        ("spb", Asked.HOMEWORK_ENTERED, _local(TUESDAY, 0, 0) - timedelta(microseconds=1)),
        ("velikie_luki", Asked.HOMEWORK_ENTERED, _local(MONDAY, 11, 45)),
        ("tomsk", Asked.HOMEWORK_ENTERED, _local(MONDAY, 11, 15)),
        ("tomsk", Asked.CONTROL_MARKS, _local(date(2026, 9, 18), 0, 0) - MINUTE / 60_000_000),
        ("tomsk", Asked.WRITTEN_MARKS, _local(date(2026, 9, 22), 0, 0) - MINUTE / 60_000_000),
    ],
)
def test_what_the_documents_ask(profile: str, asked: Asked, due: datetime) -> None:
    rule = load_profile(profile).rule(EnteredInTime, asked, MONDAY)
    assert rule is not None
    assert _moments(rule.deadline, {"number": 1}) == [due]
