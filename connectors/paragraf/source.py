"""Paragraf exports as a source: dated folders, one XML or CSV file per table."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from zoneinfo import ZoneInfo

from connectors.base import DocumentProblem, Parsed, RawDocument, SourceTable, Upload
from connectors.dated import DatedUploads, Described
from connectors.files import DropFolder
from connectors.formats.csv import read_csv
from connectors.formats.reading import Reading, empty_frame, with_columns
from connectors.formats.xml import read_xml
from connectors.paragraf.layout import TABLES
from connectors.paragraf.manifest import MANIFEST, ListedFile, Manifest, foreign, read_manifest

CSV_ENCODING = "cp1251"
READ_SUFFIXES = (".xml", ".csv")


class ParagrafSource:
    """One school's exports. Every documented table is given back; a missing one is incomplete."""

    kind = "paragraf"

    def __init__(self, school: str, drop: DropFolder, zone: ZoneInfo, year_start: date) -> None:
        self._school = school
        self._uploads = DatedUploads(drop, school, MANIFEST, zone, year_start, _describe)

    def pending(self, until: date) -> list[Upload]:
        """Finished uploads dated up to ``until``, oldest first. Raises Retriable or Fatal."""
        return self._uploads.pending(until)

    def fetch(self, upload: Upload) -> Iterable[RawDocument]:
        """Every file of ``upload``. Raises Retriable or Fatal."""
        return self._uploads.fetch(upload)

    def parse(self, upload: Upload, documents: Sequence[RawDocument]) -> Parsed:
        """Tables as exported. A table whose file is missing, broken or short is incomplete."""
        by_name = {document.name: document for document in documents}
        manifest = _manifest(by_name)
        if isinstance(manifest, DocumentProblem):
            parsed = _read(_files_by_name(by_name), by_name)
            # Without the list of files nothing proves that any of them is whole.
            tables = [SourceTable(t.name, t.frame, complete=False) for t in parsed.tables]
            return Parsed(tables, [manifest, *parsed.problems])
        if refused := foreign(manifest, upload.school):
            return Parsed([_missing(table) for table in TABLES], [refused])
        return _read(manifest.files, by_name)


def _describe(document: RawDocument) -> Described | None:
    manifest = read_manifest(document)
    return manifest.described if isinstance(manifest, Manifest) else None


def _manifest(by_name: Mapping[str, RawDocument]) -> Manifest | DocumentProblem:
    document = by_name.get(MANIFEST)
    if document is None:
        return DocumentProblem(MANIFEST, "missing_document")
    return read_manifest(document)


def _files_by_name(by_name: Mapping[str, RawDocument]) -> list[ListedFile]:
    return [ListedFile(name, None) for name in sorted(by_name) if _table_in(name)]


def _read(files: Sequence[ListedFile], by_name: Mapping[str, RawDocument]) -> Parsed:
    """The tables of ``files``; a documented table that none of them holds is missing."""
    tables: dict[str, SourceTable] = {}
    problems: list[DocumentProblem] = []
    for file in files:
        table = _table_in(file.name)
        if table is None or table in tables:  # a table comes once, as XML or as CSV
            problems.append(DocumentProblem(file.name, "unknown_document"))
            continue
        reading = _reading(file, table, by_name.get(file.name))
        tables[table] = SourceTable(table, reading.frame, reading.complete)
        problems += reading.problems
    listed = {MANIFEST, *(file.name for file in files)}
    problems += [
        DocumentProblem(name, "unknown_document") for name in sorted(by_name.keys() - listed)
    ]
    problems += [DocumentProblem(t, "missing_document") for t in TABLES if t not in tables]
    return Parsed([tables.get(table) or _missing(table) for table in TABLES], problems)


def _reading(file: ListedFile, table: str, document: RawDocument | None) -> Reading:
    if document is None:
        problem = DocumentProblem(file.name, "missing_document")
        return Reading(empty_frame(TABLES[table]), [problem])
    if file.name.endswith(".csv"):
        reading = read_csv(document, CSV_ENCODING)
    else:
        found = read_xml(document, table)
        reading = Reading(with_columns(found.frame, TABLES[table]), found.problems)
    if not reading.complete or file.records in (None, reading.frame.height):
        return reading
    detail = f"в описи {file.records}, прочитано {reading.frame.height}"
    problem = DocumentProblem(file.name, "count_mismatch", None, None, detail)
    return Reading(reading.frame, [problem])


def _table_in(name: str) -> str | None:
    """The table that a file of this name holds, if it is a documented one."""
    stem, dot, suffix = name.rpartition(".")
    return stem if dot + suffix in READ_SUFFIXES and stem in TABLES else None


def _missing(table: str) -> SourceTable:
    return SourceTable(table, empty_frame(TABLES[table]), complete=False)
