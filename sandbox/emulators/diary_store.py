"""What the diary service remembers: records, batches with their answers, and counters.

One SQLite file, so that a restart forgets nothing.
"""

from __future__ import annotations

import hashlib
import json
import sqlite3
import threading
from collections.abc import Callable, Iterator
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
"""
COUNTERS = ("batches", "replays", "created", "updated", "unchanged", "withdrawn", "rejected")

Check = Callable[[Json], tuple[str, str] | None]  # a record -> code and message of its refusal


class BodyChangedError(Exception):
    """The idempotency key was used before with another body."""


class DiaryStore:
    """Applies batches and answers reads; safe to use from several threads."""

    def __init__(self, path: Path) -> None:
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

        Raises ``BodyChangedError``. ``check`` says why a record is rejected, or None.
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

    def batch(self, key: str) -> list[Json] | None:
        """The answer given to a batch, or None when it was never applied."""
        with self._lock:
            row = self._db.execute("SELECT answer FROM batches WHERE key = ?", (key,)).fetchone()
        return json.loads(row[0]) if row else None

    def live(self, where: str = "1", *values: str) -> list[Json]:
        """Live records, by key. ``where`` is SQL over institution, type, uid and key."""
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
