"""What the contingent registry remembers: records, requests with their answers, and counters.

One SQLite file, so that a restart forgets nothing.
"""

from __future__ import annotations

import hashlib
import json
import re
import sqlite3
import threading
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sandbox.emulators.contingent_rules import Data, faults, references

Json = dict[str, Any]

_TABLES = """
CREATE TABLE IF NOT EXISTS records (
    organisation TEXT, uid TEXT, type TEXT, hash TEXT, id TEXT, live INTEGER, data TEXT,
    PRIMARY KEY (organisation, uid)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS requests (
    key TEXT PRIMARY KEY, digest TEXT, ticket TEXT UNIQUE, failed INTEGER, polls INTEGER,
    answer TEXT);
CREATE TABLE IF NOT EXISTS counters (name TEXT PRIMARY KEY, value INTEGER);
CREATE TABLE IF NOT EXISTS received (number INTEGER PRIMARY KEY, key TEXT, size INT, status INT);
CREATE TABLE IF NOT EXISTS poison (key TEXT PRIMARY KEY);
CREATE TABLE IF NOT EXISTS orders (name TEXT PRIMARY KEY, value INTEGER);
"""
COUNTERS = ("batches", "replays", "created", "updated", "unchanged", "withdrawn", "rejected")
# Ours and not the registry's: a restore leaves them alone.
_BOOKS = ("counters", "received", "poison", "orders")
ORDER = ("class", "person", "education", "movement")  # others point at those before them


class BodyChangedError(Exception):
    """The key was used before with another body."""


class PoisonError(Exception):
    """The batch holds a record on which the registry breaks."""


@dataclass(frozen=True)
class Item:
    """One record of a request. ``op``: ``upsert``; ``change`` (not found where unknown),
    ``create`` (refused where known); ``delete``, whose data must be those before it."""

    uid: str
    type: str
    op: str
    hash: str
    data: Data


@dataclass(frozen=True)
class Kept:
    """A request as it was answered. ``polls``: how often it still says that it is queued."""

    ticket: str
    failed: bool
    polls: int
    results: list[Json]


