"""A sheet, page or file as rows of cells, and the table that stands in it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from connectors.base import DocumentProblem
from connectors.formats.reading import Reading, bad_header, make_frame


@dataclass
class Grid:
    """Cells of a sheet as text: ``rows[i]`` is sheet row ``i + 1``. ``formulas`` are (row,
    column) of refused cells, from 1; ``damage`` says why reading stopped, empty if it did not."""

    rows: list[list[str | None]] = field(default_factory=list)
    formulas: list[tuple[int, int]] = field(default_factory=list)
    damage: str = ""


def table_of(name: str, grid: Grid, *, header_row: int) -> Reading:
    """The table of ``grid`` whose column names stand in ``header_row``; blank rows are skipped."""
    header = _without_tail(grid.rows[header_row - 1]) if len(grid.rows) >= header_row else []
    if why := bad_header(header) if header else "нет строки с названиями колонок":
        rule = "broken_document" if any(any(row) for row in grid.rows) else "empty_document"
        return Reading(
            make_frame(name, [], [], []), [DocumentProblem(name, rule, header_row, None, why)]
        )
    columns = [cell or "" for cell in header]
    body = body_of(name, grid, columns, header_row)
    return Reading(make_frame(name, columns, body.rows, body.lines), body.problems)


@dataclass(frozen=True)
class Body:
    """Rows below a header, each as long as the header, and their sheet rows."""

    rows: list[list[str | None]]
    lines: list[int]
    problems: list[DocumentProblem]


def body_of(name: str, grid: Grid, columns: Sequence[str], header_row: int) -> Body:
    """Rows of ``grid`` below ``header_row``; rows with a formula or a stray cell are left out."""
    problems = [
        DocumentProblem(name, "broken_document", row, _at(columns, column), "ячейка с формулой")
        for row, column in grid.formulas
    ]
    bad = {row for row, _ in grid.formulas}
    rows, lines = [], []
    for line, cells in enumerate(grid.rows[header_row:], header_row + 1):
        if line in bad or not any(cells):
            continue
        if any(cells[len(columns) :]):
            problems.append(
                DocumentProblem(name, "broken_document", line, None, "ячейка вне колонок таблицы")
            )
            continue
        rows.append((cells + [None] * len(columns))[: len(columns)])
        lines.append(line)
    if grid.damage:
        problems.append(
            DocumentProblem(name, "broken_document", len(grid.rows) + 1, None, grid.damage)
        )
    return Body(rows, lines, problems)


def _without_tail(cells: list[str | None]) -> list[str | None]:
    end = len(cells)
    while end and cells[end - 1] is None:
        end -= 1
    return cells[:end]


def _at(columns: Sequence[str], column: int) -> str | None:
    return columns[column - 1] if column <= len(columns) else None
