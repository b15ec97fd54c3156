"""Small tables in every form a school may send, written by hand and not by the sandbox."""

from __future__ import annotations

import io
import struct
import zipfile
from collections.abc import Mapping, Sequence
from typing import Any

import openpyxl
import xlwt

Rows = Sequence[Sequence[Any]]

# A header and two records; the people are invented.
PUPILS: Rows = [
    ["Код", "ФИО", "Класс"],
    ["1", "Жмелеватов Пётр", "7а"],
    ["2", "Брянчихина Анна", "7б"],
]


def csv_bytes(rows: Rows = PUPILS, delimiter: str = ";", encoding: str = "utf-8") -> bytes:
    return "".join(delimiter.join(map(str, row)) + "\r\n" for row in rows).encode(encoding)


def xml_bytes(rows: Rows = PUPILS, table: str = "pupils") -> bytes:
    names, *records = rows
    body = "".join(
        "<Запись>"
        + "".join(f"<{name}>{value}</{name}>" for name, value in zip(names, record, strict=True))
        + "</Запись>\n"
        for record in records
    )
    head = '<?xml version="1.0" encoding="UTF-8"?>\n'
    return f'{head}<Таблица имя="{table}">\n{body}</Таблица>\n'.encode()


def html_bytes(rows: Rows = PUPILS, encoding: str = "utf-8") -> bytes:
    body = "".join("<tr>" + "".join(f"<td>{cell}</td>" for cell in row) + "</tr>\n" for row in rows)
    charset = {"utf-8": "utf-8", "cp1251": "windows-1251"}[encoding]
    page = (
        f'<html><head><meta charset="{charset}"></head><body>\n<p class="caption">Класс: 7а</p>\n'
        f'<table class="table-print">\n{body}</table>\n</body></html>\n'
    )
    return page.encode(encoding)


def xlsx_bytes(rows: Rows = PUPILS) -> bytes:
    book = openpyxl.Workbook()
    for row in rows:
        book.active.append(list(row))
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def xls_bytes(rows: Rows = PUPILS, sheets: int = 1) -> bytes:
    book = xlwt.Workbook()
    for number in range(sheets):
        sheet = book.add_sheet(f"Лист{number + 1}")
        for line, row in enumerate(rows):
            for place, value in enumerate(row):
                sheet.write(line, place, value)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def dbf_bytes(
    rows: Rows = PUPILS,
    *,
    encoding: str = "cp866",
    code_page: int = 0x65,
    kinds: str = "",
    deleted: Sequence[int] = (),
) -> bytes:
    """``kinds``: a type letter a column, all C by default; ``deleted``: numbers of records."""
    names, *records = rows
    cells = [["" if v is None else str(v) for v in record] for record in records]
    widths = [
        max(1, *(len(row[place].encode(encoding)) for row in [names, *cells]))
        for place in range(len(names))
    ]
    fields = b"".join(
        struct.pack("<11sc4xBB14x", name.encode(encoding)[:10], kind.encode(), width, 0)
        for name, kind, width in zip(names, kinds or "C" * len(names), widths, strict=True)
    )
    body = b"".join(
        (b"*" if number in deleted else b" ")
        + b"".join(
            text.encode(encoding).ljust(width) for text, width in zip(row, widths, strict=True)
        )
        for number, row in enumerate(cells, 1)
    )
    head = struct.pack(
        "<B3BIHH17xB2x",
        3,
        *(126, 9, 1),
        len(cells),
        33 + len(fields),
        1 + sum(widths),
        code_page,
    )
    return head + fields + b"\r" + body + b"\x1a"


def zip_bytes(members: Mapping[str, bytes] | Sequence[tuple[str, bytes]]) -> bytes:
    out = io.BytesIO()
    pairs = members.items() if isinstance(members, Mapping) else members
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in pairs:
            archive.writestr(name, content)
    return out.getvalue()


def repacked(content: bytes, change: Mapping[str, Any]) -> bytes:
    """A ZIP whose parts named in ``change`` went through its functions (bytes to bytes)."""
    with zipfile.ZipFile(io.BytesIO(content)) as old:
        return zip_bytes(
            [(name, change.get(name, bytes)(old.read(name))) for name in old.namelist()]
        )
