"""The vault's rows are sealed anew beside writers, and by whoever goes on after a kill."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import polars as pl
import pytest
from sqlalchemy import Engine, text

from privacy.keyfile import add_key, remove_key
from privacy.keys import KeyRing
from privacy.people import people_of
from privacy.resealing import SealedTable
from privacy.vault import Vault
from tests.privacy.samples import SCHOOL, journal
from tests.privacy.test_vault import claims

NOON = datetime(2026, 11, 28, 12, tzinfo=UTC)


def rotate(keys: KeyRing) -> None:
    assert keys.path
    add_key(keys.path, NOON, lambda _: None)


def ignore(_: int) -> None: ...


@pytest.fixture
def people(vault: Vault, keys: KeyRing) -> SealedTable:
    """Four people and a UID, sealed by ``k1``; ``k2`` is active. In batches of two."""
    vault.store_people(SCHOOL, people_of(SCHOOL, "paragraf", journal(), keys))
    vault.store_uids(SCHOOL, "paragraf", claims(("p1", "781234567")))
    rotate(keys)
    return replace(vault.sealed_places()[0], size=2)


def key_ids(engine: Engine) -> set[str]:
    with engine.connect() as connection:
        return set(connection.execute(text("SELECT key_id FROM vault.people")).scalars())


def test_a_rotated_key_leaves_every_row_readable(
    vault: Vault, keys: KeyRing, engine: Engine, people: SealedTable
) -> None:
    before = vault.identities(SCHOOL)
    uids = vault.sealed_places()[1]
    assert (people.counts(), uids.counts()) == ({"k1": 4}, {"k1": 1})
    batches: list[int] = []
    assert people.reseal(keys, batches.append) == 4
    assert batches == [2, 2]
    assert uids.reseal(keys, ignore) == 1
    assert (people.counts(), uids.counts(), key_ids(engine)) == ({"k2": 4}, {"k2": 1}, {"k2"})
    assert people.reseal(keys, ignore) == 0
    assert keys.path
    remove_key(keys.path, "k1", NOON.replace(hour=13), lambda: 0, lambda: None)
    fresh = Vault(engine, KeyRing.load(keys.path))
    assert fresh.identities(SCHOOL).equals(before)
    assert dict(fresh.uids_of(SCHOOL).iter_rows()) == {"p1": "781234567"}


def test_killed_after_a_batch_it_goes_on_with_what_is_left(
    vault: Vault, keys: KeyRing, people: SealedTable
) -> None:
    def dies(_: int) -> None:
        raise KeyboardInterrupt

    before = vault.identities(SCHOOL)
    with pytest.raises(KeyboardInterrupt):
        people.reseal(keys, dies)
    assert people.counts() == {"k1": 2, "k2": 2}
    assert vault.identities(SCHOOL).equals(before)
    assert people.reseal(keys, ignore) == 2
    assert people.counts() == {"k2": 4}


def test_a_row_that_somebody_writes_is_passed_over(
    vault: Vault, keys: KeyRing, engine: Engine, people: SealedTable
) -> None:
    with engine.begin() as other:
        other.execute(
            text(
                "SELECT FROM vault.people WHERE pseudonym = (SELECT min(pseudonym) FROM"
                " vault.people) FOR UPDATE"
            )
        )
        assert people.reseal(keys, ignore) == 3
    assert people.counts() == {"k1": 1, "k2": 3}
    assert people.reseal(keys, ignore) == 1


def test_what_changes_meanwhile_is_not_overwritten(
    vault: Vault, keys: KeyRing, people: SealedTable
) -> None:
    frames = journal()
    frames["pupil"] = frames["pupil"].with_columns(phone=pl.lit("+7 900 111-22-33"))
    changed = people_of(SCHOOL, "paragraf", frames, keys)
    assert people.reseal(keys, lambda _: bool(vault.store_people(SCHOOL, changed))) >= 2
    assert set(vault.identities(SCHOOL).filter(role="pupil")["phone"]) == {"+7 900 111-22-33"}
    assert people.counts() == {"k2": 4}


def test_what_does_not_open_stays_and_stops_nothing(
    vault: Vault, keys: KeyRing, engine: Engine, people: SealedTable
) -> None:
    with engine.begin() as connection:
        connection.execute(
            text(
                "UPDATE vault.people SET sealed = substr(sealed, 1, 30) WHERE pseudonym ="
                " (SELECT min(pseudonym) FROM vault.people)"
            )
        )
        connection.execute(
            text(
                "UPDATE vault.people SET sealed = '' WHERE pseudonym ="
                " (SELECT max(pseudonym) FROM vault.people)"
            )
        )
    assert people.reseal(keys, ignore) == 2
    assert people.counts() == {"": 1, "k1": 1, "k2": 2}
