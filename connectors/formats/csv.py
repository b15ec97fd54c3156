"""CSV: delimiter, ``"`` quoting; a row's line is where it begins, as an editor counts.

A cell beginning with ``=`` or the like is text here; whoever writes spreadsheets escapes it.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence

import polars as pl

from connectors.base import DocumentProblem, RawDocument
from connectors.formats.grid import Grid, table_of
from connectors.formats.reading import (
    LONGEST_CELL,
    Reading,
    bad_header,
    frame_of,
    unread,
)
from connectors.formats.sniff import Kind, wrong_format
from connectors.formats.text import WrongEncoding, decode

BROKEN = (
    f"строка оборвана, кавычки не закрыты, значение длиннее {LONGEST_CELL} знаков "
    "или в файле есть нулевые байты"
)


def read_csv(
    document: RawDocument,
    encodings: Sequence[str],
    *,
    delimiter: str = ";",
    header_row: int = 1,
    header_rows: int = 1,
) -> Reading:
    """The table of ``document``, see ``read_grid`` and ``grid.table_of``."""
    text = _text(document, encodings)
    if isinstance(text, DocumentProblem):
        return unread(document, text.rule, line=text.line, detail=text.detail)
    whole, broken_at = _whole_lines(text)
    if header_row == header_rows == 1 and _is_plain(whole):
        return _plain_table(document, whole, delimiter, broken_at)
    grid = _grid(whole, delimiter, broken_at)
    return table_of(document.name, grid, header_row=header_row, header_rows=header_rows)


def read_grid(
    document: RawDocument, encodings: Sequence[str], *, delimiter: str = ";"
) -> Grid | DocumentProblem:
    """The rows of ``document``; rows before a break are kept, and rows without any cell filled
    are no rows. A cell over ``LONGEST_CELL`` characters is a break."""
    text = _text(document, encodings)
    if isinstance(text, DocumentProblem):
        return text
    whole, broken_at = _whole_lines(text)
    return _grid(whole, delimiter, broken_at)


def _text(document: RawDocument, encodings: Sequence[str]) -> str | DocumentProblem:
    if not document.content.strip():
        return DocumentProblem(document.name, "empty_document")
    if problem := wrong_format(document, Kind.TEXT):
        return problem
    text = decode(document.content, encodings)
    if isinstance(text, WrongEncoding):
        return DocumentProblem(document.name, "wrong_encoding", text.line)
    return text


def _whole_lines(text: str) -> tuple[str, int | None]:
    """The lines of ``text`` that are surely whole, and the line of the break, if there is one.

    A file system that lost power fills the tail with NUL. A file cut short lacks the last line
    break; what stands there may be half of a value, such as a code that is another person's.
    """
    nul = text.find("\0")
    end = text.rfind("\n", 0, nul if nul >= 0 else len(text)) + 1
    whole = text[:end]
    return whole, (whole.count("\n") + 1 if end < len(text) else None)


def _grid(text: str, delimiter: str, broken_at: int | None) -> Grid:
    grid = Grid(lines=[], padded=False, damaged_at=broken_at)
    grid.damage = BROKEN if broken_at else ""
    csv.field_size_limit(LONGEST_CELL)
    physical_lines = io.StringIO(text, newline="\n")  # an editor parts them by LF or CRLF only
    reader = csv.reader(physical_lines, delimiter=delimiter, strict=True)
    start = 1
    try:
        for row in reader:
            if any(row) and any(cell.strip() for cell in row) and not grid.add(row, start):
                break
            start = reader.line_num + 1
    except csv.Error:
        grid.damage, grid.damaged_at = BROKEN, start
    return grid


def _is_plain(text: str) -> bool:
    """Is every line a row? Then no quote must be followed, and a file of a million rows is cut
    up in a second instead of ten; tests keep both ways equal."""
    return bool(text) and '"' not in text and text.count("\r") == text.count("\r\n")


def _plain_table(
    document: RawDocument, text: str, delimiter: str, broken_at: int | None
) -> Reading:
    lines = (
        pl.DataFrame({"text": pl.Series([text.removesuffix("\n")]).str.split("\n").explode()})
        .with_row_index("line", 1)
        .with_columns(pl.col("text").str.strip_suffix("\r"))
    )
    too_long = lines.filter(pl.col("text").str.len_chars() > LONGEST_CELL).head(1)
    if too_long.height:  # perhaps a single cell: the careful way tells
        return table_of(document.name, _grid(text, delimiter, broken_at))
    blank = pl.col("text").str.replace_all(delimiter, "", literal=True).str.strip_chars() == ""
    rows = lines.filter(~blank)
    header = [cell.strip() for cell in rows["text"][0].split(delimiter)] if rows.height else []
    if why := bad_header(header) if header else "нет строки с названиями колонок":
        rule = "broken_document" if header else "empty_document"
        return unread(document, rule, line=1, detail=why)
    fits = pl.col("text").str.count_matches(delimiter, literal=True) == len(header) - 1
    body = rows[1:]
    frame = _cut_up(document.name, body.filter(fits), header, delimiter)
    unfit = body.filter(~fits)["line"]
    problems = []
    if unfit.len():
        detail = f"строк с другим числом ячеек: {unfit.len()}"
        problems.append(DocumentProblem(document.name, "broken_document", unfit[0], None, detail))
    if broken_at is not None:
        problems.append(DocumentProblem(document.name, "broken_document", broken_at, None, BROKEN))
    return Reading(frame, problems)


def _cut_up(name: str, body: pl.DataFrame, header: Sequence[str], delimiter: str) -> pl.DataFrame:
    cells = body["text"].str.split_exact(delimiter, len(header) - 1).struct.unnest()
    columns = [cells.to_series(place).alias(column) for place, column in enumerate(header)]
    return frame_of(name, columns, body["line"])
