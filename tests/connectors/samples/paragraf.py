"""Paragraf: sixteen tables and a manifest."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable
from functools import partial
from pathlib import Path

from tests.connectors.samples.dbf import dbf
from tests.connectors.samples.stage import DAY, SCHOOL, UNTIL, Case, Cases, Stage
from tests.connectors.samples.workbooks import workbook

PARAGRAF_ROWS: dict[str, list[dict[str, str]]] = {
    "terms": [{"Код": "1", "Название": "1 четверть", "Вид": "Четверть", "Номер": "1"}],
    "classes": [{"Код": "10", "Название": "7а", "Параллель": "7", "Литера": "а"}],
    "subjects": [{"Код": "20", "Название": "Алгебра"}],
    "pupils": [
        {"Код": "100", "Фамилия": "Жмелеватов", "Имя": "Пётр", "КодКласса": "10"},
        {"Код": "101", "Фамилия": "Брянчихина", "Имя": "Анна", "КодКласса": "10"},
    ],
    "lessons": [
        {"Код": "17", "Дата": "05.09.2026", "НомерУрока": "2", "Тема": "Дроби; части"},
        {"Код": "18", "Дата": "07.09.2026", "НомерУрока": "1", "Тема": "Степени"},
    ],
    "marks": [
        {"Код": "1", "КодУченика": "100", "КодУрока": "17", "Отметка": "5"},
        {"Код": "2", "КодУченика": "101", "КодУрока": "18", "Отметка": "4"},
    ],
}
PARAGRAF_TABLES = [
    "terms", "holidays", "classes", "subjects", "groups", "curriculum", "staff", "pupils",
    "guardians", "movements", "timetable", "lessons", "marks", "attendance", "term_marks",
    "applications",
]  # fmt: skip


def paragraf_xml(table: str, rows: list[dict[str, str]]) -> bytes:
    fields = ["".join(f"<{n}>{v}</{n}>" for n, v in row.items()) for row in rows]
    records = "".join(f"<Запись>{text}</Запись>\n" for text in fields)
    head = f'<?xml version="1.0" encoding="UTF-8"?>\n<Таблица имя="{table}">\n'
    return (head + records + "</Таблица>\n").encode()


def grid(rows: list[dict[str, str]]) -> list[list[str]]:
    """Header and rows; a table without rows still names a column."""
    columns = list(rows[0]) if rows else ["Код"]
    return [columns, *([row[name] for name in columns] for row in rows)]


def paragraf_csv(rows: list[dict[str, str]], encoding: str) -> bytes:
    quoted = [[f'"{v}"' if ";" in v else v for v in line] for line in grid(rows)]
    return "".join(";".join(line) + "\r\n" for line in quoted).encode(encoding)


def paragraf_file(table: str, form: str, encoding: str) -> bytes:
    rows = PARAGRAF_ROWS.get(table, [])
    match form:
        case "xml":
            return paragraf_xml(table, rows)
        case "csv":
            return paragraf_csv(rows, encoding)
        case "dbf":
            return dbf(grid(rows)[0], grid(rows)[1:], encoding)
        case _:
            return workbook(("Лист1", grid(rows)))


def manifest(form: str, **changed: str) -> bytes:
    said = {
        "система": "Параграф", "версия": "3.21", "школа": SCHOOL,
        "создана": f"{DAY}T17:40:00+03:00", "с": "2026-09-01", "по": DAY, "режим": "полная",
    } | changed  # fmt: skip
    attributes = " ".join(f'{name}="{value}"' for name, value in said.items())
    files = "\n".join(
        f'  <Файл имя="{table}.{form}" записей="{len(PARAGRAF_ROWS.get(table, []))}"/>'
        for table in PARAGRAF_TABLES
    )
    head = '<?xml version="1.0" encoding="UTF-8"?>\n'
    return f"{head}<Выгрузка {attributes}>\n{files}\n</Выгрузка>\n".encode()


def write_paragraf(folder: Path, form: str, encoding: str = "cp1251") -> None:
    for table in PARAGRAF_TABLES:
        (folder / f"{table}.{form}").write_bytes(paragraf_file(table, form, encoding))
    (folder / "manifest.xml").write_bytes(manifest(form))


def write_zipped(folder: Path) -> None:
    """Marks in an archive of their own, all else in one."""
    everything = {
        f"{table}.csv": paragraf_file(table, "csv", "cp1251") for table in PARAGRAF_TABLES
    }
    marks = {"marks.csv": everything.pop("marks.csv")}
    for name, files in (("marks.zip", marks), ("all.zip", everything)):
        out = io.BytesIO()
        with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
            for inner, content in files.items():
                archive.writestr(inner, content)
        (folder / name).write_bytes(out.getvalue())
    (folder / "manifest.xml").write_bytes(manifest("csv"))


def _case(write: Callable[[Path], None], stage: Stage) -> Case:
    write(stage.folder)
    return Case(stage.source("paragraf", "paragraf/3.21"), UNTIL, frozenset(PARAGRAF_ROWS))


FORMS: dict[str, Callable[[Path], None]] = {
    "xml": partial(write_paragraf, form="xml"),
    "csv": partial(write_paragraf, form="csv"),
    "csv-utf8": partial(write_paragraf, form="csv", encoding="utf-8"),
    "csv-bom": partial(write_paragraf, form="csv", encoding="utf-8-sig"),
    "dbf-cp866": partial(write_paragraf, form="dbf", encoding="cp866"),
    "dbf-cp1251": partial(write_paragraf, form="dbf", encoding="cp1251"),
    "xlsx": partial(write_paragraf, form="xlsx"),
    "zip": write_zipped,
}
ON_DISK = True
CASES: Cases = {f"paragraf-{form}": partial(_case, write) for form, write in FORMS.items()}
