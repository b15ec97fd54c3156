"""What a school's past teaches, and what goes before what."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quality.batch_suite import load_suite
from quality.volume_bounds import (
    Bounds,
    BoundSource,
    Expected,
    Growth,
    begun_weeks,
    expected,
    learn_gap,
    learn_growth,
    why,
)

SUITE = load_suite()
LEARNING = SUITE.learning.model_copy(
    update={"weeks": 6, "least_weeks": 4, "spreads": 3.0, "share": 0.05, "rows": 5}
)
PUPIL, TERM_MARK = SUITE.tables["pupil"], SUITE.tables["term_mark"]
FRIDAY = date(2026, 9, 4)
SET, LEARNT, SHARED = BoundSource.SET, BoundSource.LEARNT, BoundSource.SUITE


def weekly(*rows: int | None) -> dict[date, int]:
    """Rows on the Fridays; None: a week without an upload."""
    return {FRIDAY + timedelta(weeks=n): r for n, r in enumerate(rows) if r is not None}


@pytest.mark.parametrize(
    ("rows", "learnt"),
    [
        ([], None),
        ([300, 300, 300, 300], None),  # three gains
        ([300, 300, 300, 300, 300], (0, 0, 4)),
        ([100, 200, 300, 400, 500], (100, 100, 4)),
        ([100, 200, 300, 400, 480, 600], (100, 100, 5)),  # 100 100 100 80 120: a deviation of 0
        ([0, 90, 190, 300, 400], (77, 123, 4)),  # 90 100 110 100: 100 and 3 x 1.4826 x 5
        ([0, 100, 200, 300, 400, 4000], (100, 100, 5)),  # one odd week moves nothing
        # A gain is from one week to the next: not over the weeks without an upload.
        ([100, 200, None, 300, 400], None),
        ([100, 200, 300, None, 700, 800, 900], (100, 100, 4)),
        # The latest six gains.
        ([0, 9, 18, 27, 36, 37, 38, 39, 40, 41, 42], (1, 1, 6)),
    ],
)
def test_what_a_week_brings(rows: list[int | None], learnt: tuple[int, int, int] | None) -> None:
    growth = learn_growth(weekly(*rows), LEARNING)
    assert growth == (None if learnt is None else Growth(*learnt))


def test_the_last_day_of_a_week_stands_for_it() -> None:
    thursdays = {day - timedelta(days=1): 1 for day in weekly(0, 0, 0, 0, 0)}
    volumes = weekly(10, 20, 30, 40, 50) | thursdays
    assert learn_growth(volumes, LEARNING) == Growth(10, 10, 4)
    sunday, monday = FRIDAY + timedelta(days=2), FRIDAY + timedelta(days=3)
    across = {sunday: 10, monday: 15}
    assert learn_growth(across, LEARNING.model_copy(update={"least_weeks": 1})) == Growth(5, 5, 1)


STEADY, GROWING = Growth(0, 0, 6), Growth(90, 110, 6)


@pytest.mark.parametrize(
    ("before", "growth", "weeks", "floor", "ceiling", "source"),
    [
        (49, None, 1, None, None, None),  # of few rows any share is a whim
        (49, STEADY, 1, None, None, None),
        (50, None, 1, 45, 65, SHARED),
        (50, STEADY, 1, 45, 55, LEARNT),  # a slack of five rows
        (300, STEADY, 1, 285, 315, LEARNT),  # of a twentieth
        (300, STEADY, 4, 285, 315, LEARNT),
        (300, GROWING, 1, 285, 425, LEARNT),
        (300, GROWING, 2, 285, 535, LEARNT),
        (300, Growth(-20, 10, 6), 1, 265, 325, LEARNT),
        (300, Growth(-500, 10, 6), 1, 150, 325, LEARNT),  # never less than half at once
    ],
)
def test_bounds_of_a_table(
    before: int,
    growth: Growth | None,
    weeks: int,
    floor: int | None,
    ceiling: int | None,
    source: BoundSource | None,
) -> None:
    learning = LEARNING.model_copy(update={"least_share": 0.5})
    one = expected(PUPIL, learning, 50, before, growth=growth, weeks=weeks)
    assert (one.floor, one.floor_from) == (floor, source)
    assert (one.ceiling, one.ceiling_from) == (ceiling, source)
    assert one.weeks == (6 if source is LEARNT else 0)


def test_few_rows_of_a_stored_batch_have_a_floor() -> None:
    one = expected(SUITE.tables["class_"], LEARNING, 50, 11, growth=STEADY, few_too=True)
    assert (one.floor, one.floor_from, one.weeks) == (9, SHARED, 0)
    assert (one.ceiling, one.ceiling_from) == (None, None)
    stated = expected(
        SUITE.tables["class_"], LEARNING, 50, 11, stated=Bounds(floor=2), few_too=True
    )
    assert (stated.floor, stated.floor_from) == (2, SET)


def test_a_table_that_grows_in_bursts_is_judged_by_shares() -> None:
    one = expected(TERM_MARK, LEARNING, 50, 100, growth=STEADY)
    assert (one.floor, one.ceiling, one.floor_from) == (90, 400, SHARED)


@pytest.mark.parametrize(
    ("stated", "before", "floor", "ceiling"),
    [
        (Bounds(floor=10), 300, (10, SET), (315, LEARNT)),
        (Bounds(ceiling=900), 300, (285, LEARNT), (900, SET)),
        (Bounds(floor=0, ceiling=1), 300, (0, SET), (1, SET)),
        # What is stated stands, even where it contradicts what is learnt.
        (Bounds(ceiling=200), 300, (200, LEARNT), (200, SET)),
        (Bounds(floor=400), 300, (400, SET), (400, LEARNT)),
        (Bounds(floor=20, ceiling=25), 0, (20, SET), (25, SET)),
        (Bounds(floor=20), 0, (20, SET), (None, None)),
    ],
)
def test_what_is_stated_goes_before_what_is_learnt(
    stated: Bounds,
    before: int,
    floor: tuple[int, BoundSource],
    ceiling: tuple[int | None, BoundSource | None],
) -> None:
    one = expected(PUPIL, LEARNING, 50, before, stated=stated, growth=STEADY)
    assert (one.floor, one.floor_from) == floor
    assert (one.ceiling, one.ceiling_from) == ceiling


rows_of_weeks = st.lists(st.integers(0, 5000), min_size=5, max_size=12)


@given(rows_of_weeks, st.integers(0, 5000), st.integers(1, 8))
def test_the_usual_is_always_within_the_bounds(rows: list[int], before: int, weeks: int) -> None:
    growth = learn_growth(weekly(*rows), LEARNING)
    one = expected(PUPIL, LEARNING, 50, before, growth=growth, weeks=weeks)
    if before >= 50:
        assert one.floor is not None
        assert one.ceiling is not None
        assert one.floor <= before <= one.ceiling


def _days(*gaps: int) -> list[date]:
    days = [FRIDAY]
    for gap in gaps:
        days.append(days[-1] + timedelta(days=gap))
    return days


@pytest.mark.parametrize(
    ("gaps", "learnt"),
    [
        ((), None),
        ((7, 7, 7), None),
        ((7, 7, 7, 7), 9),  # weekly, and a weekend
        ((1, 1, 1, 1, 3, 1), 3),
        ((14, 14, 14, 14, 60), 16),
        ((30, 30, 30, 31), 32),
        ((60, 60, 60, 60), 35),  # the longest that is learnt
    ],
)
def test_days_between_uploads(gaps: tuple[int, ...], learnt: int | None) -> None:
    assert learn_gap(_days(*gaps), LEARNING) == learnt
    assert learn_gap([*_days(*gaps), *_days(*gaps)], LEARNING) == learnt  # days, not uploads


@pytest.mark.parametrize(("days", "weeks"), [(None, 1), (0, 1), (1, 1), (7, 1), (8, 2), (15, 3)])
def test_weeks_that_have_begun(days: int | None, weeks: int) -> None:
    since = None if days is None else FRIDAY - timedelta(days=days)
    assert begun_weeks(since, FRIDAY) == weeks


def test_a_bound_says_why() -> None:
    learnt = Expected(310, 300, LEARNT, 320, LEARNT, 8)
    assert why(learnt, lower=True) == (
        "ожидалось не меньше 300: обычно 300–320, судя по неделям школы (8)"
    )
    stated = Expected(310, 200, SET, 320, LEARNT, 8)
    assert why(stated, lower=True) == "ожидалось не меньше 200: так указано для школы"
    shared = Expected(60, 54, SHARED, 78, SHARED)
    assert why(shared, lower=False) == "ожидалось не больше 78: доля, общая для всех школ"
