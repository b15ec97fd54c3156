"""The Russian words of reports: causes, counters, sources, dates. Letters stand for colours."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from quality.uploads import Cause


@dataclass(frozen=True)
class CauseStyle:
    """A cause as people see it: words, a letter, a fill and a letter colour (contrast 4.5:1)."""

    title: str
    letter: str
    fill: str  # RRGGBB
    ink: str


CAUSES: dict[Cause, CauseStyle] = {
    Cause.UPLOADED: CauseStyle("выгрузка принята", "✓", "CFE6DA", "14532D"),
    Cause.SCHOOL_DID_NOT_FILL: CauseStyle("школа не выгрузила данные", "Ш", "B42318", "FFFFFF"),
    Cause.SOURCE_UNAVAILABLE: CauseStyle("система журнала недоступна", "Н", "F5C56B", "3F2A00"),
    Cause.DATA_REJECTED: CauseStyle("данные не прочитаны", "Д", "8A3FA0", "FFFFFF"),
    Cause.PORTAL_UNAVAILABLE: CauseStyle("портал недоступен", "П", "9CC3E6", "0B2E4F"),
    Cause.PORTAL_REJECTED: CauseStyle("портал отклонил данные", "О", "1F5A94", "FFFFFF"),
    Cause.HUB_FAULT: CauseStyle("ошибка Свода", "С", "3B4252", "FFFFFF"),
    Cause.NOT_A_SCHOOL_DAY: CauseStyle("не учебный день", "·", "F1F3F5", "5B6470"),
}

COLLECTED = {
    "read": "Прочитано",
    "accepted": "Принято",
    "quarantined": "Не принято",
    "duplicate": "Повторы",
    "created": "Новые",
    "changed": "Изменены",
    "unchanged": "Без изменений",
    "vanished": "Исчезли",
}

SOURCES = {
    "paragraf": "Параграф",
    "netschool": "NetSchool",
    "netschool_web": "NetSchool",
    "dnevnik_ru": "Дневник.ру",
    "eljur": "ЭлЖур",
    "eschool": "eSchool",
    "klassinfo": "KlassInfo",
    "lists": "Списки школы",
}

LEDGER_EQUATION = (
    "Прочитано = принято + не принято + повторы; принято = новые + изменены + без изменений."
)

FORM_SUMS = "В своде числа школ сложены: предмет, который есть в двух школах, посчитан дважды."

WEEKDAYS = ("пн", "вт", "ср", "чт", "пт", "сб", "вс")
WEEKDAY_NAMES = (
    "понедельник",
    "вторник",
    "среда",
    "четверг",
    "пятница",
    "суббота",
    "воскресенье",
)
MONTHS = (
    "января",
    "февраля",
    "марта",
    "апреля",
    "мая",
    "июня",
    "июля",
    "августа",
    "сентября",
    "октября",
    "ноября",
    "декабря",
)

MONTH_NAMES = (
    "Январь",
    "Февраль",
    "Март",
    "Апрель",
    "Май",
    "Июнь",
    "Июль",
    "Август",
    "Сентябрь",
    "Октябрь",
    "Ноябрь",
    "Декабрь",
)


def long_date(day: date) -> str:
    """``18 сентября 2026 года``."""
    return f"{day.day} {MONTHS[day.month - 1]} {day.year} года"


def month_of(day: date) -> str:
    """``сентябрь 2026 года``."""
    return f"{MONTH_NAMES[day.month - 1].lower()} {day.year} года"


def short_date(day: date | None) -> str:
    """``18.09.2026``, or a dash."""
    return day.strftime("%d.%m.%Y") if day else "—"


def grouped(number: int) -> str:
    """Thousands parted by a narrow space that does not break: ``12 345``."""
    return f"{number:,}".replace(",", "\u202f")


def plural(number: int, one: str, few: str, many: str) -> str:
    """The form of a noun after ``number``: 1 школа, 2 школы, 5 школ."""
    if number % 10 == 1 and number % 100 != 11:
        return one
    if number % 10 in (2, 3, 4) and number % 100 not in (12, 13, 14):
        return few
    return many
