"""The registry's way in by REST: batches per type, corrections one by one, lists in pages."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable
from typing import Any

from sandbox.emulators.contingent_rules import Data
from sandbox.emulators.contingent_store import BodyChangedError, ContingentStore, Item, PoisonError
from sandbox.emulators.web import Answer, Request, json_answer

Json = dict[str, Any]
Change = Callable[[list[Any]], list[Any]]

MOST_RECORDS = 500
# Path -> type of the records of a batch.
BATCHES = {
    "/classes/batch": "class",
    "/persons/batch": "person",
    "/persons/batch/education": "education",
    "/persons/batch/movement": "movement",
}
# Path of a correction -> type.
ONE = {
    r"/classes/[^/]+": "class",
    r"/persons/[^/]+": "person",
    r"/persons/[^/]+/education": "education",
    r"/persons/[^/]+/movement": "movement",
}
OPERATIONS = {"PUT": "change", "POST": "create"}
# Name on the wire -> field, by type; documents of a person stand in a list of their own.
NAMES: dict[str, dict[str, str]] = {
    "class": {
        "name": "name",
        "parallel_id": "grade_level",
        "letter": "letter",
        "academic_year_id": "academic_year",
        "education_stage_id": "program",
        "open_at": "open_at",
        "close_at": "close_at",
    },
    "person": {
        "lastname": "lastname",
        "firstname": "firstname",
        "patronymic": "patronymic",
        "birthdate": "birthdate",
        "gender_id": "gender",
        "snils": "snils",
        "citizenship_id": "citizenship",
    },
    "education": {
        "person_id": "person",
        "class_uid": "class",
        "education_form_id": "education_form",
        "education_stage_id": "program",
        "training_begin_at": "training_begin_at",
        "training_end_at": "training_end_at",
        "deduction_reason_id": "deduction_reason",
        "begin_order_number": "begin_order_number",
        "begin_order_date": "begin_order_date",
        "end_order_number": "end_order_number",
        "end_order_date": "end_order_date",
    },
    "movement": {
        "person_id": "person",
        "movement_kind_id": "kind",
        "date": "date",
        "order_number": "order_number",
        "order_date": "order_date",
        "from_class_uid": "from_class",
        "to_class_uid": "to_class",
        "other_organization": "other_school",
    },
}
_DOCUMENT = {
    "document_type_id": "document_type",
    "series": "document_series",
    "number": "document_number",
    "issued": "document_issued",
}


def refused(status: int, message: str) -> Answer:
    """An error; its body is no JSON, as those of the Moscow service need not be."""
    return Answer(status, message.encode(), "text/plain; charset=utf-8")


def reshape(whole: Answer, change: Change) -> Answer:
    """The answer with ``change`` made to its results per record; as it is if it has none."""
    try:
        items = json.loads(whole.body)["items"]
    except (ValueError, KeyError, TypeError):
        return whole
    if not items or "status" not in items[0]:
        return whole
    return json_answer({"items": change(items)}, whole.status)


class RestDesk:
    """Answers REST calls. ``organisations`` are registered; ``key`` is the hub's."""

    def __init__(self, store: ContingentStore, organisations: frozenset[str], key: str) -> None:
        self._store = store
        self._organisations = organisations
        self._key = key

    def respond(self, request: Request, path: str) -> Answer:
        """``path`` is the request's without the prefix of this way in."""
        if request.headers.get("apikey") != self._key:
            return refused(401, "ApiKey is not known")
        if request.method == "GET":
            return self._read(request, path)
        kind = BATCHES.get(path) if request.method in OPERATIONS else None
        if request.method == "DELETE":
            kind = next((k for form, k in ONE.items() if re.fullmatch(form, path)), None)
        return self._write(request, path, kind) if kind else refused(404, "No such path")

    def _write(self, request: Request, path: str, kind: str) -> Answer:
        key, size = request.headers.get("idempotency-key", ""), 0
        school = request.query.get("organization_id", "")
        digest = hashlib.sha256(f"{request.method} {path} {school} ".encode() + request.body)
        try:
            items = _items(request, kind, school)
            size = len(items)
            if not key or size > MOST_RECORDS or school not in self._organisations:
                done = refused(422, "Idempotency-Key, organization_id or number of items is wrong")
            else:
                kept = self._store.apply(school, key, digest.hexdigest(), items)
                done = refused(422, "Refused") if kept.failed else _answer(kept.results)
        except (ValueError, KeyError, TypeError, AttributeError):
            done = refused(400, "Bad request")
        except BodyChangedError:
            done = refused(409, "Idempotency-Key was used with another body")
        except PoisonError:
            done = refused(500, "Internal error")
        self._store.note(key, size, done.status)
        return done

    def _read(self, request: Request, path: str) -> Answer:
        if path.startswith("/requests/"):
            kept = self._store.find(key=path.removeprefix("/requests/"))
            if kept is None or kept.failed:
                return json_answer({"message": "Not found"}, 404)
            return _answer(kept.results)
        asked = re.fullmatch(r"organization_id eq '(\w+)'", request.query.get("filter", ""))
        if asked is None or path not in ("/classes", "/persons"):
            return refused(400 if asked is None else 404, "No such list")
        kind = {"/classes": "class", "/persons": "person"}[path]
        live = self._store.live(asked[1])
        found = sorted((r for r in live if r["type"] == kind), key=lambda r: str(r["id"]))
        skip, top = (int(request.query.get(name, "50")) for name in ("skip", "top"))
        page = [_listed(record) for record in found[skip : skip + top]]
        for name in request.query.get("expand", "").split(","):
            for owner in page if name else []:
                owner[name] = [
                    _listed(r)
                    for r in live
                    if r["type"] == name and r["data"]["person"] == owner["external_id"]
                ]
        return json_answer({"total": len(found), "items": page})


def _answer(results: list[Json]) -> Answer:
    items = [
        {
            "external_id": r["uid"],
            "status": r["status"],
            "id": r["id"],
            "code": r["code"],
            "message": "; ".join(f"{f['field']}: {f['error']}" for f in r["faults"]),
        }
        for r in results
    ]
    return json_answer({"items": items})


def _listed(record: Json) -> Json:
    return {"id": record["id"], "external_id": record["uid"], "external_hash": record["hash"]}


def _items(request: Request, kind: str, school: str) -> list[Item]:
    body = request.json()
    if request.method == "DELETE":
        return [_item(body, kind, "delete", school)]
    items = [_item(one, kind, OPERATIONS[request.method], school) for one in body["items"]]
    if not items or len({item.uid for item in items}) < len(items):
        raise ValueError("items")
    return items


def _item(body: Json, kind: str, op: str, school: str) -> Item:
    """Raises ``KeyError`` and ``ValueError`` for what is not as agreed."""
    rest = dict(body)
    uid, digest = str(rest.pop("external_id")), str(rest.pop("external_hash", ""))
    if kind != "person" and rest.pop("organization_id") != school:
        raise ValueError("organization_id")
    data: Data = {}
    if kind == "person":
        [document] = rest.pop("documents") or [{}]
        data = {_DOCUMENT[name]: _text(value) for name, value in document.items()}
    data |= {NAMES[kind][name]: _text(value) for name, value in rest.items()}
    return Item(uid, kind, op, digest, data)


def _text(value: Any) -> str | None:
    if isinstance(value, bool) or not isinstance(value, str | int | None):
        raise TypeError("a value")
    return None if value is None else str(value)
