"""What is hidden stays hidden: an attacker with linear programming, tables of our own making."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import product
from typing import Any

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import linprog

from privacy.disclosure import disclosure_policy, suppress

K = 10
UNITS = {"s1": "d1", "s2": "d1", "s3": "d1", "s4": "d2", "s5": "d2", "d1": "region", "d2": "region"}
STATUS = {"with": "all", "without": "all"}
GRADES = {"7": "total", "8": "total", "9": "total"}


def above(tree: Mapping[str, str], value: str) -> list[str]:
    return [value, *(above(tree, tree[value]) if value in tree else [])]


def leaves(tree: Mapping[str, str]) -> list[str]:
    return sorted(set(tree) - set(tree.values()))


def table(trees: Mapping[str, Mapping[str, str]], finest: Mapping[tuple[str, ...], int]) -> Any:
    """Every cell of the table, totals included, added up here and not by the product."""
    sums: dict[tuple[str, ...], int] = {}
    for cell, count in finest.items():
        chains = [above(tree, value) for tree, value in zip(trees.values(), cell, strict=True)]
        for total in product(*chains):
            sums[total] = sums.get(total, 0) + count
    rows = [(*cell, count) for cell, count in sorted(sums.items())]
    return pl.DataFrame(rows, schema=[*trees, "count"], orient="row")


def attack(
    shown: pl.DataFrame, trees: Mapping[str, Mapping[str, str]], finest: Sequence[tuple[str, ...]]
) -> dict[tuple[str, ...], tuple[float, float]]:
    """Least and most that each hidden cell can be, for one who knows the rules and what is shown.

    Unknown: the finest cells. Known: every total is a sum of finest cells, what is shown is true,
    what is hidden is at least one. Solved by HiGHS, which the product does not use.
    """
    place = {cell: n for n, cell in enumerate(finest)}
    equal, equal_to, least = [], [], []
    rows: dict[tuple[str, ...], Any] = {}
    for *cell, count, hidden in shown.iter_rows():
        row = np.zeros(len(finest))
        for one, n in place.items():
            chains = [above(tree, value) for tree, value in zip(trees.values(), one, strict=True)]
            row[n] = all(value in chain for value, chain in zip(cell, chains, strict=True))
        if hidden:
            rows[tuple(cell)] = row
            least.append(-row)
        else:
            equal.append(row)
            equal_to.append(count)
    bounds = {}
    for cell, row in rows.items():
        ends = []
        for sign in (1, -1):
            found = linprog(
                sign * row,
                A_ub=np.array(least),
                b_ub=-np.ones(len(least)),
                A_eq=np.array(equal) if equal else None,
                b_eq=np.array(equal_to) if equal else None,
                bounds=(0, None),
            )
            ends.append(sign * found.fun if found.status == 0 else float("inf"))
            assert found.status in (0, 3), found.message  # solved, or without an upper bound
        bounds[cell] = (ends[0], ends[1])
    return bounds


def check(trees: Mapping[str, Mapping[str, str]], finest: Mapping[tuple[str, ...], int]) -> None:
    cells = table(trees, finest)
    shown = suppress(cells, trees, K)
    assert shown.drop("suppressed").equals(cells)
    small = shown.filter(pl.col("count").is_between(1, K - 1))
    assert small["suppressed"].all()
    assert not shown.filter(count=0)["suppressed"].any()
    for low, high in attack(shown, trees, list(finest)).values():
        assert high - low >= K - 1 - 1e-6


def counts(*trees: Mapping[str, str]) -> st.SearchStrategy[dict[tuple[str, ...], int]]:
    cells = list(product(*(leaves(tree) for tree in trees)))
    count = st.integers(0, 14) | st.sampled_from([0, 0, 25, 60, 200])
    return st.fixed_dictionaries(dict.fromkeys(cells, count))


@settings(max_examples=150, deadline=None)
@given(counts(UNITS))
def test_no_count_of_a_hierarchy_can_be_computed(finest: dict[tuple[str, ...], int]) -> None:
    check({"unit": UNITS}, finest)


@settings(max_examples=150, deadline=None)
@given(counts(UNITS, STATUS))
def test_no_count_of_a_part_or_of_the_rest_can_be_computed(
    finest: dict[tuple[str, ...], int],
) -> None:
    check({"unit": UNITS, "status": STATUS}, finest)


@settings(max_examples=100, deadline=None)
@given(counts(UNITS, GRADES))
def test_no_count_can_be_computed_from_totals_of_rows_and_columns(
    finest: dict[tuple[str, ...], int],
) -> None:
    check({"unit": UNITS, "grade": GRADES}, finest)


@settings(max_examples=40, deadline=None)
@given(counts({"s1": "d", "s2": "d", "s3": "d"}, STATUS, GRADES))
def test_three_dimensions(finest: dict[tuple[str, ...], int]) -> None:
    trees = {"unit": {"s1": "d", "s2": "d", "s3": "d"}, "status": STATUS, "grade": GRADES}
    check(trees, finest)


def hidden(cells: pl.DataFrame, threshold: int = K) -> set[str]:
    found = suppress(cells, {"unit": UNITS}, threshold)
    return set(found.filter("suppressed")["unit"])


def units(*values: int) -> pl.DataFrame:
    names = ("s1", "s2", "s3", "s4", "s5")
    made = table({"unit": UNITS}, dict(zip(((n,) for n in names), values, strict=True)))
    assert isinstance(made, pl.DataFrame)
    return made


def test_where_nothing_is_small_nothing_is_hidden() -> None:
    assert hidden(units(10, 20, 30, 40, 50)) == set()


def test_a_small_school_takes_one_neighbour_with_it() -> None:
    assert hidden(units(3, 20, 30, 40, 50)) == {"s1", "s2"}


def test_small_schools_guard_one_another() -> None:
    assert hidden(units(8, 7, 30, 40, 50)) == {"s1", "s2"}


def test_two_very_small_schools_are_not_enough() -> None:
    assert hidden(units(1, 2, 30, 40, 50)) == {"s1", "s2", "s3"}


def test_a_school_alone_in_its_district_hides_the_district_too() -> None:
    assert hidden(units(20, 30, 40, 5, 0)) == {"s4", "d2", "s1", "d1"}


def test_nobody_is_not_hidden() -> None:
    assert hidden(units(0, 20, 30, 0, 50)) == set()


def test_the_threshold_is_the_callers() -> None:
    assert hidden(units(4, 20, 30, 40, 50), threshold=4) == set()


def test_groups_are_tables_of_their_own() -> None:
    cells = pl.concat(
        [
            units(3, 20, 30, 40, 50).with_columns(row=pl.lit("7")),
            units(30, 20, 30, 40, 50).with_columns(row=pl.lit("8")),
        ]
    )
    found = suppress(cells, {"unit": UNITS}, K, by=["row"])
    assert found.group_by("row").agg(pl.col("suppressed").sum()).sort("row").rows() == [
        ("7", 2),
        ("8", 0),
    ]


@pytest.mark.parametrize(
    "change",
    [
        pl.when(pl.col("unit") == "d1").then(51).otherwise("count"),
        pl.when(pl.col("unit") == "s1").then(-1).otherwise("count"),
    ],
)
def test_a_table_that_does_not_add_up_is_refused(change: pl.Expr) -> None:
    with pytest.raises(ValueError, match="parts"):
        suppress(units(3, 20, 30, 40, 50).with_columns(count=change), {"unit": UNITS}, K)


def test_the_policy_in_force() -> None:
    policy = disclosure_policy()
    assert policy.threshold == K
    assert [(p.whole, p.part) for p in policy.persons["form1"]] == [
        ("pupils", "pupils_with_data"),
        ("teachers", "teachers_with_access"),
    ]
