"""Forms 2 to 4 of the documents, filled in: sections of a document.

What is not known is said to be not known («нет данных»), what is hidden to be hidden; nothing is
left blank that the hub or the school has something to say of.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from string import Formatter

from quality.declared import Facts, beside
from quality.forms import Form, FormColumn, FormRow
from quality.passports import NO_DATA, Value, places
from reports.document import Cell, Look, Row, Section, Table
from reports.words import short_date

Lines = Sequence[tuple[str, str]]


@dataclass(frozen=True)
class SchoolForm:
    """What a form tells of one school.

    ``values``: declared, with the contacts that were released; empty without a passport. ``known``:
    places that the hub fills itself. ``absent``: words that stand for something not told.
    """

    school: str
    district: str
    values: Mapping[str, Value] = field(default_factory=dict)
    lists: Mapping[str, Lines] = field(default_factory=dict)
    facts: Facts = field(default_factory=Facts)
    known: Mapping[str, str] = field(default_factory=dict)
    absent: frozenset[str] = frozenset({NO_DATA})
    passport: str = ""  # which version, for the foot of the form


@dataclass(frozen=True)
class Time:
    """What a form is as of, and since when what it counts is counted."""

    on: date
    since: date

    def places(self) -> dict[str, str]:
        """``on``, ``from`` and the parts of ``on``."""
        return {
            "on": short_date(self.on),
            "from": short_date(self.since),
            "on_day": f"{self.on:%d}",
            "on_month": f"{self.on:%m}",
            "on_year": f"{self.on:%Y}",
        }


def school_section(form: Form, school: SchoolForm, time: Time) -> Section:
    """The form of one school, whose rows are those of the document."""
    said = _places(school, time)
    table = Table(
        widths=tuple(column.width for column in form.columns),
        head=[_heading(form.columns)],
        rows=[
            _row(form, row, each, school)
            for row in form.rows
            for each in _repeated(row, school, said)
        ],
    )
    return Section(
        name=school.school,
        title=form.title.format_map(said),
        lines=[line.format_map(said) for line in form.heading],
        tables=[table, *(_list(one.title, one.columns, school.lists.get(one.code, ()), said, school)
                         for one in form.lists)],
        closing=[line.format_map(said) for line in form.closing],
        notes=[*_notes(form, said), *([school.passport] if school.passport else [])],
        landscape=form.landscape,
    )  # fmt: skip


def roll_section(form: Form, schools: Sequence[SchoolForm], time: Time, district: str) -> Section:
    """The form whose rows are the schools of ``district``."""
    said = time.places() | {"district": district}
    table = Table(
        widths=tuple(column.width for column in form.columns),
        head=[_heading(form.columns)],
        rows=[
            [fill(column.fill, _places(one, time), one.absent) for column in form.columns]
            for one in schools
        ],
    )
    return Section(
        name=district,
        title=form.title.format_map(said),
        lines=[line.format_map(said) for line in form.heading],
        tables=[table],
        closing=[line.format_map(said) for line in form.closing],
        notes=_notes(form, said),
        landscape=form.landscape,
    )


def differences(form: Form, school: SchoolForm) -> list[str]:
    """Where measured and declared differ, or nothing is declared: the row and how."""
    told = []
    for row in form.rows:
        if row.measured and (how := beside(row, school.values, school.facts).difference):
            told.append(f"{row.title.split(' (указывается')[0].rstrip('.')}: {how}")
    return told


def fill(template: str, said: Mapping[str, str], absent: frozenset[str]) -> Cell:
    """``template`` with its places filled; one word where all of them say that there is nothing.

    Raises ``KeyError`` for a place that nobody fills.
    """
    named = [name for _, name, _, _ in Formatter().parse(template) if name]
    values = {said[name] for name in named}
    if len(values) == 1 and values <= absent:
        return Cell(values.pop(), Look.MUTED)
    return Cell(template.format_map(said))


def _places(school: SchoolForm, time: Time) -> dict[str, str]:
    return (
        places(school.values)
        | dict(school.known)
        | time.places()
        | {"school": school.school, "district": school.district}
    )


def _heading(columns: Sequence[FormColumn]) -> Row:
    """Titles; a column that the one before it spans has none of its own."""
    cells, covered = [], 0
    for column in columns:
        if covered:
            covered -= 1
            continue
        cells.append(Cell(column.title, Look.BOLD, column.span))
        covered = column.span - 1
    return cells


def _repeated(
    row: FormRow, school: SchoolForm, said: Mapping[str, str]
) -> Iterator[Mapping[str, str]]:
    """The places of ``row``, once or for each line of the list that stands in it."""
    if not row.repeat:
        yield said
        return
    lines = school.lists.get(row.repeat) or [(NO_DATA, "")]
    for number, (content, details) in enumerate(lines, start=1):
        yield {
            **said,
            "line": str(number),
            "content": content,
            "details": details or NO_DATA,
        }


def _row(form: Form, row: FormRow, said: Mapping[str, str], school: SchoolForm) -> Row:
    measured = beside(row, school.values, school.facts) if row.measured else None
    rest = iter(row.cells)
    cells = []
    for column in form.columns:
        match column.code:
            case "number":
                cells.append(Cell(row.number.format_map(said)))
            case "wording" | "content":
                cells.append(Cell(row.title.format_map(said)))
            case "measured":
                cells.append(Cell(measured.measured if measured else ""))
            case "difference":
                cells.append(Cell(measured.difference if measured else "", Look.BOLD))
            case _:
                cells.append(fill(next(rest), said, school.absent))
    return cells


def _list(
    title: str,
    columns: Sequence[FormColumn],
    lines: Lines,
    said: Mapping[str, str],
    school: SchoolForm,
) -> Table:
    entries = [{"content": what, "details": how or NO_DATA} for what, how in lines]
    return Table(
        widths=tuple(column.width for column in columns),
        head=[_heading(columns)],
        rows=[
            [fill(column.fill, {**said, **entry}, school.absent) for column in columns]
            for entry in entries or [{"content": NO_DATA, "details": NO_DATA}]
        ],
        caption=title,
    )


def _notes(form: Form, said: Mapping[str, str]) -> list[str]:
    source = f"{form.citation.document}, {form.citation.clause}."
    return [source, *(note.format_map(said) for note in form.notes)]
