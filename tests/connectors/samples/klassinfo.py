"""KlassInfo: one workbook of lists, one of every journal, and one of term marks."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tests.connectors.samples.stage import DAY, UNTIL, Case, Cases, Stage
from tests.connectors.samples.workbooks import workbook

Sheet = list[list[Any]]

LISTS: dict[str, Sheet] = {
    "Периоды": [["Название", "Тип", "№", "Дата начала", "Дата окончания"],
                ["1 четверть", "Четверть", 1, "01.09.2026", "25.10.2026"]],
    "Каникулы": [["Название", "Тип", "Дата начала", "Дата окончания"],
                 ["Осенние", "Каникулы", "26.10.2026", "03.11.2026"]],
    "Классы": [["Класс", "Год обучения", "Литера"], ["7а", 7, "а"]],
    "Ученики": [["Класс", "Фамилия", "Имя", "Отчество", "Дата рождения", "Дата зачисления",
                 "Дата отчисления"],
                ["7а", "Жмелеватов", "Пётр", "Ильич", "01.02.2013", "01.09.2026"],
                ["7а", "Брянчихина", "Анна", "Львовна", "03.04.2013", "01.09.2026"]],
    "Учителя": [["Фамилия", "Имя", "Отчество", "Должность", "Доступ"],
                ["Кузьмарова", "Ольга", "Игоревна", "учитель", "есть"]],
    "Учебный план": [["Класс", "Предмет", "Часов"], ["7а", "Алгебра", "3,5"],
                     ["7а", "Англ.яз.", "2"]],
    "Расписание": [["Класс", "Группа", "Предмет", "Учитель", "День", "№ урока", "Действует с",
                    "Действует по"],
                   ["7а", None, "Алгебра", "Кузьмарова Ольга Игоревна", 6, 2, "01.09.2026",
                    "31.05.2027"]],
}  # fmt: skip
TOTALS: Sheet = [
    ["Период", "Класс", "Ученик", "Предмет", "Отметка"],
    ["1 четверть", "7а", "Брянчихина Анна Львовна", "Алгебра", "4"],
]
LESSON_COLUMNS = [
    "Дата", "№ урока", "Тема", "Задано на дом", "Учитель", "Замещал", "Дан",
    "Отмечены отсутствующие", "Примечание",
]  # fmt: skip


def journal(subject: str, group: str | None, marks: Sheet, lessons: Sheet) -> bytes:
    """``marks``: two rows of the header and the pupils; ``lessons``: rows below the header."""
    caption = [
        ["Класс", "7а"], ["Предмет", subject], ["Группа", group],
        ["Период", "01.09.2026 - 18.09.2026"],
    ]  # fmt: skip
    return workbook(("Успеваемость", [*caption, [], *marks]), ("Уроки", [LESSON_COLUMNS, *lessons]))


ALGEBRA = journal(
    "Алгебра",
    None,
    [
        ["Ученик", "05.09", None, "12.09"],
        [None, "2", "2 К", "2"],
        ["Жмелеватов Пётр Ильич", "Н/у", None, "5 4"],
        ["Брянчихина Анна Львовна", None, "3", None],
    ],
    [
        ["05.09", 2, "Дроби", "№ 5", "Кузьмарова Ольга Игоревна", None, "да", "да", None],
        ["12.09", 2, "Степени", "не задано", "Кузьмарова Ольга Игоревна", None, "да", "да", None],
    ],
)
ENGLISH = journal(
    "Англ.яз.",
    "1 гр.",
    [["Ученик", "07.09"], [None, "1", "1 У"], ["Брянчихина Анна Львовна", None, "5"]],
    [["07.09", 1, "Семья", "с. 7", "Кузьмарова Ольга Игоревна", None, "да", "да", None]],
)


def write_klassinfo(folder: Path) -> None:
    (folder / "справочники.xlsx").write_bytes(workbook(*LISTS.items()))
    (folder / "журнал 7а Алгебра.xlsx").write_bytes(ALGEBRA)
    (folder / "журнал 7а Англ.яз. 1 гр..xlsx").write_bytes(ENGLISH)
    (folder / "итоги.xlsx").write_bytes(workbook(("Итоги", TOTALS)))
    (folder / "klassinfo.xml").write_text(
        '<?xml version="1.0" encoding="UTF-8"?>\n<Экспорт программа="КлассИнфо" версия="2.4" '
        f'дата="{DAY}T19:00:00+03:00" начало="2026-09-01" конец="{DAY}"/>\n',
        "utf-8",
    )


FILLED = frozenset({
    "terms", "vacations", "classes", "pupils", "teachers", "curriculum", "timetable", "journal",
    "lessons", "totals",
})  # fmt: skip


def _case(stage: Stage) -> Case:
    write_klassinfo(stage.folder)
    return Case(stage.source("klassinfo", "klassinfo/2"), UNTIL, FILLED)


ON_DISK = True
CASES: Cases = {"klassinfo": _case}
