"""CSV tables: ``;``, first row the column names, ``"`` quoting; a row's line is where it begins."""

from __future__ import annotations

import csv
from dataclasses import dataclass, field

from connectors.base import DocumentProblem, RawDocument
from connectors.formats.reading import Reading, bad_header, make_frame, unread
from connectors.formats.text import WrongEncoding, decode

DELIMITER = ";"


@dataclass
class _Rows:
    """Rows read so far; ``ragged`` are the lines of rows with another number of fields."""

    columns: list[str] = field(default_factory=list)
    rows: list[list[str]] = field(default_factory=list)
    lines: list[int] = field(default_factory=list)
    ragged: list[int] = field(default_factory=list)
    broken_at: int | None = None


def read_csv(document: RawDocument, encoding: str) -> Reading:
    """The table of ``document``. Rows before a break are kept; a row of another length than the
    header is left out, and the reading is then incomplete."""
    if not document.content.strip():
        return unread(document, "empty_document")
    text = decode(document.content, encoding)
    if isinstance(text, WrongEncoding):
        return unread(document, "wrong_encoding", line=text.line)
    found = _scan(*_whole_lines(text))
    if why := bad_header(found.columns) if found.columns else "нет строки с названиями колонок":
        return unread(document, "broken_document", line=1, detail=why)
    frame = make_frame(document.name, found.columns, found.rows, found.lines)
    return Reading(frame, _problems(document.name, found))


def _whole_lines(text: str) -> tuple[str, int | None]:
    """The lines of ``text`` that are surely whole, and the line of the break, if there is one.

    A file system that lost power fills the tail with NUL. A file cut short lacks the last line
    break; what stands there may be half of a value, such as a code that is another person's.
    """
    nul = text.find("\0")
    end = text.rfind("\n", 0, nul if nul >= 0 else len(text)) + 1
    whole = text[:end]
    return whole, (whole.count("\n") + 1 if end < len(text) else None)


def _scan(text: str, broken_at: int | None) -> _Rows:
    found = _Rows(broken_at=broken_at)
    reader = csv.reader(_physical_lines(text), delimiter=DELIMITER, strict=True)
    start = 1
    try:
        for row in reader:
            _take(found, row, start)
            start = reader.line_num + 1
    except csv.Error:
        found.broken_at = start
    return found


def _physical_lines(text: str) -> list[str]:
    """Lines as an editor counts them: parted by LF or CRLF only."""
    return [line + "\n" for line in text.split("\n")]


def _take(found: _Rows, row: list[str], line: int) -> None:
    if not any(cell.strip() for cell in row):
        return  # a line of nothing but delimiters is no record
    if not found.columns:
        found.columns = [cell.strip() for cell in row]
    elif len(row) != len(found.columns):
        found.ragged.append(line)
    else:
        found.rows.append(row)
        found.lines.append(line)


def _problems(name: str, found: _Rows) -> list[DocumentProblem]:
    problems = []
    if found.ragged:
        detail = f"строк с другим числом полей: {len(found.ragged)}"
        problems.append(DocumentProblem(name, "broken_document", found.ragged[0], None, detail))
    if found.broken_at is not None:
        detail = "строка оборвана, кавычки не закрыты или в файле есть нулевые байты"
        problems.append(DocumentProblem(name, "broken_document", found.broken_at, None, detail))
    return problems
