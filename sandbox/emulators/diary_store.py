"""What the diary service remembers: records, batches with their answers, and counters.

One SQLite file, so that a restart forgets nothing.
"""

from __future__ import annotations

import hashlib
import json
import re
import sqlite3
import threading
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

Json = dict[str, Any]

_TABLES = """
CREATE TABLE IF NOT EXISTS records (
    institution TEXT, key TEXT, type TEXT, hash TEXT, id TEXT, live INTEGER, data TEXT,
    uid TEXT, day TEXT, PRIMARY KEY (institution, key)) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS records_of_person ON records (uid) WHERE live;
CREATE TABLE IF NOT EXISTS batches (key TEXT PRIMARY KEY, body TEXT, answer TEXT);
CREATE TABLE IF NOT EXISTS counters (name TEXT PRIMARY KEY, value INTEGER);
CREATE TABLE IF NOT EXISTS received (number INTEGER PRIMARY KEY, key TEXT, size INT, status INT);
CREATE TABLE IF NOT EXISTS poison (key TEXT PRIMARY KEY);
"""
# Ours and not the portal's: a restore leaves them alone.
_BOOKS = ("counters", "received", "poison")
COUNTERS = ("batches", "replays", "created", "updated", "unchanged", "withdrawn", "rejected")

Check = Callable[[Json], tuple[str, str] | None]  # a record -> code and message of its refusal


class BodyChangedError(Exception):
    """The idempotency key was used before with another body."""


class PoisonError(Exception):
    """The batch holds a record on which the service breaks."""


