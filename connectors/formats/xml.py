"""XML documents, read as a stream and strictly: no document type, no entities, no network."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, cast

import polars as pl
from lxml import etree

from connectors.base import DocumentProblem, RawDocument
from connectors.formats.reading import (
    CELLS,
    COLUMNS,
    LONGEST_CELL,
    REFUSED,
    TOO_LONG,
    Reading,
    bad_header,
    bounded,
    frame_of,
    unread,
)
from connectors.formats.sniff import Kind, wrong_format
from connectors.formats.text import BOMS_UTF16

PIECE = 256 * 1024
# Elements that may pass without the end of a record: the tree keeps them all until then, a
# hundred bytes each. A record has at most COLUMNS.
ELEMENTS = 500_000
SMALL = 4 * 1024 * 1024  # a note that lists five thousand files has some hundred kilobytes

STRICT: dict[str, Any] = {
    "resolve_entities": False,
    "no_network": True,
    "load_dtd": False,
    "huge_tree": False,
    "remove_comments": True,
    "remove_pis": True,
    "encoding": "utf-8",  # whatever the declaration says: the format is UTF-8
}
ODD_RECORD = "запись устроена иначе"
TOO_LONG_RECORD = "запись слишком длинна или между записями слишком много постороннего"


@dataclass(frozen=True)
class XmlTable:
    """Names of the elements: the root, whose attribute ``name`` (if any) holds the table's name,
    and the records in it."""

    root: str
    record: str
    name: str | None = None


def read_xml(document: RawDocument, shape: XmlTable, table: str) -> Reading:
    """The records of ``document``, one row each; ``_line`` is the line of the record's tag.

    Rows before a break are kept. A file of another table is not read at all.
    """
    if refused := _refused(document):
        return unread(document, refused.rule, line=refused.line, detail=refused.detail)
    found = _Records(shape.record)
    root = _read(document.content, found)
    if root is not None and not _is_of(root, shape, table):
        return unread(document, "broken_document", line=1, detail="в файле другая таблица")
    if found.strangers:
        found.problems.append((None, f"посторонних элементов: {found.strangers}"))
    return _reading(document, found)


def _is_of(root: etree._Element, shape: XmlTable, table: str) -> bool:
    return root.tag == shape.root and (shape.name is None or root.get(shape.name) == table)


@dataclass
class _Records:
    """Records (elements ``tag``) read so far, by column; a column may be shorter than ``lines``
    where its last values are missing. ``strangers`` counts elements that are no records."""

    tag: str
    columns: dict[str, list[str | None]] = field(default_factory=dict)
    lines: list[int] = field(default_factory=list)
    problems: list[tuple[int | None, str]] = field(default_factory=list)
    strangers: int = 0

    @property
    def too_many(self) -> bool:
        """Would the rows, filled up with empty cells, take more than a table may?"""
        width = len(self.columns)
        return width > COLUMNS or width * len(self.lines) > CELLS or len(self.problems) > REFUSED

    def take(self, element: etree._Element) -> None:
        line = line_of(element)
        row = _fields(element)
        parent = element.getparent()
        if isinstance(row, str):
            self.problems.append((line, row))
        elif parent is None or parent.getparent() is not None:
            self.problems.append((line, ODD_RECORD))
        else:
            for name, value in row.items():
                column = self.columns.setdefault(name, [])
                column += [None] * (len(self.lines) - len(column))
                column.append(value)
            self.lines.append(line)
        self._forget(element)

    def _forget(self, element: etree._Element) -> None:
        """Frees the record and what stood before it: memory does not grow with the file."""
        element.clear()
        parent = element.getparent()
        while parent is not None and parent[0] is not element:
            self.strangers += parent[0].tag != self.tag
            del parent[0]


def _read(content: bytes, found: _Records) -> etree._Element | None:
    """Feeds ``content`` to ``found``; the root, or None where reading stopped before the end."""
    parser = etree.XMLPullParser(events=("end",), tag=found.tag, **STRICT)
    since = 0  # tags without the end of a record
    for place in range(0, len(content), PIECE):
        piece = content[place : place + PIECE]
        broken = _fed(parser, piece)
        since += piece.count(b"<")
        for _, element in parser.read_events():
            since = 0
            found.take(cast(etree._Element, element))
            if found.too_many:
                found.problems.append((None, "слишком много записей, колонок или негодных записей"))
                return None
        if broken is None and since > ELEMENTS:
            broken = None, TOO_LONG_RECORD
        if broken is not None:
            found.problems.append(broken)
            return None
    try:
        root = parser.close()
    except etree.XMLSyntaxError as error:
        found.problems.append((error.lineno or None, ""))
        return None
    found.strangers += sum(child.tag != found.tag for child in root)
    return root


def _fed(parser: etree.XMLPullParser, piece: bytes) -> tuple[int | None, str] | None:
    """Where the document breaks in ``piece``; what was read before can still be taken."""
    try:
        parser.feed(piece)
    except etree.XMLSyntaxError as error:
        return error.lineno or None, ""
    return None


def _reading(document: RawDocument, found: _Records) -> Reading:
    if why := bad_header(list(found.columns)):
        return unread(document, "broken_document", line=1, detail=why)
    height = len(found.lines)
    columns = [
        pl.Series(name, values + [None] * (height - len(values)), pl.String)
        for name, values in found.columns.items()
    ]
    frame = frame_of(document.name, columns, pl.Series(found.lines, dtype=pl.Int64))
    problems = [_broken(document, line, detail) for line, detail in found.problems]
    return Reading(frame, bounded(problems))


def read_root(document: RawDocument) -> etree._Element | DocumentProblem:
    """The root of a small document that is needed whole."""
    if refused := _refused(document):
        return refused
    if len(document.content) > SMALL:
        return _broken(document, None, "файл слишком велик")
    try:
        return etree.fromstring(document.content, etree.XMLParser(**STRICT))
    except etree.XMLSyntaxError as error:
        return _broken(document, error.lineno or None, "")


def _refused(document: RawDocument) -> DocumentProblem | None:
    content = document.content
    if not content.strip():
        return DocumentProblem(document.name, "empty_document")
    if content.startswith(BOMS_UTF16):
        return DocumentProblem(document.name, "wrong_encoding", 1)
    if problem := wrong_format(document, Kind.XML, Kind.MARKUP):
        return problem
    try:
        content.decode("utf-8")
    except UnicodeDecodeError as error:
        # A letter cut in two by the end of the file is a broken file, which the parser tells.
        if error.reason != "unexpected end of data":
            line = content.count(b"\n", 0, error.start) + 1
            return DocumentProblem(document.name, "wrong_encoding", line)
    if b"<!DOCTYPE" in content or b"<!ENTITY" in content:
        return _broken(document, 1, "DOCTYPE не допускается")
    return None


def _fields(element: etree._Element) -> dict[str, str | None] | str:
    """Name to text of a record, or in Russian why it is none: a field is nested or repeated,
    text stands loose, or something stands in an attribute, where nobody would look for it."""
    if element.attrib:
        return ODD_RECORD
    row: dict[str, str | None] = {}
    loose = [element.text or ""]
    for child in element:
        name, text = str(child.tag), child.text
        if len(child) or name in row:
            return ODD_RECORD
        if text is not None and len(text) > LONGEST_CELL:
            return TOO_LONG
        row[name] = text
        loose.append(child.tail or "")
    return ODD_RECORD if any(text.strip() for text in loose) else row


def line_of(element: etree._Element) -> int:
    """The line of the element's tag in its document."""
    return cast(int, element.sourceline)  # never None in a parsed document; the stub is vague


def _broken(document: RawDocument, line: int | None, detail: str) -> DocumentProblem:
    return DocumentProblem(document.name, "broken_document", line, None, detail)
