"""The key file changes: a sealing key is added, one is thrown away. No other key ever changes.

A change is written beside the file, flushed and renamed over it: a reader sees the old ring or the
new one, a killed writer leaves the old one. Changes take turns by a lock beside the file. The
file also says since when a key is no longer the active one::

    "replaced": {"k1": "2026-11-28T11:00:00+00:00"}

Errors::

    KeyChangeRefusedError    the change makes no sense now; the message says what to do first
    keys.KeyFileError        the file cannot be read; nothing was changed
"""

from __future__ import annotations

import fcntl
import json
import os
import re
import secrets
import stat
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from privacy.keys import KeyRing, new_key

# A process may still be about to commit what it sealed by the key that was active a moment ago.
# Nothing of the hub is under way for as long as this; a machine sees a changed file far sooner.
GRACE = timedelta(hours=1)


class KeyChangeRefusedError(Exception):
    """The key file was left as it is; the message says what must be done first."""


def add_key(path: Path, at: datetime, announce: Callable[[str], None]) -> str:
    """A new sealing key, active from ``at``; its id. No key is lost.

    ``announce`` is told the id before the file changes; if it raises, nothing changes.
    """
    with _locked(path):
        content = _content(path)
        name = _next_name(content)
        announce(name)
        content["sealing"][name] = new_key()
        content.setdefault("replaced", {})[content["active"]] = at.isoformat()
        content["active"] = name
        _replace(path, json.dumps(content, indent=2).encode())
    return name


def remove_key(
    path: Path, key_id: str, at: datetime, in_use: Callable[[], int], announce: Callable[[], None]
) -> None:
    """Throw the sealing key ``key_id`` away: nobody will open what it sealed.

    ``at`` must be an hour (``GRACE``) after another key took its place, and ``in_use``, how much
    it still seals, zero. Raises ``KeyChangeRefusedError``. ``announce``: see ``add_key``.
    """
    with _locked(path):
        content = _content(path)
        if key_id not in content["sealing"]:
            raise KeyChangeRefusedError(f"there is no sealing key {key_id!r} in {path}")
        if key_id == content["active"]:
            raise KeyChangeRefusedError(f"{key_id!r} is the active key; rotate first")
        replaced = content.get("replaced", {}).get(key_id)
        if replaced and at < (free := datetime.fromisoformat(replaced) + GRACE):
            raise KeyChangeRefusedError(
                f"a process may still be writing what it sealed by {key_id!r}; retire it after"
                f" {free.isoformat(timespec='minutes')}"
            )
        if left := in_use():
            raise KeyChangeRefusedError(f"{key_id!r} still seals {left} contents; reseal first")
        announce()
        del content["sealing"][key_id]
        content.get("replaced", {}).pop(key_id, None)
        _replace(path, json.dumps(content, indent=2).encode())


def _content(path: Path) -> dict[str, Any]:
    KeyRing.load(path)  # nothing is built on a damaged file
    content: dict[str, Any] = json.loads(path.read_bytes())
    return content


def _next_name(content: dict[str, Any]) -> str:
    """Above every number in use. The highest is the active one and is never removed, so no name
    comes back: what an old backup holds under it would be taken for damaged."""
    numbers = [int(m[1]) for name in content["sealing"] if (m := re.fullmatch(r"k(\d+)", name))]
    return f"k{max(numbers, default=0) + 1}"


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    """One change at a time; a process that dies leaves no lock behind."""
    descriptor = os.open(path.with_name(f"{path.name}.lock"), os.O_CREAT | os.O_RDWR, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        for draft in path.parent.glob(f".{path.name}.*"):  # of a writer that was killed
            draft.unlink()
        yield
    finally:
        os.close(descriptor)


def _replace(path: Path, content: bytes) -> None:
    """``content`` in the place of the file, whole; who owns and may read it stays as it was."""
    before = path.stat()
    draft = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    descriptor = os.open(draft, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as file:
            if os.geteuid() == 0:  # an operator's root must not lock the service out
                os.fchown(file.fileno(), before.st_uid, before.st_gid)
            os.fchmod(file.fileno(), stat.S_IMODE(before.st_mode))
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        draft.replace(path)
    except BaseException:
        draft.unlink(missing_ok=True)
        raise
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
