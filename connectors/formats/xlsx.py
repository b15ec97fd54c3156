"""XLSX sheets, read row by row. A workbook is a ZIP of XML; both are checked before it is opened.

A formula is refused: its stored result may be stale, and it can be made to show anything.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date, datetime, time
from io import BytesIO
from typing import Any
from zipfile import BadZipFile

import openpyxl
from openpyxl.utils.exceptions import InvalidFileException

from connectors.base import DocumentProblem, RawDocument
from connectors.formats.grid import Grid, table_of
from connectors.formats.reading import COLUMNS, LONGEST_CELL, TOO_LONG, Reading, unread
from connectors.formats.sniff import Kind, wrong_format
from connectors.formats.zipped import Zipped

# A school's workbook has some thousands of rows; these bounds only stop a bomb.
UNPACKED_BYTES = 256 * 1024 * 1024
PARTS = 500
SHEETS = 256
# Whole parts that openpyxl keeps in memory: texts shared by cells, and what is neither a sheet
# nor those (styles above all, an object each). Excel allows 64 000 styles.
SHARED_TEXTS = 2_000_000
ELEMENTS = 200_000

UTF16 = (b"\xff\xfe", b"\xfe\xff", b"<\0", b"\0<")
SHEET_PART = re.compile(rb"<(?:\w+:)?sheetData")
TEXTS_PART = re.compile(rb"<(?:\w+:)?sst[\s>]")
SHEETS_LIST = re.compile(rb"<(?:\w+:)?sheets[\s>]")
SHEET_ENTRY = re.compile(rb"<(?:\w+:)?sheet\s")
STYLES = "xl/styles.xml"

# What openpyxl lets out for a damaged workbook: it has no error of its own for most damage.
DAMAGE = (
    InvalidFileException,
    BadZipFile,
    SyntaxError,  # of XML, from either of the two parsers it uses
    KeyError,
    ValueError,
    TypeError,
    IndexError,
    AttributeError,
    AssertionError,
    ArithmeticError,
    EOFError,
    OSError,
)


def read_grids(document: RawDocument) -> dict[str, Grid] | DocumentProblem:
    """Sheets of ``document`` by title, in order, or why it cannot be opened."""
    if not document.content.strip():
        return DocumentProblem(document.name, "empty_document")
    if problem := wrong_format(document, Kind.XLSX, Kind.ZIP):
        return problem
    listed = _checked(document.content)
    if isinstance(listed, str):
        return _broken(document, listed)
    try:
        book = openpyxl.load_workbook(
            BytesIO(document.content), read_only=True, data_only=False, keep_links=False
        )
        sheets, charts = book.worksheets, book.chartsheets
    except DAMAGE:
        return wrong_format(document, Kind.XLSX) or _broken(document, "книга не открывается")
    if why := odd_sheets([sheet.title for sheet in sheets], listed - len(charts)):
        return _broken(document, why)
    return _grids(sheets)


def odd_sheets(titles: Sequence[str], listed: int) -> str:
    """Why the sheets of a workbook that lists so many cannot be read; empty when they can."""
    if not titles or len(titles) < listed:
        return "в книге нет листов или не все читаются"
    if len(titles) > SHEETS:
        return "в книге слишком много листов"
    return "названия листов повторяются" if len(set(titles)) < len(titles) else ""


def _grids(sheets: list[Any]) -> dict[str, Grid]:
    """The bound of cells holds for all sheets together: many may stand for one part."""
    grids: dict[str, Grid] = {}
    taken = 0
    for sheet in sheets:
        grid = Grid(cells=taken)
        _fill(grid, sheet)
        taken = grid.cells
        grids[sheet.title] = grid
    return grids


def read_xlsx(document: RawDocument) -> Reading:
    """The first sheet, header in row 1; ``_line`` is the sheet row. Further sheets that hold
    anything make the reading incomplete."""
    grids = read_grids(document)
    if isinstance(grids, DocumentProblem):
        return unread(document, grids.rule, detail=grids.detail)
    first, *others = grids.values()
    reading = table_of(document.name, first, header_row=1)
    if any(grid.filled for grid in others):
        detail = "в книге несколько листов с данными; прочитан первый"
        reading.problems.append(
            DocumentProblem(document.name, "broken_document", None, None, detail)
        )
    return reading


def _checked(content: bytes) -> int | str:
    """How many sheets the workbook lists (openpyxl passes over those it does not find), or
    in Russian why it must not be opened. Every part is unpacked here once, within bounds, so that
    openpyxl unpacks nothing unknown."""
    listed = 0
    archive = Zipped.open(content, parts=PARTS, budget=UNPACKED_BYTES)
    if isinstance(archive, str):
        return archive
    for info in archive.parts:
        part = archive.read(info)
        if isinstance(part, str):
            return part
        if _has_doctype(part):
            return "DOCTYPE не допускается"
        if _is_heavy(info.filename, part):
            return "в книге слишком много строк текста или стилей"
        listed += _sheets_in(part)
    return listed


def _sheets_in(part: bytes) -> int:
    """Sheets, those of charts too, that the part lists."""
    if SHEETS_LIST.search(part) is None:
        return 0
    return len(SHEET_ENTRY.findall(part))


def _is_heavy(name: str, part: bytes) -> bool:
    if name != STYLES and SHEET_PART.search(part):
        return False  # read row by row
    if name != STYLES and TEXTS_PART.search(part):
        return part.count(b"<") > 4 * SHARED_TEXTS  # opened and closed, as is the text in it
    return part.count(b"<") > ELEMENTS


def _has_doctype(part: bytes) -> bool:
    """A document type, or UTF-16, in which one could hide; pictures start with neither."""
    return b"<!DOCTYPE" in part or part.startswith(UTF16)


def _fill(grid: Grid, sheet: Any) -> None:
    sheet.reset_dimensions()  # a wrong declared range would silently cut the sheet
    try:
        for cells in sheet.iter_rows():
            # Before the cells become texts: a row may be empty and sixteen thousand wide.
            row = [_cell(grid, column, cell) for column, cell in enumerate(cells[: COLUMNS + 1], 1)]
            if not grid.add(row if any(row) or len(row) > COLUMNS else ()):
                break
    except DAMAGE:
        grid.damage = "лист повреждён"


def _cell(grid: Grid, column: int, cell: Any) -> str | None:
    if cell.data_type == "f":
        grid.refuse(column, "ячейка с формулой")
        return None
    text = text_of(cell.value)
    if text is not None and len(text) > LONGEST_CELL:
        grid.refuse(column, TOO_LONG)
        return None
    return text


def text_of(value: Any) -> str | None:
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


def _broken(document: RawDocument, detail: str) -> DocumentProblem:
    return DocumentProblem(document.name, "broken_document", None, None, detail)
