"""NetSchool where journals cannot be exported: two reports of each pupil, a timetable as a grid."""

from __future__ import annotations

from functools import partial
from pathlib import Path

from tests.connectors.samples.netschool import NETSCHOOL_LISTS, html_table, write_note
from tests.connectors.samples.stage import UNTIL, Case, Cases, Stage
from tests.connectors.samples.workbooks import old_workbook, workbook

Rows = list[list[str | None]]

GRADES: Rows = [
    ["Тип задания", "Тема задания", "Дата выполнения", "Дата выставления оценки", "Оценка"],
    ["Домашнее задание", "Дроби", "05.09.26", "07.09.26", "5"],
    ["Контрольная работа", None, "12.09.26", "12.09.26", "4"],
]
GRADES_ABOVE: Rows = [
    ["Класс:", "7а"], ["ФИО:", "Жмелеватов Пётр"], ["Предмет:", "Алгебра"],
    ["Период:", "01.09.2026 - 18.09.2026"],
]  # fmt: skip
TOTALS: Rows = [
    ["№", "Предмет", "1 четверть", "2 четверть", "3 четверть", "4 четверть", "Год. оценка",
     "Экз. оценка", "Итог. оценка"],
    ["1", "Алгебра", "4", None, None, None, None, None, None],
]  # fmt: skip
SCHEDULE: Rows = [
    ["День недели", "Урок", "С", "По", "7а", "7б"],
    ["Сб", "2", "01.09.2026", "31.05.2027", "Алгебра [12]",
     "Англ.яз./2 гр. [209], Англ.яз./1 гр. [108]"],
]  # fmt: skip


def _page(above: Rows, css: str, rows: Rows) -> bytes:
    caption = "<br>".join(f"{name} {value}" for name, value in above)
    return (
        '<html><head><meta charset="utf-8"></head><body>\n'
        f'<p class="caption">{caption}</p>\n{html_table(css, rows)}\n</body></html>\n'
    ).encode()


def _report(form: str, above: Rows, css: str, rows: Rows) -> bytes:
    if form == "html":
        return _page(above, css, rows)
    book = old_workbook if form == "xls" else workbook
    return book(("Отчёт", [*above, [], *rows]))


def write_reports(folder: Path, form: str) -> None:
    lists = "xls" if form == "xls" else "xlsx"
    book = old_workbook if form == "xls" else workbook
    tables = {**NETSCHOOL_LISTS, "schedule": SCHEDULE}
    del tables["timetable"]  # the grid stands in for it
    pupils = [row[:] for row in tables["pupils"][:2]]
    for table, rows in {**tables, "pupils": pupils}.items():
        (folder / f"{table}.{lists}").write_bytes(book(("Лист1", rows)))
    grades = _report(form, GRADES_ABOVE, "studentgrades", GRADES)
    totals = _report(form, GRADES_ABOVE[:2], "studenttotalmarks", TOTALS)
    (folder / f"studentgrades_001.{form}").write_bytes(grades)
    (folder / f"studenttotalmarks_001.{form}").write_bytes(totals)
    write_note(folder)


FILLED = frozenset(
    {*NETSCHOOL_LISTS, "schedule", "studentgrades", "studenttotalmarks"}
    - {"vacations", "timetable"}
)


def _case(form: str, stage: Stage) -> Case:
    write_reports(stage.folder, form)
    return Case(stage.source("netschool", "netschool/5-reports"), UNTIL, FILLED)


ON_DISK = True
CASES: Cases = {
    f"netschool-reports-{form}": partial(_case, form) for form in ("html", "xlsx", "xls")
}
