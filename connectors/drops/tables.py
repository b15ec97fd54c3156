"""One document as rows of one table, as the layout tells."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

import polars as pl

from connectors.base import DocumentProblem, RawDocument
from connectors.drops.caption import Above, Period, read_caption
from connectors.drops.opening import Opened, Opener
from connectors.drops.wide import read_wide
from connectors.drops.years import with_years
from connectors.formats.csv import read_csv
from connectors.formats.grid import table_of
from connectors.formats.reading import ORIGIN, Reading, empty_frame, with_columns
from connectors.formats.xml import XmlTable, read_xml
from schemas.layout import CsvFormat, DbfFormat, DocumentTable, Format, XmlFormat

DBF_NAME = 10  # letters a column's name may have in a DBF


@dataclass(frozen=True)
class Asked:
    """Which table is read from which file: its layout, its form, and what the name said."""

    table: str
    layout: DocumentTable
    form: Format
    named: Mapping[str, str | None]


@dataclass(frozen=True)
class FileReading:
    """What a file gave to a table, and what its caption and name said of it."""

    reading: Reading
    said: Mapping[str, str | None]


def read_table(document: RawDocument, asked: Asked, opener: Opener, covers: Period) -> FileReading:
    """The rows of ``asked.table`` in ``document``; days without a year get it from the caption's
    period or else from ``covers``."""
    layout = asked.layout
    if isinstance(asked.form, XmlFormat):
        shape = XmlTable(asked.form.root, asked.form.record, asked.form.name)
        reading = read_xml(document, shape, asked.table)
        frame = with_columns(reading.frame, layout.columns)
        return _finished(document.name, Reading(frame, reading.problems), asked, None, covers)
    if isinstance(asked.form, CsvFormat) and layout.caption is None and layout.wide is None:
        form = asked.form  # a million rows pass here, and a grid of them would be slow
        reading = read_csv(
            document,
            form.encodings,
            delimiter=form.delimiter,
            header_row=form.header_row,
            header_rows=form.header_rows,
        )
        return _finished(document.name, reading, asked, None, covers)
    caption_sheet = layout.caption.sheet if layout.caption else None
    opened = opener.open(document, asked.form, caption_sheet)
    if isinstance(opened, DocumentProblem):
        return _unread(asked, [opened])
    above = read_caption(layout.caption, opened) if layout.caption else None
    if isinstance(above, str):
        detail = f"над таблицей нет строки «{above}» или она не читается"
        problem = DocumentProblem(document.name, "broken_document", None, above, detail)
        return _unread(asked, opened.problems or [problem])
    reading = _read(document.name, asked, opened)
    whole = Reading(reading.frame, [*reading.problems, *opened.problems])
    return _finished(document.name, whole, asked, above, covers)


def _unread(asked: Asked, problems: list[DocumentProblem]) -> FileReading:
    return FileReading(Reading(empty_frame(asked.layout.known_columns()), problems), {})


def _read(name: str, asked: Asked, opened: Opened) -> Reading:
    if asked.layout.wide is not None:
        return read_wide(name, opened, asked.layout.wide)
    reading = table_of(
        name, opened.grid, header_row=opened.header_row, header_rows=opened.header_rows
    )
    if isinstance(asked.form, DbfFormat):
        return _whole_names(name, reading, asked.layout.columns)
    return reading


def _finished(
    name: str, reading: Reading, asked: Asked, above: Above | None, covers: Period
) -> FileReading:
    """With the columns that caption and file name give, and whole dates. A column of the table
    that goes by the name of one of those holds nothing of ours, which is told."""
    said = (dict(above.columns) if above else {}) | dict(asked.named)
    twice = [column for column in reading.frame.columns if column in said]
    detail = "то же сказано над таблицей или в имени файла"
    told = [DocumentProblem(name, "unknown_column", None, column, detail) for column in twice]
    frame = reading.frame.select(
        *(pl.lit(value, pl.String).alias(column) for column, value in said.items()),
        pl.exclude(*said, *ORIGIN),
        *ORIGIN,
    )
    period = above.period if above and above.period else covers
    dated = with_years(frame, asked.layout.years, period)
    return FileReading(Reading(dated, [*reading.problems, *told]), said)


def _whole_names(name: str, reading: Reading, documented: list[str]) -> Reading:
    """Columns of a DBF under their documented names. One that fits two, or of which two fit one,
    keeps its own and is told."""
    fits = {
        column: [whole for whole in documented if _cut(whole) == column.casefold()]
        for column in reading.frame.columns
    }
    taken = Counter(whole for found in fits.values() for whole in found)
    sure = {c: found[0] for c, found in fits.items() if len(found) == 1 and taken[found[0]] == 1}
    doubtful = [column for column, found in fits.items() if found and column not in sure]
    detail = f"по первым {DBF_NAME} буквам не понять, какая это колонка"
    told = [DocumentProblem(name, "broken_document", None, c, detail) for c in doubtful]
    return Reading(reading.frame.rename(sure), [*reading.problems, *told])


def _cut(column: str) -> str:
    return column[:DBF_NAME].casefold()


def named_by(layout: DocumentTable, table: str, stem: str) -> Mapping[str, str | None] | None:
    """The groups of the file name ``stem`` if it is one of this table's, else None."""
    match = re.fullmatch(layout.file or re.escape(table), stem)
    return match.groupdict() if match else None
