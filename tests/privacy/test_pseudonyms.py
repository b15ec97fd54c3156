from __future__ import annotations

import hashlib
import hmac
import re
from dataclasses import replace

import polars as pl

from privacy.keys import KeyRing
from privacy.pseudonyms import PSEUDONYM_PATTERN, lookup, lookup_of, pseudonym, remote_key

RING = KeyRing(active="k1", sealing={"k1": b"1" * 32}, pseudonym=b"2" * 32, lookup=b"3" * 32)


def named(
    local_key: str | None, role: str = "pupil", school: str = "1", source: str = "s", ring=RING
) -> str | None:
    frame = pl.DataFrame({"key": [local_key]}, schema={"key": pl.String})
    expression = pseudonym(ring, role=role, school=school, source=source, local_key=pl.col("key"))
    return frame.select(expression).item()


def test_pseudonym_is_a_keyed_hash_with_a_fixed_spelling() -> None:
    text = b"person\x1fpupil\x1f1\x1fs\x1f17"
    expected = hmac.new(RING.pseudonym.hex().encode(), text, hashlib.sha256).hexdigest()
    assert named("17") == "p" + expected[:32]
    assert re.fullmatch(PSEUDONYM_PATTERN, named("17") or "")
    assert named("17") == named("17")
    assert named(None) is None


def test_every_part_and_the_key_matter() -> None:
    others = [
        named("18"),
        named("17", role="staff"),
        named("17", school="2"),
        named("17", source="t"),
        named("17", ring=replace(RING, pseudonym=b"9" * 32)),
    ]
    assert len({named("17"), *others}) == 6


def test_parts_do_not_run_together() -> None:
    assert named("b|c", source="a") != named("c", source="a|b")


def test_the_role_may_be_a_column() -> None:
    frame = pl.DataFrame({"role": ["pupil", "staff"], "key": ["17", "17"]})
    expression = pseudonym(
        RING, role=pl.col("role"), school="1", source="s", local_key=pl.col("key")
    )
    assert frame.select(expression).to_series().to_list() == [named("17"), named("17", "staff")]


def test_remote_key_is_opaque_stable_and_apart_from_pseudonyms() -> None:
    frame = pl.DataFrame({"key": ["17"]})

    def remote(school: str, entity: str) -> str:
        return frame.select(
            remote_key(RING, school=school, entity=entity, key=pl.col("key"))
        ).item()

    assert re.fullmatch("[0-9a-f]{32}", remote("1", "mark"))
    assert len({remote("1", "mark"), remote("2", "mark"), remote("1", "lesson")}) == 3
    assert remote("1", "mark") not in (named("17") or "")


def test_lookup_of_one_value_equals_the_lookup_of_a_column() -> None:
    column = pl.DataFrame({"uid": ["781234567"]}).select(lookup(RING, "uid", pl.col("uid"))).item()
    assert column == lookup_of(RING, "uid", "781234567")
    assert column != lookup_of(RING, "local_key", "781234567")
