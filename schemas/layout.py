"""How an export lies in its folder and how its files become tables: data of a profile.

The ``documents`` of a mapping profile (``mappings/profiles/*/*.yml``) are read into ``Layout``
and handed to ``connectors/drops``, so that a new file system costs no code. Regular expressions
are Python's; a named group becomes a column of every row. In short::

    documents:
      note: {file: export.txt, format: lines, taken_at: создано, first_day: с, last_day: по}
      archives: true                          # a ZIP stands for the files in it
      formats:                                # by suffix
        .csv: {kind: csv, delimiter: ";", encodings: [utf-8, cp1251]}
        .xlsx: {kind: sheet}
      tables:
        pupils: {columns: [Класс, ФИО]}       # the file pupils.csv or pupils.xlsx
        journal:
          file: 'journal_[0-9]+'              # the name without its suffix
          many: true                          # several files, one table
          formats: {.xlsx: {kind: sheet, sheet: Журнал, header_row: 6}}
          caption: {required: [Класс, Предмет], optional: [Группа], period: Период}
          wide:
            keep: [ФИО]
            header: '(?P<Дата>[0-9]{2}[.][0-9]{2})/(?P<Урок>[0-9]+)'
            cell: Ячейка
            named: Столбец
          years: [Дата]
"""

from __future__ import annotations

import re
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

Encoding = Literal["utf-8", "cp1251", "cp866"]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


def _pattern(text: str | None) -> str | None:
    if text is not None:
        try:
            re.compile(text)
        except re.error as error:
            raise ValueError(f"not a regular expression: {error}") from None
    return text


class Listed(_Strict):
    """Where an XML note lists the files: element and its attributes."""

    element: str
    name: str
    records: str


class Note(_Strict):
    """The file an export writes last; without it the folder is still being written.

    ``taken_at`` (ISO instant), ``first_day`` and ``last_day`` (ISO) name what the note says of
    the export: attributes of the root of an XML note, keys of ``key=value`` lines. A note of
    format ``marker`` says nothing: taken on the day of its folder, covering the year so far.
    ``expect``: what else it must say, as shell patterns; ``school``: what holds the school code.
    """

    file: str
    format: Literal["xml", "lines", "marker"]
    root: str | None = None
    taken_at: str | None = None
    first_day: str | None = None
    last_day: str | None = None
    expect: dict[str, str] = {}
    school: str | None = None
    listed: Listed | None = None

    @model_validator(mode="after")
    def _says_when(self) -> Note:
        said = (self.taken_at, self.first_day, self.last_day)
        if self.format != "marker" and None in said:
            raise ValueError("name taken_at, first_day and last_day, or use format: marker")
        if (self.root is None) == (self.format == "xml") or (self.listed and self.root is None):
            raise ValueError("root and listed belong to an XML note, which must name its root")
        return self


class XmlFormat(_Strict):
    """``<root name="table"><record><Column>…</Column></record></root>``."""

    kind: Literal["xml"]
    root: str
    record: str
    name: str | None = None  # attribute of the root that must hold the table's name


class CsvFormat(_Strict):
    """A byte order mark decides the encoding; else the first that reads the whole file."""

    kind: Literal["csv"]
    delimiter: str = Field(";", min_length=1, max_length=1)
    encodings: list[Encoding] = Field(["utf-8"], min_length=1)
    header_row: int = Field(1, ge=1)
    header_rows: int = Field(1, ge=1, le=3)


class DbfFormat(_Strict):
    """dBASE III; the code page in the head decides, else ``encodings``. Names of columns are
    cut to ten letters there, so a documented column is known by its first ten."""

    kind: Literal["dbf"]
    encodings: list[Encoding] = Field(["cp866"], min_length=1)


class SheetFormat(_Strict):
    """A sheet of a workbook (XLSX, or XLS by the suffix): by title, else the only one filled.

    ``header_rows`` above 1: the names of a column stand one below the other, an empty cell
    repeats its left neighbour (merged cells), and they are joined by a space.
    """

    kind: Literal["sheet"]
    sheet: str | None = None
    header_row: int = Field(1, ge=1)
    header_rows: int = Field(1, ge=1, le=3)


class HtmlFormat(_Strict):
    """The table of a page that has every one of these CSS classes."""

    kind: Literal["html"]
    css: list[str] = Field(min_length=1)


