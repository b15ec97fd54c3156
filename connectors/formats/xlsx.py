"""XLSX sheets, read row by row. A workbook is a ZIP of XML; both are checked before it is opened.

A formula is refused: its stored result may be stale, and it can be made to show anything.
"""

from __future__ import annotations

import zipfile
from collections.abc import Iterator
from datetime import date, datetime, time
from io import BytesIO
from typing import Any
from xml.etree.ElementTree import ParseError

import openpyxl
from openpyxl.utils.exceptions import InvalidFileException

from connectors.base import DocumentProblem, RawDocument
from connectors.formats.grid import Grid, table_of
from connectors.formats.reading import Reading, unread

# A school's list has at most some thousands of rows; these bounds only stop a bomb.
UNPACKED_BYTES = 256 * 1024 * 1024
PARTS = 500
ROWS = 200_000
COLUMNS = 2_000  # a journal has a column per lesson and kind of work

UTF16 = (b"\xff\xfe", b"\xfe\xff", b"<\0", b"\0<")

# What openpyxl lets out for a damaged workbook: it has no error of its own for most damage.
DAMAGE = (
    InvalidFileException,
    zipfile.BadZipFile,
    ParseError,
    KeyError,
    ValueError,
    TypeError,
    IndexError,
    AttributeError,
    EOFError,
    OSError,
    NotImplementedError,  # a packing method the machine does not know
)


def read_grids(document: RawDocument) -> dict[str, Grid] | DocumentProblem:
    """Sheets of ``document`` by title, in order, or why it cannot be opened."""
    if not document.content.strip():
        return DocumentProblem(document.name, "empty_document")
    if why := _bomb(document.content):
        return DocumentProblem(document.name, "broken_document", None, None, why)
    try:
        book = openpyxl.load_workbook(
            BytesIO(document.content), read_only=True, data_only=False, keep_links=False
        )
        return {sheet.title: _grid(sheet) for sheet in book.worksheets}
    except DAMAGE:
        return DocumentProblem(document.name, "broken_document", None, None, "книга не открывается")


def read_xlsx(document: RawDocument) -> Reading:
    """The first sheet, header in row 1; ``_line`` is the sheet row. Further sheets that hold
    anything make the reading incomplete."""
    grids = read_grids(document)
    if isinstance(grids, DocumentProblem):
        return unread(document, grids.rule, detail=grids.detail)
    first, *others = grids.values()
    reading = table_of(document.name, first, header_row=1)
    if any(cell for grid in others for row in grid.rows for cell in row):
        detail = "в книге несколько листов с данными; прочитан первый"
        reading.problems.append(
            DocumentProblem(document.name, "broken_document", None, None, detail)
        )
    return reading


def _bomb(content: bytes) -> str:
    """Why the archive must not be unpacked; empty when it may. ``zipfile`` never unpacks
    more of a part than the size it declares, so the declared sizes can be relied on."""
    try:
        with zipfile.ZipFile(BytesIO(content)) as archive:
            parts = archive.infolist()
            if len(parts) > PARTS or sum(part.file_size for part in parts) > UNPACKED_BYTES:
                return "распакованная книга слишком велика"
            if any(_has_doctype(archive.read(part)) for part in parts):
                return "DOCTYPE не допускается"
    except (zipfile.BadZipFile, OSError, EOFError, ValueError, RuntimeError):
        return "это не книга XLSX или она повреждена"  # RuntimeError: it asks for a password
    return ""


def _has_doctype(part: bytes) -> bool:
    """A document type, or UTF-16, in which one could hide; pictures start with neither."""
    return b"<!DOCTYPE" in part or part.startswith(UTF16)


def _grid(sheet: Any) -> Grid:
    grid = Grid()
    sheet.reset_dimensions()  # a wrong declared range would silently cut the sheet
    try:
        for cells in _rows(sheet):
            if len(cells) > COLUMNS or len(grid.rows) >= ROWS:
                grid.damage = "на листе слишком много строк или колонок"
                break
            row = len(grid.rows) + 1
            formulas = [i for i, cell in enumerate(cells, 1) if cell.data_type == "f"]
            grid.formulas += [(row, column) for column in formulas]
            grid.rows.append([_text(cell.value) for cell in cells])
    except DAMAGE:
        grid.damage = "лист повреждён"
    return grid


def _rows(sheet: Any) -> Iterator[tuple[Any, ...]]:
    yield from sheet.iter_rows()


def _text(value: Any) -> str | None:
    """A cell as a person sees it: a whole number without decimals, a date as ``dd.mm.yyyy``."""
    match value:
        case None:
            return None
        case bool():
            return "ИСТИНА" if value else "ЛОЖЬ"
        case float() if value.is_integer():
            return str(int(value))
        case datetime() if value.time() != time():
            return value.strftime("%d.%m.%Y %H:%M:%S")
        case date():
            return value.strftime("%d.%m.%Y")
        case _:
            return str(value).strip() or None
