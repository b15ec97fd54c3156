"""What a school has figures of below itself: its classes, subjects and teachers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from sqlalchemy import Connection, select

from pipeline.measuring.figures_by import Level
from pipeline.scope import Scope
from quality.measures import MEASURES
from quality.profiles import MeasureDefinition
from reports.book_of_tables import Column, TableSheet, measure_columns, measure_values
from reports.compliance import Figure, natural
from reports.figure_words import NOT_TOLD
from reports.sheets import WHOLE
from reports.web.kept import HOUR
from reports.web.naming import FIGURES, Names, names_of
from reports.web.pages.tables import UnitRow, asked_figures, figures_by_place, worst_first
from reports.web.pages.view import Days
from reports.web.visit import Unit, Visit
from schemas.tables import journal_table

JournalNames = Mapping[tuple[str, str], str]  # by source and key


class By(StrEnum):
    """By what a school's figures are parted."""

    CLASS = "class"
    SUBJECT = "subject"
    TEACHER = "teacher"


TITLES = {By.CLASS: "По классам", By.SUBJECT: "По предметам", By.TEACHER: "По учителям"}
HEADINGS = {By.CLASS: "Класс", By.SUBJECT: "Предмет", By.TEACHER: "Учитель"}
_ENTITIES = {By.CLASS: "class_", By.SUBJECT: "subject"}


@dataclass(frozen=True)
class Things:
    """The rows of one of ``By``, sorted; ``measures``: those that such a thing has.

    ``shared``: keys that several journals of the school have: their figures have no address of
    their own. ``names``: of the teachers.
    """

    by: By
    rows: list[UnitRow]
    measures: list[MeasureDefinition]
    shared: frozenset[str]
    names: Names = field(default_factory=Names)

    def sheet(self, title: str) -> TableSheet:
        """The same as a sheet."""
        heading = [Column(HEADINGS[self.by], 34), Column("Ключ в журнале", 22)]
        columns = [*heading, Column("Уроков", format=WHOLE), *measure_columns(self.measures)]
        rows = [
            [
                row.name,
                row.code,
                row.figure("fill_rate").denominator,
                *measure_values(row.figures, self.measures),
            ]
            for row in self.rows
        ]
        return TableSheet(TITLES[self.by], title, columns, rows)


def things_of(
    visit: Visit, unit: Unit, days: Days, by: By, sort: str, measures: list[MeasureDefinition]
) -> Things:
    """The school's classes, subjects or teachers with their figures of ``days``.

    ``sort``: a measure, ``-`` before it for the best first, or ``name``.
    """
    key = (by, unit.code, days)
    found = visit.kept(key, lambda: _counted(visit, unit, days, by), HOUR).what
    keys = [key for _, key in found]
    names = Names()
    if by is By.TEACHER:
        names = names_of(visit, unit, keys, FIGURES, "figures by teacher")
        called = {place: names.called(place[1]) for place in found if place[1]}
    else:
        year = days.year.year if days.year else 0
        with visit.reading() as connection:
            called = dict(journal_names(connection, unit.code, year, _ENTITIES[by]))
    rows = [
        UnitRow(key or "", NOT_TOLD if key is None else called.get((source, key), key), own)
        for (source, key), own in found.items()
    ]
    return Things(
        by,
        _sorted(rows, sort),
        [one for one in measures if one.code != "upload_frequency"],
        frozenset(key for key in keys if keys.count(key) > 1),
        names,
    )


def _counted(
    visit: Visit, unit: Unit, days: Days, by: By
) -> dict[tuple[Any, ...], dict[str, Figure]]:
    """Figures by source and key, and by measure."""
    within, span = Scope.of_schools(unit.code), (days.first, days.last)
    with visit.reading() as connection:
        told = asked_figures(connection, Level(by.value), within, span)
    return figures_by_place(told, ["source", "unit"])


def journal_names(connection: Connection, school: str, year: int, entity: str) -> JournalNames:
    """What the journals of the school year call their classes or subjects."""
    c = journal_table(entity).c
    query = select(c.source, c.key, c.name).where(c.school == school, c.school_year == year)
    return {(source, key): name for source, key, name in connection.execute(query)}


def _sorted(rows: list[UnitRow], sort: str) -> list[UnitRow]:
    measure = sort.lstrip("-")
    if measure not in MEASURES:
        return sorted(rows, key=lambda row: natural(row.name.casefold()))
    return worst_first(rows, measure, best=sort.startswith("-"))
