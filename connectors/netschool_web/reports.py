"""The two reports of a class, wide pages turned long: a row per pupil and filled cell.

ASSUMED: a page holds one ``table.table-print``, header in row 1: ``№``, ``ФИО``, then lessons
(``dd.mm/N``: day and number) or subjects.
"""

from __future__ import annotations

import re

import polars as pl

from connectors.base import DocumentProblem, RawDocument
from connectors.formats.grid import table_of
from connectors.formats.html import read_page
from connectors.formats.reading import ORIGIN, Reading, empty_frame, unread
from connectors.netschool_web.plan import Ask

TABLE = "table-print"
NUMBER, NAME = "№", "ФИО"
DAY, LESSON, CELL, COLUMN = "Дата", "Урок", "Ячейка", "Столбец"
SUBJECT, MARK = "Предмет", "Отметка"

ATTENDANCE_COLUMNS = (NAME, DAY, LESSON, CELL, COLUMN, "_class")
TOTALS_COLUMNS = (NAME, SUBJECT, MARK, "_class", "_term")
TAUGHT_COLUMNS = (SUBJECT, "_class")

LESSON_HEADER = r"^([0-9]{2})[.]([0-9]{2})/([0-9]{1,2})$"


def read_attendance(document: RawDocument, ask: Ask) -> Reading:
    """``ATTENDANCE_COLUMNS``; the day as YYYY-MM-DD. A column that is no lesson of the month
    asked about is told."""
    wide = _wide(document)
    month = ask.month
    if month is None or not wide.frame.columns:
        return Reading(empty_frame(ATTENDANCE_COLUMNS), wide.problems)
    lessons = [name for name in _inner(wide.frame) if _in_month(name, f"{month:%m}")]
    strange = [
        DocumentProblem(document.name, "unknown_column", field=name)
        for name in _inner(wide.frame)
        if name not in lessons
    ]
    header = pl.col(COLUMN).str.extract_groups(LESSON_HEADER)
    frame = _long(wide.frame, lessons, COLUMN, CELL).with_columns(
        (f"{month:%Y-%m}-" + header.struct.field("1")).alias(DAY),
        header.struct.field("3").alias(LESSON),
        pl.lit(ask.class_).alias("_class"),
    )
    return Reading(frame.select(*ATTENDANCE_COLUMNS, *ORIGIN), [*wide.problems, *strange])


def read_totals(document: RawDocument, ask: Ask) -> tuple[Reading, Reading]:
    """``TOTALS_COLUMNS``, a row per mark, and ``TAUGHT_COLUMNS``, a row per subject."""
    wide = _wide(document)
    if not wide.frame.columns:
        return (
            Reading(empty_frame(TOTALS_COLUMNS), wide.problems),
            Reading(empty_frame(TAUGHT_COLUMNS), wide.problems),
        )
    subjects = _inner(wide.frame)
    class_ = pl.lit(ask.class_).alias("_class")
    totals = _long(wide.frame, subjects, SUBJECT, MARK).with_columns(
        class_, pl.lit(ask.term).alias("_term")
    )
    taught = pl.DataFrame({SUBJECT: subjects}, schema={SUBJECT: pl.String}).with_columns(
        class_, pl.lit(document.name).alias(ORIGIN[0]), pl.lit(1, pl.Int64).alias(ORIGIN[1])
    )
    return (
        Reading(totals.select(*TOTALS_COLUMNS, *ORIGIN), wide.problems),
        Reading(taught.select(*TAUGHT_COLUMNS, *ORIGIN), wide.problems),
    )


def _wide(document: RawDocument) -> Reading:
    """The table of the page as it stands; no columns at all where there is none."""
    page = read_page(document)
    if isinstance(page, DocumentProblem):
        return Reading(pl.DataFrame(), [page])
    tables = [table for table in page.tables if TABLE in table.classes]
    if len(tables) != 1:
        detail = "на странице нет таблицы отчёта" if not tables else "таблиц отчёта несколько"
        return Reading(pl.DataFrame(), unread(document, "broken_document", detail=detail).problems)
    reading = table_of(document.name, tables[0].grid)
    problems = [*page.problems, *reading.problems]
    if reading.frame.columns[:2] != [NUMBER, NAME]:
        if not problems:
            detail = "таблица начинается не с колонок «№» и «ФИО»"
            problems = unread(document, "broken_document", line=1, detail=detail).problems
        return Reading(pl.DataFrame(), problems)
    return Reading(reading.frame, problems)


def _inner(frame: pl.DataFrame) -> list[str]:
    return [name for name in frame.columns if name not in (NUMBER, NAME, *ORIGIN)]


def _in_month(name: str, month: str) -> bool:
    found = re.match(LESSON_HEADER, name)
    return found is not None and found[2] == month


def _long(frame: pl.DataFrame, columns: list[str], named: str, value: str) -> pl.DataFrame:
    """A row per filled cell of ``columns``, by row of the page, then by column."""
    places = pl.DataFrame(
        {named: columns, "_place": range(len(columns))},
        schema={named: pl.String, "_place": pl.Int64},
    )
    long = frame.unpivot(
        columns, index=[NAME, *ORIGIN], variable_name=named, value_name=value
    ).filter(pl.col(value).is_not_null())
    return (
        long.cast({value: pl.String})
        .join(places, on=named)
        .sort(ORIGIN[1], "_place")
        .drop("_place")
    )
