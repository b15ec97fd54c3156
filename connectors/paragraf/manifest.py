"""``manifest.xml``: what an export says of itself and of its files."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from lxml import etree

from connectors.base import DocumentProblem, RawDocument
from connectors.dated import Described, parse_day
from connectors.formats.xml import line_of, read_root

MANIFEST = "manifest.xml"
SYSTEM = "Параграф"
MAJOR_VERSION = "3."  # ASSUMED: the layout changes with the first number only


@dataclass(frozen=True)
class ListedFile:
    """A line of the manifest: file name and the number of records it must hold, if it is known."""

    name: str
    records: int | None


@dataclass(frozen=True)
class Manifest:
    """``described`` says when and for which days; ``files`` in the order of the document."""

    system: str
    version: str
    school: str
    described: Described
    files: tuple[ListedFile, ...]


def read_manifest(document: RawDocument) -> Manifest | DocumentProblem:
    """The manifest in ``document``, or the problem that makes it unreadable."""
    root = read_root(document)
    if isinstance(root, DocumentProblem):
        return root
    if root.tag != "Выгрузка":
        return _broken(root, None)
    described = _described(root)
    if isinstance(described, str):
        return _broken(root, described)
    files = []
    for element in root:
        name, records = element.get("имя", ""), element.get("записей", "")
        if element.tag != "Файл" or not name or not (records.isascii() and records.isdigit()):
            return _broken(element, "записей")
        files.append(ListedFile(name, int(records[:9])))
    return Manifest(
        root.get("система", ""),
        root.get("версия", ""),
        root.get("школа", ""),
        described,
        tuple(files),
    )


def foreign(manifest: Manifest, school: str) -> DocumentProblem | None:
    """Why the export must not be read as this school's: another system, version or school."""
    for field, ok in (
        ("система", manifest.system == SYSTEM),
        ("версия", manifest.version.startswith(MAJOR_VERSION)),
        ("школа", manifest.school == school),
    ):
        if not ok:
            return DocumentProblem(MANIFEST, "misconfigured", None, field)
    return None


def _described(root: etree._Element) -> Described | str:
    """The description, or the name of the attribute that cannot be read."""
    try:
        taken_at = datetime.fromisoformat(root.get("создана", ""))
    except ValueError:
        return "создана"
    first, last = parse_day(root.get("с", "")), parse_day(root.get("по", ""))
    if first is None:
        return "с"
    if last is None or last < first:
        return "по"
    return Described(taken_at, (first, last))


def _broken(element: etree._Element, field: str | None) -> DocumentProblem:
    return DocumentProblem(MANIFEST, "broken_document", line_of(element), field)
