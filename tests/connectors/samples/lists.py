"""Lists typed by the school."""

from __future__ import annotations

from pathlib import Path

from tests.connectors.samples.stage import SCHOOL, UNTIL, Case, Cases, Stage
from tests.connectors.samples.workbooks import workbook


def write_lists(folder: Path) -> None:
    folder.mkdir(parents=True)
    uid = (
        "Роль;ФИО;Класс;UID\r\n"
        "ученик;Жмелеватов Пётр;7а;12345678\r\n"
        "сотрудник;Кузьмарова Ольга;;87654321\r\n"
    )
    (folder / "uid_2026-09-10.csv").write_bytes(uid.encode("utf-8-sig"))
    (folder / "uid_2026-09-02.csv").write_bytes("Роль;ФИО;Класс;UID\r\n".encode("cp1251"))
    rows = [
        ["Номер", "ФИО ребёнка", "Класс", "ФИО заявителя", "Дата заявления", "Дата регистрации",
         "Дата отказа"],
        ["5", "Жмелеватов Пётр", "7а", "Жмелеватова Инна", "02.09.2026", "03.09.2026"],
    ]  # fmt: skip
    (folder / "applications_2026-09-08.xlsx").write_bytes(workbook(("Лист1", rows)))


def _case(stage: Stage) -> Case:
    write_lists(stage.tmp_path / SCHOOL / "lists")
    return Case(stage.source("lists", "lists/1"), UNTIL, frozenset({"uid", "applications"}))


ON_DISK = True
CASES: Cases = {"lists": _case}
