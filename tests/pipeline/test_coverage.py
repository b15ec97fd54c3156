"""Offices see no small count of consents, nor one that follows from what they see."""

from __future__ import annotations

import polars as pl

from pipeline.consents.coverage import (
    COUNTED,
    OF_OFFICES,
    OWN,
    Coverage,
    office_coverage,
    own_coverage,
)
from tests.support.attack import Reader, added_up

K = 10


def counts(**classes: tuple[int, int]) -> pl.DataFrame:
    """``COUNTED`` of classes: (active, of these with a UID)."""
    others = dict.fromkeys(("pupils", "waiting", "stopped", "silent", "with_uid"), 30)
    rows = [
        {"class_key": f"k{name}", "class_name": name, "active": active, "ready": ready} | others
        for name, (active, ready) in classes.items()
    ]
    return pl.DataFrame(rows, schema=COUNTED)


def shown(**classes: tuple[int, int]) -> Coverage:
    return office_coverage(counts(**classes), K)


def test_what_is_not_small_is_shown_and_nothing_else_is_counted() -> None:
    found = shown(a=(25, 12), b=(30, 30))
    assert found.classes == {"ka": {"active": 25, "ready": 12}, "kb": {"active": 30, "ready": 30}}
    assert found.names == {"ka": "a", "kb": "b"}
    assert found.whole == {"active": 55, "ready": 42}
    assert tuple(found.whole) == OF_OFFICES


def test_zero_is_shown_a_small_count_is_not() -> None:
    found = shown(a=(0, 0), b=(9, 0), c=(40, 20))
    assert found.classes["ka"] == {"active": 0, "ready": 0}
    assert found.classes["kb"]["active"] is None
    assert found.whole["active"] is None or found.classes["kc"]["active"] is None


def test_who_lacks_a_uid_is_a_small_count_too() -> None:
    """Three of 25 without a UID: either number alone may be shown, not both."""
    found = shown(a=(25, 22), b=(40, 20))
    assert None in (found.classes["ka"]["active"], found.classes["ka"]["ready"])


def test_whoever_knows_all_that_is_shown_finds_no_small_count() -> None:
    """The attacker is a linear program that shares no code with the product."""
    classes = {"5а": (25, 22), "6а": (9, 4), "7а": (13, 13), "8а": (30, 0), "9а": (11, 2)}
    found = shown(**classes)
    units = dict.fromkeys(classes, "all")
    wholes = {"ready": "active", "rest": "active"}
    finest = {}
    for name, (active, ready) in classes.items():
        finest[name, "ready"], finest[name, "rest"] = ready, active - ready
    true = added_up(finest, units, wholes)
    printed = {
        (name, column): count
        for name, said in [
            *((found.names[key], said) for key, said in found.classes.items()),
            ("all", found.whole),
        ]
        for column, count in said.items()
    }
    reader = Reader(printed, finest, true, units, wholes)
    small = [cell for cell, count in true.items() if 0 < count < K]
    assert small
    assert all(reader.values(cell) >= K for cell in small)


def test_a_school_sees_all_of_its_own() -> None:
    found = own_coverage(counts(a=(9, 4), b=(20, 11)))
    assert found.classes["ka"]["ready"] == 4
    assert (found.whole["active"], found.whole["pupils"]) == (29, 60)
    assert tuple(found.whole) == OWN


def test_a_school_without_classes() -> None:
    assert office_coverage(counts(), K) == Coverage({}, {}, {"active": 0, "ready": 0})
