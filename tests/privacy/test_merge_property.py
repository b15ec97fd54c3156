"""Merging and undoing in any order: what is undone leaves no trace, and nobody is joined twice."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine, text

from privacy.keys import KeyRing
from privacy.vault import Vault
from schemas.tables import metadata
from tests.privacy.children import Region

CHILDREN = 5
NUMBERS = st.integers(0, CHILDREN - 1)
ACTS = st.lists(st.tuples(st.sampled_from(["merge", "uid", "undo"]), NUMBERS, NUMBERS), max_size=12)


@pytest.fixture
def region(vault: Vault, keys: KeyRing, engine: Engine) -> Region:
    return Region(vault, keys, engine, moves=[], actions=[])


def empty(region: Region) -> None:
    names = ", ".join(t.fullname for t in metadata.sorted_tables if t.schema == "vault")
    with region.engine.begin() as connection:
        connection.execute(text(f"TRUNCATE {names}"))


@settings(
    max_examples=30,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(NUMBERS, NUMBERS, ACTS)
def test_merge_and_undo_is_no_change(
    region: Region, one: int, other: int, acts: list[tuple[str, int, int]]
) -> None:
    empty(region)
    names = [
        region.pupil(f"78{number}", full_name=f"Имя{'абвгд'[number]} Ю П")
        for number in range(CHILDREN)
    ]
    for verb, first, second in acts:
        _act(region, names, verb, first, second)
    before = region.state()
    assert one_holder_of_each_uid(region)
    if names[other] in _person(region, names[one]) or not _may_merge(region, names, one, other):
        return
    made = region.merge(names[one], names[other])
    assert made is not None
    region.undo(made)
    assert region.state() == before
    again = region.merge(names[one], names[other])
    assert again is not None
    region.uids(f"78{other}", (names[other], "700000"))
    region.undo(again)
    assert one_holder_of_each_uid(region)
    assert region.state()["persons"] == before["persons"]


def _act(region: Region, names: list[str], verb: str, first: int, second: int) -> None:
    if verb == "uid":
        region.uids(f"78{first}", (names[first], f"70000{second}"))
    elif verb == "merge" and first != second and _may_merge(region, names, first, second):
        region.merge(names[first], names[second])
    elif verb == "undo":
        live = [row[0] for row in region.rows("merges", "id, undone_at") if row[1] is None]
        if live:
            region.undo(live[(first + second) % len(live)])


def _may_merge(region: Region, names: list[str], first: int, second: int) -> bool:
    """Whether nobody has told members of the two persons apart (but these two themselves)."""
    latest = {row[1:3]: row[3] for row in region.rows("decisions", "id, one, other, same")}
    one, other = _person(region, names[first]), _person(region, names[second])
    crossing = {tuple(sorted((a, b))) for a in one for b in other}
    crossing.discard(tuple(sorted((names[first], names[second]))))
    return all(latest.get(pair, True) for pair in crossing)


def _person(region: Region, name: str) -> frozenset[str]:
    found = (group for group in region.together() if name in group)
    return next(found, frozenset((name,)))


def one_holder_of_each_uid(region: Region) -> bool:
    """A UID belongs to one person of the region."""
    holders: dict[str, set[frozenset[str]]] = {}
    for name, lookup in region.rows("uids", "pseudonym, lookup"):
        holders.setdefault(lookup, set()).add(_person(region, name))
    return all(len(persons) == 1 for persons in holders.values())
