"""The documents of an upload as tables, as the layout tells. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import PurePosixPath

import polars as pl

from connectors.archives import flat_name, unpack
from connectors.base import DocumentProblem, Parsed, RawDocument, SourceTable
from connectors.drops.caption import Period
from connectors.drops.note import Said, foreign, read_note
from connectors.drops.opening import Opener
from connectors.drops.tables import Asked, FileReading, named_by, read_table
from connectors.formats.reading import Reading, empty_frame, stacked
from schemas.layout import Covers, DocumentTable, Layout


def read_documents(
    layout: Layout, documents: Sequence[RawDocument], covers: Period, school: str
) -> Parsed:
    """Every table of ``layout``, but an optional one only if it came. A table whose file is
    missing, broken or short is incomplete; without a readable note nothing proves that any of
    them is whole."""
    note_document = next((d for d in documents if d.name == layout.note.file), None)
    content = [document for document in documents if document is not note_document]
    said = (
        read_note(layout.note, note_document)
        if note_document
        else DocumentProblem(layout.note.file, "missing_document")
    )
    if isinstance(said, DocumentProblem):
        parsed = _Upload(layout, content, None, covers).parsed()
        tables = [SourceTable(t.name, t.frame, complete=False) for t in parsed.tables]
        return Parsed(tables, [said, *parsed.problems])
    if refused := foreign(layout.note, said, school):
        return Parsed([_missing(layout, table) for table in layout.tables], [refused])
    return _Upload(layout, content, said, covers).parsed()


def read_tables(layout: Layout, documents: Sequence[RawDocument], covers: Period) -> Parsed:
    """Tables of ``documents`` alone, such as a sample: no note is asked for, and only what some
    document feeds is given back."""
    content = [document for document in documents if document.name != layout.note.file]
    parsed = _Upload(layout, content, None, covers).parsed()
    spoken = {table.name for table in parsed.tables if table.frame.height}
    absent = "missing_document"
    return Parsed(
        [table for table in parsed.tables if table.name in spoken],
        [problem for problem in parsed.problems if problem.rule != absent],
    )


@dataclass(frozen=True)
class _File:
    """A document under the name the layout knows it by: inside a ZIP, its name there."""

    name: str
    document: RawDocument | None
    records: int | None = None

    @property
    def shown(self) -> str:
        """The name by which a person finds it."""
        return self.document.name if self.document else self.name


@dataclass
class _Upload:
    """The reading of one upload: which file feeds which table, and what came of it."""

    layout: Layout
    documents: Sequence[RawDocument]
    said: Said | None
    covers: Period
    readings: dict[str, list[FileReading]] = field(default_factory=dict)
    problems: list[DocumentProblem] = field(default_factory=list)
    unread: set[str] = field(default_factory=set)  # patterns of files some of which are broken
    doubled: set[str] = field(default_factory=set)  # tables of which a second file was left unread

    def parsed(self) -> Parsed:
        for file in self._files():
            opener = Opener()
            asked = list(self._asked(file.name))
            if not asked:
                self.problems.append(DocumentProblem(file.shown, "unknown_document"))
            for one in asked:
                self._take(file, one, opener, alone=len(asked) == 1)
        told = [p for found in self.readings.values() for r in found for p in r.reading.problems]
        gaps = {name: list(self._gaps(name)) for name in self.layout.tables}
        missing = [
            problem
            for name in self.layout.tables
            if name not in self.readings and not gaps[name]
            for problem in self._absent(name)
        ]
        all_gaps = [problem for found in gaps.values() for problem in found]
        tables = [
            self._table(name, gapless=not gaps[name] and self._known_what_is_due(name))
            for name, layout in self.layout.tables.items()
            if name in self.readings
            or not layout.optional
            or gaps[name]
            or self._stood_in_for(name)
        ]
        # What concerns a whole document is told once, though several of its tables suffer.
        return Parsed(tables, list(dict.fromkeys([*told, *all_gaps, *self.problems, *missing])))

    def _files(self) -> Iterator[_File]:
        """What the note lists, in its order, else what there is; and strangers to the list."""
        documents = list(self.documents)
        if self.layout.archives:
            documents, refused = unpack(documents)
            self.problems += refused
        # Members of two archives may have one name.
        named = sorted(((flat_name(d.name), d) for d in documents), key=lambda n: (n[0], n[1].name))
        listed = self.said.files if self.said else None
        if listed is None:
            yield from (_File(name, document) for name, document in named)
            return
        left: dict[str, list[RawDocument]] = {}
        for name, document in named:
            left.setdefault(name, []).append(document)
        for file in listed:
            there = left.get(file.name)
            yield _File(file.name, there.pop(0) if there else None, file.records)
        strangers = [document.name for found in left.values() for document in found]
        self.problems += [DocumentProblem(name, "unknown_document") for name in strangers]

    def _asked(self, name: str) -> Iterator[Asked]:
        """The tables that a file of this name feeds."""
        path = PurePosixPath(name)
        if name != path.name:  # a folder inside the drop, or a name that leads out of it
            return
        for table, layout in self.layout.tables.items():
            named = named_by(layout, table, path.stem)
            form = self.layout.formats_of(table).get(path.suffix.lower())
            if named is not None and form is not None:
                yield Asked(table, layout, form, named)

    def _take(self, file: _File, asked: Asked, opener: Opener, *, alone: bool) -> None:
        if asked.table in self.readings and not asked.layout.many:
            self.problems.append(DocumentProblem(file.shown, "second_document"))
            self.doubled.add(asked.table)
            return
        if file.document is None:
            problem = DocumentProblem(file.name, "missing_document")
            reading = FileReading(Reading(_empty(asked.layout), [problem]), {})
        else:
            reading = read_table(file.document, asked, opener, self.covers)
            if alone and asked.layout.wide is None:
                reading = FileReading(_counted(file, reading.reading), reading.said)
        if not reading.reading.complete:
            self.unread.add(_pattern(asked.layout, asked.table))
        self.readings.setdefault(asked.table, []).append(reading)

    def _table(self, name: str, *, gapless: bool) -> SourceTable:
        readings = self.readings.get(name)
        layout = self.layout.tables[name]
        if readings is None:
            return SourceTable(name, _empty(layout), complete=self._stood_in_for(name) and gapless)
        frame = stacked([one.reading.frame for one in readings])
        if not frame.height:
            frame = stacked([frame, _empty(layout)])
        # Nothing says which of two files is the right one: what only the other holds is not gone.
        whole = name not in self.doubled and all(one.reading.complete for one in readings)
        return SourceTable(name, frame, complete=whole and gapless)

    def _absent(self, name: str) -> Iterator[DocumentProblem]:
        layout = self.layout.tables[name]
        if not (layout.optional or layout.covers or self._stood_in_for(name)):
            # The first form is the usual one; a list of files has said what was exported.
            usual = next(iter(self.layout.formats_of(name)))
            listed = self.said is not None and self.said.files is not None
            shown = name if listed or layout.file is not None else name + usual
            yield DocumentProblem(shown, "missing_document")

    def _stood_in_for(self, name: str) -> bool:
        """Did the table come of which an upload needs this one or that?"""
        tables = self.layout.tables
        return any(
            tables[t].instead_of == name or tables[name].instead_of == t for t in self.readings
        )

    def _gaps(self, name: str) -> Iterator[DocumentProblem]:
        """What ``covers`` asks for and no file gives: this alone tells a file that was not
        exported from one that was emptied. Not told while a file is unreadable: whose it was is
        then unknown."""
        layout = self.layout.tables[name]
        if layout.covers is None or _pattern(layout, name) in self.unread:
            return
        first = next(t for t, other in self.layout.tables.items() if other.file == layout.file)
        for values in self._uncovered(name, layout.covers):
            yield DocumentProblem(first, "missing_document", None, None, ", ".join(values))

    def _known_what_is_due(self, name: str) -> bool:
        """Is the table whole that says which files ``name`` must have?"""
        covers = self.layout.tables[name].covers
        if covers is None:
            return True
        readings = [one.reading for one in self.readings.get(covers.table, [])]
        return bool(readings) and all(
            one.complete and set(covers.by) <= set(one.frame.columns) for one in readings
        )

    def _uncovered(self, name: str, covers: Covers) -> list[tuple[str, ...]]:
        due: dict[tuple[str, ...], None] = {}
        for one in self.readings.get(covers.table, []):
            if set(covers.by) <= set(one.reading.frame.columns):
                frame = one.reading.frame.select(covers.by).drop_nulls().unique(maintain_order=True)
                due |= dict.fromkeys(frame.iter_rows())
        there = {
            tuple(one.said.get(column) for column in covers.by)
            for one in self.readings.get(name, [])
        }
        return [values for values in due if values not in there]


def _counted(file: _File, reading: Reading) -> Reading:
    """``reading``, and the problem that it holds another number of records than was said."""
    if not reading.complete or file.records in (None, reading.frame.height):
        return reading
    detail = f"в описи {file.records}, прочитано {reading.frame.height}"
    problem = DocumentProblem(file.shown, "count_mismatch", None, None, detail)
    return Reading(reading.frame, [*reading.problems, problem])


def _pattern(layout: DocumentTable, name: str) -> str:
    return layout.file or name


def _missing(layout: Layout, table: str) -> SourceTable:
    return SourceTable(table, _empty(layout.tables[table]), complete=False)


def _empty(layout: DocumentTable) -> pl.DataFrame:
    return empty_frame(layout.known_columns())
