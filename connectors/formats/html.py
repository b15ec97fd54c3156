"""HTML pages with tables. The parser forgives anything; what must not be is checked here."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from lxml import etree, html

from connectors.base import DocumentProblem, RawDocument
from connectors.formats.grid import Grid
from connectors.formats.reading import LONGEST_CELL, TOO_LONG
from connectors.formats.sniff import Kind, wrong_format
from connectors.formats.text import WrongEncoding, decode

ENCODINGS = {"utf-8": ["utf-8"], "windows-1251": ["cp1251"], "cp1251": ["cp1251"]}
BLOCKS = frozenset({"br", "p", "div", "li"})
UNDECLARED = ["utf-8", "cp1251"]  # ASSUMED: older servers write cp1251 and do not say so
CHARSET = re.compile(rb"""<meta[^>]{0,200}charset=["']?([A-Za-z0-9-]{1,20})""", re.IGNORECASE)

LONGEST = 32 * 1024 * 1024  # letters; a journal of a class has some hundred thousand
TAGS = 500_000  # opened and closed; the tree takes some hundred bytes each
# The parser compares each attribute of a tag with all before it, so a tag of a hundred thousand
# takes it ten seconds. This walks over the tags once and stops at the first one with more.
ATTRIBUTES = 1_000
_ATTRIBUTE = r"""[\s/]*+[^\s>/=]++(?:\s*+=\s*+(?:"[^"]*+"|'[^']*+'|[^\s>]*+))?+"""
TAG = re.compile(rf"<[A-Za-z][^\s>/]*+(?:{_ATTRIBUTE}){{0,{ATTRIBUTES}}}+(?P<more>{_ATTRIBUTE})?+")


@dataclass(frozen=True)
class HtmlTable:
    """A table by its CSS classes, header included."""

    classes: frozenset[str]
    grid: Grid


@dataclass(frozen=True)
class Page:
    """Lines of ``p.caption`` and the tables; ``whole`` is false when the page was cut."""

    caption: list[str]
    tables: list[HtmlTable]
    whole: bool = True
    problems: list[DocumentProblem] = field(default_factory=list)


def read_page(document: RawDocument) -> Page | DocumentProblem:
    """What ``document`` shows, or why it cannot be read. ASSUMED: a ``meta`` says the encoding;
    the page ends with ``</html>``, or has no ``<html>`` and its tables are closed."""
    content = document.content
    if not content.strip():
        return DocumentProblem(document.name, "empty_document")
    if problem := wrong_format(document, Kind.HTML, Kind.MARKUP, Kind.TEXT):
        return problem
    if b"\0" in content:
        return _broken(document, content.count(b"\n", 0, content.index(b"\0")) + 1, "")
    declared = CHARSET.search(content[:2048])
    name = declared[1].decode("ascii").lower() if declared else ""
    if name and name not in ENCODINGS:
        return DocumentProblem(document.name, "wrong_encoding", 1)
    text = decode(content, ENCODINGS.get(name, UNDECLARED))
    if isinstance(text, WrongEncoding):
        return DocumentProblem(document.name, "wrong_encoding", text.line)
    if _is_too_large(text):
        return _broken(document, None, "страница слишком велика или сложна")
    return _page(document, text)


def _is_too_large(text: str) -> bool:
    if len(text) > LONGEST or text.count("<") > TAGS:
        return True
    return any(tag["more"] for tag in TAG.finditer(text))


def _page(document: RawDocument, text: str) -> Page | DocumentProblem:
    # The text is handed over as UTF-8 and the encoding is said here, so a <meta> has no say.
    parser = html.HTMLParser(
        no_network=True, huge_tree=False, remove_comments=True, encoding="utf-8"
    )
    try:
        root = html.document_fromstring(text.encode("utf-8"), parser=parser)
    except (etree.ParserError, etree.XMLSyntaxError):
        return _broken(document, None, "")
    tables = _tables(root)
    found = list(tables.values())
    problem = _cut(document, text, parser)
    if problem is None:
        return Page(_caption(root), found)
    # The break may have cut a cell in two, in each of the tables that were open then.
    for last in list(tables)[-1:]:
        for element in (last, *last.iterancestors("table")):
            if tables[element].grid.rows:
                tables[element].grid.rows.pop()
    return Page(_caption(root), found, whole=False, problems=[problem])


def _cut(document: RawDocument, text: str, parser: html.HTMLParser) -> DocumentProblem | None:
    """Where the page ends too early: the file is cut, or the parser gave up in silence."""
    for entry in parser.error_log:
        if entry.level == etree.ErrorLevels.FATAL:
            return _broken(document, entry.line, "страница слишком сложна или текст слишком длинен")
    return None if _whole(text) else _broken(document, text.count("\n") + 1, "")


def _whole(text: str) -> bool:
    lowered = text.lower()
    if "<html" in lowered:
        return lowered.rstrip().endswith("</html>")
    return lowered.count("<table") == lowered.count("</table>")


def _tables(root: etree._Element) -> dict[etree._Element, HtmlTable]:
    """The tables in the order of the page. A row belongs to the innermost table around it."""
    tables = {
        element: HtmlTable(frozenset((element.get("class") or "").split()), Grid(padded=False))
        for element in root.iter("table")
    }
    for row in root.iter("tr"):
        table = next(row.iterancestors("table"), None)
        if table is not None and not tables[table].grid.damage:
            _add(tables[table].grid, row)
    return tables


def _add(grid: Grid, row: etree._Element) -> None:
    cells: list[str | None] = []
    for column, cell in enumerate(row.iterchildren("td", "th"), 1):
        if next(cell.iter("table"), None) is not None:
            grid.refuse(column, "таблица внутри ячейки")
            cells.append(None)
            continue
        text = _text(cell)
        if text is not None and len(text) > LONGEST_CELL:
            grid.refuse(column, TOO_LONG)
            text = None
        cells.append(text)
    grid.add(cells)


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
    """The text in ``element``, with line breaks where a browser would put them, so that
    ``5<br>4`` does not become ``54``."""
    if not len(element):
        return element.text or ""
    pieces: list[str] = []
    for event, node in etree.iterwalk(element, events=("start", "end")):
        if node.tag in BLOCKS:
            pieces.append("\n")
        if event == "start":
            pieces.append(node.text or "")
        elif node is not element:
            pieces.append(node.tail or "")
    return "".join(pieces)


def _broken(document: RawDocument, line: int | None, detail: str) -> DocumentProblem:
    return DocumentProblem(document.name, "broken_document", line, None, detail)
