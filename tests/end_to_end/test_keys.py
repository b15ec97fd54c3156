"""A raw dump names nobody without the key file; a key is replaced under a region at work."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from pipeline import rotation
from pipeline.hub import Hub
from pipeline.runs import RunState
from pipeline.settings import Settings
from privacy.keyfile import KeyChangeRefusedError, add_key
from privacy.keys import KeyFileMissingError, KeyRing
from tests.end_to_end.conftest import CopyOf
from tests.end_to_end.moments import PATIENCE, Gate, kill, locked
from tests.end_to_end.registry import registry_of
from tests.end_to_end.world import World
from tests.support.dumps import binary, raw_dump, readings
from tests.support.leaks import find_people

PLACES = {
    "vault.people.sealed",
    "vault.uids.sealed",
    "ops.quarantine.sealed",
    "outbox.desired.payload",
    "outbox.batches.records",
    "landing",
}
BY = ("--by", "operator", "--json")


@pytest.fixture
def full(evening: World, copy_of: CopyOf) -> World:
    """A region whose every place holds something sealed."""
    world = copy_of(evening)
    with registry_of(world, "rest") as registry:
        registry.control("backup", name="empty")
        world.deliver_contingent(world.last, "first")
    assert set(sealed(world)) == PLACES
    return world


def sealed(world: World) -> dict[str, dict[str, int]]:
    """How many contents each key sealed, by place."""
    places = rotation.places(Hub.open(world.settings))
    return {place.name: counts for place in places if (counts := place.counts())}


def people(world: World) -> list[dict[str, str | None]]:
    """Six letters in a row stand in no noise by chance."""
    found = [one for one in world.truth["people"] if len(str(one["surname"])) >= 6]
    assert len(found) > 50
    return found


def files_of(world: World) -> bytes:
    """Every file of the vault's tables, and the landed documents."""
    world.write("CHECKPOINT")
    rows = world.rows(
        "SELECT current_setting('data_directory') || '/' || pg_relation_filepath(oid) AS path"
        " FROM pg_class WHERE relfilenode <> 0 AND (relnamespace = 'vault'::regnamespace OR oid IN"
        " (SELECT reltoastrelid FROM pg_class WHERE relnamespace = 'vault'::regnamespace))"
    )
    paths = [*(world.home / "landing").rglob("*.sealed"), *(Path(row["path"]) for row in rows)]
    return b"\n".join(path.read_bytes() for path in paths)


def test_a_raw_dump_names_nobody(full: World) -> None:
    dump, files, planted = raw_dump(full.settings.database_url), files_of(full), people(full)
    assert b"COPY vault.people" in dump
    assert len(files) > 100_000
    found = [hit for one in readings(dump) for hit in find_people(one, planted)]
    found += [hit for one in binary(files) for hit in find_people(one, planted)]
    assert found == []


def test_a_raw_dump_of_the_vault_tells_no_uid(full: World) -> None:
    dump = raw_dump(full.settings.database_url, "-n", "vault") + files_of(full)
    school = full.schools("paragraf")[0]
    uids = list(full.hub.vault.uids_of(school)["uid"])
    assert len(uids) > 5
    assert [uid for uid in uids if uid.encode() in dump] == []


WRITTEN: dict[str, Callable[[str], object]] = {
    "plain": lambda name: name,
    "base64": lambda name: base64.b64encode(name.encode()).decode(),
    "base64 of utf-16": lambda name: base64.b64encode(name.encode("utf-16-le")).decode(),
    "hex of utf-8": lambda name: name.encode(),
    "hex of cp1251": lambda name: name.encode("cp1251"),
    "hex of base64": lambda name: base64.b64encode(name.encode()),
}


def test_no_neighbour_in_a_dump_hides_a_name() -> None:
    """Whatever byte a value before it ends in, and one behind it begins with."""
    someone = {"surname": "Иванов", "given": "Пётр", "patronymic": "Ильич"}
    name = base64.b64encode("Иванов Пётр Ильич".encode("utf-16-le")).decode()
    for byte in range(256):
        neighbour = base64.b64encode(bytes([byte]) * 24).decode()
        dump = f"{neighbour}\t{name}\t{neighbour}\n".encode()
        assert any(find_people(reading, [someone]) for reading in readings(dump)), byte


@pytest.fixture(scope="module")
def planted(evening: World, folder: Path) -> Iterator[World]:
    world = evening.copy("planted", folder / "planted")
    yield world
    world.server.drop("planted")


