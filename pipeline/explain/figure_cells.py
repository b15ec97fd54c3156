"""What the cells that are kept say of a figure that has an address: in all, and unit by unit.

``explain`` counts a figure again from the journal; these sums come from what was measured, so that
the one can be held against the other, and a region's figure need not be counted school by school.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import polars as pl
from sqlalchemy import Connection, text

from pipeline.explain.addresses import Cut, Figure, Kind, Level
from pipeline.measuring.figures_by import Level as By
from pipeline.measuring.figures_by import Question, figures_by
from pipeline.scope import Scope

# Of which units a figure of a level is the sum.
PARTS_OF = {Level.DISTRICT: Level.SCHOOL, Level.REGION: Level.DISTRICT}
_BY_CUT = {
    Cut.GRADE: By.PARALLEL,
    Cut.CLASS: By.CLASS,
    Cut.SUBJECT: By.SUBJECT,
    Cut.TEACHER: By.TEACHER,
}
_CAUSES = """
SELECT {unit}, count(*) FILTER (WHERE c.cause = :code), count(*)
FROM quality.day_cells c JOIN registry.schools s ON s.code = c.school
WHERE c.day BETWEEN :first AND :last AND c.cause IS NOT NULL
  AND c.as_of <= :as_of AND (c.until IS NULL OR c.until > :as_of)
  AND (:district = '' OR s.district = :district) GROUP BY 1"""
# As ``pipeline.explain.counted_remarks`` has it.
_REMARKS = """
SELECT {unit}, count(*), count(*)
FROM quality.remarks r JOIN registry.schools s ON s.code = r.school
WHERE r.rule = :code AND r.first_on <= :as_of AND (r.fixed_on IS NULL OR r.fixed_on > :as_of)
  AND coalesce(r.day, r.first_on) BETWEEN :first AND :last
  AND (:district = '' OR s.district = :district) GROUP BY 1"""
_UNITS = {Level.SCHOOL: "s.code", Level.DISTRICT: "s.district"}


@dataclass(frozen=True)
class Part:
    """What ``unit``, a school or district, adds to a figure."""

    unit: str
    numerator: int
    denominator: int


def parts_of(
    connection: Connection, figure: Figure, schedule_basis: Callable[[str], str]
) -> list[Part]:
    """The parts of a district's or the region's figure, by ``PARTS_OF``; what adds nothing is not
    there. ``schedule_basis`` as in ``figures_by``."""
    level = PARTS_OF[figure.level]
    if figure.kind is Kind.MEASURE:
        told = _told(connection, figure, By(level), schedule_basis)
        return [Part(*row) for row in told.select("unit", "numerator", "denominator").iter_rows()]
    statement = {Kind.CAUSE: _CAUSES, Kind.REMARK: _REMARKS}[figure.kind]
    values = {
        "code": figure.code,
        "first": figure.first,
        "last": figure.last,
        "as_of": figure.as_of,
        "district": figure.unit if figure.level is Level.DISTRICT else "",
    }
    rows = connection.execute(text(statement.format(unit=_UNITS[level])), values)
    return [Part(*row) for row in rows]


def measured(
    connection: Connection, figure: Figure, schedule_basis: Callable[[str], str]
) -> tuple[int, int] | None:
    """Numerator and denominator of a school's measure as the pages show it; None for what is not
    added up from cells: what is narrowed twice, or to a class and the like as of a past day."""
    if figure.kind is not Kind.MEASURE or figure.level is not Level.SCHOOL:
        return None
    by, unit = By.SCHOOL, figure.unit
    if figure.within:
        ((cut, unit), *others) = figure.within
        if others or not _is_newest(connection, figure):
            return None
        by = _BY_CUT[cut]
    if figure.code == "accumulation" and not _ends_well(connection, figure):
        return None
    told = _told(connection, figure, by, schedule_basis).filter(unit=unit)
    return int(told["numerator"].sum()), int(told["denominator"].sum())


def _told(
    connection: Connection, figure: Figure, by: By, schedule_basis: Callable[[str], str]
) -> pl.DataFrame:
    """``figures_by`` of the figure's days and unit; nothing where nothing was measured."""
    asked = Question(
        by,
        Scope.of_unit(figure.level, figure.unit),
        figure.first,
        figure.last,
        as_of=figure.as_of,
        measures=(figure.code,),
    )
    return figures_by(connection, asked, schedule_basis)


def _is_newest(connection: Connection, figure: Figure) -> bool:
    """Whether nothing was measured after the figure's day: cells of lessons hold the newest."""
    later = text("SELECT EXISTS (SELECT FROM quality.measures WHERE as_of > :as_of)")
    found: bool = connection.execute(later, {"as_of": figure.as_of}).scalar_one()
    return not found


def _ends_well(connection: Connection, figure: Figure) -> bool:
    """Whether accumulation was measured on the figure's last day, and it is known as of then."""
    then = text("SELECT EXISTS (SELECT FROM quality.measures WHERE as_of = :as_of)")
    found: bool = connection.execute(then, {"as_of": figure.as_of}).scalar_one()
    return found and figure.last == figure.as_of
