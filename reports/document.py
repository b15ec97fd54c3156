"""A document of tables, as it is: three writers make an XLSX, a PDF or a DOCX of it.

``write`` gives the same bytes for the same document, whenever it is called.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from enum import StrEnum

Value = str | int


class Look(StrEnum):
    """How a cell is set."""

    PLAIN = "plain"
    BOLD = "bold"
    MUTED = "muted"  # what is not there, hidden or only explained


@dataclass(frozen=True)
class Cell:
    """A text, or a whole number; ``span``: over how many columns it stands."""

    value: Value = ""
    look: Look = Look.PLAIN
    span: int = 1


Row = Sequence[Cell]


@dataclass(frozen=True)
class Table:
    """``widths``: parts of the page's width; ``head``: rows that every page repeats.

    The spans of each row add up to the number of widths.
    """

    widths: tuple[int, ...]
    head: Sequence[Row]
    rows: Sequence[Row]
    caption: str = ""

    def __post_init__(self) -> None:
        for row in (*self.head, *self.rows):
            if sum(cell.span for cell in row) != len(self.widths):
                raise ValueError(f"a row does not fill {len(self.widths)} columns")


@dataclass(frozen=True)
class Section:
    """What begins on a page, or a sheet, of its own. ``name``: of the sheet."""

    name: str
    title: str
    lines: Sequence[str] = ()
    tables: Sequence[Table] = ()
    closing: Sequence[str] = ()
    notes: Sequence[str] = ()
    landscape: bool = False


@dataclass(frozen=True)
class Document:
    """``day``: what it is as of; stands in its properties in place of a clock."""

    title: str
    day: date
    sections: Sequence[Section] = field(default_factory=tuple)


def named_apart(sections: Sequence[Section]) -> list[Section]:
    """``sections`` with names that a workbook can have: short, without its signs, each once."""
    taken: set[str] = set()
    named = []
    for section in sections:
        plain = "".join(" " if sign in "[]:*?/\\'" else sign for sign in section.name).strip()
        name, number = plain[:31] or "Лист", 1
        while name.casefold() in taken:
            number += 1
            tail = f" ({number})"
            name = plain[: 31 - len(tail)] + tail
        taken.add(name.casefold())
        named.append(replace(section, name=name))
    return named
