from __future__ import annotations

import re
from datetime import date, timedelta

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from privacy.consent import (
    APPLICATIONS,
    REFUSALS,
    Deadlines,
    consent_states,
    deadline_sources,
    deadlines,
    reasons,
)
from privacy.leaving import DEPARTURES, departures

DAY = date(2026, 9, 10)
LIMITS = Deadlines(version="t", register_days=0, start_days=5, stop_days=3)
YEAR_END = date(2027, 5, 31)


def day(offset: int | None) -> date | None:
    return None if offset is None else DAY + timedelta(days=offset)


def applied(*rows: tuple[str | None, int, int | None, int | None]) -> pl.DataFrame:
    return pl.DataFrame(
        [(pupil, *map(day, offsets), "list") for pupil, *offsets in rows],
        schema=APPLICATIONS,
        orient="row",
    )


def refused(*rows: tuple[str, int]) -> pl.DataFrame:
    told = [(pupil, day(offset), "entry") for pupil, offset in rows]
    return pl.DataFrame(told, schema=REFUSALS, orient="row")


def left(*rows: tuple[str, int, int | None]) -> pl.DataFrame:
    told = [(pupil, day(left_on), day(back_on), "order") for pupil, left_on, back_on in rows]
    return pl.DataFrame(told, schema=DEPARTURES, orient="row")


def state_of(
    applications: pl.DataFrame, refusals: pl.DataFrame, gone: pl.DataFrame, on: int = 0
) -> tuple[object, ...]:
    """State, since, due on (days from ``DAY``) and origin of the one pupil."""
    found = consent_states(applications, refusals, gone, DAY + timedelta(days=on), LIMITS)
    (row,) = found.rows()
    offsets = (None if d is None else (d - DAY).days for d in row[2:4])
    return (row[1], *offsets, row[5])


@pytest.mark.parametrize(
    ("dates", "state", "since", "due"),
    [
        ((-5, None, None), "applied", -5, -5),
        ((0, None, None), "applied", 0, 0),
        ((1, 1, None), "not_applied", None, None),
        ((-5, 1, None), "registered", -5, 0),
        ((-5, 0, None), "active", 0, 0),
        ((-5, -1, None), "active", -1, 0),
        ((-5, -4, 1), "active", -4, 0),
        ((-5, -4, 0), "refused", 0, 3),
        ((-5, -4, -1), "refused", -1, 2),
        ((-5, None, -1), "refused", -1, 2),
    ],
)
def test_one_application(
    dates: tuple[int, int | None, int | None], state: str, since: int, due: int
) -> None:
    said = state_of(applied(("p1", *dates)), refused(), left())
    assert said == (state, since, due, None if state == "not_applied" else "list")


# An application of day -5, active since day -4, and what else is said of the child.
SINCE_MINUS_4 = ("p1", -5, -4, None)


@pytest.mark.parametrize(
    ("stop", "state", "since", "due"),
    [
        (-6, "active", -4, 0),  # of before: the application is the later word
        (-5, "refused", -5, -2),  # of the same day: the protective reading
        (-4, "refused", -4, -1),
        (-1, "refused", -1, 2),
        (0, "refused", 0, 3),
        (1, "active", -4, 0),  # not yet
    ],
)
def test_a_refusal_on_paper_beats_what_the_journal_still_says(
    stop: int, state: str, since: int, due: int
) -> None:
    said = state_of(applied(SINCE_MINUS_4), refused(("p1", stop)), left())
    assert said == (state, since, due, "entry" if state == "refused" else "list")


@pytest.mark.parametrize(
    ("again", "state"),
    [
        ((-3, -3), "refused"),
        ((-2, -2), "refused"),  # the day of the refusal
        ((-1, -1), "active"),
        ((-1, 0), "active"),
        ((-1, 1), "registered"),
        ((-1, None), "applied"),
        ((1, 1), "refused"),
    ],
)
def test_only_a_later_application_begins_anew(again: tuple[int, int | None], state: str) -> None:
    both = applied(SINCE_MINUS_4, ("p1", *again, None))
    assert state_of(both, refused(("p1", -2)), left())[0] == state


