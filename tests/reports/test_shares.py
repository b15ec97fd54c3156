"""Shares of persons: nobody finds a small count from those of a day, however they are read."""

from __future__ import annotations

import polars as pl
import pytest

from privacy.disclosure import Audience
from reports.shares import COUNTS, Shares, publish_shares

DISTRICTS = {"861001": "k1", "861002": "k1", "861003": "k2"}
ZERO = {"pupils": 0, "pupils_applied": 0, "guardians": 0, "guardians_active": 0, "teachers": 0,
        "teachers_with_access": 0, "teachers_working": 0}  # fmt: skip


def published(audience: Audience = Audience.OFFICES, **schools: dict[str, int]) -> Shares:
    rows = [
        (code.removeprefix("s"), column, value)
        for code, counts in schools.items()
        for column, value in (ZERO | counts).items()
    ]
    return publish_shares(
        "form4", pl.DataFrame(rows, COUNTS, orient="row"), DISTRICTS, ["kogalym"], audience
    )


def teachers(whole: int, part: int) -> dict[str, int]:
    return {"teachers": whole, "teachers_working": part, "teachers_with_access": whole}


@pytest.mark.parametrize(
    ("whole", "part", "said"),
    [
        (40, 30, "75,0 %"),  # ten are left
        (40, 31, "скрыто"),  # nine are left
        (40, 40, "100,0 %"),
        (40, 0, "0,0 %"),
        (40, 9, "скрыто"),
        (9, 9, "скрыто"),
        (0, 0, "нет данных"),
    ],
)
def test_small_parts_and_small_rests_are_hidden(whole: int, part: int, said: str) -> None:
    shares = published(s861003=teachers(whole, part), s861001=teachers(60, 30),
                       s861002=teachers(60, 30))  # fmt: skip
    told = shares.of("school 861003")["teachers_working"].replace("\u00a0", " ")
    assert told == said


def test_what_the_sum_would_give_away_is_hidden_with_it() -> None:
    """One school's share and the district's would tell the other school's."""
    shares = published(s861001=teachers(40, 30), s861002=teachers(12, 9), s861003=teachers(99, 50))
    units = ["school 861001", "school 861002", "district k1"]
    told = [shares.of(unit)["teachers_working"] for unit in units]
    assert told.count("скрыто") >= 2
    assert told[1] == "скрыто"


def test_a_school_sees_its_own_shares_as_they_are() -> None:
    shares = published(Audience.SCHOOL, s861001=teachers(12, 9))
    assert shares.of("school 861001")["teachers_working"] == "75,0\u00a0%"
    assert shares.notes == ()


def test_shares_are_of_what_they_say() -> None:
    counts = {"pupils": 100, "pupils_applied": 25, "guardians": 200, "guardians_active": 150}
    shares = published(s861001=counts)
    assert {k: v.replace("\u00a0", " ") for k, v in shares.of("school 861001").items()} == {
        "pupils_applied": "25,0 %",
        "guardians_active": "75,0 %",
        "teachers_working": "нет данных",
        "teachers_with_access": "нет данных",
    }
    assert "от 1 до 9" in shares.notes[0]
