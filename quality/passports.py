"""The passport of a school: what it declares of itself for the forms (``quality/passport.yml``).

A value is kept as JSON has it: a date as ISO text, a frequency as ``day``, ``3 week`` or
``2 month``. ``places`` says it in the words of the forms.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from datetime import date
from functools import cache
from importlib.resources import files
from typing import Literal

import yaml
from pydantic import Field

from quality.regulations import Strict

NO_DATA = "нет данных"
YES, NO = "да", "нет"
CHOSEN, OPEN = "☒", "☐"
PERSONAL = frozenset({"name", "post", "phone"})
LONGEST = 1000  # characters of a text; a cell of a form holds no more

Value = str | int | float


class PassportField(Strict):
    """What a school declares, and how it is written down."""

    code: str
    kind: Literal[
        "date", "url", "days", "percent", "yes_no", "choice", "frequency", "text", "name", "post",
        "phone",
    ]  # fmt: skip
    title: str
    choices: list[str] = Field(default=[])
    daily: str = ""

    @property
    def personal(self) -> bool:
        """Whether it is about a person, and therefore sealed."""
        return self.kind in PERSONAL

    @property
    def hint(self) -> str:
        """How the cell is filled in."""
        daily = f"{self.daily}; N раз в неделю; N раз в месяц"
        return {
            "date": "дата: 31.12.2026",
            "url": "адрес: https://…",
            "days": "целое число, 0 — в день подачи",
            "percent": "число от 0 до 100",
            "yes_no": "да или нет",
            "choice": " или ".join(self.choices),
            "frequency": daily,
            "text": "текст без имён людей",
            "name": "фамилия, имя, отчество",
            "post": "должность",
            "phone": "рабочий телефон",
        }[self.kind]

    def read(self, cell: str | None) -> Value | None:
        """What the cell of a file says; None where it is empty.

        Raises ``ValueError`` that says in Russian what is expected; it does not quote the cell.
        """
        text = _text(cell)
        if text is None:
            return None
        readers: dict[str, Callable[[], Value]] = {
            "date": lambda: _date(text),
            "days": lambda: _days(text),
            "percent": lambda: _percent(text),
            "yes_no": lambda: _one_of(text, [YES, NO]),
            "choice": lambda: _one_of(text, self.choices),
            "frequency": lambda: _frequency(text, self.daily),
            "url": lambda: _matching(text, r"https?://[^\s/]+\.[^\s]+", "адрес вида https://…"),
            "phone": lambda: _matching(text, r"[\d+(][\d\s()+,.доб-]{4,40}", "номер телефона"),
        }
        return readers[self.kind]() if self.kind in readers else text

    def words(self, value: Value | None) -> str:
        """The value as it is read in a form."""
        if value is None:
            return NO_DATA
        if self.kind == "date":
            return date.fromisoformat(str(value)).strftime("%d.%m.%Y")
        if self.kind == "percent":
            return f"{value:g}\u00a0%".replace(".", ",")
        if self.kind == "frequency":
            return frequency_words(str(value), self.daily)
        return str(value)


class PassportList(Strict):
    """What a school may have several of."""

    code: str
    title: str


class PassportFields(Strict):
    """The whole file."""

    version: int
    fields: list[PassportField] = Field(min_length=1)
    lists: list[PassportList]


@cache
def passport_fields() -> PassportFields:
    """The fields of a passport. Raises ``pydantic.ValidationError`` for a malformed file."""
    text = files("quality").joinpath("passport.yml").read_text(encoding="utf-8")
    return PassportFields.model_validate(yaml.safe_load(text))


def places(values: Mapping[str, Value]) -> dict[str, str]:
    """What stands in the places of a form for ``values`` (by code; what is not there is no data).

    Of a choice between «да» and «нет» ``topic_yes`` and ``topic_no`` are boxes, of a frequency
    ``…_day``, ``…_week`` and ``…_month``, with the times in ``…_week_times``, ``…_month_times``.
    """
    filled = {}
    for field in passport_fields().fields:
        value = values.get(field.code)
        filled[field.code] = field.words(value)
        if field.kind == "yes_no":
            filled |= {
                f"{field.code}_yes": _box(value == YES),
                f"{field.code}_no": _box(value == NO),
            }
        if field.kind == "frequency":
            times, _, unit = str(value or "").rpartition(" ")
            for name in ("day", "week", "month"):
                filled[f"{field.code}_{name}"] = _box(unit == name)
                filled[f"{field.code}_{name}_times"] = times if unit == name else ""
    return filled


def frequency_words(value: str, daily: str) -> str:
    """``3 week`` as ``3 раза в неделю``; ``day`` as the document calls it."""
    times, _, unit = value.rpartition(" ")
    if unit == "day":
        return daily
    return f"{times} {_times(int(times))} в {'неделю' if unit == 'week' else 'месяц'}"


def _times(number: int) -> str:
    return "раза" if number % 10 in (2, 3, 4) and number % 100 not in (12, 13, 14) else "раз"


def _box(chosen: bool) -> str:
    return CHOSEN if chosen else OPEN


def _text(cell: str | None) -> str | None:
    text = re.sub(r"\s+", " ", cell or "").strip()
    if len(text) > LONGEST:
        raise ValueError(f"не длиннее {LONGEST} знаков")
    return text or None


def _date(text: str) -> str:
    found = re.fullmatch(r"(\d{1,2})\.(\d{1,2})\.(\d{4})", text)
    try:
        if found:
            return date(int(found[3]), int(found[2]), int(found[1])).isoformat()
        return date.fromisoformat(text).isoformat()
    except ValueError:
        raise ValueError("дата вида 31.12.2026") from None


def _days(text: str) -> int:
    if not re.fullmatch(r"\d{1,3}", text):
        raise ValueError("целое число дней, без слов")
    return int(text)


def _percent(text: str) -> float:
    number = text.replace(",", ".").rstrip("%").strip()
    if not re.fullmatch(r"\d{1,3}(\.\d+)?", number) or float(number) > 100:
        raise ValueError("число от 0 до 100")
    return float(number)


def _one_of(text: str, choices: Sequence[str]) -> str:
    for choice in choices:
        if text.casefold() == choice.casefold():
            return choice
    raise ValueError("одно из: " + ", ".join(f"«{choice}»" for choice in choices))


def _frequency(text: str, daily: str) -> str:
    if text.casefold() == daily.casefold():
        return "day"
    found = re.fullmatch(r"(\d{1,2}) раза? в (неделю|месяц)", text.casefold())
    if not found or not int(found[1]):
        raise ValueError(f"«{daily}», «N раз в неделю» или «N раз в месяц»")
    return f"{int(found[1])} {'week' if found[2] == 'неделю' else 'month'}"


def _matching(text: str, pattern: str, expected: str) -> str:
    if not re.fullmatch(pattern, text):
        raise ValueError(expected)
    return text
