"""Tables as a workbook: a sheet for each, numbers as numbers, with what a reader must know of them.

What the pages of the dashboard show is given away so. The same tables give the same bytes.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from io import BytesIO

from openpyxl import Workbook

from quality.profiles import MeasureDefinition, Profile
from reports.compliance import Figure
from reports.settled import settled
from reports.sheets import (
    PERCENT,
    WHOLE,
    fit_to_page,
    new_sheet,
    write_heading,
    write_note,
    write_row,
)


@dataclass(frozen=True)
class Column:
    """``format``: of its numbers, None for texts; ``width``: in characters."""

    title: str
    width: int = 14
    format: str | None = None


@dataclass(frozen=True)
class TableSheet:
    """A table with its own name and title; each row has a value for each column."""

    name: str
    title: str
    columns: Sequence[Column]
    rows: Sequence[Sequence[object]]
    notes: Sequence[str] = ()
    total: Sequence[object] = ()


def to_book(sheets: Sequence[TableSheet], day: date) -> bytes:
    """The bytes of a workbook as of ``day``."""
    book = Workbook()
    book.remove(book.worksheets[0])
    book.properties.creator = "Svod"
    for one in sheets:
        _fill(book, one)
    made = BytesIO()
    book.save(made)
    return settled(made.getvalue(), day)


def measure_columns(measures: Sequence[MeasureDefinition]) -> list[Column]:
    """Three columns for each measure: its share, numerator and denominator."""
    parts = (("доля", PERCENT), ("числитель", WHOLE), ("знаменатель", WHOLE))
    return [
        Column(f"{one.title}, {part}", format=number_format)
        for one in measures
        for part, number_format in parts
    ]


def measure_values(
    figures: Mapping[str, Figure], measures: Sequence[MeasureDefinition]
) -> list[object]:
    """What stands in ``measure_columns``; no share where nothing was due."""
    values: list[object] = []
    for one in measures:
        figure = figures.get(one.code, Figure())
        values += [figure.share, figure.numerator, figure.denominator]
    return values


def definition_sheet(profile: Profile, title: str) -> TableSheet:
    """The measures in words, with their documents."""
    columns = [
        Column("Показатель", 26),
        Column("Определение", 80),
        Column("Документ", 50),
        Column("Раздел", 34),
        Column("Версия", 22),
    ]
    rows = [
        (one.title, one.definition, one.citation.document, one.citation.clause, profile.definition)
        for one in profile.measures
    ]
    return TableSheet("Определения", title, columns, rows)


def _fill(book: Workbook, one: TableSheet) -> None:
    sheet = new_sheet(book, one.name, one.title, [column.width for column in one.columns])
    for note in one.notes:
        write_note(sheet, note)
    write_heading(sheet, [column.title for column in one.columns], freeze_columns=1)
    formats = [column.format for column in one.columns]
    for row in one.rows:
        write_row(sheet, row, formats)
    if one.total:
        write_row(sheet, one.total, formats, bold=True)
    fit_to_page(sheet, landscape=True)
