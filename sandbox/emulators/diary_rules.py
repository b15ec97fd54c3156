"""What the diary service accepts in a record (docs/diary-contract.md)."""

from __future__ import annotations

import re
from typing import Any

Json = dict[str, Any]

_LESSON = (
    "lesson",
    "date",
    "number",
    "group_name",
    "subject_name",
    "content_name",
    "task_name",
    "teacher_uid",
    "held",
)
_ESTIMATE = (
    "uid",
    "subject_name",
    "date",
    "estimate_type_code",
    "estimate_type_name",
    "estimate_value_code",
    "estimate_value_name",
)
FIELDS: dict[str, frozenset[str]] = {
    "lesson": frozenset(_LESSON),
    "mark": frozenset((*_ESTIMATE, "lesson")),
    "attendance": frozenset((*_ESTIMATE, "lesson")),
    "term_mark": frozenset((*_ESTIMATE, "term_name")),
}
_UID = re.compile(r"[0-9]{6,12}")
_DAY = re.compile(r"(\d{2}\.\d{2}\.\d{4}|\d{4}-\d{2}-\d{2})([ T].*)?")

Refusal = tuple[str, str]


def refuse(record: Json, *, known: bool) -> Refusal | None:
    """Code and message of a refusal, or None. ``known``: the institution is registered."""
    if not known:
        return "unknown_institution", "организация не зарегистрирована"
    problem = _shape(record)
    if problem:
        return "bad_record", problem
    if record["op"] == "withdraw":
        return None
    data = record["data"]
    uid = data.get("teacher_uid" if record["type"] == "lesson" else "uid")
    optional = record["type"] == "lesson" and uid is None
    if not optional and not (isinstance(uid, str) and _UID.fullmatch(uid)):
        return "bad_uid", "UID должен состоять из 6-12 цифр"
    return None


def _shape(record: Json) -> str | None:
    if not isinstance(record.get("key"), str) or record.get("op") not in ("upsert", "withdraw"):
        return "нужны key и op"
    if record.get("type") not in FIELDS:
        return "неизвестный тип записи"
    if record["op"] == "withdraw":
        return None
    data = record.get("data")
    if not isinstance(record.get("hash"), str) or not isinstance(data, dict):
        return "нужны hash и data"
    if set(data) != FIELDS[record["type"]]:
        return "поля: " + ", ".join(sorted(set(data) ^ FIELDS[record["type"]]))
    if not _DAY.fullmatch(str(data["date"])):
        return "дата записана не по образцу"
    return None
