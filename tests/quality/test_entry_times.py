"""When a part of the journal was written down, and the three verdicts, to the minute."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import polars as pl
import pytest

from quality.entry_times import Clock, Outcome, first_written, outcomes
from schemas.frames import INSTANT

DUE = datetime(2026, 9, 14, 20, 59, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
EVENING = datetime(2026, 9, 14, 17, 0, tzinfo=UTC)
DAY = timedelta(days=1)


def _versions(*rows: dict[str, Any]) -> pl.DataFrame:
    base = {"key": "l1", "seen_at": EVENING, "entered_at": None, "changed_at": None, "topic": None}
    schema = {
        "key": pl.String, "seen_at": INSTANT, "entered_at": INSTANT, "changed_at": INSTANT,
        "topic": pl.String,
    }  # fmt: skip
    return pl.DataFrame([base | row for row in rows], schema=schema)


def _written(*rows: dict[str, Any], looks: tuple[datetime, ...] = ()) -> dict[str, Any] | None:
    found = first_written(_versions(*rows), pl.col("topic").is_not_null(), looks)
    return found.to_dicts()[0] if found.height else None


def _verdict(*rows: dict[str, Any], looks: tuple[datetime, ...]) -> str:
    written = first_written(_versions(*rows), pl.col("topic").is_not_null(), looks)
    due = pl.DataFrame(
        {"key": ["l1"], "due_at": [DUE]}, schema={"key": pl.String, "due_at": INSTANT}
    )
    return str(outcomes(due, written, max(looks, default=None))["outcome"].item())


def test_what_stood_in_the_first_version_was_written_when_it_was_entered() -> None:
    entered = EVENING - 3 * MINUTE
    row = {"topic": "Дроби", "entered_at": entered, "changed_at": EVENING - MINUTE}
    found = _written(row)
    assert found is not None
    assert (found["not_before"], found["not_after"], found["clock"]) == (entered, entered, "source")


def test_a_row_that_stood_empty_was_written_when_it_was_entered() -> None:
    entered = EVENING + DAY - MINUTE
    then = {"topic": "Дроби", "seen_at": EVENING + DAY, "entered_at": entered}
    found = _written({}, then | {"changed_at": EVENING + DAY}, looks=(EVENING, EVENING + DAY))
    assert found is not None
    assert (found["not_after"], found["clock"]) == (entered, "source")


def test_what_came_later_was_written_when_the_record_was_changed() -> None:
    changed = EVENING + DAY - MINUTE
    first = {"entered_at": EVENING - MINUTE}
    then = {"topic": "Дроби", "seen_at": EVENING + DAY, "entered_at": EVENING - MINUTE}
    found = _written(first, then | {"changed_at": changed}, looks=(EVENING, EVENING + DAY))
    assert found is not None
    assert (found["not_after"], found["clock"]) == (changed, "source")
    found = _written(first, then, looks=(EVENING, EVENING + DAY))
    assert found is not None
    assert (found["not_before"], found["not_after"]) == (EVENING, EVENING + DAY)
    assert found["clock"] == "hub"


def test_a_part_that_was_taken_back_and_written_again_was_first_written_then() -> None:
    rows = [
        {"topic": "Дроби"},
        {"seen_at": EVENING + DAY},
        {"topic": "Дроби", "seen_at": EVENING + 2 * DAY},
    ]
    found = _written(*rows, looks=(EVENING,))
    assert found is not None
    assert found["not_after"] == EVENING


def test_a_word_of_the_source_from_the_future_is_not_believed() -> None:
    found = _written({"topic": "Дроби", "entered_at": EVENING + MINUTE}, looks=(EVENING - DAY,))
    assert found is not None
    assert (found["not_before"], found["clock"]) == (EVENING - DAY, Clock.HUB)


def test_a_change_before_the_version_without_it_is_not_its_time() -> None:
    rows = [{}, {"topic": "Дроби", "seen_at": EVENING + DAY, "changed_at": EVENING - MINUTE}]
    found = _written(*rows, looks=(EVENING,))
    assert found is not None
    assert (found["not_before"], found["clock"]) == (EVENING, Clock.HUB)


def test_what_was_never_written_has_no_row() -> None:
    assert _written({}) is None


@pytest.mark.parametrize(
    ("entered", "verdict"),
    [(DUE - MINUTE, "in_time"), (DUE, "in_time"), (DUE + MINUTE, "late")],
)
def test_by_the_clock_of_the_source(entered: datetime, verdict: str) -> None:
    seen = EVENING + DAY
    row = {"topic": "Дроби", "seen_at": seen, "entered_at": entered}
    assert _verdict(row, looks=(EVENING, seen)) == verdict


@pytest.mark.parametrize(
    ("looked", "seen", "verdict"),
    [
        (DUE - DAY, DUE - MINUTE, "in_time"),
        (DUE - DAY, DUE, "in_time"),
        (DUE - MINUTE, DUE + DAY, "unknown"),  # the hub did not look in the evening
        (DUE, DUE + DAY, "late"),  # at the last moment it was not there
        (DUE + MINUTE, DUE + DAY, "late"),
    ],
)
def test_by_the_looks_of_the_hub(looked: datetime, seen: datetime, verdict: str) -> None:
    assert _verdict({"topic": "Дроби", "seen_at": seen}, looks=(looked, seen)) == verdict


def test_what_the_first_look_ever_found_late_is_not_known() -> None:
    seen = DUE + DAY
    assert _verdict({"topic": "Дроби", "seen_at": seen}, looks=(seen,)) == Outcome.UNKNOWN


@pytest.mark.parametrize(
    ("looks", "verdict"),
    [
        ((), "not_due"),
        ((DUE - MINUTE,), "not_due"),
        ((DUE,), "not_due"),
        ((DUE + MINUTE,), "missing"),
    ],
)
def test_nothing_is_missing_before_its_time(looks: tuple[datetime, ...], verdict: str) -> None:
    assert _verdict({}, looks=looks) == verdict
