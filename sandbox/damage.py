"""Damage the last upload of a school the way uploads get damaged in life.

Each way changes as little as it can: one file, one row or one setting.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path

from openpyxl import load_workbook

from sandbox.generate import load_params, store_path, write_json
from sandbox.mutate import UnknownSchoolError, last_upload
from sandbox.region import codes


class DamageError(Exception):
    """This way of damage does not fit the school's system or format."""


def damage(data: Path, code: str, how: str) -> dict[str, str]:
    """Damage the school's last upload; say which document. Raises ``UnknownSchoolError``,
    ``DamageError`` or ``NotARegionError``."""
    if code not in codes(load_params(data)):
        raise UnknownSchoolError(f"no school {code} in {data}")
    online = store_path(data, code).exists()
    ways = _ONLINE if online else _FILES
    if how not in ways:
        raise DamageError(f"{how} does not fit school {code}; possible: {', '.join(ways)}")
    path = ways[how](data, code) if online else ways[how](last_upload(data, code), code)
    return {"school": code, "how": how, "document": str(path.relative_to(data))}


def _first(folder: Path, *names: str) -> Path:
    """The first of ``names`` (patterns) that the upload holds."""
    found = (path for name in names for path in sorted(folder.glob(name)))
    path = next(found, None)
    if path is None:
        raise DamageError(f"the upload holds none of {', '.join(names)}")
    return path


def _broken(folder: Path, _: str) -> Path:
    path = _first(folder, "marks.xml", "journal_*.xlsx", "classes.xlsx")
    content = path.read_bytes()
    path.write_bytes(content[: len(content) * 2 // 3])
    return path


def _wrong_encoding(folder: Path, _: str) -> Path:
    """XML and HTML become cp1251 in spite of what they declare; CSV that of a DOS program."""
    path = _first(folder, "lessons.csv", "lessons.xml", "journal_*.html")
    old, new = ("cp1251", "cp866") if path.suffix == ".csv" else ("utf-8", "cp1251")
    path.write_bytes(path.read_bytes().decode(old).encode(new, "replace"))
    return path


def _empty(folder: Path, _: str) -> Path:
    path = _first(folder, "marks.*", "pupils.xlsx")
    path.write_bytes(b"")
    return path


def _missing(folder: Path, _: str) -> Path:
    path = _first(folder, "marks.*", "timetable.xlsx")
    path.unlink()
    return path


def _unknown_column(folder: Path, _: str) -> Path:
    path = _first(folder, "marks.*", "classes.xlsx")
    match path.suffix:
        case ".xml":
            _replace(path, "utf-8", "<Запись>", "<Запись><Примечание>проверено</Примечание>")
        case ".csv":
            lines = path.read_bytes().decode("cp1251").split("\r\n")
            head, *rest = [line for line in lines if line]
            text = "\r\n".join([f"{head};Примечание", *(f"{line};проверено" for line in rest), ""])
            path.write_bytes(text.encode("cp1251"))
        case _:
            book = load_workbook(path)
            sheet = book.worksheets[0]
            sheet.cell(1, sheet.max_column + 1, "Примечание")
            sheet.cell(2, sheet.max_column, "проверено")
            book.save(path)
    return path


def _unknown_code(folder: Path, _: str) -> Path:
    path = _first(folder, "marks.*", "journal_*")
    match path.suffix:
        case ".xml":
            _replace(path, "utf-8", "<ВидРаботы>Урок<", "<ВидРаботы>Викторина<")
        case ".csv":
            _replace(path, "cp1251", ";Урок;", ";Викторина;")
        case ".html":
            path = _first_with(folder, "journal_*.html", "<td>5</td>")
            _replace(path, "utf-8", "<td>5</td>", "<td>Ю</td>")
        case _:
            return _unknown_cell(folder)
    return path


def _first_with(folder: Path, pattern: str, text: str) -> Path:
    for path in sorted(folder.glob(pattern)):
        if text in path.read_text("utf-8"):
            return path
    raise DamageError(f"no document of {pattern} has what is to be replaced")


def _unknown_cell(folder: Path) -> Path:
    for path in sorted(folder.glob("journal_*.xlsx")):
        book = load_workbook(path)
        for row in book["Журнал"].iter_rows(min_row=7, min_col=3):
            for cell in row:
                if cell.value == "5":
                    cell.value = "Ю"
                    book.save(path)
                    return path
    raise DamageError("the journals hold no mark to replace")


def _replace(path: Path, encoding: str, old: str, new: str) -> None:
    text = path.read_bytes().decode(encoding)
    if old not in text:
        raise DamageError(f"{path.name} has nothing to replace")
    path.write_bytes(re.sub(re.escape(old), lambda _: new, text, count=1).encode(encoding))


def _no_answer(data: Path, code: str) -> Path:
    path = data / "dnevnik" / "faults.json"
    write_json(path, {**json.loads(path.read_text("utf-8")), code: ["always"]})
    return path


def _unknown_type(data: Path, code: str) -> Path:
    path = store_path(data, code)
    store = json.loads(path.read_text("utf-8"))
    mark = next(row for row in store["marks"] if row["until"] is None and row["row"]["value"])
    mark["row"]["type"] = "MarkClouds"
    write_json(path, store)
    return path


Way = Callable[[Path, str], Path]
_FILES: dict[str, Way] = {
    "broken_xml": _broken,
    "wrong_encoding": _wrong_encoding,
    "empty_file": _empty,
    "unknown_column": _unknown_column,
    "unknown_code": _unknown_code,
    "missing_file": _missing,
}
_ONLINE: dict[str, Way] = {"no_answer": _no_answer, "unknown_code": _unknown_type}
WAYS = tuple(dict.fromkeys([*_FILES, *_ONLINE]))
