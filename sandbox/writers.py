"""Tables as XML, CSV, HTML and ZIP bytes. XLSX is written in ``xlsx.py``, DBF in ``dbf.py``."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterable
from html import escape

from sandbox.rows import Cell, Table

_PACKED = (2026, 9, 1, 0, 0, 0)  # no clock: the same files always give the same archive


def xml(table: Table, document: str) -> bytes:
    """UTF-8, a record a line: the first ``<Запись>`` is on line 3."""
    lines = ['<?xml version="1.0" encoding="UTF-8"?>', f'<Таблица имя="{escape(table.name)}">']
    for cells in table.texts():
        inner = "".join(
            f"<{column}>{escape(str(cell), quote=False)}</{column}>" if cell is not None else ""
            for column, cell in zip(table.columns, cells, strict=True)
        )
        lines.append(f"<Запись>{inner}</Запись>")
    table.place(document, first_line=3)
    return "\n".join([*lines, "</Таблица>", ""]).encode()


def csv(table: Table, document: str, encoding: str = "cp1251", delimiter: str = ";") -> bytes:
    """CRLF, a header on line 1."""
    lines = [_csv_line(table.columns, delimiter)]
    lines += [_csv_line(cells, delimiter) for cells in table.texts()]
    table.place(document, first_line=2)
    return ("\r\n".join(lines) + "\r\n").encode(encoding)


def _csv_line(cells: Iterable[Cell], delimiter: str) -> str:
    return delimiter.join(_csv_cell(cell, delimiter) for cell in cells)


def _csv_cell(cell: Cell, delimiter: str) -> str:
    if cell is None:
        return ""
    text = str(cell)
    if any(sign in text for sign in (delimiter, '"', "\r", "\n")):
        return '"' + text.replace('"', '""') + '"'
    return text


def archive(files: dict[str, bytes]) -> bytes:
    """A ZIP of ``files`` by name."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as packed:
        for name, content in files.items():
            packed.writestr(zipfile.ZipInfo(name, _PACKED), content, zipfile.ZIP_DEFLATED)
    return buffer.getvalue()


def html_table(table: Table, document: str) -> str:
    """A ``table-print`` table; the header is row 1."""
    rows = ["".join(f"<th>{escape(column)}</th>" for column in table.columns)]
    rows += [
        "".join(f"<td>{escape(str(cell)) if cell is not None else ''}</td>" for cell in cells)
        for cells in table.texts()
    ]
    table.place(document, first_line=2)
    body = "\n".join(f"<tr>{row}</tr>" for row in rows)
    return f'<table class="table-print {table.name}">\n{body}\n</table>'


def html_page(title: str, body: str) -> bytes:
    return (
        '<!DOCTYPE html>\n<html lang="ru"><head><meta charset="utf-8">'
        f"<title>{escape(title)}</title></head>\n<body>\n{body}\n</body></html>\n"
    ).encode()
