"""A sample of an export: a file, an archive or the folder of an upload, read as a source would."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

from connectors.archives import flat_name, unpack
from connectors.base import DocumentProblem, Parsed, RawDocument
from connectors.drops import read_documents, read_tables
from connectors.drops.note import Said, foreign, read_note
from connectors.files import DropFolder
from mappings.language import Mapping
from schemas.layout import Layout

ARCHIVE = ".zip"
NO_SCHOOL = ""  # a sample is nobody's; the school its note names is not asked


class SampleError(Exception):
    """A sample that is not there, or a profile that reads no files; correct the command."""


@dataclass(frozen=True)
class Sample:
    """``documents``: the files by the names an upload has them under; ``problems``: of the archive
    they came in."""

    documents: list[RawDocument]
    problems: list[DocumentProblem]


def open_sample(path: Path) -> Sample:
    """The files at ``path``: itself, those in the archive, or those right in the folder. Raises
    ``SampleError``; ``connectors.errors`` for what may not be read."""
    if not path.exists():
        raise SampleError(f"{path}: there is no such file or folder")
    folder = path.absolute()
    if path.is_dir():
        drop = DropFolder(folder.parent)
        documents = drop.read_all(folder.name)
    else:
        documents = [DropFolder(folder.parent).read(folder.name)]
    problems: list[DocumentProblem] = []
    if path.suffix.lower() == ARCHIVE:
        members, problems = unpack(documents)
        documents = [RawDocument(flat_name(m.name), m.content, m.media_type) for m in members]
    if not documents and not problems:
        raise SampleError(f"{path}: there are no files in it")
    return Sample(documents, problems)


def parse_sample(mapping: Mapping, sample: Sample, school_year: int) -> Parsed:
    """The tables of ``sample``. With the note of an export it is read as a whole upload, so that
    what is missing is told; without one only what is there is read. Raises ``SampleError`` for a
    profile that reads no files."""
    layout = mapping.documents
    if layout is None:
        name = f"{mapping.system}/{mapping.version}"
        raise SampleError(f"{name} says nothing of files (documents): it reads a live source")
    said = _said(layout, sample.documents)
    if said is None or said.described is None:
        covers = (first_day(school_year), first_day(school_year + 1) - timedelta(days=1))
        parsed = read_tables(layout, sample.documents, covers)
    else:
        school = said.words.get(layout.note.school or "", NO_SCHOOL)
        parsed = read_documents(layout, sample.documents, said.described.covers, school)
        if refused := foreign(layout.note, said, school):  # read on, to show the rest
            tables = read_tables(layout, sample.documents, said.described.covers).tables
            parsed = Parsed(tables, [refused])
    return Parsed(parsed.tables, [*sample.problems, *parsed.problems])


def first_day(school_year: int) -> date:
    """The first of September. A region may begin otherwise; for a sample that is near enough."""
    return date(school_year, 9, 1)


def _said(layout: Layout, documents: Sequence[RawDocument]) -> Said | None:
    note = next((document for document in documents if document.name == layout.note.file), None)
    said = read_note(layout.note, note) if note else None
    return said if isinstance(said, Said) else None
