"""The file that a district or a school fills in: a template, and how it is read back.

Two sheets: a row for each school, and a line for each thing that a school may have several of.
What cannot be read is told with sheet, cell, why and how to mend it, and never quoted: a cell may
hold a name. A row with a fault leaves its school as it was and no other.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

from openpyxl import Workbook
from openpyxl.styles import Alignment, Font, PatternFill
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.datavalidation import DataValidation
from openpyxl.worksheet.worksheet import Worksheet

from connectors.base import DocumentProblem, RawDocument
from connectors.formats.grid import Grid
from connectors.formats.xlsx import read_grids
from pipeline.passports.values import (
    LINE,
    VALID_FROM,
    ValueRefusedError,
    declared,
    read_value,
)
from pipeline.passports.versions import Declared
from quality.passports import NO, YES, PassportField, Value, passport_fields

MAIN, LINES = "Паспорт", "Перечни"
SCHOOL, NAME = "Код школы", "Школа"
LINE_TITLES = (SCHOOL, "Раздел", "Содержание", "Реквизиты или решение")
_FIRST = 3  # below the titles and the hints


class PassportFileError(Exception):
    """The file is no workbook of passports; nothing of it was taken. Begin with the template."""


@dataclass(frozen=True)
class Problem:
    """A fault of the file. ``cell``: as a spreadsheet calls it, empty for a whole sheet."""

    sheet: str
    cell: str
    why: str
    fix: str


@dataclass
class Read:
    """What a file says, and what of it could not be taken."""

    declared: list[Declared] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)


NamesSomebody = Callable[[str, str], bool]  # school, text
_Cell = tuple[str, str | None]  # its place, and what it says
_Lines = dict[str, dict[str, list[tuple[str, str]]]]  # by school and code of the list


def write_template(path: Path, schools: Mapping[str, str], today: date) -> None:
    """An empty file for ``schools`` (code -> name), valid from ``today``. Raises ``OSError``."""
    book = Workbook()
    book.remove(book.worksheets[0])
    known = passport_fields()
    main: Worksheet = book.create_sheet(MAIN)
    titles = [SCHOOL, NAME, VALID_FROM.title, *(one.title for one in known.fields)]
    hints = ["как в Своде", "для справки, не читается", VALID_FROM.hint]
    _headed(main, titles, [*hints, *(one.hint for one in known.fields)])
    for code, name in schools.items():
        main.append([code, name, today])
        main.cell(main.max_row, 3).number_format = "DD.MM.YYYY"
    for number, one in enumerate(known.fields, start=4):
        if choices := [YES, NO] if one.kind == "yes_no" else one.choices:
            _offer(main, number, choices)
    lines: Worksheet = book.create_sheet(LINES)
    _headed(lines, LINE_TITLES, ["как в Своде", "из списка", "текст без имён людей", "то же"])
    _offer(lines, 2, [one.title for one in known.lists])
    book.save(path)


def read_passports(path: Path, schools: Collection[str], names_somebody: NamesSomebody) -> Read:
    """The passports of the file at ``path``.

    ``schools``: codes of the registry. ``names_somebody``: whether a text names one of a school's
    people; such a text is refused, since it would stand in the clear. Raises ``PassportFileError``
    and ``OSError``.
    """
    grids = read_grids(RawDocument(path.name, path.read_bytes(), ""))
    if isinstance(grids, DocumentProblem):
        raise PassportFileError(
            f"{path.name}: {grids.detail or 'файл не открывается'}; нужна книга Excel: возьмите"
            " svod passports template"
        )
    return _Reader(path.name, grids, schools, names_somebody).read()


class _Reader:
    """One file."""

    def __init__(
        self,
        name: str,
        grids: Mapping[str, Grid],
        schools: Collection[str],
        names_somebody: NamesSomebody,
    ) -> None:
        if MAIN not in grids or LINES not in grids:
            raise PassportFileError(
                f"{name}: нужны листы «{MAIN}» и «{LINES}»; возьмите svod passports template"
            )
        self._grids = grids
        self._schools = schools
        self._names_somebody = names_somebody
        self._fields = {one.title: one for one in passport_fields().fields}
        self._found = Read()
        self._faulty: set[str] = set()  # schools whose passport is not taken
        self._unread: set[str] = set()  # sheets that are not whole
        self._refused: dict[tuple[str, str], str] = {}  # by sheet and place: why

    def read(self) -> Read:
        lines = self._lines()
        if LINES in self._unread:
            return self._found  # a passport without its lines would say that there are none
        taken: set[str] = set()
        for cells in self._rows(MAIN, [SCHOOL, VALID_FROM.title, *self._fields]):
            # A row of the template that nobody has filled in declares nothing.
            filled = any(self._says(MAIN, cells[title]) for title in self._fields)
            if filled or cells[SCHOOL][1] in lines:
                self._passport(cells, lines, taken)
        strays = set(lines) - taken - self._faulty
        for code in sorted(strays):
            self._tell(LINES, "", f"нет строки школы {code} на листе «{MAIN}»", "добавьте строку")
        return self._found

    def _passport(
        self,
        cells: Mapping[str, _Cell],
        lines: _Lines,
        taken: set[str],
    ) -> None:
        before = len(self._found.problems)
        code = self._school(MAIN, cells[SCHOOL])
        values = {
            title: self._value(code, cells[title], one) for title, one in self._fields.items()
        }
        valid_from = self._value(code, cells[VALID_FROM.title], VALID_FROM)
        if valid_from is None and len(self._found.problems) == before:
            place, _ = cells[VALID_FROM.title]
            self._tell(MAIN, place, "не указано, с какого дня", VALID_FROM.hint)
        if code in taken:
            self._tell(MAIN, cells[SCHOOL][0], "школа уже есть выше", "оставьте одну строку")
        if code is None:
            return
        if len(self._found.problems) > before or code in self._faulty:
            self._faulty.add(code)
            return
        taken.add(code)
        said = {one.code: values[title] for title, one in self._fields.items()}
        since = date.fromisoformat(str(valid_from))
        self._found.declared.append(declared(code, since, said, lines.get(code, {})))

    def _lines(self) -> _Lines:
        """The lines of each school, by code of the list."""
        lists = {one.title: one.code for one in passport_fields().lists}
        kept: _Lines = {}
        for cells in self._rows(LINES, LINE_TITLES):
            before = len(self._found.problems)
            code = self._school(LINES, cells[SCHOOL])
            place, words = cells["Раздел"]
            if words not in lists:
                self._tell(LINES, place, "такого раздела нет", "одно из: " + ", ".join(lists))
            what = self._value(code, cells["Содержание"], LINE, LINES)
            details = self._value(code, cells["Реквизиты или решение"], LINE, LINES)
            if what is None and len(self._found.problems) == before:
                self._tell(LINES, cells["Содержание"][0], "пусто", "впишите содержание")
            if code is None:
                continue
            if len(self._found.problems) > before or words is None:
                self._faulty.add(code)
                continue
            entry = (str(what), str(details or ""))
            kept.setdefault(code, {}).setdefault(lists[words], []).append(entry)
        return kept

    def _rows(self, sheet: str, titles: Sequence[str]) -> Iterator[dict[str, _Cell]]:
        """Rows below the hints: by title the place of the cell and what it says."""
        grid = self._grids[sheet]
        header = [(cell or "").strip() for cell in grid.rows[0]] if grid.rows else []
        missing = [title for title in titles if title not in header]
        strange = [title for title in header if title and title not in (*titles, NAME)]
        for title in missing:
            self._tell(sheet, "", f"нет колонки «{title}»", "возьмите svod passports template")
        for title in strange:
            place = f"{get_column_letter(header.index(title) + 1)}1"
            self._tell(sheet, place, "такой колонки в паспорте нет", "удалите или переименуйте её")
        if grid.damage:
            self._tell(sheet, "", grid.damage, "сохраните файл заново")
        if missing or grid.damage:
            self._unread.add(sheet)
            return
        for cell in grid.refused:
            place = f"{get_column_letter(cell.column)}{grid.line(cell.row)}"
            self._refused[sheet, place] = cell.why
        columns = {title: header.index(title) for title in titles}
        for number, row in enumerate(grid.rows[_FIRST - 1 :], start=_FIRST):
            cells = {
                title: (
                    f"{get_column_letter(column + 1)}{grid.line(number)}",
                    row[column] if column < len(row) else None,
                )
                for title, column in columns.items()
            }
            if any(self._says(sheet, cell) for cell in cells.values()):
                yield cells

    def _says(self, sheet: str, cell: _Cell) -> bool:
        """Whether there is anything in it, be it something that must not be read."""
        return bool(cell[1]) or (sheet, cell[0]) in self._refused

    def _school(self, sheet: str, cell: _Cell) -> str | None:
        place, words = cell
        code = (words or "").strip()
        if code in self._schools:
            return code
        self._tell(sheet, place, "такой школы в Своде нет", "код — как в svod passports list")
        return None

    def _value(
        self,
        school: str | None,
        cell: _Cell,
        one: PassportField,
        sheet: str = MAIN,
    ) -> Value | None:
        place, words = cell
        if why := self._refused.get((sheet, place)):
            self._tell(sheet, place, why, "впишите значение")
            return None
        try:
            return read_value(
                one,
                words,
                lambda said: school is not None and self._names_somebody(school, said),
            )
        except ValueRefusedError as error:
            self._tell(sheet, place, error.why, error.fix)
            return None

    def _tell(self, sheet: str, cell: str, why: str, fix: str) -> None:
        self._found.problems.append(Problem(sheet, cell, why, fix))


def _headed(sheet: Worksheet, titles: Sequence[str], hints: Sequence[str]) -> None:
    sheet.append(list(titles))
    sheet.append(list(hints))
    for number in range(1, len(titles) + 1):
        sheet.column_dimensions[get_column_letter(number)].width = 24
        for row, font in ((1, Font(bold=True)), (2, Font(color="5B6470"))):
            cell = sheet.cell(row, number)
            cell.font = font
            cell.fill = PatternFill("solid", fgColor="E3EBF4")
            cell.alignment = Alignment(wrap_text=True, vertical="top")
    sheet.freeze_panes = f"C{_FIRST}"


def _offer(sheet: Worksheet, column: int, choices: Sequence[str]) -> None:
    """The choices of a column, to be picked from; a thousand schools are more than a region has."""
    offered = DataValidation(type="list", formula1=f'"{",".join(choices)}"', allow_blank=True)
    letter = get_column_letter(column)
    offered.add(f"{letter}{_FIRST}:{letter}1000")
    sheet.add_data_validation(offered)