Format = Annotated[
    XmlFormat | CsvFormat | DbfFormat | SheetFormat | HtmlFormat, Field(discriminator="kind")
]


class Caption(_Strict):
    """Lines above the table, «Класс: 7а»: lines of ``p.caption`` in HTML, else rows above the
    header whose first cell is the name (a colon may follow) and whose second is the value.

    Each but ``period`` («01.09.2026 - 18.09.2026») becomes a column. ``sheet``: the sheet of a
    workbook on whose top it stands, where that is another than the table's.
    """

    sheet: str | None = None
    required: list[str] = []
    optional: list[str] = []
    period: str | None = None


class Wide(_Strict):
    """A column per lesson; each filled cell becomes a row.

    ``keep``: columns repeated on each row; ``leave``: columns that say nothing; ``header``: what
    the other headers look like; ``cell`` and ``named``: the columns made of the cell and of its
    header; ``suspect``: a header that looks like this and does not fit ``header`` is a lesson
    we cannot place, so the table is not whole; any other is an unknown column.
    """

    keep: list[str] = Field(min_length=1)
    leave: list[str] = []
    header: str
    cell: str
    named: str
    suspect: str | None = None

    _is_pattern = field_validator("header", "suspect")(_pattern)

    def columns(self) -> list[str]:
        """The columns of the long table, in order."""
        return [*self.keep, *re.compile(self.header).groupindex, self.cell, self.named]


class Covers(_Strict):
    """Each pair of these columns in ``table`` must have a file of ours, else one is missing."""

    table: str
    by: list[str] = Field(min_length=1)


class DocumentTable(_Strict):
    """What feeds one table.

    ``file``: the name without suffix (by default the table's own); ``many``: of several files;
    ``optional``: an upload may be without; ``columns``: the documented ones (XML leaves out a
    column that nobody filled, DBF cuts their names); ``years``: columns with days «дд.мм»,
    completed from the caption's period or the days of the upload; a day that fits no year, or
    two, stays as it is.
    """

    file: str | None = None
    many: bool = False
    optional: bool = False
    formats: dict[str, Format] = {}
    columns: list[str] = []
    caption: Caption | None = None
    wide: Wide | None = None
    years: list[str] = []
    covers: Covers | None = None
    instead_of: str | None = None
    assumed: bool = False
    note: str = ""

    _is_pattern = field_validator("file")(_pattern)

    def known_columns(self) -> list[str]:
        """The columns that are known before any file is read, as they come."""
        above = [*self.caption.required, *self.caption.optional] if self.caption else []
        named = list(re.compile(self.file).groupindex) if self.file else []
        return [*above, *named, *(self.wide.columns() if self.wide else self.columns)]

    @model_validator(mode="after")
    def _each_column_once(self) -> DocumentTable:
        known = self.known_columns()
        twice = sorted({column for column in known if known.count(column) > 1})
        if twice:
            raise ValueError(f"these columns come from two places: {', '.join(twice)}")
        of_a_file = known[: len(known) - len(self.wide.columns() if self.wide else self.columns)]
        if self.covers is not None and not set(self.covers.by) <= set(of_a_file):
            raise ValueError("covers: neither the caption nor the file's name gives these columns")
        return self


class Layout(_Strict):
    """The files of an upload: ``<drop root>/<school>/<YYYY-MM-DD>/``."""

    note: Note
    archives: bool = False
    formats: dict[str, Format] = {}
    tables: dict[str, DocumentTable] = Field(min_length=1)
    assumed: bool = False

    @model_validator(mode="after")
    def _all_readable(self) -> Layout:
        for name, table in self.tables.items():
            if not (table.formats or self.formats):
                raise ValueError(f"table {name}: no format says how its file is read")
            if table.covers is not None and table.covers.table not in self.tables:
                raise ValueError(f"table {name}: covers names no table of this layout")
            if table.instead_of is not None and not (
                table.optional and table.instead_of in self.tables
            ):
                raise ValueError(f"table {name}: instead_of needs optional, and a table to replace")
        return self

    def formats_of(self, table: str) -> dict[str, Format]:
        """Formats by suffix: the table's own, else the common ones."""
        return dict(self.tables[table].formats or self.formats)
