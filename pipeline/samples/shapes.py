"""What the files of an unknown export look like: their format, where the header stands, whether a
table is wide. Found out by trying, for the first draft of a profile."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from pathlib import PurePosixPath
from typing import Any

import polars as pl

from connectors.base import DocumentProblem, RawDocument
from connectors.formats import csv, dbf, html, xls, xlsx
from connectors.formats.grid import Grid, table_of
from connectors.formats.text import WrongEncoding, decode
from connectors.formats.xml import XmlTable, read_root, read_xml
from mappings.drafting import NoteShape, Shape

ENCODINGS = ("utf-8", "cp1251", "cp866")
DELIMITERS = (";", ",", "|", "\t")
DEEPEST_HEADER = 12  # rows from the top among which the header is looked for
DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
INSTANT = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:.]+([+-][0-9:]+|Z)?")


def shapes_of(document: RawDocument) -> list[Shape]:
    """The tables of ``document``; none if it is no table that Svod can read."""
    path = PurePosixPath(document.name)
    match path.suffix.lower():
        case ".csv" | ".txt" | ".tsv":
            found = _of_text(document)
        case ".xlsx":
            found = _of_book(xlsx.read_grids(document))
        case ".xls":
            found = _of_book(xls.read_grids(document))
        case ".dbf":
            found = _of_dbf(document)
        case ".html" | ".htm":
            found = _of_page(document)
        case ".xml":
            found = _of_xml(document)
        case _:
            found = iter(())
    return [
        Shape(path.stem, path.suffix.lower(), form, frame, tuple(above), sheet)
        for form, frame, above, sheet in found
    ]


Found = Iterator[tuple[dict[str, Any], pl.DataFrame, list[tuple[str, str]], str]]


def note_of(document: RawDocument) -> NoteShape | None:
    """``document`` as the note of an export: ``key=value`` lines, or one XML element."""
    if document.name.lower().endswith(".xml"):
        root = read_root(document)
        if isinstance(root, DocumentProblem) or any(child.text for child in root):
            return None
        words = {str(name): str(value) for name, value in root.attrib.items()}
        return _note(document.name, "xml", str(root.tag), words)
    text = decode(document.content, ["utf-8"])
    if isinstance(text, WrongEncoding):
        return None
    lines = [line for line in text.splitlines() if line.strip()]
    if not lines or any("=" not in line for line in lines):
        return None
    words = {key.strip(): value.strip() for key, _, value in (x.partition("=") for x in lines)}
    return _note(document.name, "lines", None, words)


def _note(file: str, form: str, root: str | None, words: dict[str, str]) -> NoteShape | None:
    taken = [name for name, value in words.items() if INSTANT.fullmatch(value)]
    days = sorted((value, name) for name, value in words.items() if DAY.fullmatch(value))
    if not taken:
        return None
    first, last = (days[0][1], days[-1][1]) if len(days) > 1 else (None, None)
    return NoteShape(file, form, root, taken[0], first, last)


def _of_text(document: RawDocument) -> Found:
    for encoding in ENCODINGS:
        if isinstance(decode(document.content, [encoding]), str):
            break
    else:
        return
    tried = [
        (delimiter, grid)
        for delimiter in DELIMITERS
        if isinstance(grid := csv.read_grid(document, [encoding], delimiter=delimiter), Grid)
    ]
    # The delimiter that parts most rows into equally many cells, and then into most of them.
    best = max(tried, key=lambda one: _regularity(one[1]), default=None)
    if best is None or _regularity(best[1])[1] < 2:
        return
    delimiter, grid = best
    form: dict[str, Any] = {"kind": "csv", "delimiter": delimiter, "encodings": [encoding]}
    yield from _of_grid(document.name, grid, form)


def _regularity(grid: Grid) -> tuple[int, int]:
    widths = Counter(len(row) for row in grid.rows if len(row) > 1)
    return max(((count, width) for width, count in widths.items()), default=(0, 0))


def _of_book(book: dict[str, Grid] | DocumentProblem) -> Found:
    if isinstance(book, DocumentProblem):
        return
    filled = {title: grid for title, grid in book.items() if grid.filled}
    for title, grid in filled.items():
        form: dict[str, Any] = {"kind": "sheet"}
        if len(filled) > 1:
            form["sheet"] = title
        for found_form, frame, above, _ in _of_grid(title, grid, form):
            yield found_form, frame, above, title


def _of_dbf(document: RawDocument) -> Found:
    grid = dbf.read_grid(document, ["cp866", "cp1251"])
    if isinstance(grid, Grid):
        form: dict[str, Any] = {"kind": "dbf", "encodings": ["cp866", "cp1251"]}
        yield from _of_grid(document.name, grid, form)


def _of_page(document: RawDocument) -> Found:
    page = html.read_page(document)
    if isinstance(page, DocumentProblem):
        return
    above = [_parted(line) for line in page.caption]
    for table in page.tables:
        if table.grid.filled and table.classes:
            form: dict[str, Any] = {"kind": "html", "css": sorted(table.classes)}
            for found_form, frame, _, _ in _of_grid(document.name, table.grid, form):
                yield found_form, frame, above, ""


def _of_xml(document: RawDocument) -> Found:
    root = read_root(document)
    if isinstance(root, DocumentProblem) or not len(root):
        return
    name = next(iter(root.attrib), None)
    shape = XmlTable(str(root.tag), str(root[0].tag), str(name) if name else None)
    said = str(root.attrib[name]) if name else ""
    reading = read_xml(document, shape, said)
    if reading.frame.height:
        form: dict[str, Any] = {"kind": "xml", "root": shape.root, "record": shape.record}
        yield form | ({"name": shape.name} if shape.name else {}), _rows(reading.frame), [], said


def _of_grid(name: str, grid: Grid, form: dict[str, Any]) -> Found:
    row = _header_row(grid)
    if row is None:
        return
    reading = table_of(name, grid, header_row=row)
    if reading.frame.columns:
        placed = form | ({"header_row": row} if row > 1 else {})
        yield placed, _rows(reading.frame), _above(grid, row), ""


def _rows(frame: pl.DataFrame) -> pl.DataFrame:
    return frame.select(pl.exclude("_document", "_line"))


def _header_row(grid: Grid) -> int | None:
    """The first row as wide as most, all of whose cells are filled and differ."""
    width = max((_filled_cells(row) for row in grid.rows), default=0)
    for place, row in enumerate(grid.rows[:DEEPEST_HEADER], 1):
        cells = [cell for cell in row if cell]
        if len(cells) == width and len(cells) > 1 and len(set(cells)) == len(cells):
            return place
    return None


def _filled_cells(row: Any) -> int:
    return sum(1 for cell in row if cell)


def _above(grid: Grid, header_row: int) -> list[tuple[str, str]]:
    lines = []
    for row in grid.rows[: header_row - 1]:
        cells = [(cell or "").strip() for cell in (*row, None, None)]
        name, beside = _parted(cells[0])
        if name:
            lines.append((name, beside or cells[1]))
    return lines


def _parted(line: str) -> tuple[str, str]:
    name, _, value = line.partition(":")
    return name.strip(), value.strip()
