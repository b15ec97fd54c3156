"""The portal's diary service: ingest by our contract, reads in the verified envelope.

Every byte received is kept in ``diary-received.log``: what the hub must not send is searched for
there. Control:

* ``GET /_sandbox/stats``: counters; ``GET /_sandbox/state``: the live records
* ``GET /_sandbox/batches``: every batch received, in order, with its size and the status it got,
  and how many there were of each size
* ``POST /_sandbox/poison {"key"}``: a batch that holds this record's key is answered 500 and not
  applied, until ``{"key", "remove": true}``
* ``POST /_sandbox/backup {"name"}``, ``POST /_sandbox/restore {"name"}``: records and batches go
  back to where they were; what this file counts does not

Faults are played from outside (``faults``); ``MANNER`` tells them how this service speaks.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections import Counter
from collections.abc import Iterable
from datetime import date, datetime
from pathlib import Path
from threading import Lock
from typing import Any

from sandbox.emulators.diary_rules import refuse
from sandbox.emulators.diary_store import BodyChangedError, DiaryStore, PoisonError, pages
from sandbox.emulators.faults import Change, Manner
from sandbox.emulators.web import Answer, Request, json_answer

Json = dict[str, Any]

TOKEN = "sandbox-diary"  # noqa: S105  # opens nothing outside the sandbox
INGEST = "/api/ingest/v1"
MOST_RECORDS = 500


def envelope(items: list[Any], page: int = 1, limit: int | None = None) -> Answer:
    data = dict(pages(items, page, limit or max(1, len(items))))
    return json_answer({"data": data, "validations": [], "messages": [], "debug": []})


def problem(status: int, message: str, **headers: str) -> Answer:
    empty: Json = {"data": {}, "validations": [], "messages": [message], "debug": []}
    return json_answer(empty, status, **headers)


def reshape(answer: Answer, change: Change) -> Answer:
    """The answer with ``change`` made to its results per record; as it is if it has none."""
    try:
        said = json.loads(answer.body)
        results = said["data"]["items"]
    except (ValueError, KeyError, TypeError):
        return answer
    if not results or "status" not in results[0]:
        return answer
    return envelope(change(results))


MANNER = Manner(problem, reshape)


class Diary:
    """The service for ``institutions``; state and log live in ``folder``."""

    def __init__(self, folder: Path, institutions: Iterable[str], token: str = TOKEN) -> None:
        self._institutions = frozenset(institutions)
        self._token = token
        self._store = DiaryStore(folder / "diary.sqlite")
        self._log_path = folder / "diary-received.log"
        self._log_lock = Lock()

    def close(self) -> None:
        self._store.close()

    def respond(self, request: Request) -> Answer:
        if request.path.startswith("/_sandbox/"):
            return self._control(request)
        with self._log_lock, self._log_path.open("ab") as log:
            log.write(request.raw + b"\n")
        if request.headers.get("authorization") != f"Bearer {self._token}":
            return problem(401, "Need authenticate")
        try:
            return self._route(request)
        except (ValueError, KeyError, TypeError, AttributeError):
            return problem(400, "Bad request")

    def _control(self, request: Request) -> Answer:
        match request.path.removeprefix("/_sandbox/"):
            case "stats":
                return json_answer(self._store.stats())
            case "state":
                return json_answer(self._store.live())
            case "batches":
                received = self._store.received()
                sizes = Counter(str(batch["size"]) for batch in received)
                return json_answer({"sizes": sizes, "received": received})
            case "poison" | "backup" | "restore" as call:
                return self._change(call, request.json())
        return json_answer({"error": "unknown control call"}, 404)

    def _change(self, call: str, body: Json) -> Answer:
        try:
            if call == "poison":
                self._store.poison(body["key"], remove=bool(body.get("remove", False)))
            elif call == "backup":
                self._store.backup(body["name"])
            else:
                self._store.restore(body["name"])
        except (ValueError, KeyError, LookupError) as wrong:
            return json_answer({"error": str(wrong)}, 400)
        return json_answer(body)

    def _route(self, request: Request) -> Answer:
        path = request.path
        if request.method == "POST" and path == f"{INGEST}/batches":
            return self._ingest(request)
        batch = re.fullmatch(f"{INGEST}/batches/([^/]+)", path)
        if batch:
            answers = self._store.batch(batch.group(1))
            return problem(404, "Not found") if answers is None else envelope(answers)
        readers = {
            f"{INGEST}/records": self._records,
            "/api/journal/estimate/table": self._estimates,
            "/api/journal/lesson/list-by-education": self._lessons,
        }
        if path not in readers:
            return problem(404, "Not found")
        page = max(1, int(request.query.get("p_page", "1")))
        limit = max(1, int(request.query.get("p_limit", "20")))
        return envelope(readers[path](request.query), page, limit)

    def _ingest(self, request: Request) -> Answer:
        key = request.headers.get("idempotency-key")
        batch = request.json()
        if not key or not isinstance(batch["records"], list):
            return problem(400, "Idempotency-Key and records are needed")
        keys = [record["key"] for record in batch["records"]]
        answer = self._apply(key, request.body, batch, keys)
        self._store.note(key, len(keys), answer.status)
        return answer

    def _apply(self, key: str, body: bytes, batch: Json, keys: list[str]) -> Answer:
        if len(keys) > MOST_RECORDS:
            return problem(413, f"at most {MOST_RECORDS} records")
        if len(set(keys)) < len(keys):
            return problem(422, "a batch names each key once")
        known = batch["institution"] in self._institutions
        try:
            answers = self._store.apply(
                key, body, batch, lambda record: refuse(record, known=known)
            )
        except BodyChangedError:
            return problem(409, "Idempotency-Key was used with another body")
        except PoisonError:
            return problem(500, "Внутренняя ошибка")
        return envelope(answers)

    def _records(self, query: dict[str, str]) -> list[Json]:
        found = self._store.live("institution = ?", query["institution"])
        return [{name: r[name] for name in ("key", "type", "hash", "id")} for r in found]

    def _estimates(self, query: dict[str, str]) -> list[Json]:
        found = self._store.live("uid = ?", query["p_uid"])
        return [
            {
                "id": r["id"],
                "education_id": None,
                "lesson_id": r["data"].get("lesson"),
                "subject_id": _number(r["data"]["subject_name"]),
                "estimate_comment": None,
                **{k: v for k, v in r["data"].items() if k not in ("uid", "lesson")},
            }
            for r in _between(found, query)
        ]

    def _lessons(self, query: dict[str, str]) -> list[Json]:
        found = self._store.live("institution = ? AND type = 'lesson'", query["p_institution"])
        return [_lesson(r) for r in _between(found, query)]


def _lesson(record: Json) -> Json:
    data = record["data"]
    day = _day(data["date"])
    task = {
        "task_name": data["task_name"],
        "task_code": None,
        "task_kind_code": "homework",
        "task_kind_name": "Домашнее задание",
        "files": [data["task_file"]] if data["task_file"] else [],
    }
    return {
        "identity": {"id": record["id"], "uid": None},
        "number": data["number"],
        "datetime_from": f"{day:%d.%m.%Y} 00:00:00",
        "datetime_to": f"{day:%d.%m.%Y} 23:59:59",
        "subject_id": _number(data["subject_name"]),
        "subject_name": data["subject_name"],
        "content_name": data["content_name"],
        "content_description": None,
        "content_additional_material": None,
        "tasks": [task] if data["task_name"] or data["task_file"] else [],
        "estimates": [],
        "action_payload": {"can_add_homework": False},
    }


def _number(name: str) -> int:
    """A subject's id at the portal, made from its name."""
    return int.from_bytes(hashlib.sha256(name.encode()).digest()[:3], "big")


def _day(text: str) -> date:
    return datetime.strptime(text[:10], "%d.%m.%Y" if text[2] == "." else "%Y-%m-%d").date()  # noqa: DTZ007  # a day, no instant


def _between(records: list[Json], query: dict[str, str]) -> list[Json]:
    first = _day(query.get("p_date_from", "01.01.1900"))
    last = _day(query.get("p_date_to", "31.12.2100"))
    return [r for r in records if first <= _day(r["data"]["date"]) <= last]
