"""NetSchool: lists and a journal of one class and subject."""

from __future__ import annotations

from functools import partial
from pathlib import Path

from tests.connectors.samples.stage import DAY, UNTIL, Case, Cases, Stage
from tests.connectors.samples.workbooks import old_workbook, workbook

NETSCHOOL_LISTS: dict[str, list[list[str]]] = {
    "terms": [["Период", "Вид", "Номер", "Начало", "Окончание"],
              ["1 четверть", "Четверть", "1", "01.09.2026", "25.10.2026"]],
    "vacations": [["Название", "Вид", "Начало", "Окончание"]],
    "classes": [["Класс", "Параллель", "Литера"], ["7а", "7", "а"]],
    "pupils": [["Класс", "ФИО", "Дата рождения", "Зачислен", "Выбыл"],
               ["7а", "Жмелеватов Пётр", "01.02.2013", "01.09.2026"],
               ["7а", "Брянчихина Анна", "03.04.2013", "01.09.2026"]],
    "staff": [["ФИО", "Должность", "Доступ к журналу"], ["Кузьмарова Ольга", "учитель", "да"]],
    "curriculum": [["Класс", "Предмет", "Часов в неделю"], ["7а", "Алгебра", "3"]],
    "timetable": [["Класс", "Группа", "Предмет", "Учитель", "День недели", "Урок", "С", "По"],
                  ["7а", None, "Алгебра", "Кузьмарова Ольга", "Сб", "2", "01.09.2026",
                   "31.05.2027"]],
}  # fmt: skip
JOURNAL = [
    ["№", "ФИО", "05.09/2", "05.09/2/К", "12.09/2"],
    ["1", "Жмелеватов Пётр", "УП", None, "5 4"],
    ["2", "Брянчихина Анна", None, "3", None],
]
TOPICS = [
    ["Дата", "Урок", "Тема", "Домашнее задание", "Учитель", "Замена", "Проведен", "Посещаемость",
     "Состояние"],
    ["05.09.2026", "2", "Дроби", "№ 5", "Кузьмарова Ольга", None, "да", "да", None],
    ["12.09.2026", "2", "Степени", "не задано", "Кузьмарова Ольга", None, "да", "да", None],
]  # fmt: skip
TOTALS = [
    ["Период", "Класс", "ФИО", "Предмет", "Отметка"],
    ["1 четверть", "7а", "Брянчихина Анна", "Алгебра", "4"],
]
CAPTION = [
    ["Класс:", "7а"], ["Предмет:", "Алгебра"], ["Группа:", None],
    ["Период:", "01.09.2026 - 18.09.2026"],
]  # fmt: skip


def html_table(css: str, rows: list[list[str | None]]) -> str:
    body = "\n".join(
        "<tr>" + "".join(f"<td>{cell or ''}</td>" for cell in row) + "</tr>" for row in rows
    )
    return f'<table class="table-print {css}">\n{body}\n</table>'


def journal_html() -> bytes:
    caption = "<br>".join(f"{name} {value or ''}" for name, value in CAPTION)
    return (
        '<html><head><meta charset="utf-8"></head><body>\n'
        f'<p class="caption">{caption}</p>\n'
        f"{html_table('journal', JOURNAL)}\n{html_table('topics', TOPICS)}\n</body></html>\n"
    ).encode()


def journal_sheets() -> list[tuple[str, list[list[str | None]]]]:
    return [("Журнал", [*CAPTION, [], *JOURNAL]), ("Темы", TOPICS)]


def write_netschool(folder: Path, form: str) -> None:
    book = old_workbook if form == "xls" else workbook
    lists = "xls" if form == "xls" else "xlsx"
    for table, rows in NETSCHOOL_LISTS.items():
        (folder / f"{table}.{lists}").write_bytes(book(("Лист1", rows)))
    totals = f"<html><body>{html_table('totals', TOTALS)}</body></html>".encode()
    journal = journal_html() if form == "html" else book(*journal_sheets())
    (folder / f"journal_001.{form}").write_bytes(journal)
    if form != "html":
        totals = book(("Лист1", TOTALS))
    (folder / f"totals_001.{form}").write_bytes(totals)
    write_note(folder)


def write_note(folder: Path) -> None:
    (folder / "export.txt").write_text(
        f"версия=5.47\nсоздано={DAY}T18:05:00+03:00\nс=2026-09-01\nпо={DAY}\n", "utf-8"
    )


FILLED = frozenset({*NETSCHOOL_LISTS, "journal", "topics", "totals"} - {"vacations"})


def _case(form: str, stage: Stage) -> Case:
    write_netschool(stage.folder, form)
    return Case(stage.source("netschool", "netschool/5"), UNTIL, FILLED)


ON_DISK = True
CASES: Cases = {f"netschool-{form}": partial(_case, form) for form in ("html", "xlsx", "xls")}
