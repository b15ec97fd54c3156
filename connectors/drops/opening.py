"""A document opened once: the grids in it, and the lines above a table."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import takewhile

from connectors.base import DocumentProblem, RawDocument
from connectors.formats import csv, dbf, html, xls, xlsx
from connectors.formats.grid import Grid, Row
from schemas.layout import CsvFormat, DbfFormat, HtmlFormat, SheetFormat

GridFormat = CsvFormat | DbfFormat | SheetFormat | HtmlFormat


@dataclass(frozen=True)
class Opened:
    """One table's grid: its header begins in ``header_row`` and has ``header_rows``; ``above``:
    the lines of the caption, name and value; ``problems`` concern the whole document."""

    grid: Grid
    header_row: int = 1
    header_rows: int = 1
    above: Sequence[tuple[str, str]] = ()
    problems: list[DocumentProblem] = field(default_factory=list)


class Opener:
    """Opens documents; a workbook or page that feeds several tables is read once."""

    def __init__(self) -> None:
        self._books: dict[str, dict[str, Grid] | DocumentProblem] = {}
        self._pages: dict[str, html.Page | DocumentProblem] = {}

    def open(
        self, document: RawDocument, form: GridFormat, caption_sheet: str | None = None
    ) -> Opened | DocumentProblem:
        """The grid of ``document`` that ``form`` speaks of, or why there is none."""
        match form:
            case CsvFormat():
                grid = csv.read_grid(document, form.encodings, delimiter=form.delimiter)
                if isinstance(grid, DocumentProblem):
                    return grid
                above = _lines(grid.rows[: form.header_row - 1])
                return Opened(grid, form.header_row, form.header_rows, above)
            case DbfFormat():
                grid = dbf.read_grid(document, encodings=form.encodings)
                return grid if isinstance(grid, DocumentProblem) else Opened(grid)
            case SheetFormat():
                return self._sheet(document, form, caption_sheet)
            case HtmlFormat():
                return self._table(document, form)

    def _sheet(
        self, document: RawDocument, form: SheetFormat, caption_sheet: str | None
    ) -> Opened | DocumentProblem:
        if document.name not in self._books:
            read = xls.read_grids if document.name.lower().endswith(".xls") else xlsx.read_grids
            self._books[document.name] = read(document)
        book = self._books[document.name]
        if isinstance(book, DocumentProblem):
            return book
        grid = book.get(form.sheet) if form.sheet is not None else _only_filled(book)
        if grid is None:
            told = f"нет листа «{form.sheet}»" if form.sheet else "в книге несколько листов"
            return _broken(document, told)
        top = grid.rows[: form.header_row - 1]
        if caption_sheet is not None:
            top = book[caption_sheet].rows if caption_sheet in book else []
        return Opened(grid, form.header_row, form.header_rows, _lines(_until_blank(top)))

    def _table(self, document: RawDocument, form: HtmlFormat) -> Opened | DocumentProblem:
        if document.name not in self._pages:
            self._pages[document.name] = html.read_page(document)
        page = self._pages[document.name]
        if isinstance(page, DocumentProblem):
            return page
        found = [table for table in page.tables if table.classes >= set(form.css)]
        if not found or not found[0].grid.rows:
            return page.problems[0] if page.problems else _broken(document, "нет таблицы")
        above = [_parted(line) for line in page.caption]
        return Opened(found[0].grid, above=above, problems=list(page.problems))


def _only_filled(book: dict[str, Grid]) -> Grid | None:
    """The sheet to read where none is named; None where more than one holds anything."""
    filled = [grid for grid in book.values() if grid.filled]
    return filled[0] if len(filled) == 1 else None if filled else next(iter(book.values()), None)


def _until_blank(rows: Sequence[Row]) -> list[Row]:
    return list(takewhile(any, rows))


def _lines(rows: Sequence[Row]) -> list[tuple[str, str]]:
    """«Класс:» in the first cell and the value in the second, or both in the first."""
    lines = []
    for row in rows:
        cells = [(cell or "").strip() for cell in (*row, None, None)]
        name, beside = _parted(cells[0])
        lines.append((name, beside or cells[1]))
    return lines


def _parted(line: str) -> tuple[str, str]:
    name, _, value = line.partition(":")
    return name.strip(), value.strip()


def _broken(document: RawDocument, detail: str) -> DocumentProblem:
    return DocumentProblem(document.name, "broken_document", None, None, detail)