def test_a_new_application_leaves_the_stop_its_deadline() -> None:
    again = applied(SINCE_MINUS_4, ("p1", -1, None, None))
    found = consent_states(again, refused(("p1", -2)), left(), DAY, LIMITS)
    assert found.select("state", "due_on", "stop_due_on").rows() == [("applied", day(-1), day(1))]


def test_the_first_refusal_sets_the_deadline() -> None:
    twice = refused(("p1", -3), ("p1", -1))
    assert state_of(applied(SINCE_MINUS_4), twice, left()) == ("refused", -3, 0, "entry")


def test_a_refusal_written_to_one_application_ends_the_others_made_before() -> None:
    both = applied(("p1", -9, -9, None), ("p1", -7, -7, -5))
    assert state_of(both, refused(), left()) == ("refused", -5, -2, "list")
    assert state_of(applied(("p1", -9, -9, -5), ("p1", -4, -4, None)), refused(), left())[0] == (
        "active"
    )


def test_of_those_not_ended_one_active_is_enough_and_the_first_sets_the_deadline() -> None:
    three = applied(("p1", -3, None, None), ("p1", -4, -1, None), ("p1", -6, -2, None))
    assert state_of(three, refused(), left()) == ("active", -2, -1, "list")


def test_a_refusal_without_an_application_is_kept_too() -> None:
    assert state_of(applied(), refused(("p1", -1)), left()) == ("refused", -1, 2, "entry")
    assert state_of(applied(), refused(("p1", 1)), left())[0] == "not_applied"


@pytest.mark.parametrize(
    ("left_on", "back_on", "state", "since"),
    [
        (1, None, "active", -4),
        (0, None, "ended", 0),
        (-1, None, "ended", -1),
        (-1, 1, "ended", -1),
        (-2, 0, "ended", -2),  # back, and the consent of before does not revive
        (-5, -1, "ended", -5),
        (-7, -6, "active", -4),  # left and came back before it was given
    ],
)
def test_leaving_the_school_ends_consent(
    left_on: int, back_on: int | None, state: str, since: int
) -> None:
    gone = left(("p1", left_on, back_on))
    said = state_of(applied(SINCE_MINUS_4), refused(), gone)
    assert said[:2] == (state, since)
    assert said[3] == ("order" if state == "ended" else "list")


def test_a_consent_given_anew_counts_from_the_return() -> None:
    gone = left(("p1", -3, 0))
    again = applied(SINCE_MINUS_4, ("p1", -1, -1, None))
    assert state_of(again, refused(), gone, on=-1) == ("ended", -3, 0, "order")
    assert state_of(again, refused(), gone, on=0)[0] == "active"


def test_who_was_refused_and_left_later_keeps_the_earlier_deadline() -> None:
    found = state_of(applied(SINCE_MINUS_4), refused(("p1", -3)), left(("p1", -1, None)))
    assert found == ("refused", -3, 0, "entry")


def test_applications_of_nobody_are_nobodys() -> None:
    found = consent_states(applied((None, -5, -5, None)), refused(), left(("p2", -1, None)), DAY)
    assert found.select("pupil", "state").rows() == [("p2", "ended")]


Maybe = st.none() | st.integers(-9, 9)
Rows = st.lists(st.tuples(st.just("p1"), st.integers(-9, 9), Maybe, Maybe), min_size=1, max_size=4)


@given(Rows, st.lists(st.integers(-9, 9), max_size=2), st.lists(st.integers(-9, 9), max_size=2))
def test_active_is_what_the_definition_says(
    rows: list[tuple[str, int, int | None, int | None]], refusals: list[int], gone: list[int]
) -> None:
    """Registered by today, applied for after the last stop, and the child is here."""
    rows = [row for row in rows if row[3] is None or row[3] >= row[1]]
    stops = [*refusals, *gone, *(row[3] for row in rows if row[1] <= 0 and row[3] is not None)]
    last = max((stop for stop in stops if stop <= 0), default=-99)
    expected = any(
        registered is not None and registered <= 0 and last < made <= 0
        for _, made, registered, _ in rows
    )
    found = consent_states(
        applied(*rows),
        refused(*(("p1", one) for one in refusals)),
        left(*(("p1", one, one + 1) for one in gone if one != 0)),
        DAY,
        LIMITS,
    )
    agreed = reasons(found).filter(pl.col("reason").is_null())
    if 0 not in gone:
        assert (agreed.height == 1) == expected


