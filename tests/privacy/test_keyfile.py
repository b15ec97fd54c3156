"""The key file changes under running processes: nothing is lost, whatever dies or collides."""

from __future__ import annotations

import json
import stat
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from privacy.keyfile import GRACE, KeyChangeRefusedError, add_key, remove_key
from privacy.keys import KeyFileMalformedError, KeyFileMissingError, KeyRing, UnknownKeyError
from privacy.sealing import key_id_of, seal, unseal

NOON = datetime(2026, 11, 28, 12, tzinfo=UTC)
SOMEWHERE = b"here"


@pytest.fixture
def path(keys: KeyRing) -> Path:
    assert keys.path
    return keys.path


def rotate(path: Path) -> str:
    return add_key(path, NOON, lambda _: None)


def retire(path: Path, key_id: str, at: datetime = NOON + GRACE, used: int = 0) -> None:
    remove_key(path, key_id, at, lambda: used, lambda: None)


def test_a_key_is_added_and_none_is_lost(keys: KeyRing, path: Path) -> None:
    path.chmod(0o640)
    told: list[str] = []
    assert add_key(path, NOON, told.append) == "k2"
    assert told == ["k2"]
    ring = KeyRing.load(path)
    assert ring.active == "k2"
    assert ring.sealing["k1"] == keys.sealing["k1"]
    assert (ring.pseudonym, ring.lookup) == (keys.pseudonym, keys.lookup)
    assert stat.S_IMODE(path.stat().st_mode) == 0o640
    assert {file.name for file in path.parent.iterdir()} == {path.name, f"{path.name}.lock"}


def test_no_name_comes_back(path: Path) -> None:
    rotate(path)
    retire(path, "k1")
    assert rotate(path) == "k3"
    retire(path, "k2")
    assert rotate(path) == "k4"


def test_what_cannot_be_announced_does_not_happen(path: Path) -> None:
    def fails(*_: object) -> None:
        raise OSError("no log")

    before = path.read_bytes()
    with pytest.raises(OSError, match="no log"):
        add_key(path, NOON, fails)
    assert path.read_bytes() == before
    rotate(path)
    before = path.read_bytes()
    with pytest.raises(OSError, match="no log"):
        remove_key(path, "k1", NOON + GRACE, lambda: 0, fails)
    assert path.read_bytes() == before


@pytest.mark.parametrize("moment", ["os.fsync", "pathlib.Path.replace"])
def test_a_writer_killed_at_any_moment_leaves_the_old_ring(
    keys: KeyRing, path: Path, moment: str
) -> None:
    died = subprocess.run(
        [sys.executable, "-c", _KILLED, str(path), moment], check=False, capture_output=True
    )
    assert died.returncode == -9, died.stderr
    assert KeyRing.load(path) == keys
    assert rotate(path) == "k2"
    assert {file.name for file in path.parent.iterdir()} == {path.name, f"{path.name}.lock"}


_KILLED = """
import os, pathlib, signal, sys
from datetime import UTC, datetime
from privacy.keyfile import add_key
owner, name = sys.argv[2].rsplit(".", 1)
dies = lambda *_: os.kill(os.getpid(), signal.SIGKILL)
setattr(os if owner == "os" else pathlib.Path, name, dies)
add_key(pathlib.Path(sys.argv[1]), datetime.now(UTC), lambda _: None)
"""


def test_processes_that_rotate_at_once_lose_no_key(keys: KeyRing, path: Path) -> None:
    started = [subprocess.Popen([sys.executable, "-c", _ROTATES, str(path)]) for _ in range(3)]
    assert [process.wait(60) for process in started] == [0, 0, 0]
    ring = KeyRing.load(path)
    assert set(ring.sealing) == {f"k{number}" for number in range(1, 32)}
    assert ring.active == "k31"
    assert ring.sealing["k1"] == keys.sealing["k1"]


_ROTATES = """
import pathlib, sys
from datetime import UTC, datetime
from privacy.keyfile import add_key
for _ in range(10):
    add_key(pathlib.Path(sys.argv[1]), datetime.now(UTC), lambda _: None)
"""


@pytest.mark.parametrize(
    ("attempt", "why"),
    [
        (lambda path: retire(path, "k2"), "active"),
        (lambda path: retire(path, "k9"), "no sealing key 'k9'"),
        (lambda path: retire(path, "k1", used=3), "still seals 3 contents; reseal first"),
        (lambda path: retire(path, "k1", NOON + timedelta(minutes=59)), "retire it after 2026-11"),
    ],
)
def test_a_key_that_may_be_needed_is_kept(
    path: Path, attempt: Callable[[Path], None], why: str
) -> None:
    rotate(path)
    before = path.read_bytes()
    with pytest.raises(KeyChangeRefusedError, match=why) as caught:
        attempt(path)
    assert path.read_bytes() == before
    assert all(key not in str(caught.value) for key in json.loads(before)["sealing"].values())


def test_a_running_process_seals_by_the_new_key_and_opens_what_others_sealed(
    keys: KeyRing, path: Path
) -> None:
    before = seal(keys, b"before", SOMEWHERE)
    rotate(path)
    after = seal(keys, b"after", SOMEWHERE)
    assert [key_id_of(before), key_id_of(after)] == ["k1", "k2"]
    by_another = seal(KeyRing.load(path), b"by another", SOMEWHERE)
    assert unseal(keys, by_another, SOMEWHERE) == b"by another"
    assert unseal(KeyRing.load(path), before, SOMEWHERE) == b"before"


def test_a_running_process_opens_what_it_had_read_before_its_key_was_retired(
    keys: KeyRing, path: Path
) -> None:
    read = seal(keys, b"read", SOMEWHERE)
    rotate(path)
    retire(path, "k1")
    assert unseal(keys, read, SOMEWHERE) == b"read"
    with pytest.raises(UnknownKeyError, match="k1"):
        unseal(KeyRing.load(path), read, SOMEWHERE)


def test_nothing_is_sealed_once_the_file_is_gone_or_anothers(
    keys: KeyRing, path: Path, tmp_path: Path
) -> None:
    content = path.read_bytes()
    path.unlink()
    with pytest.raises(KeyFileMissingError):
        seal(keys, b"", SOMEWHERE)
    KeyRing.create(path)
    with pytest.raises(KeyFileMalformedError, match="another hub"):
        seal(keys, b"", SOMEWHERE)
    path.write_bytes(content)
    assert key_id_of(seal(keys, b"", SOMEWHERE)) == "k1"


def test_a_ring_without_a_file_never_changes(keys: KeyRing) -> None:
    alone = replace(keys, path=None)
    assert alone.current() is alone
    with pytest.raises(UnknownKeyError):
        alone.sealing_key("k2")
