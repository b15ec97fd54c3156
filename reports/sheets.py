"""How every sheet of our workbooks looks: title, headings, widths, borders, page set-up."""

from __future__ import annotations

from collections.abc import Sequence

from openpyxl import Workbook
from openpyxl.styles import Alignment, Border, Font, PatternFill, Side
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


def new_sheet(book: Workbook, name: str, title: str, widths: Sequence[int]) -> Worksheet:
    """A sheet with its title in the first row; ``widths`` in characters, left to right."""
    sheet: Worksheet = book.create_sheet(name)
    for number, width in enumerate(widths, start=1):
        sheet.column_dimensions[get_column_letter(number)].width = width
    sheet.append([title])
    sheet["A1"].font = Font(bold=True, size=15, color=_INK)
    sheet.sheet_view.showGridLines = False
    return sheet


def write_note(sheet: Worksheet, words: str) -> None:
    """A line of explanation under the title."""
    sheet.append([words])


def write_paragraph(sheet: Worksheet, words: str, columns: int) -> None:
    """A longer explanation, wrapped over the first ``columns`` columns."""
    sheet.append([words])
    row = sheet.max_row
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
    sheet.append(list(titles))
    row = sheet.max_row
    for cell in sheet[row]:
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
    sheet.append(list(cells))
    for cell, number_format in zip(sheet[sheet.max_row], formats, strict=True):
        cell.border = _LINE
        cell.font = Font(bold=bold)
        if number_format is None:
            cell.alignment = Alignment(wrap_text=True, vertical="top")
        else:
            cell.number_format = number_format
            cell.alignment = Alignment(horizontal="right", vertical="top")


def fit_to_page(sheet: Worksheet, *, landscape: bool) -> None:
    """A4, one page wide, as many pages long as it takes; page numbers at the foot."""
    sheet.page_setup.paperSize = sheet.PAPERSIZE_A4
    sheet.page_setup.orientation = "landscape" if landscape else "portrait"
    sheet.page_setup.fitToWidth = 1
    sheet.page_setup.fitToHeight = 0
    sheet.sheet_properties.pageSetUpPr = PageSetupProperties(fitToPage=True)
    sheet.HeaderFooter.oddFooter = HeaderFooterItem(right=_HeaderFooterPart(text="Стр. &P из &N"))
    sheet.page_margins.left = sheet.page_margins.right = 0.4
