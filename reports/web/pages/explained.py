"""Where a figure comes from: its definition, what it counts row by row, and the file and line, or
request, of each row. Of a district or the region: its schools or districts, each of them opened."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Annotated

from fastapi import APIRouter, Depends, Query
from fastapi.responses import Response
from sqlalchemy import Connection, select
from starlette.exceptions import HTTPException

from pipeline.explain.addresses import (
    AddressError,
    CardAddress,
    CoverageCount,
    Figure,
    Kind,
    LedgerCounter,
    Level,
)
from pipeline.explain.figure import kept
from pipeline.explain.figure_cells import PARTS_OF, Part, parts_of
from pipeline.explain.read_address import parse
from pipeline.measuring.figures_by import FiguresError
from pipeline.measuring.measured import NothingMeasuredError
from pipeline.profiles import schedule_basis
from privacy.disclosure import disclosure_policy
from quality.remarks import RULES
from reports.book_of_tables import Column, TableSheet
from reports.compliance import Figure as Counts
from reports.explained import meaning
from reports.figure_words import LEVELS
from reports.sheets import PERCENT, WHOLE
from reports.web.pages.downloads import AsFile, download
from reports.web.pages.explained_card import Chosen, card_page, chosen
from reports.web.pages.explained_counter import counter_page
from reports.web.pages.explained_coverage import coverage_page
from reports.web.pages.explained_printed import printed_page
from reports.web.pages.explained_rows import Which, rows_page
from reports.web.pages.explained_words import against, file_of, span_of
from reports.web.pages.guarding import sees_persons_counted
from reports.web.pages.opened import path_of
from reports.web.pages.paging import PageNumber
from reports.web.pages.view import definitions, page
from reports.web.visit import (
    Unit,
    Visit,
    Visiting,
    district_in_scope,
    region_in_scope,
    school_in_scope,
)
from schemas.tables import districts, schools

router = APIRouter()


@dataclass(frozen=True)
class UnitPart:
    """What a school or district adds to the figure; ``path``: where that is explained."""

    code: str
    name: str
    counts: Counts
    path: str


@router.get("/explain/{address:path}")
def explained(
    visit: Visiting,
    address: str,
    as_file: AsFile,
    lines: Annotated[Chosen, Depends(chosen)],
    which: Annotated[Which | None, Query(alias="rows")] = None,
    number: Annotated[PageNumber, Query(alias="page")] = 1,
) -> Response:
    """The page of the figure that has this address. Raises 404 for a figure that there cannot be,
    or that the account may not see."""
    try:
        match parse(address):
            case LedgerCounter() as counter:
                return counter_page(visit, counter, number, as_file=as_file)
            case CardAddress() as card:
                return card_page(visit, card, lines, number, as_file=as_file)
            case CoverageCount() as count:
                return coverage_page(visit, count, number, as_file=as_file)
            case Figure() as figure:
                return _figure_page(visit, figure, which, number, as_file=as_file)
    except (AddressError, FiguresError, NothingMeasuredError):
        raise HTTPException(404) from None


def _figure_page(
    visit: Visit, figure: Figure, which: Which | None, number: int, *, as_file: bool
) -> Response:
    if figure.kind is Kind.REMARK and figure.code not in RULES:
        raise HTTPException(404)
    unit = _unit(visit, figure)
    if _counts_persons(figure) and not sees_persons_counted(visit):
        return printed_page(visit, figure, unit)
    if figure.level is Level.SCHOOL:
        return rows_page(visit, figure, unit, which, number, as_file=as_file)
    return _parts_page(visit, figure, unit, as_file=as_file)


def _unit(visit: Visit, figure: Figure) -> Unit:
    """Whose figure it is. Raises 404 where the account does not see all of what it counts."""
    match figure.level:
        case Level.SCHOOL:
            return school_in_scope(visit, figure.unit)
        case Level.DISTRICT:
            return district_in_scope(visit, figure.unit)
        case Level.REGION:
            return region_in_scope(visit)


def _counts_persons(figure: Figure) -> bool:
    """Whether the figure is one of those whose small counts offices are not shown."""
    parts = disclosure_policy().persons.get(figure.kind, ())
    return figure.code in {name for part in parts for name in (part.whole, part.part)}


def _parts_page(visit: Visit, figure: Figure, unit: Unit, *, as_file: bool) -> Response:
    with visit.reading() as connection:
        found = parts_of(connection, figure, schedule_basis)
        counts = sum((_counts(part) for part in found), Counts())
        stored = kept(connection, figure)
        names = _names(connection, PARTS_OF[figure.level])
    parts = sorted((_named(figure, part, names) for part in found), key=_worst_first)
    told = meaning(figure.kind, figure.code, definitions())
    if as_file:
        sheet = _sheet(figure, told.title, unit, parts, counts)
        return download(visit, file_of(figure), span_of(figure), [sheet])
    return page(
        visit,
        "explained.html.j2",
        figure=figure,
        unit=unit,
        within=[],
        counts=counts,
        told=told,
        checked=against(stored, None, counts),
        parts_of=parts,
        heading=LEVELS[PARTS_OF[figure.level]],
        path=path_of(figure),
    )


def _counts(part: Part) -> Counts:
    return Counts(part.numerator, part.denominator)


def _named(figure: Figure, part: Part, names: dict[str, str]) -> UnitPart:
    own = replace(figure, level=PARTS_OF[figure.level], unit=part.unit)
    return UnitPart(part.unit, names[part.unit], _counts(part), path_of(own))


def _worst_first(part: UnitPart) -> tuple[float, int, str]:
    return part.counts.share or 0.0, -part.counts.denominator, part.name


def _names(connection: Connection, level: Level) -> dict[str, str]:
    table = schools if level is Level.SCHOOL else districts
    return dict(connection.execute(select(table.c.code, table.c.name)).tuples().all())


def _sheet(
    figure: Figure, title: str, unit: Unit, parts: list[UnitPart], counts: Counts
) -> TableSheet:
    columns = [
        Column(LEVELS[PARTS_OF[figure.level]], 34),
        Column("Код", 12),
        Column("Засчитано", format=WHOLE),
        Column("Всего", format=WHOLE),
        Column("Не засчитано", format=WHOLE),
        Column("Доля", format=PERCENT),
    ]
    rows = [[part.name, part.code, *_cells(part.counts)] for part in parts]
    total = ["Всего", None, *_cells(counts)]
    return TableSheet("Число", f"{title}: {unit.name}", columns, rows, [str(figure)], total)


def _cells(counts: Counts) -> list[object]:
    return [counts.numerator, counts.denominator, counts.missing, counts.share]
