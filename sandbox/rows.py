"""Tables in a source's own words, with the planted defects that sit in their rows."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import cache

from sandbox.members import Flaw

Cell = str | int | None


@dataclass
class Row:
    """Cells by column; ``flaws`` learn their document and line when the row is written."""

    cells: dict[str, Cell]
    flaws: list[Flaw] = field(default_factory=list)

    def spoil(self, flaw: Flaw | None) -> Row:
        """Put the defect into the row; an empty ``value`` empties the cell, None leaves it."""
        if flaw is not None:
            if flaw.value is not None:
                self.cells[flaw.field] = flaw.value or None
            self.flaws.append(flaw)
        return self

    def place(self, document: str, line: int) -> None:
        for flaw in self.flaws:
            flaw.document, flaw.line = document, line


def row(**cells: Cell) -> Row:
    """A row whose columns are Python names."""
    return Row(dict(cells))


@dataclass
class Table:
    """Rows of one table, in the order in which they are written."""

    name: str
    columns: list[str]
    rows: list[Row]

    def place(self, document: str, first_line: int) -> None:
        """Tell every planted defect where it stands, rows following one another."""
        for line, one in enumerate(self.rows, start=first_line):
            one.place(document, line)

    def texts(self) -> Iterable[list[Cell]]:
        return ([one.cells.get(column) for column in self.columns] for one in self.rows)


def table(name: str, columns: str, rows: Iterable[Row]) -> Table:
    """A table whose ``columns`` are named in one comma-separated line."""
    return Table(name, [column.strip() for column in columns.split(",")], list(rows))


def add_column(table: Table, flaw: Flaw, value: Callable[[int], str]) -> None:
    """Give the table a column nobody has described."""
    table.columns.append(flaw.field)
    for number, one in enumerate(table.rows, start=1):
        one.cells[flaw.field] = value(number)


@cache
def day_text(day: date | None) -> str | None:
    """``dd.mm.yyyy``."""
    return f"{day:%d.%m.%Y}" if day else None


def moment_text(moment: datetime | None) -> str | None:
    """``dd.mm.yyyy HH:MM:SS`` in the region's zone."""
    return f"{moment:%d.%m.%Y %H:%M:%S}" if moment else None


def minute_text(moment: datetime | None) -> str | None:
    """``dd.mm.yyyy HH:MM`` in the region's zone."""
    return f"{moment:%d.%m.%Y %H:%M}" if moment else None


def hours_text(hours: float) -> str:
    """A number of hours with a decimal comma, where there is anything behind it."""
    return f"{hours:g}".replace(".", ",")


def yes_no(value: bool) -> str:
    return "да" if value else "нет"