def test_the_deadlines_in_force() -> None:
    assert deadlines() == Deadlines(version="1", register_days=0, start_days=5, stop_days=3)


def test_each_deadline_names_its_document_and_clause() -> None:
    sources = deadline_sources()
    assert sources.keys() == {"register_days", "start_days", "stop_days"}
    assert all(re.match(r"Регламент КлассИнфо, .+, п\. \d\.\d: ", one) for one in sources.values())


# When a child left: spells in classes as days from DAY, and orders.
Spell = tuple[int | None, int | None]


def gone(spells: list[Spell], orders: list[tuple[str, int]]) -> list[tuple[int, int | None, str]]:
    classes = pl.DataFrame(
        [("p1", day(start), day(finish), YEAR_END) for start, finish in spells],
        schema={"pupil": pl.String} | dict.fromkeys(("start", "finish", "year_end"), pl.Date),
        orient="row",
    )
    moved = pl.DataFrame(
        [("p1", kind, day(on)) for kind, on in orders],
        schema={"pupil": pl.String, "kind": pl.String, "date": pl.Date},
        orient="row",
    )
    return [
        ((left_on - DAY).days, None if back is None else (back - DAY).days, origin)
        for _, left_on, back, origin in departures(classes, moved).iter_rows()
    ]


OUT, IN, MOVED = "withdrawal", "enrolment", "transfer"


@pytest.mark.parametrize(
    ("spells", "orders", "expected"),
    [
        pytest.param([(-99, None)], [], [], id="is here"),
        pytest.param([], [], [], id="in no list: nobody said that the child left"),
        pytest.param([(-99, 0)], [], [(0, None, "list")], id="the last day"),
        pytest.param([(None, 0)], [], [(0, None, "list")], id="of unknown beginning"),
        pytest.param([(-99, 0), (0, None)], [], [], id="from one class into another"),
        pytest.param([(-99, 0), (-1, None)], [], [], id="in both for a day"),
        pytest.param([(-99, 0), (None, None)], [], [], id="the other one of unknown beginning"),
        pytest.param([(-99, 0), (3, None)], [], [], id="a weekend between"),
        pytest.param([(-99, 0), (4, None)], [], [(0, 4, "list")], id="more than a weekend"),
        pytest.param([(-99, 0), (-99, 5)], [], [(5, None, "list")], id="out of both"),
        pytest.param([(-99, 263)], [], [], id="until the end of the school year"),
        pytest.param([(-99, 262)], [], [(262, None, "list")], id="the day before that"),
        pytest.param([(-99, None)], [(OUT, 0)], [(0, None, "order")], id="the list lags"),
        pytest.param([(-99, 0)], [(OUT, 0)], [(0, None, "order")], id="list and order agree"),
        pytest.param([(-99, None)], [(OUT, 0), (IN, 30)], [(0, 30, "order")], id="came back"),
        pytest.param([(-99, None)], [(OUT, 0), (IN, 0)], [], id="two orders in place of one"),
        pytest.param([(-99, 0), (9, None)], [(MOVED, 0)], [(0, 9, "list")], id="moved, and late"),
        pytest.param([(-99, None)], [(MOVED, 0)], [], id="moved by order"),
        pytest.param(
            [(-99, 0), (20, 30), (50, None)], [], [(0, 20, "list"), (30, 50, "list")], id="twice"
        ),
    ],
)
def test_when_a_child_left(
    spells: list[Spell],
    orders: list[tuple[str, int]],
    expected: list[tuple[int, int | None, str]],
) -> None:
    assert gone(spells, orders) == expected
