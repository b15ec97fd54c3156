"""The journal as it was known on a past evening, whatever has been stored since."""

from __future__ import annotations

import random
from datetime import UTC, date, datetime, timedelta

import polars as pl
import pytest

from pipeline.hub import Hub
from pipeline.store import Batch, mark_vanished, upsert
from quality.journal_frames import read_journal
from quality.versions import lesson_versions
from schemas.tables import content_columns

SCHOOL, SOURCE, YEAR = "781001", "paragraf", 2026
FIRST = datetime(2026, 9, 14, 17, 0, tzinfo=UTC)
DAY = timedelta(days=1)
YEAR_DAYS = (date(2026, 9, 1), date(2027, 5, 31))
TYPES: dict[str, pl.DataType] = {
    "date": pl.Date(),
    "number": pl.Int64(),
    "homework_not_set": pl.Boolean(),
    "held": pl.Boolean(),
    "attendance_taken": pl.Boolean(),
    "entered_at": pl.Datetime("us", "UTC"),
    "changed_at": pl.Datetime("us", "UTC"),
}


def _lessons(topics: dict[str, str | None], changed_at: datetime | None = None) -> pl.DataFrame:
    """A lesson for each key, with its topic."""
    names = content_columns("lesson")
    base = {
        "date": date(2026, 9, 10), "number": 1, "class_key": "7a", "subject_key": "alg",
        "homework_not_set": False, "held": True, "status": "scheduled", "changed_at": changed_at,
    }  # fmt: skip
    rows = [
        dict.fromkeys(names) | base | {"source_key": key, "key": key, "topic": topic}
        for key, topic in topics.items()
    ]
    schema = {"key": pl.String()} | {name: TYPES.get(name, pl.String()) for name in names}
    return pl.DataFrame(rows, schema=schema).with_columns(
        text_blocked=pl.lit(value=False), _document=pl.lit("l.xml"), _line=pl.lit(2)
    )


def _store(hub: Hub, seen_at: datetime, frame: pl.DataFrame) -> None:
    batch = Batch(SCHOOL, SOURCE, YEAR, "r1", seen_at)
    with hub.engine.begin() as connection:
        upsert(connection, "lesson", frame, batch, {"l.xml": 7})
        mark_vanished(connection, "lesson", batch, YEAR_DAYS, ())


def _known(hub: Hub, as_of: datetime) -> dict[str, str | None]:
    with hub.engine.begin() as connection:
        frame = read_journal(connection, SCHOOL, SOURCE, YEAR, as_of).lesson
    return dict(frame.select("source_key", "topic").iter_rows())


@pytest.mark.parametrize("seed", range(3))
def test_every_evening_is_as_it_was(hub: Hub, seed: int) -> None:
    """Lessons come, change, go, come back as they were or otherwise."""
    draw = random.Random(seed)
    evenings: list[dict[str, str | None]] = []
    for n in range(7):
        held = {key for key in "abcdef" if draw.random() < 0.7}
        evenings.append({key: draw.choice([None, "Дроби", "Степени"]) for key in sorted(held)})
        _store(hub, FIRST + n * DAY, _lessons(evenings[-1]))
    for n, evening in enumerate(evenings):
        assert _known(hub, FIRST + n * DAY) == evening
        assert _known(hub, FIRST + n * DAY + timedelta(hours=5)) == evening
    assert _known(hub, FIRST - timedelta(seconds=1)) == {}


def test_storing_again_changes_nothing_about_the_past(hub: Hub) -> None:
    _store(hub, FIRST, _lessons({"a": "Дроби"}))
    _store(hub, FIRST + DAY, _lessons({"a": "Дроби"}))
    assert _known(hub, FIRST) == _known(hub, FIRST + DAY) == {"a": "Дроби"}


def test_versions_of_a_lesson(hub: Hub) -> None:
    _store(hub, FIRST, _lessons({"a": None}))
    _store(hub, FIRST + DAY, _lessons({"a": "Дроби"}, changed_at=FIRST + DAY))
    _store(hub, FIRST + 2 * DAY, _lessons({}))
    with hub.engine.begin() as connection:
        places = (connection, SCHOOL, SOURCE, YEAR)
        told = lesson_versions(*places, FIRST + 2 * DAY).sort("seen_at")
        until = lesson_versions(*places, FIRST)
    assert told["topic"].to_list() == [None, "Дроби", "Дроби"]
    assert told["seen_at"].to_list()[:2] == [FIRST, FIRST + DAY]
    assert told["changed_at"].to_list()[1] == FIRST + DAY
    assert until["topic"].to_list() == [None]
