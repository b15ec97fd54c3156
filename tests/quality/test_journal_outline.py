"""What the database adds up is what the rows would show."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime

import pytest
from sqlalchemy import Engine, text

from quality.journal_frames import Known
from quality.journal_outline import lesson_outline, pupils_with_data

MONDAY, PERIOD = date(2026, 9, 14), (date(2026, 9, 1), date(2026, 9, 18))
SEEN = datetime(2026, 9, 14, 18, tzinfo=UTC)  # as the fixture ``store`` has it
JOURNAL = Known("s1", "paragraf", 2026, SEEN)

Store = Callable[..., None]


@pytest.fixture
def journal(engine: Engine, store: Store) -> Engine:
    store("lesson", {}, {"date": date(2026, 9, 19)}, {"date": date(2026, 8, 31)})
    store(
        "mark",
        {"pupil": "marked"},
        {"pupil": "marked", "date": date(2026, 9, 18)},
        {"pupil": "before", "date": date(2026, 8, 31)},
    )
    store(
        "attendance",
        {"pupil": "listed", "lesson_key": "lesson0"},
        {"pupil": "later", "lesson_key": "lesson1"},
        {"pupil": "nowhere", "lesson_key": "unknown"},
    )
    return engine


def test_pupils_with_a_mark_or_an_attendance_record_in_the_period(journal: Engine) -> None:
    with journal.begin() as connection:
        assert {*pupils_with_data(connection, JOURNAL, PERIOD)} == {"marked", "listed"}
        connection.execute(text("UPDATE journal.mark SET vanished_at = recorded_at"))
        assert {*pupils_with_data(connection, JOURNAL, PERIOD)} == {"listed"}


def test_lessons_that_say_the_same_are_one(engine: Engine, store: Store) -> None:
    alike = [{"date": date(2026, 9, day)} for day in (14, 15, 16)]
    saturdays = [{"date": date(2026, 9, day)} for day in (5, 12)]
    others = [{"held": False}, {"teacher": "t2"}, {"date": date(2026, 9, 21)}]
    store("lesson", *alike, *saturdays, *others)
    with engine.begin() as connection:
        outline = lesson_outline(connection, JOURNAL, PERIOD)
    shown = outline.select("date", "teacher", "held").sort("date", "teacher", "held").rows()
    assert shown == [
        (date(2026, 9, 5), "t1", True),
        (MONDAY, "t1", False),
        (MONDAY, "t1", True),
        (MONDAY, "t2", True),
        (date(2026, 9, 21), "t1", True),
    ]
