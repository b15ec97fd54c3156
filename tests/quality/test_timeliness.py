"""Part by part: what is due, by which rule, and what became of it."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import polars as pl
import pytest

from quality.profiles import Profile, load_profile
from quality.timeliness import JUDGED, Observed, timeliness
from quality.versions import LESSON_VERSION
from schemas.frames import INSTANT

MONDAY = date(2026, 9, 14)
NOON = datetime(2026, 9, 14, 9, 0, tzinfo=UTC)  # 12:00 in Moscow
MIDNIGHT = datetime(2026, 9, 14, 21, 0, tzinfo=UTC)
MINUTE, DAY = timedelta(minutes=1), timedelta(days=1)
MOSCOW = "Europe/Moscow"
BELLS = pl.DataFrame({"number": [1, 2], "finish": ["09:45", "10:40"]})

LESSON: dict[str, Any] = {
    "lesson_key": "l1", "date": MONDAY, "number": 1, "class_key": "7a", "group_key": None,
    "subject_key": "alg", "teacher": "t1", "substitute": None, "held": True, "homework_due": False,
}  # fmt: skip
LESSON_SCHEMA = {
    "lesson_key": pl.String, "date": pl.Date, "number": pl.Int64, "class_key": pl.String,
    "group_key": pl.String, "subject_key": pl.String, "teacher": pl.String, "substitute": pl.String,
    "held": pl.Boolean, "homework_due": pl.Boolean,
}  # fmt: skip
VERSION: dict[str, Any] = {
    "key": "l1", "seen_at": NOON, "entered_at": NOON, "changed_at": None, "held": True,
    "topic": "Дроби", "homework": None, "substitute": None, "attendance_taken": True,
}  # fmt: skip
RECORD = {
    "key": pl.String, "lesson_key": pl.String, "seen_at": INSTANT, "entered_at": INSTANT,
    "work_type": pl.String,
}  # fmt: skip
MARK = {"key": "m1", "lesson_key": "l1", "seen_at": NOON, "entered_at": NOON, "work_type": "oral"}
LOOKS = (NOON, MIDNIGHT + 30 * DAY)


def _parts(
    *,
    profile: str = "spb",
    lessons: tuple[dict[str, Any], ...] = ({},),
    versions: tuple[dict[str, Any], ...] = ({},),
    marks: tuple[dict[str, Any], ...] = (),
    attendance: tuple[dict[str, Any], ...] = (),
    looks: tuple[datetime, ...] = LOOKS,
) -> pl.DataFrame:
    def records(rows: tuple[dict[str, Any], ...]) -> pl.DataFrame:
        return pl.DataFrame([MARK | row for row in rows], schema=RECORD)

    observed = Observed(
        lessons=pl.DataFrame([LESSON | row for row in lessons], schema=LESSON_SCHEMA),
        versions=pl.DataFrame([VERSION | row for row in versions], schema=LESSON_VERSION),
        marks=records(marks),
        attendance=records(attendance),
        bells=BELLS,
        looks=looks,
    )
    loaded: Profile = load_profile(profile)
    return timeliness(observed, loaded, MOSCOW)


def _outcomes(parts: pl.DataFrame) -> dict[str, str]:
    return dict(parts.select("part", "outcome").iter_rows())


def _figure(parts: pl.DataFrame) -> tuple[int, int]:
    """In time, and all that can be judged."""
    told = parts["outcome"].to_list()
    return told.count("in_time"), sum(outcome in JUDGED for outcome in told)


def test_a_full_lesson_of_the_day() -> None:
    parts = _parts(marks=({},))
    assert _outcomes(parts) == {"lesson": "in_time", "attendance": "in_time", "marks": "in_time"}
    assert _figure(parts) == (3, 3)


@pytest.mark.parametrize(
    ("entered", "outcome"), [(MIDNIGHT - MINUTE, "in_time"), (MIDNIGHT + MINUTE, "late")]
)
def test_a_lesson_is_entered_on_its_day(entered: datetime, outcome: str) -> None:
    row = {"entered_at": entered, "seen_at": MIDNIGHT + DAY}
    assert _outcomes(_parts(versions=(row,)))["lesson"] == outcome


def test_a_slot_nobody_filled_is_missing_once_its_day_is_over() -> None:
    empty = {"lesson_key": None, "held": False}
    assert _outcomes(_parts(lessons=(empty,), versions=())) == {"lesson": "missing"}
    parts = _parts(lessons=(empty,), versions=(), looks=(NOON,))
    assert _outcomes(parts) == {"lesson": "not_due"}
    assert _figure(parts) == (0, 0)


def test_a_row_without_topic_or_held_sign_is_no_entry() -> None:
    assert _outcomes(_parts(versions=({"topic": " "},)))["lesson"] == "missing"
    late = {"held": True, "seen_at": MIDNIGHT + DAY, "changed_at": MIDNIGHT + MINUTE}
    assert _outcomes(_parts(versions=({"held": False}, late)))["lesson"] == "late"


@pytest.mark.parametrize(
    ("profile", "after_last_bell", "outcome"),
    [
        ("velikie_luki", timedelta(minutes=120), "in_time"),
        ("velikie_luki", timedelta(minutes=121), "late"),
        ("tomsk", timedelta(minutes=90), "in_time"),
        ("tomsk", timedelta(minutes=91), "late"),
    ],
)
def test_homework_by_the_bell(profile: str, after_last_bell: timedelta, outcome: str) -> None:
    written = datetime(2026, 9, 14, 7, 40, tzinfo=UTC) + after_last_bell  # 10:40 in Moscow
    lessons = ({"homework_due": True}, {"lesson_key": "l2", "number": 2})
    row = {"homework": "№ 5", "entered_at": written, "seen_at": MIDNIGHT}
    assert _outcomes(_parts(profile=profile, lessons=lessons, versions=(row,)))["homework"] == (
        outcome
    )


def test_homework_that_was_added_later_is_judged_by_the_change() -> None:
    added = {"homework": "№ 5", "seen_at": MIDNIGHT + DAY, "changed_at": MIDNIGHT + MINUTE}
    parts = _parts(lessons=({"homework_due": True},), versions=({}, added))
    assert _outcomes(parts) == {"lesson": "in_time", "attendance": "in_time", "homework": "late"}


def test_attendance_is_there_with_the_sign_or_the_first_record() -> None:
    unsigned = ({"attendance_taken": None},)
    assert _outcomes(_parts(versions=unsigned))["attendance"] == "missing"
    first = {"entered_at": MIDNIGHT - MINUTE, "seen_at": MIDNIGHT + DAY}
    then = {"key": "a2", "entered_at": MIDNIGHT + DAY, "seen_at": MIDNIGHT + DAY}
    parts = _parts(versions=unsigned, attendance=(then, first))
    assert _outcomes(parts)["attendance"] == "in_time"
    assert _outcomes(_parts(versions=unsigned, attendance=(then,)))["attendance"] == "late"


def test_a_substitution_is_entered_with_the_lesson() -> None:
    lessons = ({"substitute": "t2"},)
    later = {"substitute": "t2", "seen_at": MIDNIGHT + DAY, "changed_at": MIDNIGHT + MINUTE}
    parts = _parts(lessons=lessons, versions=({}, later))
    assert _outcomes(parts)["substitution"] == "late"
    assert set(parts["teacher"]) == {"t2"}


@pytest.mark.parametrize(
    ("profile", "work_type", "days", "outcome"),
    [
        ("tomsk", "oral", 0, "in_time"),
        ("tomsk", "oral", 1, "late"),
        ("tomsk", "control", 3, "in_time"),
        ("tomsk", "control", 4, "late"),
        ("tomsk", "written", 7, "in_time"),
        ("tomsk", "written", 8, "late"),
        ("velikie_luki", "control", 7, "in_time"),  # no rule of its own: that of written work
        ("spb", "written", 1, "late"),  # one rule for all marks
    ],
)
def test_a_mark_has_the_deadline_of_its_work(
    profile: str, work_type: str, days: int, outcome: str
) -> None:
    mark = {"work_type": work_type, "entered_at": NOON + days * DAY, "seen_at": MIDNIGHT + 9 * DAY}
    parts = _parts(profile=profile, marks=(mark,))
    assert parts.filter(part="marks")["outcome"].to_list() == [outcome]
    assert parts.filter(part="marks")["record"].to_list() == ["m1"]


def test_what_a_regulation_does_not_ask_for_is_not_counted() -> None:
    assert _parts(profile="kogalym", marks=({},)).is_empty()
    assert _outcomes(_parts(profile="velikie_luki", marks=({"work_type": "oral"},))) == {
        "lesson": "in_time",
        "attendance": "in_time",
    }


def test_what_nobody_can_know_is_not_in_the_figure() -> None:
    row = {"entered_at": None, "seen_at": MIDNIGHT + DAY}
    parts = _parts(versions=(row,), looks=(NOON, MIDNIGHT + DAY))
    assert _outcomes(parts) == {"lesson": "unknown", "attendance": "unknown"}
    assert _figure(parts) == (0, 0)
