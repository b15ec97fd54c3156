"""The answer of a query as a document, and back: a line of names, rows, and a closing count.

JSON lines, every value as text in the spelling of the system's files: ``дд.мм.гггг``, ``да`` and
``нет``. The last line proves that nothing was cut off.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from datetime import date, datetime, time
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import polars as pl

from connectors.base import DocumentProblem, RawDocument
from connectors.formats.reading import Reading, bad_header, make_frame, unread

SUFFIX = ".jsonl"
MEDIA_TYPE = "application/x-ndjson"
COUNT = "rows"


class NotTextError(Exception):
    """A value that has no spelling as text; the query must cast its column."""

    def __init__(self, column: str) -> None:
        super().__init__(column)
        self.column = column


def write_answer(
    table: str, columns: Sequence[str], rows: Iterable[Sequence[Any]], zone: ZoneInfo
) -> RawDocument:
    """The document of ``table``; moments with an offset are said in ``zone``.

    Raises ``NotTextError`` for a blob or another odd value.
    """
    lines = [json.dumps(list(columns), ensure_ascii=False)]
    for row in rows:
        cells = [_text(column, value, zone) for column, value in zip(columns, row, strict=True)]
        lines.append(json.dumps(cells, ensure_ascii=False))
    lines.append(json.dumps({COUNT: len(lines) - 1}))
    return RawDocument(table + SUFFIX, "\n".join(lines).encode(), MEDIA_TYPE)


def read_answer(document: RawDocument) -> Reading:
    """Rows of ``document``; ``_line`` is the number of the record in the answer, from 1."""
    if not document.content.strip():
        return unread(document, "empty_document")
    try:
        lines = [json.loads(line) for line in document.content.decode().split("\n")]
    except (ValueError, RecursionError):
        return unread(document, "broken_document")
    columns, *rows = lines
    closing = rows.pop() if rows else None
    if not _is_header(columns) or bad_header(columns):
        return unread(document, "broken_document", line=1)
    if closing != {COUNT: len(rows)} or not all(_fits(row, columns) for row in rows):
        return unread(document, "broken_document", line=len(lines))
    try:
        frame = make_frame(document.name, columns, rows, range(1, len(rows) + 1))
    except (TypeError, UnicodeEncodeError, pl.exceptions.PolarsError):
        return unread(document, "broken_document")
    return Reading(frame)


def missing(document: str) -> DocumentProblem:
    """The problem that an upload lacks ``document``."""
    return DocumentProblem(document, "missing_document")


def _is_header(columns: Any) -> bool:
    return isinstance(columns, list) and all(isinstance(name, str) for name in columns)


def _fits(row: Any, columns: Sequence[str]) -> bool:
    return (
        isinstance(row, list)
        and len(row) == len(columns)
        and all(cell is None or isinstance(cell, str) for cell in row)
    )


def _text(column: str, value: Any, zone: ZoneInfo) -> str | None:
    match value:
        case None | str():
            return value
        case bool():
            return "да" if value else "нет"
        case int():
            return str(value)
        case Decimal():
            return f"{value:f}"
        case float() if value.is_integer():
            return str(int(value))
        case float():
            return repr(value)
        case datetime():
            local = value if value.tzinfo is None else value.astimezone(zone)
            return local.strftime("%d.%m.%Y %H:%M:%S")
        case date():
            return value.strftime("%d.%m.%Y")
        case time():
            return value.strftime("%H:%M")
    raise NotTextError(column)
