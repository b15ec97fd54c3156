"""The workbook in which a person counts the paper journal: a template, and how it is read back.

A row for each sheet of the paper journal: class, subject, month, lessons held and marks. Class and
subject are those of the school's journal by their names; nothing is guessed. What cannot be read is
told by cell, with how to mend it, and never quoted: a cell may hold a name. A workbook with a fault
is not taken at all.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

from openpyxl import Workbook
from openpyxl.styles import Font
from openpyxl.utils import get_column_letter
from sqlalchemy import Connection, select
from sqlalchemy.sql import ColumnElement

from connectors.base import DocumentProblem, RawDocument
from connectors.formats.grid import Grid
from connectors.formats.xlsx import read_grids
from pipeline.measuring.paper_counts import Sheet
from schemas.tables import journal_table

SHEET, NAMES = "Бумажный журнал", "Названия"
CLASS, SUBJECT, MONTH, LESSONS, MARKS = TITLES = (
    "Класс", "Предмет", "Месяц", "Проведено уроков", "Отметок",
)  # fmt: skip
_MONTH = re.compile(r"(?P<month>0?[1-9]|1[0-2])\.(?P<year>20\d\d)")
_FIRST_DAY = re.compile(r"01\.(?P<month>\d\d)\.(?P<year>20\d\d)")  # a cell that holds a date
_COUNT = re.compile(r"\d{1,5}")
_WIDTH = 24


class PaperFileError(Exception):
    """The workbook was not taken; correct the cells that the message names and import it again."""

    def __init__(self, name: str, problems: Sequence[str]) -> None:
        super().__init__("\n".join(f"{name}: {problem}" for problem in problems))


@dataclass(frozen=True)
class Names:
    """Classes and subjects of a journal: their keys by name, as ``_same`` writes it. A name that
    two of them bear has two keys."""

    classes: Mapping[str, Sequence[str]]
    subjects: Mapping[str, Sequence[str]]
    shown: tuple[Sequence[str], Sequence[str]] = ((), ())  # the names as the journal has them


def names_of(connection: Connection, school: str, source: str, year: int) -> Names:
    """The names that the journal ``source`` of ``school`` has in the school year ``year``."""
    classes = _keys(connection, "class_", school, source, year)
    subjects = _keys(connection, "subject", school, source, year)
    return Names(
        _by_name(classes),
        _by_name(subjects),
        (sorted({name for name, _ in classes}), sorted({name for name, _ in subjects})),
    )


def write_template(path: Path, names: Names) -> None:
    """An empty workbook, and the names to choose from beside it. Raises ``OSError``."""
    book = Workbook()
    book.remove(book.worksheets[0])
    main = book.create_sheet(SHEET)
    main.append(list(TITLES))
    listed = book.create_sheet(NAMES)
    listed.append([CLASS, SUBJECT])
    for column, words in enumerate(names.shown, start=1):
        for row, name in enumerate(words, start=2):
            listed.cell(row, column, name)
    for sheet in (main, listed):
        sheet.freeze_panes = "A2"
        for column in range(1, sheet.max_column + 1):
            sheet.cell(1, column).font = Font(bold=True)
            sheet.column_dimensions[get_column_letter(column)].width = _WIDTH
    for row in main.iter_rows(min_row=2, max_row=500, min_col=3, max_col=3):
        row[0].number_format = "@"  # else 09.2026 becomes a day
    book.save(path)


def read_sheets(path: Path, names: Names) -> list[Sheet]:
    """The sheets that the workbook counts. Raises ``PaperFileError`` and ``OSError``."""
    grids = read_grids(RawDocument(path.name, path.read_bytes(), ""))
    if isinstance(grids, DocumentProblem):
        raise PaperFileError(
            path.name,
            [
                f"{grids.detail or 'файл не открывается'}; нужна книга Excel: возьмите"
                " svod paper template"
            ],
        )
    if SHEET not in grids:
        raise PaperFileError(path.name, [f"нет листа «{SHEET}»; возьмите svod paper template"])
    reader = _Reader(grids[SHEET], names)
    sheets = reader.read()
    if reader.problems:
        raise PaperFileError(path.name, reader.problems)
    return sheets


@dataclass
class _Reader:
    """The rows of one workbook, and what is wrong with them."""

    grid: Grid
    names: Names
    problems: list[str] = field(default_factory=list)
    refused: set[str] = field(default_factory=set)  # cells that must not be read

    def read(self) -> list[Sheet]:
        found: dict[tuple[str, str, date], Sheet] = {}
        for line, cells in self._rows():
            sheet = self._sheet(line, cells)
            if sheet is None:
                continue
            place = (sheet.class_key, sheet.subject_key, sheet.month)
            if place in found:
                self._tell(line, CLASS, "этот класс, предмет и месяц уже есть выше; удалите строку")
            found[place] = sheet
        if not found and not self.problems:
            self.problems.append(f"лист «{SHEET}»: нет ни одной строки")
        return list(found.values())

    def _rows(self) -> Iterator[tuple[int, list[str]]]:
        """Place and cells of each row that says anything."""
        header = [(cell or "").strip() for cell in self.grid.rows[0]] if self.grid.rows else []
        if tuple(header[: len(TITLES)]) != TITLES:
            wanted = ", ".join(TITLES)
            self.problems.append(f"лист «{SHEET}», строка 1: колонки должны быть {wanted}")
            return
        if self.grid.damage:
            self.problems.append(f"лист «{SHEET}»: {self.grid.damage}; сохраните файл заново")
        for refused in self.grid.refused:
            cell = f"{get_column_letter(refused.column)}{self.grid.line(refused.row)}"
            self.refused.add(cell)
            self.problems.append(f"{cell}: {refused.why}; впишите значение")
        for number, row in enumerate(self.grid.rows[1:], start=2):
            cells = [(cell or "").strip() for cell in row[: len(TITLES)]]
            cells += [""] * (len(TITLES) - len(cells))
            if any(cells):
                yield self.grid.line(number), cells

    def _sheet(self, line: int, cells: Sequence[str]) -> Sheet | None:
        said = dict(zip(TITLES, cells, strict=True))
        class_key = self._key(line, CLASS, said[CLASS], self.names.classes)
        subject_key = self._key(line, SUBJECT, said[SUBJECT], self.names.subjects)
        month = self._month(line, said[MONTH])
        lessons = self._count(line, LESSONS, said[LESSONS])
        marks = self._count(line, MARKS, said[MARKS])
        if class_key is None or subject_key is None or month is None:
            return None
        if lessons is None or marks is None:
            return None
        return Sheet(class_key, subject_key, month, lessons, marks)

    def _key(
        self, line: int, title: str, words: str, known: Mapping[str, Sequence[str]]
    ) -> str | None:
        keys = known.get(_same(words), [])
        if len(keys) == 1:
            return keys[0]
        self._tell(
            line,
            title,
            "так в журнале школы названо несколько; дайте им в журнале разные названия"
            if keys
            else f"в журнале школы такого названия нет; возьмите его с листа «{NAMES}» шаблона",
        )
        return None

    def _month(self, line: int, words: str) -> date | None:
        match = _MONTH.fullmatch(words) or _FIRST_DAY.fullmatch(words)
        if match is None:
            self._tell(line, MONTH, "нужен месяц и год, например 09.2026")
            return None
        return date(int(match["year"]), int(match["month"]), 1)

    def _count(self, line: int, title: str, words: str) -> int | None:
        if _COUNT.fullmatch(words) is None:
            self._tell(line, title, "нужно целое число; если ничего нет, впишите 0")
            return None
        return int(words)

    def _tell(self, line: int, title: str, why: str) -> None:
        cell = f"{get_column_letter(TITLES.index(title) + 1)}{line}"
        if cell not in self.refused:
            self.problems.append(f"{cell}: {why}")


def _keys(
    connection: Connection, entity: str, school: str, source: str, year: int
) -> list[tuple[str, str]]:
    """Name and key of what the journal has of ``entity``."""
    table = journal_table(entity)
    here: list[ColumnElement[bool]] = [
        table.c.school == school,
        table.c.source == source,
        table.c.school_year == year,
        table.c.vanished_at.is_(None),
    ]
    rows = connection.execute(select(table.c.name, table.c.source_key).where(*here))
    return [(name, key) for name, key in rows]


def _by_name(found: Sequence[tuple[str, str]]) -> dict[str, list[str]]:
    keys: dict[str, list[str]] = defaultdict(list)
    for name, key in found:
        keys[_same(name)].append(key)
    return keys


def _same(name: str) -> str:
    """«7 А» and «7а» are one class, «Русский  язык» and «русский язык» one subject."""
    return "".join(name.split()).casefold()
