"""The key ring: sealing keys by id, one of them active, and two keys for keyed hashes.

The ring lives in a JSON file outside the database, so that neither a dump of the database nor
the key file alone opens anything::

    {"version": 1, "active": "k1", "sealing": {"k1": "<base64, 256 bits>"},
     "pseudonym": "<base64, 256 bits>", "lookup": "<base64, 256 bits>"}

The sealing keys change while processes run (``privacy.keyfile``): a ring sees the file as it is
now whenever it seals, and whenever it meets a key it does not know. The pseudonym and the lookup
key never change while records they named are in use. Errors::

    KeyFileError
    ├── KeyFileMissingError    restore the file from its backup; create one only for a new hub
    ├── KeyFileExistsError     nothing was written: use the file that is there
    ├── KeyFileExposedError    the file is open to everyone on the machine: chmod 600
    └── KeyFileMalformedError  the file is damaged: restore it from its backup
    UnknownKeyError            a row was sealed by a key the ring has lost: put that key back
"""

from __future__ import annotations

import base64
import binascii
import json
import os
import secrets
import stat
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from types import MappingProxyType
from typing import Any, Self

KEY_BYTES = 32
_ID_BYTES = 64  # the envelope gives the id's length one byte; names longer than this are slips


class KeyFileError(Exception):
    """Base; the message names the file and never holds a key."""


class KeyFileMissingError(KeyFileError):
    """There is no key file; restore it from its backup, or create one for a new hub."""


class KeyFileExistsError(KeyFileError):
    """A key file is there already; it is never overwritten, for it opens all that is sealed."""


class KeyFileExposedError(KeyFileError):
    """Everyone on the machine may read or write the key file; close it (``chmod 600``)."""


class KeyFileMalformedError(KeyFileError):
    """The key file cannot be read as a key ring; restore it from its backup."""


class UnknownKeyError(KeyError):
    """Something was sealed by a key that is not in the ring; put that key back into the file."""


@dataclass(frozen=True)
class KeyRing:
    """Keys of 32 bytes each, as ``path`` held them when it was read.

    ``repr`` shows the id of the active sealing key and no key. A ring without ``path`` is all
    there is: it never changes.
    """

    active: str
    sealing: Mapping[str, bytes] = field(repr=False)
    pseudonym: bytes = field(repr=False)
    lookup: bytes = field(repr=False)
    path: Path | None = field(default=None, repr=False, compare=False)

    @classmethod
    def create(cls, path: Path) -> Self:
        """A new ring of random keys, written to ``path`` with mode 0600.

        Raises ``KeyFileExistsError`` if ``path`` exists; then nothing is written.
        """
        content = {
            "version": 1,
            "active": "k1",
            "sealing": {"k1": new_key()},
            "pseudonym": new_key(),
            "lookup": new_key(),
        }
        _write_once(path, json.dumps(content, indent=2).encode())
        return cls.load(path)

    @classmethod
    def load(cls, path: Path) -> Self:
        """The ring kept in ``path``.

        Raises ``KeyFileMissingError``, ``KeyFileExposedError`` or ``KeyFileMalformedError``.
        """
        try:
            mode = path.stat().st_mode
            text = path.read_bytes()
        except FileNotFoundError as error:
            raise KeyFileMissingError(
                f"no key file at {path}; restore it from its backup"
            ) from error
        if mode & stat.S_IRWXO:
            raise KeyFileExposedError(f"{path} is open to everyone; run chmod 600 {path}")
        try:
            return cls._read(json.loads(text), path)
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            # ``from None``: the cause would quote the text, which is key material.
            raise KeyFileMalformedError(
                f"{path} is not a key ring ({type(error).__name__}); restore it from its backup"
            ) from None

    @classmethod
    def _read(cls, content: Any, path: Path) -> Self:
        if content["version"] != 1 or content["active"] not in content["sealing"]:
            raise ValueError
        if not all(0 < len(name.encode()) <= _ID_BYTES for name in content["sealing"]):
            raise ValueError
        sealing = {name: _key(text) for name, text in content["sealing"].items()}
        ring = cls(
            active=content["active"],
            sealing=MappingProxyType(sealing),
            pseudonym=_key(content["pseudonym"]),
            lookup=_key(content["lookup"]),
            path=path,
        )
        if len({*sealing.values(), ring.pseudonym, ring.lookup}) != len(sealing) + 2:
            raise ValueError  # one key for two purposes
        return ring

    def current(self) -> KeyRing:
        """The ring as its file holds it now; read anew only when the file has changed.

        What is sealed by a key that the file no longer holds could not be opened later: whoever
        seals asks first. Raises as ``load``; ``KeyFileMalformedError`` also where the file is
        another hub's.
        """
        if self.path is None:
            return self
        try:
            found = self.path.stat()
        except FileNotFoundError:
            return KeyRing.load(self.path)  # says that it is missing
        now = _as_of(self.path, (found.st_mtime_ns, found.st_ino, found.st_size, found.st_mode))
        if (now.pseudonym, now.lookup) != (self.pseudonym, self.lookup):
            raise KeyFileMalformedError(
                f"{self.path} holds the keys of another hub than when this process began;"
                " restore it from its backup"
            )
        return now

    def sealing_key(self, key_id: str) -> bytes:
        """The sealing key named ``key_id``, added since or retired since too.

        Raises ``UnknownKeyError``; as ``current`` where this ring does not know it.
        """
        key = self.sealing.get(key_id) or self.current().sealing.get(key_id)
        if key is None:
            raise UnknownKeyError(f"sealing key {key_id!r} is not in the key file")
        return key


@lru_cache(maxsize=4)
def _as_of(path: Path, stamp: tuple[int, ...]) -> KeyRing:  # noqa: ARG001  a new stamp, a new reading
    return KeyRing.load(path)


def new_key() -> str:
    """A random key as the file writes it."""
    return base64.b64encode(secrets.token_bytes(KEY_BYTES)).decode()


def _key(text: str) -> bytes:
    try:
        key = base64.b64decode(text, validate=True)
    except binascii.Error:
        raise ValueError from None
    if len(key) != KEY_BYTES:
        raise ValueError
    return key


def _write_once(path: Path, content: bytes) -> None:
    """Write a file whole or not at all, and never over another one.

    Two processes may start on a new machine at once: the link makes one of them win and lets
    the other see a finished file.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    descriptor = os.open(draft, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        os.link(draft, path)
    except FileExistsError as error:
        raise KeyFileExistsError(f"{path} exists; it is never overwritten") from error
    finally:
        draft.unlink()
