"""Words, ids and windows of Dnevnik.ru (docs/source-formats.md section 3)."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from sandbox.marking import WORKS
from sandbox.model import School
from sandbox.params import YEAR_START

Json = dict[str, Any]

WINDOW = timedelta(days=29)  # 30 days, both ends included
__all__ = [
    "KINDS",
    "LOG_STATUSES",
    "MARK_TYPES",
    "TITLES",
    "VALUES",
    "WORKS",
    "Ids",
    "Json",
    "application",
    "subject_row",
    "token",
    "twins",
    "window",
]

KINDS = {
    "lesson": "LessonWork",
    "oral": "OralAnswer",
    "homework": "Homework",
    "independent": "IndependentWork",
    "written": "WrittenWork",
    "control": "ControlWork",
    "test": "Test",
    "project": "Project",
}
TITLES = {
    "lesson": "Работа на уроке",
    "oral": "Устный ответ",
    "homework": "Домашняя работа",
    "independent": "Самостоятельная работа",
    "written": "Письменная работа",
    "control": "Контрольная работа",
    "test": "Тест",
    "project": "Проект",
}
MARK_TYPES = {
    "5": "Mark5",
    "10": "Mark10",
    "100": "Mark100",
    "pass_fail": "MarkPassFail",
    "levels": "MarkLevel",
    "criteria": "MarkCriteria",
    "code": "MarkCode",
}
VALUES = {
    ("pass_fail", "pass"): "Зач",
    ("pass_fail", "fail"): "Незач",
    ("levels", "high"): "Высокий",
    ("levels", "above_middle"): "Повышенный",
    ("levels", "middle"): "Базовый",
    ("levels", "below_middle"): "Пониженный",
    ("levels", "low"): "Низкий",
    ("code", "debt"): "Д",
    ("code", "exempt"): "осв",
    ("code", "not_assessed"): "н/а",
    ("code", "no_marks"): "безотм",
}
LOG_STATUSES = {
    "ill": "Ill",
    "excused": "Pass",
    "exempt": "Pass",
    "absent": "Absent",
    "unexcused": "Absent",
    "late": "Late",
}


class Ids:
    """int64 ids above 2^53, a range of their own for every kind of thing of a school."""

    _KINDS = (
        "school",
        "group",
        "subgroup",
        "subject",
        "period",
        "person",
        "user",
        "lesson",
        "work",
        "type",
        "mark",
        "bell",
    )

    def __init__(self, school_number: int) -> None:
        self._base = 10**18 + school_number * 10**10

    def __call__(self, kind: str, code: int) -> int:
        return self._base + self._KINDS.index(kind) * 10**8 + code


def twins(name: str, value: int | None) -> Json:
    """``{name: id, name_str: "id"}``, as the partner API gives every id."""
    return {name: value, f"{name}_str": None if value is None else str(value)}


def subject_row(school: School, ids: Ids, code: int) -> Json:
    return {
        **twins("id", ids("subject", code)),
        "name": school.subjects[code - 1].name,
        "knowledgeArea": "Общее образование",
    }


def token(school: School, seed: int) -> str:
    """The access token of a school; good for nothing outside the sandbox."""
    return f"sandbox-{seed}-{school.code}"


def application(school: School, seed: int) -> Json:
    """The application that the school has authorised, and its first refresh token."""
    return {
        "client_id": "sandbox-hub",
        "client_secret": f"sandbox-secret-{seed}",
        "refresh_token": f"sandbox-refresh-{seed}-{school.code}",
    }


def window(day: date, until: date) -> tuple[date, date]:
    """The 30-day window, counted from the year's start, in which ``day`` is asked for."""
    start = YEAR_START + (WINDOW + timedelta(days=1)) * ((day - YEAR_START).days // 30)
    return start, min(start + WINDOW, until)
