"""XLS workbooks (Excel 5 to 2003) through ``xlrd``, from a stream that was made safe before."""

from __future__ import annotations

import io
import struct
from typing import Any

import xlrd
from xlrd.book import open_workbook_xls
from xlrd.xldate import XLDateError, xldate_as_datetime

from connectors.base import DocumentProblem, RawDocument
from connectors.formats.biff import Workbook, tamed
from connectors.formats.compound import workbook_stream
from connectors.formats.grid import Grid, Refused
from connectors.formats.sniff import Kind, wrong_format
from connectors.formats.xlsx import odd_sheets, text_of

# The format holds 65 536 rows; a school's workbook is some megabytes.
BYTES = 32 * 1024 * 1024

# What xlrd lets out for a damaged workbook: it has no error of its own for most damage.
DAMAGE = (
    xlrd.XLRDError,
    struct.error,
    AssertionError,
    AttributeError,
    IndexError,
    KeyError,
    LookupError,
    OverflowError,
    TypeError,
    ValueError,
    ZeroDivisionError,
)


def read_grids(document: RawDocument) -> dict[str, Grid] | DocumentProblem:
    """Sheets of ``document`` by title, in order, or why it cannot be opened. Days are
    ``dd.mm.yyyy``; a formula is refused as in XLSX, since only its stored result is there."""
    if not document.content.strip():
        return DocumentProblem(document.name, "empty_document")
    if problem := wrong_format(document, Kind.OLE):
        return problem
    if len(document.content) > BYTES:
        return _broken(document, "книга слишком велика")
    stream = workbook_stream(document.content)
    workbook = stream if isinstance(stream, str) else tamed(stream)
    if isinstance(workbook, str):
        return _broken(document, workbook)
    try:
        return _grids(document, workbook)
    except DAMAGE:
        return _broken(document, "книга не открывается")


def _grids(document: RawDocument, workbook: Workbook) -> dict[str, Grid] | DocumentProblem:
    book = open_workbook_xls(
        file_contents=workbook.stream, logfile=io.StringIO(), on_demand=True, ragged_rows=True
    )
    if why := odd_sheets(book.sheet_names(), len(workbook.formulas)):
        return _broken(document, why)
    grids: dict[str, Grid] = {}
    taken = 0  # the bound of cells holds for all sheets together
    for place, title in enumerate(book.sheet_names()):
        grid = Grid(cells=taken)
        grid.refused += [Refused(*cell, "ячейка с формулой") for cell in workbook.formulas[place]]
        _fill(grid, book, place)
        taken = grid.cells
        grids[title] = grid
    return grids


def _fill(grid: Grid, book: Any, place: int) -> None:
    try:
        sheet = book.sheet_by_index(place)
    except DAMAGE:
        grid.damage = "лист повреждён"
        return
    for row in sheet.get_rows():
        if not grid.add([_text(cell, book.datemode) for cell in row]):
            break
    book.unload_sheet(place)


def _text(cell: Any, datemode: int) -> str | None:
    """A cell as a person sees it, by the rules of ``xlsx.text_of``."""
    match cell.ctype:
        case xlrd.XL_CELL_DATE:
            return _moment(cell.value, datemode)
        case xlrd.XL_CELL_BOOLEAN:
            return text_of(bool(cell.value))
        case xlrd.XL_CELL_ERROR:
            return str(xlrd.error_text_from_code.get(cell.value, "#ERR"))
        case _:
            return text_of(cell.value)


def _moment(value: float, datemode: int) -> str | None:
    """Days since the epoch as a day, a part of a day as a time; a number that is neither stays
    one, for the contract to tell."""
    try:
        moment = xldate_as_datetime(value, datemode)
    except (XLDateError, ValueError, OverflowError):
        return text_of(value)
    if value < 1:
        return text_of(moment.time() if value >= 0 else value)
    return text_of(moment)


def _broken(document: RawDocument, detail: str) -> DocumentProblem:
    return DocumentProblem(document.name, "broken_document", None, None, detail)
