"""NetSchool exports as a source: dated folders with lists, journal files and term marks."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date
from zoneinfo import ZoneInfo

import polars as pl

from connectors.base import DocumentProblem, Parsed, RawDocument, SourceTable, Upload
from connectors.dated import DatedUploads, Described
from connectors.files import DropFolder
from connectors.formats import html, xlsx
from connectors.formats.reading import Reading, empty_frame, stacked
from connectors.netschool.journal import JOURNAL_COLUMNS, JournalFile, read_journal
from connectors.netschool.layout import (
    JOURNAL_FILE,
    LISTS,
    TOPICS_COLUMNS,
    TOTALS_COLUMNS,
    TOTALS_FILE,
    list_file,
)
from connectors.netschool.note import NOTE, Note, foreign, read_note


class NetSchoolSource:
    """One school's exports. The lists must all be there; journals must cover the curriculum."""

    kind = "netschool"

    def __init__(self, school: str, drop: DropFolder, zone: ZoneInfo, year_start: date) -> None:
        self._uploads = DatedUploads(drop, school, NOTE, zone, year_start, _describe)

    def pending(self, until: date) -> list[Upload]:
        """Finished uploads dated up to ``until``, oldest first. Raises Retriable or Fatal."""
        return self._uploads.pending(until)

    def fetch(self, upload: Upload) -> Iterable[RawDocument]:
        """Every file of ``upload``. Raises Retriable or Fatal."""
        return self._uploads.fetch(upload)

    def parse(
        self,
        upload: Upload,  # noqa: ARG002  # the seam gives it; these documents tell all
        documents: Sequence[RawDocument],
    ) -> Parsed:
        """Tables as exported; the journals in long form (see ``netschool.journal``)."""
        by_name = {document.name: document for document in documents}
        note = _note(by_name)
        if isinstance(note, Note) and (refused := foreign(note)):
            return Parsed([SourceTable(*table) for table in _nothing()], [refused])
        parsed = _read(by_name)
        if isinstance(note, DocumentProblem):
            tables = [SourceTable(t.name, t.frame, complete=False) for t in parsed.tables]
            return Parsed(tables, [note, *parsed.problems])
        return parsed


def _describe(document: RawDocument) -> Described | None:
    note = read_note(document)
    return note.described if isinstance(note, Note) else None


def _note(by_name: Mapping[str, RawDocument]) -> Note | DocumentProblem:
    document = by_name.get(NOTE)
    return read_note(document) if document else DocumentProblem(NOTE, "missing_document")


def _nothing() -> list[tuple[str, pl.DataFrame, bool]]:
    layouts = LISTS | {
        "totals": TOTALS_COLUMNS, "journal": JOURNAL_COLUMNS, "topics": TOPICS_COLUMNS
    }  # fmt: skip
    return [(name, empty_frame(columns), False) for name, columns in layouts.items()]


def _read(by_name: Mapping[str, RawDocument]) -> Parsed:
    readings = {table: [_list(table, by_name)] for table in LISTS}
    journals = [read_journal(d) for name, d in _matching(by_name, JOURNAL_FILE.fullmatch)]
    readings["totals"] = [_totals(d) for _, d in _matching(by_name, TOTALS_FILE.fullmatch)]
    readings["journal"] = [file.journal for file in journals]
    readings["topics"] = [file.topics for file in journals]
    gaps = _gaps(readings["curriculum"][0].frame, journals)
    tables = [_table(name, found, bool(gaps)) for name, found in readings.items()]
    told = [
        problem for found in readings.values() for reading in found for problem in reading.problems
    ]
    # A page cut short is told once, though both of its tables suffer.
    return Parsed(tables, [*dict.fromkeys(told), *gaps, *_unknown(by_name)])


def _table(name: str, readings: Sequence[Reading], gaps: bool) -> SourceTable:
    columns = {"totals": TOTALS_COLUMNS, "journal": JOURNAL_COLUMNS, "topics": TOPICS_COLUMNS}
    frame = stacked([reading.frame for reading in readings], columns.get(name, ()))
    whole = all(reading.complete for reading in readings)
    return SourceTable(name, frame, whole and not (gaps and name in ("journal", "topics")))


def _list(table: str, by_name: Mapping[str, RawDocument]) -> Reading:
    name = list_file(table)
    if name not in by_name:
        return Reading(empty_frame(LISTS[table]), [DocumentProblem(name, "missing_document")])
    return xlsx.read_xlsx(by_name[name])


def _totals(document: RawDocument) -> Reading:
    if document.name.endswith(".xlsx"):
        return xlsx.read_xlsx(document)
    page = html.read_page(document)
    if isinstance(page, DocumentProblem):
        return Reading(empty_frame(), [page])
    table = next((t for t in page.tables if "table-print" in t.classes), None)
    if table is None:
        missing = DocumentProblem(document.name, "broken_document", None, None, "нет таблицы")
        return Reading(empty_frame(), page.problems or [missing])
    found = html.table_of(document.name, table)
    return Reading(found.frame, [*found.problems, *page.problems])


def _gaps(curriculum: pl.DataFrame, journals: Sequence[JournalFile]) -> list[DocumentProblem]:
    """A class and subject without a journal file. The export lists no files, so this alone tells
    a journal that was not exported from one that was emptied. Not told while a file is
    unreadable: whose journal it was is then unknown."""
    if not {"Класс", "Предмет"} <= set(curriculum.columns):
        return []
    if any(file.caption is None for file in journals):
        return []
    covered = {(file.caption.class_, file.caption.subject) for file in journals if file.caption}
    due = curriculum.select("Класс", "Предмет").drop_nulls().unique(maintain_order=True)
    return [
        DocumentProblem("journal", "missing_document", None, None, f"{class_}, {subject}")
        for class_, subject in due.iter_rows()
        if (class_, subject) not in covered
    ]


def _matching(
    by_name: Mapping[str, RawDocument], fits: Callable[[str], object]
) -> list[tuple[str, RawDocument]]:
    return [(name, by_name[name]) for name in sorted(by_name) if fits(name)]


def _unknown(by_name: Mapping[str, RawDocument]) -> list[DocumentProblem]:
    known = {NOTE, *(list_file(table) for table in LISTS)}
    return [
        DocumentProblem(name, "unknown_document")
        for name in sorted(by_name)
        if name not in known
        and not JOURNAL_FILE.fullmatch(name)
        and not TOTALS_FILE.fullmatch(name)
    ]
