"""Figures, sums and order of the report object."""

from __future__ import annotations

import pytest

from reports.compliance import Figure, Remark, Report, add_remarks, natural


@pytest.mark.parametrize(
    ("numerator", "denominator", "percent"),
    [
        (0, 0, "—"),
        (0, 5, "0,0 %"),
        (941, 1000, "94,1 %"),
        (1, 3, "33,3 %"),
        (5, 5, "100,0 %"),
        (99999, 100000, "99,9 %"),  # something is missing: never a full hundred
    ],
)
def test_percent(numerator: int, denominator: int, percent: str) -> None:
    assert Figure(numerator, denominator).percent == percent


def test_schools_are_worst_first_and_those_with_nothing_due_last(region: Report) -> None:
    assert [school.code for school in region.schools] == ["781002", "781001", "782003"]


def test_unit_figures_are_sums(district: Report) -> None:
    assert district.figure("fill_rate") == Figure(1120, 1900)
    assert district.figure("unknown") == Figure()


def test_form_blocks_of_a_district(district: Report) -> None:
    roll_up, *schools = district.form1.blocks
    assert roll_up.title == "Северный район: свод"
    assert [block.title for block in schools] == ["Гимназия № 2", "Школа № 1 <Восток>"]
    rows = dict(roll_up.rows)
    assert rows["7 классы"] == (5, 4, 125, 109, 29, 23, 40, 30)
    assert rows["1 классы"] == (0,) * 8
    assert dict(schools[1].rows)["7 классы"] == (2, 2, 50, None, 14, 13, 19, 19)


def test_two_levels_of_one_row_are_one_count(district: Report) -> None:
    rows = dict(district.form1.blocks[0].rows)
    assert rows["11 (12) классы"] == (2, 2, 29, 29, 22, 22, 14, None)  # 11 of one, 12 of the other


def test_form_blocks_of_the_region_are_its_districts(region: Report) -> None:
    titles = [block.title for block in region.form1.blocks]
    assert titles == ["Регион: свод", "Северный район", "Южный район"]


def test_remarks_add_up_most_frequent_first(district: Report) -> None:
    assert [(r.rule, r.count) for r in district.remarks] == [("topic", 31), ("off_scale", 4)]


def test_remarks_of_two_kinds_stay_apart() -> None:
    one, other = Remark("a", "k1", "r", "f", 1), Remark("a", "k2", "r", "f", 2)
    assert [remark.count for remark in add_remarks([one, other, one])] == [2, 2]


def test_schools_are_listed_by_number() -> None:
    names = ["Школа № 11", "Лицей", "Школа № 2", "2-я гимназия"]
    assert sorted(names, key=natural) == ["2-я гимназия", "Лицей", "Школа № 2", "Школа № 11"]
