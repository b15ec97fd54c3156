"""A sheet, page or file as rows of cells, and the table that stands in it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import zip_longest

from connectors.base import DocumentProblem
from connectors.formats.reading import (
    CELLS,
    COLUMNS,
    REFUSED,
    Reading,
    bad_header,
    bounded,
    make_frame,
)

Row = Sequence[str | None]


@dataclass(frozen=True)
class Refused:
    """A cell that must not be read, by place of its row in the grid and column, from 1."""

    row: int
    column: int
    why: str


@dataclass
class Grid:
    """Cells as text. ``lines``: the place of each row where it is not its number from 1;
    ``padded``: a row may be shorter than the header (sheets), else that is a fault.
    ``damage`` says why reading stopped, empty if it did not, and ``damaged_at`` where."""

    rows: list[Row] = field(default_factory=list)
    lines: list[int] | None = None
    padded: bool = True
    refused: list[Refused] = field(default_factory=list)
    damage: str = ""
    damaged_at: int | None = None
    cells: int = 0  # taken up so far; an empty row counts as one

    def add(self, cells: Row, line: int | None = None) -> bool:
        """Adds a row; False, and damage told, where it crosses a bound of tables."""
        self.cells += len(cells) or 1
        if len(cells) > COLUMNS or self.cells > CELLS or len(self.refused) > REFUSED:
            self.damage = "слишком много строк, колонок или негодных ячеек"
            self.damaged_at = line or len(self.rows) + 1
            return False
        self.rows.append(cells)
        if self.lines is not None and line is not None:
            self.lines.append(line)
        return True

    def refuse(self, column: int, why: str) -> None:
        """Refuses a cell of the row that will be added next."""
        self.refused.append(Refused(len(self.rows) + 1, column, why))

    def line(self, number: int) -> int:
        """The place of row ``number`` (from 1) as a person would look for it."""
        return self.lines[number - 1] if self.lines is not None else number

    @property
    def filled(self) -> bool:
        """Is there anything in it?"""
        return any(cell for row in self.rows for cell in row)


@dataclass(frozen=True)
class Body:
    """Rows below a header, each as long as the header, and their places."""

    rows: list[Row]
    lines: list[int]
    problems: list[DocumentProblem]


def table_of(name: str, grid: Grid, *, header_row: int = 1, header_rows: int = 1) -> Reading:
    """The table of ``grid`` whose column names begin in ``header_row``; blank rows are skipped."""
    header = header_of(grid, header_row, header_rows)
    if why := bad_header(header) if header else "нет строки с названиями колонок":
        rule = "broken_document" if grid.filled else "empty_document"
        problem = DocumentProblem(name, rule, header_row, None, why)
        if grid.damage:
            problem = DocumentProblem(name, "broken_document", grid.damaged_at, None, grid.damage)
        return Reading(make_frame(name, [], [], []), [problem])
    body = body_of(name, grid, header, header_row + header_rows - 1)
    return Reading(make_frame(name, header, body.rows, body.lines), body.problems)


def header_of(grid: Grid, header_row: int, header_rows: int = 1) -> list[str]:
    """The names of the columns, empty where a column has none; no names: there is no such row.

    Of several rows of names the upper ones hold merged cells: an empty cell there repeats its
    left neighbour, and the names that stand one below the other are joined by a space.
    """
    last = header_row + header_rows - 1
    if len(grid.rows) < last:
        return []
    *upper, lowest = grid.rows[header_row - 1 : last]
    lowest_names = _without_tail(lowest)
    if not upper:
        return [(cell or "").strip() for cell in lowest_names]
    width = len(lowest_names) or max(len(row) for row in upper)
    named = [*(_repeated(row, width) for row in upper), lowest_names]
    columns = zip_longest(*named, fillvalue=None)
    return [" ".join(str(cell) for cell in cells if cell) for cells in columns]


def body_of(name: str, grid: Grid, columns: Sequence[str], last_header_row: int) -> Body:
    """Rows of ``grid`` below the header; rows that do not fit it are left out and told."""
    problems = [
        DocumentProblem(
            name, "broken_document", grid.line(cell.row), _at(columns, cell.column), cell.why
        )
        for cell in grid.refused
        if cell.row <= len(grid.rows)
    ]
    bad = {cell.row for cell in grid.refused}
    width = len(columns)
    rows: list[Row] = []
    lines: list[int] = []
    unfit: list[int] = []
    for number, cells in enumerate(grid.rows[last_header_row:], last_header_row + 1):
        if number in bad or not any(cells):
            continue
        if len(cells) != width:
            if any(cells[width:]) or not grid.padded:
                unfit.append(grid.line(number))
                continue
            cells = (*cells[:width], *[None] * (width - len(cells)))
        rows.append(cells)
        lines.append(grid.line(number))
    if unfit:
        detail = f"строк с другим числом ячеек: {len(unfit)}"
        problems.append(DocumentProblem(name, "broken_document", unfit[0], None, detail))
    if grid.damage:
        at = grid.damaged_at or len(grid.rows) + 1
        problems.append(DocumentProblem(name, "broken_document", at, None, grid.damage))
    return Body(rows, lines, bounded(problems))


def _repeated(cells: Row, width: int) -> list[str | None]:
    """``width`` names; a row ends with its last filled cell, which may be a merged one."""
    filled: list[str | None] = []
    for cell in (*cells[:width], *[None] * (width - len(cells))):
        filled.append(cell or (filled[-1] if filled else None))
    return filled


def _without_tail(cells: Row) -> list[str | None]:
    end = len(cells)
    while end and not cells[end - 1]:
        end -= 1
    return list(cells[:end])


def _at(columns: Sequence[str], column: int) -> str | None:
    return columns[column - 1] if column <= len(columns) else None
