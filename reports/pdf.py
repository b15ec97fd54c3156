"""A document as a PDF of A4 pages; the font is ours and embedded (``reports/fonts``)."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache, partial
from importlib.resources import as_file, files
from io import BytesIO
from typing import Any
from xml.sax.saxutils import escape

from reportlab.lib import colors
from reportlab.lib.enums import TA_LEFT, TA_RIGHT
from reportlab.lib.pagesizes import A4, landscape
from reportlab.lib.styles import ParagraphStyle
from reportlab.lib.units import mm
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFont
from reportlab.pdfgen.canvas import Canvas
from reportlab.platypus import (
    BaseDocTemplate,
    Flowable,
    Frame,
    LongTable,
    NextPageTemplate,
    PageBreak,
    PageTemplate,
    Paragraph,
    Spacer,
    TableStyle,
)

from reports.document import Cell, Document, Look, Row, Section, Table

_REGULAR, _BOLD = "SvodSans", "SvodSans-Bold"
_FILES = {_REGULAR: "DejaVuSansCondensed.ttf", _BOLD: "DejaVuSansCondensed-Bold.ttf"}
_MARGIN = 12 * mm
_GREY = colors.HexColor("#5B6470")
_SIZE = 8.5  # points
_UNKNOWN = "\ufffd"  # the sign of a letter that the font lacks; the font has this one

_PAGES = {False: A4, True: landscape(A4)}
_NAMES = {False: "portrait", True: "landscape"}


def to_pdf(document: Document) -> bytes:
    """The bytes of the PDF."""
    _fonts()
    made = BytesIO()
    template = BaseDocTemplate(made, title=_shown(document.title), author="Svod", invariant=1)
    # The first page has the template that is added first.
    begins = bool(document.sections) and document.sections[0].landscape
    for across in (begins, not begins):
        size = _PAGES[across]
        frame = Frame(
            _MARGIN, _MARGIN, size[0] - 2 * _MARGIN, size[1] - 2 * _MARGIN,
            leftPadding=0, rightPadding=0, topPadding=0, bottomPadding=4 * mm,
        )  # fmt: skip
        template.addPageTemplates(PageTemplate(_NAMES[across], [frame], pagesize=size))
    story: list[Flowable] = []
    for number, section in enumerate(document.sections):
        story.append(NextPageTemplate(_NAMES[section.landscape]))
        if number:
            story.append(PageBreak())
        story += _section(section)
    template.build(story, canvasmaker=partial(_Numbered, words=_shown(document.title)))
    return made.getvalue()


class _Numbered(Canvas):
    """Writes «Стр. 1 из 3» once the number of pages is known."""

    _pagesize: tuple[float, float]
    _startPage: Callable[[], None]  # noqa: N815  as reportlab calls it

    def __init__(self, *arguments: Any, words: str, **named: Any) -> None:
        super().__init__(*arguments, **named)
        self._words = words
        self._done: list[dict[str, Any]] = []

    def showPage(self) -> None:  # noqa: N802  as reportlab calls it
        self._done.append(dict(self.__dict__))
        self._startPage()

    def save(self) -> None:
        for number, page in enumerate(self._done, start=1):
            self.__dict__.update(page)
            self._foot(f"Стр. {number} из {len(self._done)}")
            super().showPage()
        super().save()

    def _foot(self, number: str) -> None:
        width = self._pagesize[0] - 2 * _MARGIN
        room = width - pdfmetrics.stringWidth(number, _REGULAR, 7) - 5 * mm
        words = self._words
        while pdfmetrics.stringWidth(words, _REGULAR, 7) > room:
            words = words.rstrip("…")[:-1] + "…"
        self.setFont(_REGULAR, 7)
        self.setFillColor(_GREY)
        self.drawString(_MARGIN, 8 * mm, words)
        self.drawRightString(_MARGIN + width, 8 * mm, number)


def _section(section: Section) -> list[Flowable]:
    width = _PAGES[section.landscape][0] - 2 * _MARGIN
    story: list[Flowable] = [Paragraph(_marked(section.title), _style(_BOLD, 12))]
    story += [Paragraph(_marked(line), _style(_REGULAR, 9.5)) for line in section.lines]
    for table in section.tables:
        story.append(Spacer(0, 3 * mm))
        if table.caption:
            story.append(Paragraph(_marked(table.caption), _style(_BOLD, 9.5, leads=True)))
        story.append(_table(table, width))
    story.append(Spacer(0, 4 * mm))
    story += [Paragraph(_marked(line), _style(_REGULAR, 9.5)) for line in section.closing]
    story += [Paragraph(_marked(note), _style(_REGULAR, 7.5, muted=True)) for note in section.notes]
    return story


def _table(table: Table, width: float) -> Flowable:
    rows = [_row(row, heading=True) for row in table.head] + [
        _row(row, heading=False) for row in table.rows
    ]
    if not rows:
        return Spacer(0, 0)
    head = len(table.head)
    spans = [
        ("SPAN", (first, number), (first + cell.span - 1, number))
        for number, row in enumerate((*table.head, *table.rows))
        for first, cell in _placed(row)
        if cell.span > 1
    ]
    style: list[Any] = [
        ("GRID", (0, 0), (-1, -1), 0.5, _GREY),
        ("VALIGN", (0, 0), (-1, -1), "TOP"),
        ("LEFTPADDING", (0, 0), (-1, -1), 3),
        ("RIGHTPADDING", (0, 0), (-1, -1), 3),
        ("TOPPADDING", (0, 0), (-1, -1), 2),
        ("BOTTOMPADDING", (0, 0), (-1, -1), 3),
        *([("BACKGROUND", (0, 0), (-1, head - 1), colors.HexColor("#E3EBF4"))] if head else []),
        *spans,
    ]
    widths = [width * part / sum(table.widths) for part in table.widths]
    long = any(_may_fill_a_page(row, widths) for row in table.rows)
    return LongTable(
        rows, colWidths=widths, repeatRows=head, style=TableStyle(style), splitInRow=int(long)
    )


def _may_fill_a_page(row: Row, widths: list[float]) -> bool:
    """Whether a cell may be so high that its row must be parted; any other row stays whole.

    Letters are taken for wide ones, and half a page for a page: who errs on that side parts a row
    that would have fitted.
    """
    for column, cell in _placed(row):
        wide = sum(widths[column : column + cell.span])
        words = str(cell.value)
        lines = words.count("\n") + len(words) * 0.7 * _SIZE / wide
        if lines * _SIZE * 1.2 > A4[0] / 2:
            return True
    return False


def _placed(row: Row) -> list[tuple[int, Cell]]:
    """Each cell with the column that it begins in."""
    placed, column = [], 0
    for cell in row:
        placed.append((column, cell))
        column += cell.span
    return placed


def _row(row: Row, *, heading: bool) -> list[Any]:
    cells: list[Any] = []
    for cell in row:
        font = _BOLD if heading or cell.look is Look.BOLD else _REGULAR
        style = _style(
            font, _SIZE, muted=cell.look is Look.MUTED, right=isinstance(cell.value, int)
        )
        cells += [Paragraph(_marked(str(cell.value)), style), *([""] * (cell.span - 1))]
    return cells


@cache
def _style(
    font: str, size: float, *, muted: bool = False, right: bool = False, leads: bool = False
) -> ParagraphStyle:
    """``leads``: stands on the page of what follows."""
    return ParagraphStyle(
        f"{font} {size} {muted} {right} {leads}",
        fontName=font,
        fontSize=size,
        leading=size * 1.2,
        textColor=_GREY if muted else colors.black,
        alignment=TA_RIGHT if right else TA_LEFT,
        keepWithNext=int(leads),
    )


def _marked(words: str) -> str:
    """``words`` as reportlab's markup says them."""
    return escape(_shown(words)).replace("\n", "<br/>")


def _shown(words: str) -> str:
    """``words`` with a sign in the place of each letter that the font lacks."""
    known = _fonts()
    return "".join(sign if sign == "\n" or ord(sign) in known else _UNKNOWN for sign in words)


@cache
def _fonts() -> frozenset[int]:
    """The letters that both fonts have; the fonts are there for reportlab then."""
    known = []
    for name, file in _FILES.items():
        with as_file(files("reports.fonts").joinpath(file)) as path:
            font = TTFont(name, str(path))
        pdfmetrics.registerFont(font)
        # Of what lies beyond the first plane reportlab writes half a letter.
        known.append(frozenset(code for code in font.face.charToGlyph if code <= 0xFFFF))
    pdfmetrics.registerFontFamily(_REGULAR, _REGULAR, _BOLD, _REGULAR, _BOLD)
    return known[0] & known[1]
