"""The rows of a school's figure, page by page, each with the lines it was read from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any
from zoneinfo import ZoneInfo

import polars as pl
from fastapi.responses import Response
from sqlalchemy import Connection

from pipeline.explain.addresses import Cut, Figure, Kind
from pipeline.explain.figure import Explained, explain, kept, origins_by_row
from pipeline.explain.figure_cells import measured
from pipeline.explain.lookup import school_year
from pipeline.profiles import schedule_basis
from reports.book_of_tables import Column, TableSheet
from reports.compliance import Figure as Counts
from reports.explained import meaning, origin_words, row_words
from reports.web.naming import FIGURES, Names, names_of
from reports.web.pages.downloads import MOST_ROWS, download
from reports.web.pages.explained_words import against, file_of, span_of
from reports.web.pages.opened import path_of
from reports.web.pages.paging import SIZE, Paging
from reports.web.pages.school_things import journal_names
from reports.web.pages.view import page
from reports.web.visit import Unit, Visit

SHOWN = 3  # so many origins of a row are seen at once, and stand in the file
_ENTITIES = {Cut.CLASS: "class_", Cut.SUBJECT: "subject"}
_CUTS = {
    Cut.GRADE: "параллель",
    Cut.CLASS: "класс",
    Cut.SUBJECT: "предмет",
    Cut.TEACHER: "учитель",
}
_WIDTHS = {"почему": 40, "внесено": 40, "откуда": 60, "учитель": 34, "ученик": 34, "предмет": 24}


class Which(StrEnum):
    """Which rows of a figure."""

    MISSING = "missing"
    COUNTED = "counted"
    ALL = "all"


@dataclass(frozen=True)
class Line:
    """A row in words, and where it was read."""

    words: Mapping[str, str | int]
    origins: Sequence[str]


def rows_page(
    visit: Visit, figure: Figure, unit: Unit, which: Which | None, number: int, *, as_file: bool
) -> Response:
    """The page, or file, of a school's ``figure``. Raises ``AddressError``, or
    ``RowsDifferError`` for a fault of the hub."""
    with visit.reading() as connection:
        zone = ZoneInfo(school_year(connection, figure.first).zone)
        (found,) = explain(connection, figure, schedule_basis)
        which = which or _usual(found)
        chosen = _chosen(found, which)
        paging = Paging(number, chosen.height)
        asked = (0, MOST_ROWS) if as_file else (paging.offset, SIZE)
        shown = chosen.slice(*asked)
        origins = origins_by_row(connection, found, shown)
        stored, cells = kept(connection, figure), measured(connection, figure, schedule_basis)
        within = _within(connection, found)
    names = names_of(
        visit, unit, [*shown["teacher"], *shown["pupil"]], FIGURES, f"{figure.kind}/{figure.code}"
    )
    lines = [
        Line(row_words(row, zone, names.called), _places(origins.get(row["row"], [])))
        for row in shown.iter_rows(named=True)
    ]
    told = meaning(figure.kind, figure.code, found.regulation)
    if as_file:
        title = f"{told.title}: {unit.name}"
        sheet = _sheet(figure, title, lines, chosen.height)
        return download(visit, file_of(figure), span_of(figure), [sheet], school=unit.code)
    counts = Counts(found.numerator, found.denominator)
    return page(
        visit,
        "explained.html.j2",
        figure=figure,
        unit=unit,
        within=[(_CUTS[cut], _called(cut, key, within, names)) for cut, key in figure.within],
        counts=counts,
        told=told,
        checked=against(stored, cells, counts),
        parts_of=None,
        lines=lines,
        headings=[one for one in _used(lines) if one not in _unseen(figure, which)],
        at_once=SHOWN,
        which=which,
        choices=_choices(counts),
        paging=paging,
        names=names,
        path=path_of(figure),
    )


def _usual(found: Explained) -> Which:
    """What is missing, where a figure can miss anything."""
    lacking = found.figure.kind in (Kind.MEASURE, Kind.FORM1)
    return Which.MISSING if lacking and found.numerator < found.denominator else Which.COUNTED


def _chosen(found: Explained, which: Which) -> pl.DataFrame:
    rows = found.rows.sort("counted", "date", "number", "row", nulls_last=True)
    return rows if which is Which.ALL else rows.filter(counted=which is Which.COUNTED)


def _choices(counts: Counts) -> dict[Which, tuple[str, int]]:
    return {
        Which.MISSING: ("Не засчитаны", counts.missing),
        Which.COUNTED: ("Засчитаны", counts.numerator),
        Which.ALL: ("Все", counts.denominator),
    }


def _within(connection: Connection, found: Explained) -> dict[tuple[Cut, str], str]:
    """What the journal calls the class and subject that the figure is narrowed to."""
    named = {}
    for cut, entity in _ENTITIES.items():
        if (wanted := found.figure.cut(cut)) is not None:
            school, year = found.figure.unit, found.school_year
            for (_, key), name in journal_names(connection, school, year, entity).items():
                if key == wanted:
                    named[cut, key] = name
    return named


def _called(cut: Cut, key: str, named: Mapping[tuple[Cut, str], str], names: Names) -> str:
    return names.called(key) if cut is Cut.TEACHER else named.get((cut, key), key)


def _places(origins: Sequence[Mapping[str, Any]]) -> list[str]:
    return [origin_words(one["document"], one["line"], one["upload"]) for one in origins]


def _used(lines: Sequence[Line]) -> list[str]:
    """The headings under which any of the lines has something."""
    headings = lines[0].words if lines else ()
    return [name for name in headings if any(line.words[name] for line in lines)]


def _unseen(figure: Figure, which: Which) -> set[str]:
    """Columns that say the same of all rows, or, as the codes of rules, little to people."""
    of_days = figure.kind is Kind.CAUSE or figure.code == "upload_frequency"
    told = set() if which is Which.ALL else {"засчитано"}
    return told if of_days else {*told, "правило"}


def _sheet(figure: Figure, title: str, lines: Sequence[Line], height: int) -> TableSheet:
    headings = _used(lines)
    columns = [Column(name, _WIDTHS.get(name, 16)) for name in (*headings, "откуда")]
    rows = [[*(line.words[name] for name in headings), _several(line.origins)] for line in lines]
    notes = [f"Адрес числа: {figure}"]
    if height > len(lines):
        notes.append(f"Здесь первые {len(lines)} из {height}: чтобы получить все, сузьте дни.")
    return TableSheet("Строки", title, columns, rows, notes)


def _several(places: Sequence[str]) -> str:
    rest = [f"и ещё {len(places) - SHOWN}"] if len(places) > SHOWN else []
    return "; ".join([*places[:SHOWN], *rest])
