"""The files of an export and the columns of its tables.

ASSUMED: see docs/source-formats.md section 4.
"""

from __future__ import annotations

import re

LISTS: dict[str, tuple[str, ...]] = {
    "terms": ("Период", "Вид", "Номер", "Начало", "Окончание"),
    "vacations": ("Название", "Вид", "Начало", "Окончание"),
    "classes": ("Класс", "Параллель", "Литера"),
    "pupils": ("Класс", "ФИО", "Дата рождения", "Зачислен", "Выбыл"),
    "staff": ("ФИО", "Должность", "Доступ к журналу"),
    "curriculum": ("Класс", "Предмет", "Часов в неделю"),
    "timetable": ("Класс", "Группа", "Предмет", "Учитель", "День недели", "Урок", "С", "По"),
}
TOTALS_COLUMNS = ("Период", "Класс", "ФИО", "Предмет", "Отметка")
TOPICS_COLUMNS = (
    "Дата", "Урок", "Тема", "Домашнее задание", "Учитель", "Замена", "Проведен", "Посещаемость",
    "Состояние", "Класс", "Предмет", "Группа",
)  # fmt: skip

JOURNAL_FILE = re.compile(r"journal_[0-9]+\.(html|xlsx)")
TOTALS_FILE = re.compile(r"totals_[0-9]+\.(html|xlsx)")


def list_file(table: str) -> str:
    """The name of the workbook that holds the list ``table``."""
    return f"{table}.xlsx"