@pytest.mark.parametrize("form", WRITTEN)
def test_a_name_in_a_raw_dump_is_found(planted: World, form: str) -> None:
    someone = next(one for one in people(planted) if one["role"] == "pupil")
    name = f"{someone['surname']} {someone['given']} {someone['patronymic']}"
    value = WRITTEN[form](name)
    column = "sealed" if isinstance(value, bytes) else "content_hash"
    planted.write("CREATE TABLE IF NOT EXISTS vault.spare AS TABLE vault.people")
    planted.write("TRUNCATE vault.spare")
    planted.write("INSERT INTO vault.spare SELECT * FROM vault.people ORDER BY pseudonym LIMIT 3")
    planted.write(f"UPDATE vault.spare SET {column} = :value", value=value)
    dump = raw_dump(planted.settings.database_url, "-t", "vault.spare")
    assert any(find_people(reading, [someone]) for reading in readings(dump))


def test_without_the_key_file_nothing_opens(full: World, tmp_path: Path) -> None:
    counts = {name: sum(of.values()) for name, of in sealed(full).items()}
    other = KeyRing.create(tmp_path / "keys.json")
    assert other.path
    add_key(other.path, datetime.now(UTC), lambda _: None)  # tries what is there as its own k1's
    stranger = Settings(
        home=full.home, database_url=full.settings.database_url, key_file=other.path
    )
    tried = rotation.reseal(Hub.open(stranger), lambda _place, _count: None)
    assert sum(one.resealed for one in tried) == 0
    assert {one.place: one.left for one in tried if one.left} == counts
    nowhere = Settings(
        home=full.home, database_url=full.settings.database_url, key_file=tmp_path / "lost.json"
    )
    with pytest.raises(KeyFileMissingError):
        Hub.open(nowhere)


def test_a_key_is_replaced_though_resealing_is_killed(full: World) -> None:
    """And the contingent registry, restored empty, gets the very same people from the outbox."""
    with registry_of(full, "rest") as registry:
        there = registry.records()
        _rotate(full)
        with locked(full, "outbox.batches") as awaited:
            process = full.svod_started("keys", "reseal", *BY)
            awaited()
            kill(process)
        left = sealed(full)
        assert left["vault.people.sealed"].keys() == {"k2"}
        assert left["outbox.batches.records"].keys() == {"k1"}
        with pytest.raises(KeyChangeRefusedError, match="still seals"):
            rotation.retire(full.hub, "k1", datetime.now(UTC), idle=True)
        assert full.asked("keys", "reseal", *BY).returncode == 0
        assert full.asked("keys", "retire", "k1", *BY, "--idle").returncode == 0
        after = sealed(full)
        assert {key for of in after.values() for key in of} == {"k2"}
        assert {n: sum(of.values()) for n, of in after.items()} == {
            n: sum(of.values()) for n, of in left.items()
        }
        anew = World(full.server, full.name, full.folder)
        for school in anew.schools():
            assert anew.hub.vault.identities(school).height > 0
        for path in (anew.home / "landing").rglob("*.sealed"):
            assert anew.hub.landing.get(path.stem)
        registry.control("restore", name="empty")
        assert registry.records() == {}
        assert anew.deliver_contingent(anew.last, "anew") is RunState.CLOSED
        assert registry.records() == there


def test_a_delivery_at_work_goes_on_through_a_rotation(evening: World, copy_of: CopyOf) -> None:
    """It began with the old key; the schools it comes to later are sealed by the new one."""
    world = copy_of(evening)
    world.forget("outbox")
    world.empty_portal()
    gate = Gate()
    with world.served(gate):
        process = world.svod_started(
            "deliver", "--business-date", world.last, "--run-id", "rotating"
        )
        assert gate.reached.wait(PATIENCE)
        _rotate(world)
        assert world.asked("keys", "reseal", *BY).returncode == 0
        assert {key for of in sealed(world).values() for key in of} == {"k2"}
        assert process.poll() is None
        gate.open.set()
        assert process.wait(PATIENCE) == 0
    states = world.rows("SELECT DISTINCT state FROM ops.school_runs WHERE run_id = 'rotating'")
    assert [row["state"] for row in states] == ["done"]


def _rotate(world: World) -> None:
    said = world.asked("keys", "rotate", *BY)
    assert json.loads(said.stdout) == [{"active": "k2"}]
