"""XML documents, read as a stream and strictly: no document type, no entities, no network."""

from __future__ import annotations

from dataclasses import dataclass, field
from io import BytesIO
from typing import cast

from lxml import etree

from connectors.base import DocumentProblem, RawDocument
from connectors.formats.reading import Reading, bad_header, make_frame, unread
from connectors.formats.text import BOMS_UTF16

ROOT, RECORD, NAME = "Таблица", "Запись", "имя"


def read_xml(document: RawDocument, table: str) -> Reading:
    """The records of ``document``, one row each; ``_line`` is the line of the record's tag.

    Rows before a break are kept. A file of another table is not read at all.
    """
    if refused := _refused(document):
        return refused
    found = _Records()
    try:
        stream = _stream(document.content, RECORD)
        for _, element in stream:
            found.take(element)
        root = stream.root
        found.strangers += sum(child.tag != RECORD for child in root)
    except etree.XMLSyntaxError as error:
        root = None
        found.problems.append((error.lineno or None, ""))
    if root is not None and (root.tag != ROOT or root.get(NAME) != table):
        return unread(document, "broken_document", line=1, detail="в файле другая таблица")
    if found.strangers:
        found.problems.append((None, f"посторонних элементов: {found.strangers}"))
    return _reading(document, found)


@dataclass
class _Records:
    """Records read so far; ``strangers`` counts elements that are no records."""

    rows: list[dict[str, str | None]] = field(default_factory=list)
    lines: list[int] = field(default_factory=list)
    problems: list[tuple[int | None, str]] = field(default_factory=list)
    strangers: int = 0

    def take(self, element: etree._Element) -> None:
        line = line_of(element)
        row = _fields(element)
        parent = element.getparent()
        if row is None or parent is None or parent.getparent() is not None:
            self.problems.append((line, "запись устроена иначе"))
        else:
            self.rows.append(row)
            self.lines.append(line)
        self._forget(element)

    def _forget(self, element: etree._Element) -> None:
        """Frees the record and what stood before it: memory does not grow with the file."""
        element.clear()
        parent = element.getparent()
        while parent is not None and parent[0] is not element:
            self.strangers += parent[0].tag != RECORD
            del parent[0]


def _reading(document: RawDocument, found: _Records) -> Reading:
    columns = list(dict.fromkeys(name for row in found.rows for name in row))
    if why := bad_header(columns):
        return unread(document, "broken_document", line=1, detail=why)
    values = [[row.get(name) for name in columns] for row in found.rows]
    frame = make_frame(document.name, columns, values, found.lines)
    return Reading(frame, [_broken(document, line, detail) for line, detail in found.problems])


def read_root(document: RawDocument) -> etree._Element | DocumentProblem:
    """The root of a small document that is needed whole."""
    if refused := _refused(document):
        return refused.problems[0]
    parser = etree.XMLParser(
        resolve_entities=False,
        no_network=True,
        load_dtd=False,
        huge_tree=False,
        remove_comments=True,
        remove_pis=True,
        encoding="utf-8",
    )
    try:
        return etree.fromstring(document.content, parser)
    except etree.XMLSyntaxError as error:
        return _broken(document, error.lineno or None, "")


def _refused(document: RawDocument) -> Reading | None:
    content = document.content
    if not content.strip():
        return unread(document, "empty_document")
    if content.startswith(BOMS_UTF16):
        return unread(document, "wrong_encoding", line=1)
    try:
        content.decode("utf-8")
    except UnicodeDecodeError as error:
        # A letter cut in two by the end of the file is a broken file, which the parser tells.
        if error.reason != "unexpected end of data":
            line = content.count(b"\n", 0, error.start) + 1
            return unread(document, "wrong_encoding", line=line)
    if b"<!DOCTYPE" in content or b"<!ENTITY" in content:
        return unread(document, "broken_document", line=1, detail="DOCTYPE не допускается")
    return None


def _stream(content: bytes, tag: str) -> etree.iterparse:
    return etree.iterparse(
        BytesIO(content),
        events=("end",),
        tag=tag,
        resolve_entities=False,
        no_network=True,
        load_dtd=False,
        huge_tree=False,
        remove_comments=True,
        remove_pis=True,
        encoding="utf-8",  # whatever the declaration says: the format is UTF-8
    )


def _fields(element: etree._Element) -> dict[str, str | None] | None:
    """Name to text of a record; None when a field is nested or repeated, or text stands loose."""
    row: dict[str, str | None] = {}
    loose = element.text or ""
    for child in element:
        name = str(child.tag)
        if len(child) or name in row:
            return None
        row[name] = child.text
        loose += child.tail or ""
    return None if loose.strip() else row


def line_of(element: etree._Element) -> int:
    """The line of the element's tag in its document."""
    return cast(int, element.sourceline)  # never None in a parsed document; the stub is vague


def _broken(document: RawDocument, line: int | None, detail: str) -> DocumentProblem:
    return DocumentProblem(document.name, "broken_document", line, None, detail)
