"""A document as a Word file, for the forms that are Word files themselves."""

from __future__ import annotations

from datetime import UTC, datetime, time
from io import BytesIO
from typing import Any

import docx
from docx.enum.section import WD_ORIENT, WD_SECTION
from docx.enum.text import WD_ALIGN_PARAGRAPH
from docx.oxml import OxmlElement
from docx.shared import Mm, Pt, RGBColor
from docx.table import _Cell
from docx.text.paragraph import Paragraph

from reports.document import Cell, Document, Look, Row, Section, Table
from reports.settled import settled
from reports.sheets import without_controls

_PAGES = {False: (210, 297), True: (297, 210)}  # mm
_MARGIN = 15  # mm
_FONT = "Times New Roman"  # as the documents are set
_GREY = RGBColor(0x5B, 0x64, 0x70)


def to_docx(document: Document) -> bytes:
    """The bytes of the Word file."""
    word = docx.Document()
    noon = datetime.combine(document.day, time(12), UTC)
    word.core_properties.title = document.title[:255]
    word.core_properties.author = "Svod"
    word.core_properties.created = word.core_properties.modified = noon
    word.styles["Normal"].font.name = _FONT
    word.styles["Normal"].font.size = Pt(10)
    for number, section in enumerate(document.sections):
        _page(word, section, first=number == 0)
        _fill(word, section)
    made = BytesIO()
    word.save(made)
    return settled(made.getvalue(), document.day)


def _page(word: Any, section: Section, *, first: bool) -> None:
    page = word.sections[0] if first else word.add_section(WD_SECTION.NEW_PAGE)
    width, height = _PAGES[section.landscape]
    page.orientation = WD_ORIENT.LANDSCAPE if section.landscape else WD_ORIENT.PORTRAIT
    page.page_width, page.page_height = Mm(width), Mm(height)
    for side in ("left_margin", "right_margin", "top_margin", "bottom_margin"):
        setattr(page, side, Mm(_MARGIN))


def _fill(word: Any, section: Section) -> None:
    _say(word.add_paragraph(), section.title, bold=True, size=12)
    for line in section.lines:
        _say(word.add_paragraph(), line)
    for table in section.tables:
        if table.caption:
            _say(word.add_paragraph(), table.caption, bold=True)
        _table(word, table, _PAGES[section.landscape][0] - 2 * _MARGIN)
        word.add_paragraph()
    for line in section.closing:
        _say(word.add_paragraph(), line)
    for note in section.notes:
        _say(word.add_paragraph(), note, size=8, muted=True)


def _table(word: Any, table: Table, width: int) -> None:
    rows = [*table.head, *table.rows]
    made = word.add_table(rows=len(rows), cols=len(table.widths), style="Table Grid")
    made.autofit = False
    widths = [Mm(width * part / sum(table.widths)) for part in table.widths]
    for column, wide in zip(made.columns, widths, strict=True):
        column.width = wide
    for number, (row, line) in enumerate(zip(rows, made.rows, strict=True)):
        heading = number < len(table.head)
        _whole(line, repeat=heading)
        # ``line.cells`` reads the whole row anew: once is enough.
        _cells(row, line.cells, widths, heading=heading)


def _cells(row: Row, places: tuple[_Cell, ...], widths: list[Any], *, heading: bool) -> None:
    column = 0
    for cell in row:
        last = column + cell.span - 1
        for place, wide in zip(places[column : last + 1], widths[column:], strict=False):
            place.width = wide
        place = places[column].merge(places[last]) if cell.span > 1 else places[column]
        _say_cell(place.paragraphs[0], cell, heading=heading)
        column += cell.span


def _say_cell(paragraph: Paragraph, cell: Cell, *, heading: bool) -> None:
    if isinstance(cell.value, int):
        paragraph.alignment = WD_ALIGN_PARAGRAPH.RIGHT
    bold = heading or cell.look is Look.BOLD
    _say(paragraph, str(cell.value), bold=bold, size=9, muted=cell.look is Look.MUTED)


def _say(
    paragraph: Paragraph, words: str, *, bold: bool = False, size: float = 10, muted: bool = False
) -> None:
    paragraph.paragraph_format.space_after = Pt(2)
    run = paragraph.add_run(without_controls(words))
    run.bold = bold
    run.font.size = Pt(size)
    if muted:
        run.font.color.rgb = _GREY


def _whole(line: Any, *, repeat: bool) -> None:
    """A row is not parted between pages; one of the head stands on each of them."""
    properties = line._tr.get_or_add_trPr()
    properties.append(OxmlElement("w:cantSplit"))
    if repeat:
        properties.append(OxmlElement("w:tblHeader"))
