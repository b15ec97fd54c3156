from __future__ import annotations

from datetime import date, timedelta

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from privacy.consent import Deadlines, active, deadlines

DAY = date(2026, 9, 10)
LIMITS = Deadlines(version="t", register_days=0, start_days=5, stop_days=3)
Dates = tuple[date | None, date | None, date | None]


def day(offset: int | None) -> date | None:
    return None if offset is None else DAY + timedelta(days=offset)


def consents(*rows: tuple[str | None, int, int | None, int | None]) -> pl.DataFrame:
    names = ("applied_on", "registered_on", "refused_on")
    return pl.DataFrame(
        [(pupil, *map(day, offsets)) for pupil, *offsets in rows],
        schema={"pupil": pl.String} | dict.fromkeys(names, pl.Date),
        orient="row",
    )


def enrolments(*rows: tuple[str, int | None]) -> pl.DataFrame:
    return pl.DataFrame(
        [(pupil, day(finish)) for pupil, finish in rows],
        schema={"pupil": pl.String, "finish": pl.Date},
        orient="row",
    )


def reasons(consented: pl.DataFrame, enrolled: pl.DataFrame) -> dict[str, str | None]:
    found = active(consented, enrolled, DAY, LIMITS)
    return dict(found.select("pupil", "reason").iter_rows())


@pytest.mark.parametrize(
    ("dates", "reason", "due"),
    [
        ((-5, None, None), "applied", -5),
        ((0, None, None), "applied", 0),
        ((1, 1, None), "not_applied", None),
        ((-5, 1, None), "registered", 0),
        ((-5, 0, None), None, None),
        ((-5, -4, None), None, None),
        ((-5, -4, 1), None, None),
        ((-5, -4, 0), "refused", 3),
        ((-5, None, -1), "refused", 2),
    ],
)
def test_states(
    dates: tuple[int, int | None, int | None], reason: str | None, due: int | None
) -> None:
    found = active(consents(("p1", *dates)), enrolments(("p1", None)), DAY, LIMITS)
    assert found.rows() == [("p1", reason, day(due))]


@pytest.mark.parametrize(
    ("finishes", "reason"),
    [
        ([None], None),
        ([0], "ended"),
        ([1], None),
        ([-3, None], None),
        ([-3, -1], "ended"),
        ([], None),
    ],
)
def test_the_end_of_enrolment_ends_consent(finishes: list[int | None], reason: str | None) -> None:
    enrolled = enrolments(*(("p1", finish) for finish in finishes))
    assert reasons(consents(("p1", -5, -5, None)), enrolled) == {"p1": reason}


def test_one_active_application_is_enough() -> None:
    found = reasons(
        consents(("p1", -9, -9, -5), ("p1", -2, -1, None), ("p1", -1, None, None)),
        enrolments(("p1", None)),
    )
    assert found == {"p1": None}


def test_a_pupil_without_application_and_an_unmatched_application() -> None:
    found = reasons(consents((None, -5, -5, None)), enrolments(("p1", None), ("p2", -1)))
    assert found == {"p1": "not_applied", "p2": "ended"}


@given(
    st.lists(
        st.tuples(
            st.just("p1"),
            st.integers(-9, 9),
            st.none() | st.integers(-9, 9),
            st.none() | st.integers(-9, 9),
        ),
        max_size=4,
    )
)
def test_active_is_what_the_definition_says(
    rows: list[tuple[str, int, int | None, int | None]],
) -> None:
    expected = any(
        registered is not None and registered <= 0 and not (refused is not None and refused <= 0)
        for _, _, registered, refused in rows
    )
    found = reasons(consents(*rows), enrolments(("p1", None)))
    assert (found["p1"] is None) == expected


def test_the_deadlines_in_force() -> None:
    assert deadlines() == Deadlines(version="1", register_days=0, start_days=5, stop_days=3)
