"""The note of an export: what it says of itself and of its files."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from fnmatch import fnmatchcase

from lxml import etree

from connectors.base import DocumentProblem, RawDocument
from connectors.dated import Described, parse_day
from connectors.formats.text import WrongEncoding, decode
from connectors.formats.xml import line_of, read_root
from schemas.layout import Listed, Note


@dataclass(frozen=True)
class ListedFile:
    """A file that must be there, and how many records it must hold, if that is known."""

    name: str
    records: int | None = None


@dataclass(frozen=True)
class Said:
    """``described`` is None where the note is a mere marker; ``files`` where it lists none;
    ``words``: everything it says, by name."""

    words: Mapping[str, str]
    described: Described | None
    files: tuple[ListedFile, ...] | None


def read_note(layout: Note, document: RawDocument) -> Said | DocumentProblem:
    """What ``document`` says, or the problem that makes it unreadable."""
    match layout.format:
        case "marker":
            return Said({}, None, None)
        case "lines":
            return _from_lines(layout, document)
        case "xml":
            return _from_xml(layout, document)


def foreign(layout: Note, said: Said, school: str) -> DocumentProblem | None:
    """Why the export must not be read as this school's: another system, version or school."""
    expected = dict(layout.expect)
    for name, pattern in expected.items():
        if not fnmatchcase(said.words.get(name, ""), pattern):
            return DocumentProblem(layout.file, "misconfigured", None, name)
    if layout.school is not None and said.words.get(layout.school) != school:
        return DocumentProblem(layout.file, "misconfigured", None, layout.school)
    return None


def _from_lines(layout: Note, document: RawDocument) -> Said | DocumentProblem:
    if not document.content.strip():
        return DocumentProblem(layout.file, "empty_document")
    text = decode(document.content, ["utf-8"])
    if isinstance(text, WrongEncoding):
        return DocumentProblem(layout.file, "wrong_encoding", text.line)
    words = {
        name.strip(): value.strip()
        for name, _, value in (line.partition("=") for line in text.splitlines())
    }
    described = _described(layout, words)
    if isinstance(described, str):
        return DocumentProblem(layout.file, "broken_document", None, described)
    return Said(words, described, None)


def _from_xml(layout: Note, document: RawDocument) -> Said | DocumentProblem:
    root = read_root(document)
    if isinstance(root, DocumentProblem):
        return root
    if root.tag != layout.root:
        return _broken(layout, root, None)
    words = {str(name): str(value) for name, value in root.attrib.items()}
    described = _described(layout, words)
    if isinstance(described, str):
        return _broken(layout, root, described)
    if layout.listed is None:
        return Said(words, described, None)
    files = []
    for element in root:
        file = _listed(layout.listed, element)
        if file is None:
            return _broken(layout, element, layout.listed.records)
        files.append(file)
    return Said(words, described, tuple(files))


def _listed(listed: Listed, element: etree._Element) -> ListedFile | None:
    name, records = element.get(listed.name, ""), element.get(listed.records, "")
    if element.tag != listed.element or not name or not (records.isascii() and records.isdigit()):
        return None
    return ListedFile(name, int(records[:9]))


def _described(layout: Note, words: Mapping[str, str]) -> Described | str:
    """The description, or the name of the word that cannot be read."""
    taken, from_, until = layout.taken_at or "", layout.first_day or "", layout.last_day or ""
    try:
        taken_at = datetime.fromisoformat(words.get(taken, ""))
    except ValueError:
        return taken
    first, last = parse_day(words.get(from_, "")), parse_day(words.get(until, ""))
    if first is None:
        return from_
    if last is None or last < first:
        return until
    return Described(taken_at, (first, last))


def _broken(layout: Note, element: etree._Element, field: str | None) -> DocumentProblem:
    return DocumentProblem(layout.file, "broken_document", line_of(element), field)