class ContingentStore:
    """Applies requests and answers reads; safe to use from several threads."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock = threading.RLock()
        self._db = sqlite3.connect(path, check_same_thread=False, isolation_level=None)
        self._db.execute("PRAGMA journal_mode = WAL")
        self._db.execute("PRAGMA synchronous = OFF")  # a pretend service need not outlive power
        self._db.executescript(_TABLES)

    def close(self) -> None:
        with self._lock:
            self._db.close()

    def apply(
        self, organisation: str, key: str, digest: str, items: list[Item], *, known: bool = True
    ) -> Kept:
        """Apply a request once; the same key and digest give the first answer again. ``known``:
        the organisation is registered; if not, or if told so, the request fails as a whole.

        Raises ``BodyChangedError`` and ``PoisonError``, and applies nothing then.
        """
        with self._lock:
            found = self._db.execute("SELECT digest FROM requests WHERE key = ?", (key,)).fetchone()
            if found is None:
                return self._apply_new(organisation, key, digest, items, known=known)
            if found[0] != digest:
                raise BodyChangedError(key)
            self._count("replays")
            return self._kept("key", key)

    def _apply_new(
        self, organisation: str, key: str, digest: str, items: list[Item], *, known: bool
    ) -> Kept:
        poison = {uid for (uid,) in self._db.execute("SELECT key FROM poison")}
        if poison & {item.uid for item in items}:
            raise PoisonError(key)
        failed = not known or self._ordered("fail")
        ticket = _made("ticket", key, 32)
        self._db.execute("BEGIN")
        try:
            results = [] if failed else [self._item(organisation, i) for i in _in_order(items)]
            for result in results:
                self._count(result["status"])
            self._count("batches")
            polls = self._order("queue")
            row = (key, digest, ticket, failed, polls, json.dumps(results, ensure_ascii=False))
            self._db.execute("INSERT INTO requests VALUES (?, ?, ?, ?, ?, ?)", row)
        except BaseException:
            self._db.execute("ROLLBACK")
            raise
        self._db.execute("COMMIT")
        return self._kept("key", key)

    def _item(self, organisation: str, item: Item) -> Json:
        row = self._record(organisation, item.uid)
        live = row is not None and bool(row["live"])
        remote = row["id"] if row else _made("record", f"{organisation}/{item.uid}", 16)
        if item.op == "delete":
            return self._delete(organisation, item, row if live else None, remote)
        if item.op == "change" and not live:
            return _result(item, "not_found", "")
        if item.op == "create" and live:
            return _result(item, "rejected", remote, "exists", [("", "Запись уже есть")])
        wrong = faults(item.type, item.data)
        if wrong:
            return _result(item, "rejected", "", "bad_field", wrong)
        lost = [
            (field, "Неизвестная запись")
            for field, kind, uid in references(item.type, item.data)
            if not self._is_live(organisation, uid, kind)
        ]
        if lost:
            return _result(item, "rejected", "", "unknown_reference", lost)
        if row is not None and live and row["type"] == item.type and row["hash"] == item.hash:
            return _result(item, "unchanged", remote)
        data = json.dumps(item.data, ensure_ascii=False)
        self._db.execute(
            "INSERT OR REPLACE INTO records VALUES (?, ?, ?, ?, ?, 1, ?)",
            (organisation, item.uid, item.type, item.hash, remote, data),
        )
        return _result(item, "updated" if live else "created", remote)

    def _delete(self, organisation: str, item: Item, row: Json | None, remote: str) -> Json:
        if row is None:
            return _result(item, "withdrawn", "")
        if _said(json.loads(row["data"])) != _said(item.data):
            return _result(
                item, "rejected", remote, "not_as_was", [("", "данные не те, что до удаления")]
            )
        where = (organisation, item.uid)
        self._db.execute("UPDATE records SET live = 0 WHERE organisation = ? AND uid = ?", where)
        return _result(item, "withdrawn", remote)

    def _record(self, organisation: str, uid: str) -> Json | None:
        row = self._db.execute(
            "SELECT type, hash, id, live, data FROM records WHERE organisation = ? AND uid = ?",
            (organisation, uid),
        ).fetchone()
        return dict(zip(("type", "hash", "id", "live", "data"), row, strict=True)) if row else None

    def _is_live(self, organisation: str, uid: str, kind: str) -> bool:
        row = self._record(organisation, uid)
        return row is not None and bool(row["live"]) and row["type"] == kind

    def _count(self, name: str) -> None:
        self._db.execute(
            "INSERT INTO counters VALUES (?, 1) ON CONFLICT (name) DO UPDATE SET value = value + 1",
            (name,),
        )

    # --- reading ------------------------------------------------------------------------------

    def find(self, *, key: str = "", ticket: str = "", poll: bool = False) -> Kept | None:
        """The request known by its key or ticket; ``poll`` counts a queued one down."""
        column, value = ("key", key) if key else ("ticket", ticket)
        with self._lock:
            try:
                kept = self._kept(column, value)
            except LookupError:
                return None
            if poll and kept.polls:
                self._db.execute(
                    f"UPDATE requests SET polls = polls - 1 WHERE {column} = ?",  # noqa: S608  # ours
                    (value,),
                )
            return kept

    def _kept(self, column: str, value: str) -> Kept:
        row = self._db.execute(
            f"SELECT ticket, failed, polls, answer FROM requests WHERE {column} = ?",  # noqa: S608
            (value,),
        ).fetchone()
        if row is None:
            raise LookupError(value)
        return Kept(row[0], bool(row[1]), row[2], json.loads(row[3]))

    def live(self, organisation: str | None = None) -> list[Json]:
        """Live records of an organisation or of all, by organisation and uid."""
        with self._lock:
            rows = self._db.execute(
                "SELECT organisation, uid, type, hash, id, data FROM records"
                " WHERE live AND (organisation = ?1 OR ?1 IS NULL) ORDER BY organisation, uid",
                (organisation,),
            ).fetchall()
        names = ("organisation", "uid", "type", "hash", "id", "data")
        return [{**dict(zip(names, row, strict=True)), "data": json.loads(row[5])} for row in rows]

    def stats(self) -> dict[str, int]:
        with self._lock:
            found = dict(self._db.execute("SELECT name, value FROM counters").fetchall())
            live = self._db.execute("SELECT count(*) FROM records WHERE live").fetchone()[0]
        return {**{name: found.get(name, 0) for name in COUNTERS}, "records": live}

    def note(self, key: str, size: int, status: int) -> None:
        """Remember that a request was received, and how it was answered."""
        with self._lock:
            self._db.execute("INSERT INTO received VALUES (NULL, ?, ?, ?)", (key, size, status))

    def received(self) -> list[Json]:
        """Every writing request received, in order: ``key``, ``size``, ``status``."""
        with self._lock:
            rows = self._db.execute("SELECT key, size, status FROM received ORDER BY number")
            return [dict(zip(("key", "size", "status"), row, strict=True)) for row in rows]

    # --- control ------------------------------------------------------------------------------

    def order(self, name: str, value: int) -> None:
        """From now on: ``queue``, how often each new packet is queued; ``fail``, how many fail."""
        with self._lock:
            self._db.execute("REPLACE INTO orders VALUES (?, ?)", (name, value))

    def _order(self, name: str) -> int:
        row = self._db.execute("SELECT value FROM orders WHERE name = ?", (name,)).fetchone()
        return int(row[0]) if row else 0

    def _ordered(self, name: str) -> bool:
        left = self._order(name)
        if left:
            self._db.execute("REPLACE INTO orders VALUES (?, ?)", (name, left - 1))
        return left > 0

    def poison(self, key: str, *, remove: bool = False) -> None:
        """From now on no request with this record is applied, or again every one."""
        say = "DELETE FROM poison WHERE key = ?" if remove else "REPLACE INTO poison VALUES (?)"
        with self._lock:
            self._db.execute(say, (key,))

    def backup(self, name: str) -> None:
        """Keep records and requests under ``name``. Raises ``ValueError`` for a bad name."""
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
            for table, rows in books.items():
                self._db.execute(f"DELETE FROM {table}")  # noqa: S608  # names of ours
                if rows:
                    marks = ", ".join("?" * len(rows[0]))
                    self._db.executemany(f"INSERT INTO {table} VALUES ({marks})", rows)  # noqa: S608

    def _backup_path(self, name: str) -> Path:
        if not re.fullmatch(r"\w{1,60}", name):
            raise ValueError(f"{name!r} is no name for a backup: letters, digits and _")
        return self._path.with_name(f"{self._path.stem}-backup-{name}.sqlite")


def _in_order(items: list[Item]) -> list[Item]:
    """What others point at first; deletions after all, the other way round."""
    kept = sorted((i for i in items if i.op != "delete"), key=lambda i: ORDER.index(i.type))
    gone = sorted((i for i in items if i.op == "delete"), key=lambda i: -ORDER.index(i.type))
    return [*kept, *gone]


def _result(
    item: Item, status: str, remote: str, code: str = "", wrong: list[tuple[str, str]] | None = None
) -> Json:
    found = [{"field": field, "error": error} for field, error in wrong or []]
    named = {"uid": item.uid, "type": item.type, "status": status, "id": remote or None}
    return {**named, "code": code, "faults": found}


def _said(data: Data) -> Data:
    return {name: value for name, value in data.items() if value is not None}


def _made(what: str, of: str, digits: int) -> str:
    return hashlib.sha256(f"{what}/{of}".encode()).hexdigest()[:digits]
