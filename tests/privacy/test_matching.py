"""Who is one person, judged on hashes: groups, rivals, contradictions through a third."""

from __future__ import annotations

from datetime import date, timedelta
from itertools import combinations

import polars as pl
import pytest

from privacy.departures import MOVES
from privacy.matching import MEMBERS, PAIRS, Groups, Judged, judge

Person = tuple[str, str, str | None]  # pseudonym, school, SNILS
Move = tuple[str, str, int, str | None]  # pseudonym, direction, day since 1 October, other school
NOBODY = pl.DataFrame(schema={"one": pl.String, "other": pl.String})


def judged(people: list[Person], moves: list[Move], apart: pl.DataFrame = NOBODY) -> Judged:
    """Judge people of one name and birth date; who shares a SNILS is compared by that too."""
    members = pl.DataFrame(
        [(name, name, school, snils, None) for name, school, snils in people],
        schema=MEMBERS,
        orient="row",
    )
    pairs = [
        (one[0], other[0], basis, True)
        for one, other in combinations(people, 2)
        for basis in ("name", *(["snils"] if one[2] and one[2] == other[2] else []))
    ]
    told = [
        (name, way, date(2026, 10, 1) + timedelta(days=day), school is not None, school)
        for name, way, day, school in moves
    ]
    return judge(
        pl.DataFrame(pairs, schema=PAIRS, orient="row"),
        members,
        pl.DataFrame(told, schema=MOVES, orient="row"),
        apart,
    )


def links(found: Judged) -> set[tuple[str, str, str]]:
    return set(found.links.rows())


def doubts(found: Judged) -> dict[tuple[str, str], str]:
    return {(one, other): rule for one, other, _, rule in found.doubts.iter_rows()}


LEFT = ("a", "out", 0, None)
CAME = ("b", "in", 4, None)


@pytest.mark.parametrize(
    ("moves", "rule"),
    [
        ([LEFT, CAME], None),
        ([LEFT, ("b", "in", 0, "A")], None),
        ([("a", "out", 0, "B"), CAME], None),
        ([("b", "in", 0, "A")], None),  # the old school has not said yet that the child left
        ([("a", "out", 0, "B")], None),
        ([("a", "out", 14, None), ("b", "in", 0, None)], None),
        ([], "no_departure"),
        ([LEFT], "no_departure"),
        ([CAME], "no_departure"),
        ([("b", "in", 0, "C")], "no_departure"),
        ([("a", "in", 0, None), CAME], "no_departure"),
        ([("a", "out", 15, None), ("b", "in", 0, None)], "no_departure"),
        ([LEFT, ("b", "in", 101, None)], "no_departure"),
        ([LEFT, ("b", "in", 4, "C")], "evidence_conflicts"),
        ([LEFT, ("b", "in", 4, "nobody knows")], "evidence_conflicts"),
        ([("a", "out", 0, "C"), ("b", "in", 4, "A")], "evidence_conflicts"),
    ],
)
def test_what_a_departure_is(moves: list[Move], rule: str | None) -> None:
    found = judged([("a", "A", None), ("b", "B", None)], moves)
    assert links(found) == (set() if rule else {("a", "b", "name")})
    assert doubts(found) == ({("a", "b"): rule} if rule else {})


def test_two_of_one_school_at_one_time_are_not_joined_by_a_third() -> None:
    """``b`` went to A as ``a2`` while ``a1`` was still there, who then came to B."""
    moves: list[Move] = [
        ("b", "out", 0, None),
        ("a2", "in", 1, None),
        ("a1", "out", 20, None),
        ("b", "in", 21, None),
    ]
    found = judged([("a1", "A", None), ("a2", "A", None), ("b", "B", None)], moves)
    assert links(found) == set()
    assert doubts(found)[("a1", "b")] == doubts(found)[("a2", "b")] == "several_candidates"


def test_a_contradiction_through_a_third_joins_nobody() -> None:
    moves: list[Move] = [
        ("a", "out", 0, "B"),
        ("b", "in", 1, "A"),
        ("b", "out", 10, "C"),
        ("c", "in", 11, "B"),
    ]
    found = judged([("a", "A", "1"), ("b", "B", None), ("c", "C", "2")], moves)
    assert links(found) == set()
    assert doubts(found) == {("a", "b"): "several_candidates", ("b", "c"): "several_candidates"}


def test_who_is_one_by_snils_is_no_rival_of_oneself() -> None:
    """Both left as ``b`` came; but they are one child, so nobody is judged a second time."""
    people: list[Person] = [("a", "A", "1"), ("b", "B", None), ("c", "C", "1")]
    found = judged(people, [("a", "out", 0, None), ("c", "out", 2, None), ("b", "in", 4, None)])
    assert len(links(found)) == 2
    assert doubts(found) == {}


def test_told_apart_holds_for_whole_groups() -> None:
    apart = pl.DataFrame({"one": ["a"], "other": ["c"]})
    found = judged([("a", "A", "1"), ("b", "B", "1"), ("c", "C", "1")], [], apart)
    assert links(found) == set()
    assert doubts(found) == {("a", "b"): "several_candidates", ("b", "c"): "several_candidates"}


def test_nobody_is_judged() -> None:
    found = judged([], [])
    assert found.links.is_empty()
    assert found.doubts.is_empty()


def test_groups() -> None:
    groups = Groups()
    assert groups.find("b") == "b"
    assert groups.join("c", "b")
    assert groups.join("d", "a")
    assert groups.join("d", "c")
    assert not groups.join("a", "b")
    assert {groups.find(name) for name in "abcd"} == {"a"}
