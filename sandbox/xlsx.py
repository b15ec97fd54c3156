"""A small XLSX writer: the same rows always give the same bytes, which openpyxl does not promise.

It writes what an export of a journal holds: sheets of text and whole numbers, no styles.
"""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterable, Sequence
from html import escape

from sandbox.rows import Cell, Table

_EPOCH = (2026, 9, 1, 0, 0, 0)
_MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_PACKAGE = "http://schemas.openxmlformats.org/package/2006"
_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml"
_HEAD = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>'

Sheet = tuple[str, Iterable[Sequence[Cell]]]
Span = tuple[int, int, int]  # sheet row from 1, first and last column from 0


def workbook(sheets: Sequence[Sheet], merged: dict[str, list[Span]] | None = None) -> bytes:
    """A workbook of (name, rows) sheets; ``merged``: cells of a sheet that are one cell."""
    numbers = range(1, len(sheets) + 1)
    parts = {
        "[Content_Types].xml": _content_types(numbers),
        "_rels/.rels": f'<Relationships xmlns="{_PACKAGE}/relationships"><Relationship Id="rId1" '
        f'Type="{_OFFICE}/officeDocument" Target="xl/workbook.xml"/></Relationships>',
        "xl/workbook.xml": _book([name for name, _ in sheets]),
        "xl/_rels/workbook.xml.rels": f'<Relationships xmlns="{_PACKAGE}/relationships">'
        + "".join(
            f'<Relationship Id="rId{n}" Type="{_OFFICE}/worksheet" '
            f'Target="worksheets/sheet{n}.xml"/>'
            for n in numbers
        )
        + "</Relationships>",
    }
    for number, (name, rows) in zip(numbers, sheets, strict=True):
        parts[f"xl/worksheets/sheet{number}.xml"] = _sheet(rows, (merged or {}).get(name, []))
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, text in parts.items():
            entry = zipfile.ZipInfo(name, _EPOCH)
            archive.writestr(entry, _HEAD + text, zipfile.ZIP_DEFLATED, 1)
    return buffer.getvalue()


def sheet_of(table: Table, document: str) -> list[Sequence[Cell]]:
    """Header and rows of ``table``; the header is sheet row 1."""
    table.place(document, first_line=2)
    return [table.columns, *table.texts()]


def texts_of(table: Table, document: str) -> list[Sequence[Cell]]:
    """As ``sheet_of``, with every cell a text."""
    header, *rows = sheet_of(table, document)
    return [header, *([None if c is None else str(c) for c in row] for row in rows)]


def _content_types(numbers: range) -> str:
    sheets = "".join(
        f'<Override PartName="/xl/worksheets/sheet{n}.xml" ContentType="{_TYPE}.worksheet+xml"/>'
        for n in numbers
    )
    return (
        f'<Types xmlns="{_PACKAGE}/content-types"><Default Extension="rels" ContentType='
        '"application/vnd.openxmlformats-package.relationships+xml"/>'
        '<Default Extension="xml" ContentType="application/xml"/>'
        f'<Override PartName="/xl/workbook.xml" ContentType="{_TYPE}.sheet.main+xml"/>'
        f"{sheets}</Types>"
    )


def _book(names: Sequence[str]) -> str:
    sheets = "".join(
        f'<sheet name="{escape(name)}" sheetId="{n}" r:id="rId{n}"/>'
        for n, name in enumerate(names, start=1)
    )
    return f'<workbook xmlns="{_MAIN}" xmlns:r="{_OFFICE}"><sheets>{sheets}</sheets></workbook>'


def _sheet(rows: Iterable[Sequence[Cell]], merged: Sequence[Span]) -> str:
    body = []
    for number, cells in enumerate(rows, start=1):
        inner = "".join(
            _cell(f"{_letters(place)}{number}", cell)
            for place, cell in enumerate(cells)
            if cell is not None
        )
        body.append(f'<row r="{number}">{inner}</row>')
    data = f"<sheetData>{''.join(body)}</sheetData>"
    return f'<worksheet xmlns="{_MAIN}">{data}{_merged(merged)}</worksheet>'


def _merged(spans: Sequence[Span]) -> str:
    if not spans:
        return ""
    cells = "".join(
        f'<mergeCell ref="{_letters(first)}{row}:{_letters(last)}{row}"/>'
        for row, first, last in spans
    )
    return f'<mergeCells count="{len(spans)}">{cells}</mergeCells>'


def _cell(place: str, cell: Cell) -> str:
    if isinstance(cell, int):
        return f'<c r="{place}"><v>{cell}</v></c>'
    text = escape(str(cell), quote=False)
    return f'<c r="{place}" t="inlineStr"><is><t xml:space="preserve">{text}</t></is></c>'


def _letters(place: int) -> str:
    """Column letters of a 0-based place: A, B, … Z, AA."""
    letters = ""
    place += 1
    while place:
        place, rest = divmod(place - 1, 26)
        letters = chr(65 + rest) + letters
    return letters
