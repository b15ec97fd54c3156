"""HTML pages with tables. The parser forgives anything; what must not be is checked here."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from lxml import etree, html

from connectors.base import DocumentProblem, RawDocument
from connectors.formats.reading import Reading, bad_header, make_frame
from connectors.formats.text import WrongEncoding, decode

ENCODINGS = {"utf-8": "utf-8", "windows-1251": "cp1251", "cp1251": "cp1251"}
CHARSET = re.compile(rb"""<meta[^>]{0,200}charset=["']?([A-Za-z0-9-]{1,20})""", re.IGNORECASE)


@dataclass(frozen=True)
class HtmlTable:
    """A table by its CSS classes: ``rows[i]`` is row ``i + 1``, header included."""

    classes: frozenset[str]
    rows: list[list[str | None]]


@dataclass(frozen=True)
class Page:
    """Lines of ``p.caption`` and the tables; ``whole`` is false when the page was cut."""

    caption: list[str]
    tables: list[HtmlTable]
    whole: bool = True
    problems: list[DocumentProblem] = field(default_factory=list)


def read_page(document: RawDocument) -> Page | DocumentProblem:
    """What ``document`` shows, or why it cannot be read. ASSUMED: UTF-8 unless a ``meta`` says
    otherwise; the page ends with ``</html>``, or has no ``<html>`` and its tables are closed."""
    if not document.content.strip():
        return DocumentProblem(document.name, "empty_document")
    if b"\0" in document.content:
        line = document.content.count(b"\n", 0, document.content.index(b"\0")) + 1
        return DocumentProblem(document.name, "broken_document", line)
    declared = CHARSET.search(document.content[:2048])
    name = declared[1].decode("ascii").lower() if declared else "utf-8"
    if name not in ENCODINGS:
        return DocumentProblem(document.name, "wrong_encoding", 1)
    text = decode(document.content, ENCODINGS[name])
    if isinstance(text, WrongEncoding):
        return DocumentProblem(document.name, "wrong_encoding", text.line)
    return _page(document, text)


def _page(document: RawDocument, text: str) -> Page | DocumentProblem:
    # The text is handed over as UTF-8 and the encoding is said here, so a <meta> has no say.
    parser = html.HTMLParser(
        no_network=True, huge_tree=False, remove_comments=True, encoding="utf-8"
    )
    try:
        root = html.document_fromstring(text.encode("utf-8"), parser=parser)
    except (etree.ParserError, etree.XMLSyntaxError):
        return DocumentProblem(document.name, "broken_document")
    _part_blocks(root)
    whole = _whole(text)
    tables = [_table(element) for element in root.iter("table")]
    if whole:
        return Page(_caption(root), tables)
    if tables and tables[-1].rows:
        tables[-1].rows.pop()  # the break may have cut a cell in two
    problem = DocumentProblem(document.name, "broken_document", text.count("\n") + 1)
    return Page(_caption(root), tables, whole=False, problems=[problem])


def table_of(name: str, table: HtmlTable) -> Reading:
    """The frame of ``table``, header in row 1; rows of another length are left out and told."""
    header = table.rows[0] if table.rows else []
    if why := bad_header(header) if header else "нет строки с названиями колонок":
        return Reading(
            make_frame(name, [], [], []), [DocumentProblem(name, "broken_document", 1, None, why)]
        )
    columns = [cell or "" for cell in header]
    rows, lines, problems = body_of(name, table)
    return Reading(make_frame(name, columns, rows, lines), problems)


def body_of(
    name: str, table: HtmlTable
) -> tuple[list[list[str | None]], list[int], list[DocumentProblem]]:
    """Rows below the header that are as long as it, their row numbers, and problems."""
    rows, lines, problems = [], [], []
    for line, cells in enumerate(table.rows[1:], 2):
        if len(cells) != len(table.rows[0]):
            detail = "в строке другое число ячеек"
            problems.append(DocumentProblem(name, "broken_document", line, None, detail))
        elif any(cells):
            rows.append(cells)
            lines.append(line)
    return rows, lines, problems


def _whole(text: str) -> bool:
    lowered = text.lower()
    if "<html" in lowered:
        return lowered.rstrip().endswith("</html>")
    return lowered.count("<table") == lowered.count("</table>")


def _table(element: etree._Element) -> HtmlTable:
    classes = frozenset((element.get("class") or "").split())
    rows = [[_text(cell) for cell in row.iterchildren("td", "th")] for row in element.iter("tr")]
    return HtmlTable(classes, rows)


def _caption(root: etree._Element) -> list[str]:
    """Lines parted by elements, ``<br>`` or line breaks."""
    lines = [
        line.strip()
        for element in root.iter("p")
        if "caption" in (element.get("class") or "").split()
        for line in _raw(element).splitlines()
    ]
    return [line for line in lines if line]


def _text(cell: etree._Element) -> str | None:
    """Runs of blanks are one space in HTML."""
    return " ".join(_raw(cell).split()) or None


def _raw(element: etree._Element) -> str:
    return "".join(str(piece) for piece in element.itertext())


def _part_blocks(root: etree._Element) -> None:
    """Puts a line break where a browser would, so that ``5<br>4`` does not become ``54``."""
    for element in root.iter("br", "p", "div", "li"):
        element.text = "\n" + (element.text or "")
        element.tail = "\n" + (element.tail or "")