class DiaryStore:
    """Applies batches and answers reads; safe to use from several threads."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock = threading.Lock()
        self._db = sqlite3.connect(path, check_same_thread=False, isolation_level=None)
        self._db.execute("PRAGMA journal_mode = WAL")
        self._db.execute("PRAGMA synchronous = OFF")  # a pretend service need not outlive power
        self._db.executescript(_TABLES)

    def close(self) -> None:
        with self._lock:
            self._db.close()

    def apply(self, key: str, body: bytes, batch: Json, check: Check) -> list[Json]:
        """Apply a batch once; the same key and body give the first answer again.

        Raises ``BodyChangedError`` and ``PoisonError``, and applies nothing then. ``check`` says
        why a record is rejected, or None.
        """
        digest = hashlib.sha256(body).hexdigest()
        with self._lock:
            known = self._db.execute(
                "SELECT body, answer FROM batches WHERE key = ?", (key,)
            ).fetchone()
            if known is not None:
                if known[0] != digest:
                    raise BodyChangedError(key)
                self._count("replays")
                found: list[Json] = json.loads(known[1])
                return found
            poison = {key for (key,) in self._db.execute("SELECT key FROM poison")}
            if poison & {record["key"] for record in batch["records"]}:
                raise PoisonError(key)
            return self._apply_new(key, digest, batch, check)

    def _apply_new(self, key: str, digest: str, batch: Json, check: Check) -> list[Json]:
        self._db.execute("BEGIN")
        try:
            answers = [self._record(batch["institution"], r, check) for r in batch["records"]]
            for answer in answers:
                self._count(answer["status"])
            self._count("batches")
            self._db.execute(
                "INSERT INTO batches VALUES (?, ?, ?)", (key, digest, json.dumps(answers))
            )
        except BaseException:
            self._db.execute("ROLLBACK")
            raise
        self._db.execute("COMMIT")
        return answers

    def _record(self, institution: str, record: Json, check: Check) -> Json:
        refusal = check(record)
        if refusal is not None:
            return _answer(record.get("key", ""), "rejected", "", *refusal)
        key = record["key"]
        known = self._db.execute(
            "SELECT hash, id, live FROM records WHERE institution = ? AND key = ?",
            (institution, key),
        ).fetchone()
        remote = (
            known[1] if known else hashlib.sha256(f"{institution}/{key}".encode()).hexdigest()[:16]
        )
        if record["op"] == "withdraw":
            self._db.execute(
                "UPDATE records SET live = 0 WHERE institution = ? AND key = ?", (institution, key)
            )
            return _answer(key, "withdrawn", remote if known else "")
        if known and known[2] and known[0] == record["hash"]:
            return _answer(key, "unchanged", remote)
        data = record["data"]
        self._db.execute(
            "INSERT OR REPLACE INTO records VALUES (?, ?, ?, ?, ?, 1, ?, ?, ?)",
            (
                institution,
                key,
                record["type"],
                record["hash"],
                remote,
                json.dumps(data, ensure_ascii=False),
                data.get("uid"),
                data.get("date"),
            ),
        )
        return _answer(key, "updated" if known and known[2] else "created", remote)

    def _count(self, name: str) -> None:
        self._db.execute(
            "INSERT INTO counters VALUES (?, 1) ON CONFLICT (name) DO UPDATE SET value = value + 1",
            (name,),
        )

    def note(self, key: str, size: int, status: int) -> None:
        """Remember that a batch was received, and how it was answered."""
        with self._lock:
            self._db.execute("INSERT INTO received VALUES (NULL, ?, ?, ?)", (key, size, status))

    def received(self) -> list[Json]:
        """Every batch received, in order: ``key``, ``size``, ``status``."""
        with self._lock:
            rows = self._db.execute("SELECT key, size, status FROM received ORDER BY number")
            return [dict(zip(("key", "size", "status"), row, strict=True)) for row in rows]

    def poison(self, key: str, *, remove: bool = False) -> None:
        """From now on no batch with this record is applied, or again every one."""
        say = "DELETE FROM poison WHERE key = ?" if remove else "REPLACE INTO poison VALUES (?)"
        with self._lock:
            self._db.execute(say, (key,))

    def backup(self, name: str) -> None:
        """Keep records and batches under ``name``, over an earlier backup of that name. Raises
        ``ValueError`` for a name that is no word."""
        with self._lock, closing(sqlite3.connect(self._backup_path(name))) as kept:
            self._db.backup(kept)

    def restore(self, name: str) -> None:
        """Go back to the backup. Raises ``LookupError`` if there is none, ``ValueError``."""
        path = self._backup_path(name)
        if not path.exists():
            raise LookupError(f"there is no backup {name!r}")
        with self._lock, closing(sqlite3.connect(path)) as kept:
            books = {t: self._db.execute(f"SELECT * FROM {t}").fetchall() for t in _BOOKS}  # noqa: S608
            kept.backup(self._db)
            self._db.execute("BEGIN")
            for table, rows in books.items():
                self._db.execute(f"DELETE FROM {table}")  # noqa: S608  # names of ours
                for row in rows:  # few, and of different widths by table
                    marks = ", ".join("?" * len(row))
                    self._db.execute(f"INSERT INTO {table} VALUES ({marks})", row)  # noqa: S608
            self._db.execute("COMMIT")

    def _backup_path(self, name: str) -> Path:
        if not re.fullmatch(r"\w{1,60}", name):
            raise ValueError(f"{name!r} is no name for a backup: letters, digits and _")
        return self._path.with_name(f"{self._path.stem}-backup-{name}.sqlite")

    def batch(self, key: str) -> list[Json] | None:
        """The answer given to a batch, or None when it was never applied."""
        with self._lock:
            row = self._db.execute("SELECT answer FROM batches WHERE key = ?", (key,)).fetchone()
        return json.loads(row[0]) if row else None

    def live(self, where: str = "1", *values: str) -> list[Json]:
        """Live records, by key. ``where`` is SQL over institution, type and uid."""
        with self._lock:
            rows = self._db.execute(
                "SELECT institution, key, type, hash, id, data FROM records "  # noqa: S608  # own
                f"WHERE live AND {where} ORDER BY institution, key",
                values,
            ).fetchall()
        names = ("institution", "key", "type", "hash", "id", "data")
        return [{**dict(zip(names, row, strict=True)), "data": json.loads(row[5])} for row in rows]

    def stats(self) -> dict[str, int]:
        with self._lock:
            found = dict(self._db.execute("SELECT name, value FROM counters").fetchall())
            live = self._db.execute("SELECT count(*) FROM records WHERE live").fetchone()[0]
        return {**{name: found.get(name, 0) for name in COUNTERS}, "records": live}


def _answer(key: str, status: str, remote: str, code: str = "", message: str = "") -> Json:
    return {"key": key, "status": status, "id": remote, "code": code, "message": message}


def pages(items: list[Any], page: int, limit: int) -> Iterator[tuple[str, Any]]:
    """The parts of ``data`` in the verified envelope, for a page counted from 1."""
    last = max(1, -(-len(items) // limit))
    yield "items", items[(page - 1) * limit : page * limit]
    yield "before", max(1, page - 1)
    yield "current", page
    yield "last", last
    yield "next", min(last, page + 1)
    yield "total_pages", last
    yield "total_items", len(items)
