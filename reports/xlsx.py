"""A document as a workbook: a sheet for each section, set up for A4."""

from __future__ import annotations

from io import BytesIO
from textwrap import wrap

from openpyxl import Workbook
from openpyxl.styles import Alignment, Border, Font, PatternFill, Side
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.worksheet import Worksheet

from reports.document import Document, Look, Row, Section, Table, named_apart
from reports.settled import settled
from reports.sheets import LINE_HEIGHT, fit_to_page, put_text

# Characters of the usual font that fit a page of A4 across, at the size the page is printed in.
_ACROSS = {False: 96, True: 140}
_SIDE = Side(style="thin", color="5B6470")
_BOX = Border(left=_SIDE, right=_SIDE, top=_SIDE, bottom=_SIDE)
_HEADING = PatternFill("solid", fgColor="E3EBF4")
_FONTS = {
    Look.PLAIN: Font(),
    Look.BOLD: Font(bold=True),
    Look.MUTED: Font(color="5B6470"),
}


def to_xlsx(document: Document) -> bytes:
    """The bytes of the workbook."""
    book = Workbook()
    book.remove(book.worksheets[0])
    book.properties.title = document.title
    book.properties.creator = "Svod"
    for section in named_apart(document.sections):
        _Sheet(book, section).fill()
    made = BytesIO()
    book.save(made)
    return settled(made.getvalue(), document.day)


class _Sheet:
    """One section. Its columns are those of its first table; further tables share them."""

    def __init__(self, book: Workbook, section: Section) -> None:
        self._section = section
        self._sheet: Worksheet = book.create_sheet(section.name)
        self._row = 0
        parts = section.tables[0].widths if section.tables else (1,)
        across = _ACROSS[section.landscape]
        self._widths = [max(4, round(across * part / sum(parts))) for part in parts]

    def fill(self) -> None:
        sheet, section = self._sheet, self._section
        sheet.sheet_view.showGridLines = False
        for number, width in enumerate(self._widths, start=1):
            sheet.column_dimensions[get_column_letter(number)].width = width
        self._line(section.title, Font(bold=True, size=13))
        for line in section.lines:
            self._line(line)
        for table in section.tables:
            self._table(table)
        self._row += 1
        for line in section.closing:
            self._line(line)
        for note in section.notes:
            self._line(note, _FONTS[Look.MUTED])
        last = get_column_letter(len(self._widths))
        sheet.print_area = f"A1:{last}{self._row}"
        fit_to_page(sheet, landscape=section.landscape)

    def _line(self, words: str, font: Font | None = None) -> None:
        """A text over all columns."""
        self._row += 1
        self._put(1, len(self._widths), words, font or Font())
        larger = (font.size or 11) / 11 if font else 1
        self._height([(words, sum(self._widths) / larger)], larger)

    def _table(self, table: Table) -> None:
        self._row += 1
        if table.caption:
            self._line(table.caption, _FONTS[Look.BOLD])
        first = self._row + 1
        for row in table.head:
            self._cells(table, row, heading=True)
        if table.head and table is self._section.tables[0]:
            self._sheet.print_title_rows = f"{first}:{self._row}"
            self._sheet.freeze_panes = f"A{self._row + 1}"
        for row in table.rows:
            self._cells(table, row, heading=False)

    def _cells(self, table: Table, row: Row, *, heading: bool) -> None:
        self._row += 1
        edges = self._edges(table)
        place, lines = 0, []
        for cell in row:
            first, last = edges[place] + 1, edges[place + cell.span]
            font = _FONTS[Look.BOLD] if heading else _FONTS[cell.look]
            self._put(first, last, cell.value, font, boxed=True, heading=heading)
            lines.append((str(cell.value), float(sum(self._widths[first - 1 : last]))))
            place += cell.span
        self._height(lines)

    def _edges(self, table: Table) -> list[int]:
        """Before which columns of the sheet those of ``table`` begin, and where the last ends."""
        if len(table.widths) == len(self._widths):
            return list(range(len(self._widths) + 1))
        share = len(self._widths) / len(table.widths)
        return [round(number * share) for number in range(len(table.widths) + 1)]

    def _put(
        self,
        first: int,
        last: int,
        value: object,
        font: Font,
        *,
        boxed: bool = False,
        heading: bool = False,
    ) -> None:
        cells = [self._sheet.cell(self._row, column) for column in range(first, last + 1)]
        cell = cells[0]
        if isinstance(value, str):
            put_text(cell, value)
        else:
            cell.value = value  # type: ignore[assignment]
        cell.font = font
        right = isinstance(value, int)
        cell.alignment = Alignment(
            wrap_text=True, vertical="top", horizontal="right" if right else None
        )
        for one in cells if boxed else ():
            one.border = _BOX
            if heading:
                one.fill = _HEADING
        if last > first:
            self._sheet.merge_cells(
                start_row=self._row, end_row=self._row, start_column=first, end_column=last
            )

    def _height(self, texts: list[tuple[str, float]], larger: float = 1) -> None:
        """High enough for the longest of ``texts``, each with its width in characters."""
        lines = max(_lines(words, width) for words, width in texts)
        self._sheet.row_dimensions[self._row].height = LINE_HEIGHT * larger * lines


def _lines(words: str, width: float) -> int:
    """Lines of ``words``; bold and wide letters take more than the average one."""
    fitting = max(1, int(width * 0.88))
    return sum(len(wrap(part, fitting)) or 1 for part in words.split("\n"))
