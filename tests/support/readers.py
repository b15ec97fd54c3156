"""Every reader of documents behind one shape: bytes in, tables and problems out."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import polars as pl

from connectors.archives import unpack
from connectors.base import DocumentProblem, RawDocument
from connectors.formats import csv, dbf, html, xls, xlsx, xml
from connectors.formats.grid import Grid, table_of
from connectors.formats.reading import Reading
from tests.support.documents import (
    csv_bytes,
    dbf_bytes,
    html_bytes,
    xls_bytes,
    xlsx_bytes,
    xml_bytes,
    zip_bytes,
)

ENCODINGS = ["utf-8", "cp1251"]
SHAPE = xml.XmlTable("Таблица", "Запись", "имя")


@dataclass(frozen=True)
class Outcome:
    """What a reader made of a document."""

    frames: list[pl.DataFrame] = field(default_factory=list)
    problems: list[DocumentProblem] = field(default_factory=list)
    documents: list[RawDocument] = field(default_factory=list)

    @property
    def told(self) -> list[tuple[str, int | None]]:
        return [(problem.rule, problem.line) for problem in self.problems]

    @property
    def rows(self) -> list[tuple[object, ...]]:
        return [row for frame in self.frames for row in frame.drop("_document").rows()]


@dataclass(frozen=True)
class Reader:
    """``healthy``: bytes of a document it reads without a problem."""

    suffix: str
    read: Callable[[RawDocument], Outcome]
    healthy: bytes

    def __call__(self, content: bytes) -> Outcome:
        return self.read(RawDocument(f"pupils{self.suffix}", content, ""))


def _of_reading(reading: Reading) -> Outcome:
    return Outcome([reading.frame], reading.problems)


def _of_grids(name: str, grids: Sequence[Grid], problems: Sequence[DocumentProblem]) -> Outcome:
    readings = [table_of(name, grid) for grid in grids]
    told = [problem for reading in readings for problem in reading.problems]
    return Outcome([reading.frame for reading in readings], [*problems, *told])


def _csv(document: RawDocument) -> Outcome:
    return _of_reading(csv.read_csv(document, ENCODINGS))


def _csv_grid(document: RawDocument) -> Outcome:
    grid = csv.read_grid(document, ENCODINGS)
    if isinstance(grid, DocumentProblem):
        return Outcome(problems=[grid])
    return _of_grids(document.name, [grid], [])


def _dbf(document: RawDocument) -> Outcome:
    grid = dbf.read_grid(document, ["cp866", "cp1251"])
    if isinstance(grid, DocumentProblem):
        return Outcome(problems=[grid])
    return _of_grids(document.name, [grid], [])


def _book(
    read: Callable[[RawDocument], dict[str, Grid] | DocumentProblem],
) -> Callable[[RawDocument], Outcome]:
    def reader(document: RawDocument) -> Outcome:
        grids = read(document)
        if isinstance(grids, DocumentProblem):
            return Outcome(problems=[grids])
        return _of_grids(document.name, list(grids.values()), [])

    return reader


def _html(document: RawDocument) -> Outcome:
    page = html.read_page(document)
    if isinstance(page, DocumentProblem):
        return Outcome(problems=[page])
    return _of_grids(document.name, [table.grid for table in page.tables], page.problems)


def _xml(document: RawDocument) -> Outcome:
    return _of_reading(xml.read_xml(document, SHAPE, "pupils"))


def _xml_root(document: RawDocument) -> Outcome:
    root = xml.read_root(document)
    return Outcome(problems=[root]) if isinstance(root, DocumentProblem) else Outcome()


def _zip(document: RawDocument) -> Outcome:
    documents, problems = unpack([document])
    return Outcome(problems=problems, documents=documents)


READERS: dict[str, Reader] = {
    "csv": Reader(".csv", _csv, csv_bytes()),
    "csv-cp1251": Reader(".csv", _csv, csv_bytes(encoding="cp1251")),
    "csv-grid": Reader(".csv", _csv_grid, csv_bytes()),
    "dbf": Reader(".dbf", _dbf, dbf_bytes()),
    "html": Reader(".html", _html, html_bytes()),
    "html-cp1251": Reader(".html", _html, html_bytes(encoding="cp1251")),
    "xls": Reader(".xls", _book(xls.read_grids), xls_bytes()),
    "xlsx": Reader(".xlsx", _book(xlsx.read_grids), xlsx_bytes()),
    "xml": Reader(".xml", _xml, xml_bytes()),
    "xml-root": Reader(".xml", _xml_root, xml_bytes()),
    "zip": Reader(".zip", _zip, zip_bytes({"pupils.csv": csv_bytes()})),
}
