"""What the diary service accepts in a record (docs/diary-contract.md)."""

from __future__ import annotations

import re
from datetime import date
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
    "task_file",
    "teacher_uid",
    "substitution",
    "held",
)
_TIMETABLE = (
    "slot",
    "group_name",
    "subject_name",
    "weekday",
    "number",
    "teacher_uid",
    "valid_from",
    "valid_to",
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
    "timetable": frozenset(_TIMETABLE),
    "mark": frozenset((*_ESTIMATE, "lesson")),
    "attendance": frozenset((*_ESTIMATE, "lesson")),
    "term_mark": frozenset((*_ESTIMATE, "term_name")),
}
_UID = re.compile(r"[0-9]{6,12}")
_DAY = re.compile(r"(\d{2}\.\d{2}\.\d{4}|\d{4}-\d{2}-\d{2})([ T].*)?")
_PLAIN_DAY = re.compile(r"\d{2}\.\d{2}\.\d{4}")
_OF_TEACHER = ("lesson", "timetable")  # whose UID may be unknown
_FILE = 500  # longest reference to a task's file

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
    of_teacher = record["type"] in _OF_TEACHER
    uid = data["teacher_uid" if of_teacher else "uid"]
    if of_teacher and uid is None:
        return None
    if not (isinstance(uid, str) and _UID.fullmatch(uid)):
        return "bad_uid", "UID должен состоять из 6-12 цифр"
    return None


def _shape(record: Json) -> str | None:
    if not isinstance(record.get("key"), str) or record.get("op") not in ("upsert", "withdraw"):
        return "нужны key и op"
    kind = record.get("type")
    if kind not in FIELDS:
        return "неизвестный тип записи"
    if record["op"] == "withdraw":
        return None
    data = record.get("data")
    if not isinstance(record.get("hash"), str) or not isinstance(data, dict):
        return "нужны hash и data"
    if set(data) != FIELDS[kind]:
        return "поля: " + ", ".join(sorted(set(data) ^ FIELDS[kind]))
    if kind == "timetable":
        return _slot(data)
    if not _DAY.fullmatch(str(data["date"])):
        return "дата записана не по образцу"
    return _lesson(data) if kind == "lesson" else None


def _lesson(data: Json) -> str | None:
    file = data["task_file"]
    if file is not None and not (isinstance(file, str) and 0 < len(file) <= _FILE):
        return f"task_file: ссылка до {_FILE} знаков или null"
    if not isinstance(data["substitution"], bool):
        return "substitution: да или нет"
    return None


def _slot(data: Json) -> str | None:
    if not all(isinstance(data[name], str) for name in ("slot", "group_name", "subject_name")):
        return "slot, group_name, subject_name: строки"
    weekday, number = data["weekday"], data["number"]
    if type(weekday) is not int or not 1 <= weekday <= 7:
        return "weekday: от 1 до 7"
    if type(number) is not int or number < 0:
        return "number: номер урока"
    try:
        first, last = (_plain_day(data[name]) for name in ("valid_from", "valid_to"))
    except ValueError:
        return "valid_from, valid_to: дд.мм.гггг"
    return "valid_to раньше valid_from" if last < first else None


def _plain_day(text: object) -> date:
    if not _PLAIN_DAY.fullmatch(str(text)):
        raise ValueError(text)
    day, month, year = (int(part) for part in str(text).split("."))
    return date(year, month, day)
