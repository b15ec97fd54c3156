"""Tables as XML, CSV and HTML bytes. The XLSX writer is in ``xlsx.py``."""

from __future__ import annotations

import re
from html import escape

from sandbox.rows import Cell, Table

_TO_QUOTE = re.compile('[;"\r\n]')


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


def csv(table: Table, document: str, encoding: str = "cp1251") -> bytes:
    """``;``, CRLF, a header on line 1."""
    lines = [";".join(map(_csv_cell, table.columns))]
    lines += [";".join(map(_csv_cell, cells)) for cells in table.texts()]
    table.place(document, first_line=2)
    return ("\r\n".join(lines) + "\r\n").encode(encoding)


def _csv_cell(cell: Cell) -> str:
    if cell is None:
        return ""
    text = str(cell)
    if _TO_QUOTE.search(text):
        return '"' + text.replace('"', '""') + '"'
    return text


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
