from __future__ import annotations

import json
import stat
from pathlib import Path

import pytest

from privacy.keys import (
    KeyFileExistsError,
    KeyFileExposedError,
    KeyFileMalformedError,
    KeyFileMissingError,
    KeyRing,
    UnknownKeyError,
)


def test_created_ring_is_read_back_and_closed_to_others(tmp_path: Path) -> None:
    path = tmp_path / "new" / "keys.json"
    ring = KeyRing.create(path)
    assert KeyRing.load(path) == ring
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert [file.name for file in path.parent.iterdir()] == ["keys.json"]
    keys = [*ring.sealing.values(), ring.pseudonym, ring.lookup]
    assert [len(key) for key in keys] == [32] * 3
    assert len(set(keys)) == 3


def test_create_never_overwrites(tmp_path: Path) -> None:
    path = tmp_path / "keys.json"
    KeyRing.create(path)
    before = path.read_bytes()
    with pytest.raises(KeyFileExistsError):
        KeyRing.create(path)
    assert path.read_bytes() == before
    assert len(list(tmp_path.iterdir())) == 1


def test_missing_file(tmp_path: Path) -> None:
    with pytest.raises(KeyFileMissingError, match="backup"):
        KeyRing.load(tmp_path / "keys.json")


def test_file_open_to_everyone_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "keys.json"
    KeyRing.create(path)
    path.chmod(0o604)
    with pytest.raises(KeyFileExposedError, match="chmod 600"):
        KeyRing.load(path)


@pytest.mark.parametrize(
    "damage",
    [
        {"version": 2},
        {"active": "k9"},
        {"sealing": {"k1": "c2hvcnQ="}},
        {"sealing": {"k1": "not base64!"}},
        {"sealing": []},
        {"sealing": {}},
        {"pseudonym": None},
        {"lookup": "c2hvcnQ="},
    ],
)
def test_damaged_file(tmp_path: Path, damage: dict[str, object]) -> None:
    path = tmp_path / "keys.json"
    KeyRing.create(path)
    content = json.loads(path.read_text())
    path.write_text(json.dumps(content | damage))
    with pytest.raises(KeyFileMalformedError) as caught:
        KeyRing.load(path)
    assert content["sealing"]["k1"] not in str(caught.value)
    assert caught.value.__cause__ is None


def test_one_key_for_two_purposes_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "keys.json"
    KeyRing.create(path)
    content = json.loads(path.read_text())
    path.write_text(json.dumps(content | {"lookup": content["pseudonym"]}))
    with pytest.raises(KeyFileMalformedError):
        KeyRing.load(path)


@pytest.mark.parametrize("text", ["", "[]", "{", "null", "\udcff"])
def test_not_a_ring(tmp_path: Path, text: str) -> None:
    path = tmp_path / "keys.json"
    KeyRing.create(path)
    path.write_bytes(text.encode(errors="surrogateescape"))
    with pytest.raises(KeyFileMalformedError):
        KeyRing.load(path)


def test_unknown_key_and_silent_repr(keys: KeyRing) -> None:
    with pytest.raises(UnknownKeyError, match="k7"):
        keys.sealing_key("k7")
    for key in (keys.pseudonym, keys.lookup, *keys.sealing.values()):
        assert repr(key) not in repr(keys)
        assert key.hex() not in repr(keys)
