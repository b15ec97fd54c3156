"""How every sheet of our workbooks looks: title, headings, widths, borders, page set-up."""

from __future__ import annotations

from collections.abc import Sequence
from typing import cast

from openpyxl import Workbook
from openpyxl.cell.cell import (
    ILLEGAL_CHARACTERS_RE,
    TYPE_STRING,
    Cell,
    MergedCell,
    WriteOnlyCell,
)
from openpyxl.styles import Alignment, Border, Font, NamedStyle, PatternFill, Side
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.header_footer import HeaderFooterItem, _HeaderFooterPart
from openpyxl.worksheet.properties import PageSetupProperties
from openpyxl.worksheet.worksheet import Worksheet

PERCENT = "0.0%"
WHOLE = "#,##0"
LINE_HEIGHT = 15.0  # points

_INK = "123A63"
_LINE = Border(bottom=Side(style="thin", color="D5DBE3"))
_HEADING_FILL = PatternFill("solid", fgColor="E3EBF4")


def without_controls(words: str) -> str:
    """``words`` without the characters that no office file can hold."""
    return ILLEGAL_CHARACTERS_RE.sub("", words)


def put_text(cell: Cell | MergedCell, words: str) -> None:
    """Set ``cell`` to ``words`` as they are: what begins with «=» is no formula."""
    cell.value = without_controls(words)
    cell.data_type = TYPE_STRING


def new_sheet(book: Workbook, name: str, title: str, widths: Sequence[int]) -> Worksheet:
    """A sheet with its title in the first row; ``widths`` in characters, left to right."""
    sheet: Worksheet = book.create_sheet(name)
    for number, width in enumerate(widths, start=1):
        sheet.column_dimensions[get_column_letter(number)].width = width
    _append(sheet, [title])
    sheet["A1"].font = Font(bold=True, size=15, color=_INK)
    sheet.sheet_view.showGridLines = False
    return sheet


def write_note(sheet: Worksheet, words: str) -> None:
    """A line of explanation under the title."""
    _append(sheet, [words])


def write_paragraph(sheet: Worksheet, words: str, columns: int) -> None:
    """A longer explanation, wrapped over the first ``columns`` columns."""
    row = _append(sheet, [words])[0].row
    sheet.merge_cells(start_row=row, end_row=row, start_column=1, end_column=columns)
    sheet.cell(row, 1).alignment = Alignment(wrap_text=True, vertical="top")
    letters = [get_column_letter(number) for number in range(1, columns + 1)]
    width = sum(sheet.column_dimensions[letter].width for letter in letters)
    # A row does not grow with merged cells.
    sheet.row_dimensions[row].height = LINE_HEIGHT * (1 + len(words) // width)


def write_heading(
    sheet: Worksheet, titles: Sequence[str], *, freeze_columns: int = 0, repeat: bool = True
) -> int:
    """Column headings; returns their row.

    With ``repeat`` the sheet scrolls below them and every printed page repeats them.
    """
    cells = _append(sheet, titles)
    row = cells[0].row
    for cell in cells:
        cell.font = Font(bold=True, color=_INK)
        cell.fill = _HEADING_FILL
        cell.border = Border(bottom=Side(style="medium", color=_INK))
        cell.alignment = Alignment(wrap_text=True, vertical="top")
    if repeat:
        sheet.freeze_panes = f"{get_column_letter(freeze_columns + 1)}{row + 1}"
        sheet.print_title_rows = f"{row}:{row}"
    return row


def write_row(
    sheet: Worksheet, cells: Sequence[object], formats: Sequence[str | None], *, bold: bool = False
) -> None:
    """A row of values; ``formats`` are number formats, None for text."""
    styles = [
        _style(cast(Workbook, sheet.parent), number_format, bold=bold) for number_format in formats
    ]
    for cell, style in zip(_append(sheet, cells), styles, strict=True):
        cell.style = style


def _style(book: Workbook, number_format: str | None, *, bold: bool) -> str:
    """The name of the style of a value's cell. A style is made once for the book: to make one for
    each cell would take a hundred times as long as to write it."""
    name = f"Свод, {number_format or 'текст'}{', итог' if bold else ''}"
    if name not in book.named_styles:
        right = None if number_format is None else "right"
        style = NamedStyle(
            name,
            font=Font(bold=bold),
            border=_LINE,
            alignment=Alignment(wrap_text=number_format is None, vertical="top", horizontal=right),
        )
        if number_format is not None:
            style.number_format = number_format
        book.add_named_style(style)
    return name


def fit_to_page(sheet: Worksheet, *, landscape: bool) -> None:
    """A4, one page wide, as many pages long as it takes; page numbers at the foot."""
    sheet.page_setup.paperSize = sheet.PAPERSIZE_A4
    sheet.page_setup.orientation = "landscape" if landscape else "portrait"
    sheet.page_setup.fitToWidth = 1
    sheet.page_setup.fitToHeight = 0
    sheet.sheet_properties.pageSetUpPr = PageSetupProperties(fitToPage=True)
    sheet.HeaderFooter.oddFooter = HeaderFooterItem(right=_HeaderFooterPart(text="Стр. &P из &N"))
    sheet.page_margins.left = sheet.page_margins.right = 0.4


def _append(sheet: Worksheet, values: Sequence[object]) -> list[Cell]:
    """A row of ``values`` below the others; its cells."""
    cells = [WriteOnlyCell(sheet) for _ in values]
    for cell, value in zip(cells, values, strict=True):
        if isinstance(value, str):
            put_text(cell, value)
        else:
            cell.value = value  # type: ignore[assignment]
    sheet.append(cells)
    return cells
