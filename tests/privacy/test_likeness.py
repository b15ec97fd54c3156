from __future__ import annotations

from typing import Any

import polars as pl
import pytest

from privacy.likeness import agree, same_name, snils_is_wrong, snils_number


@pytest.mark.parametrize(
    ("snils", "number", "wrong"),
    [
        ("112-233-445 95", "11223344595", False),  # the example of the Pension Fund
        ("087-654-302 00", "08765430200", False),  # the sum leaves 100: written 00
        ("112-233-445 96", None, True),
        ("212-233-445 95", None, True),
        ("001-001-998 11", None, False),  # older than the control number
        ("000-000-000 00", None, False),
        ("112-233-445", None, False),
        (None, None, False),
    ],
)
def test_a_snils_counts_if_its_control_number_holds(
    snils: str | None, number: str | None, wrong: bool
) -> None:
    frame = pl.DataFrame({"snils": [snils]}, schema={"snils": pl.String})
    found = frame.select(
        number=snils_number(pl.col("snils")), wrong=snils_is_wrong(pl.col("snils"))
    )
    assert found.row(0) == (number, wrong)


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("Семёнова Алёна", "СЕМЕНОВА  АЛЕНА ", True),
        ("Белова - Серая Ия", "белова-серая ия", True),
        ("Семёнова Алёна", "Семёнова Алина", False),
        ("Семёнова Алёна", "Алёна Семёнова", False),
    ],
)
def test_names_are_the_same_but_for_spelling(one: str, other: str, same: bool) -> None:
    names = pl.DataFrame({"name": [one, other]}).select(same_name(pl.col("name")))
    assert (names["name"].n_unique() == 1) is same


@pytest.mark.parametrize(
    ("other", "agrees"),
    [
        ({}, True),
        ({"full_name": "семенова алена"}, True),
        ({"full_name": "Семёнова"}, False),
        ({"full_name": "Семёнова Алёна Игоревна"}, False),
        ({"full_name": "Семёнова Алёна Олеговна Вторая"}, False),
        ({"full_name": None, "birth_date": None}, False),
        ({"birth_date": "2013-04-03"}, False),
        ({"birth_date": None}, True),
        ({"birth_date": None, "school": "A"}, False),
        ({"school": "A"}, True),
        ({"role": "staff"}, False),
    ],
)
def test_who_agrees(other: dict[str, Any], agrees: bool) -> None:
    one = {"role": "pupil", "full_name": "Семёнова Алёна Олеговна", "birth_date": "2013-04-02"}
    second = {f"{name}_other": value for name, value in (one | {"school": "B"} | other).items()}
    row = one | {"school": "A"} | second
    frame = pl.DataFrame([row], schema=dict.fromkeys(row, pl.String))
    assert frame.select(agree()).item() is agrees
