"""Where a count of the page of consents comes from: its definition, its pupils, and the records
that show each. Offices see what the page of consents prints, and no pupil."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import polars as pl
from fastapi.responses import Response
from starlette.exceptions import HTTPException

from pipeline.consents.coverage import OF_OFFICES, counted, office_coverage
from pipeline.explain.addresses import CoverageCount
from pipeline.explain.coverage import ExplainedCoverage, explain_coverage, places_by_row
from privacy.disclosure import disclosure_policy
from reports.book_of_tables import Column, TableSheet
from reports.coverage_words import HEADINGS, KNOWN_NOW, TWICE, meaning_of, pupil_words
from reports.web.naming import FIGURES, Names, names_of
from reports.web.pages.downloads import MOST_ROWS, download
from reports.web.pages.guarding import sees_persons_counted, threshold
from reports.web.pages.opened import Span, path_of
from reports.web.pages.paging import SIZE, Paging
from reports.web.pages.view import days_of, page
from reports.web.visit import Unit, Visit, school_in_scope

_WIDTHS = {"ученик": 34, "согласие": 32, "откуда известно": 60, "в списке класса": 60}


def coverage_page(visit: Visit, address: CoverageCount, number: int, *, as_file: bool) -> Response:
    """The page, or file, of ``address``. Raises 404 for a school, column or day that the account
    does not see, ``AddressError`` for a class that there is not."""
    unit = school_in_scope(visit, address.school)
    latest = days_of(visit.request, visit).as_of
    if address.on > latest:
        raise HTTPException(404)
    if sees_persons_counted(visit):
        return _pupils_page(visit, address, unit, number, as_file=as_file)
    if address.column not in OF_OFFICES or address.on != latest or as_file:
        raise HTTPException(404)
    return _printed_page(visit, address, unit)


def _pupils_page(
    visit: Visit, address: CoverageCount, unit: Unit, number: int, *, as_file: bool
) -> Response:
    with_uid = visit.dashboard.hub.vault.who_has_uid(unit.code)
    with visit.reading() as connection:
        found = explain_coverage(connection, address, with_uid)
        paging = Paging(number, found.rows.height)
        asked = (0, MOST_ROWS) if as_file else (paging.offset, SIZE)
        shown = found.rows.slice(*asked)
        said, enrolled = (
            places_by_row(connection, unit.code, showing, shown)
            for showing in (found.consents, found.enrolments)
        )
    names = names_of(visit, unit, shown["pupil"], FIGURES, f"coverage/{address.column}")
    lines = [
        pupil_words(row, said.get(row["row"], []), enrolled.get(row["row"], []), names.called)
        for row in _by_name(shown, names)
    ]
    if as_file:
        span = Span(address.on, address.on, address.on, None)
        sheet = _sheet(found, unit, lines)
        return download(visit, f"{address.column}-{unit.code}", span, [sheet], school=unit.code)
    return _page(
        visit, address, unit, found.class_name,
        count=found.rows.height, lines=lines, headings=_headings(address), paging=paging,
        names=names, whole=True,
    )  # fmt: skip


def _by_name(shown: pl.DataFrame, names: Names) -> list[dict[str, Any]]:
    """Rows of ``shown``, within a class by name: those of another page are not asked for theirs."""
    classes = {key: at for at, key in enumerate(shown["class_key"].unique(maintain_order=True))}
    rows = shown.to_dicts()
    return sorted(rows, key=lambda row: (classes[row["class_key"]], names.called(row["pupil"])))


def _printed_page(visit: Visit, address: CoverageCount, unit: Unit) -> Response:
    with_uid = visit.dashboard.hub.vault.who_has_uid(unit.code)
    with visit.reading() as connection:
        counts = counted(connection, unit.code, address.on, with_uid)
        least = threshold(connection, unit)
    printed = office_coverage(counts, least)
    if address.class_key and address.class_key not in printed.names:
        raise HTTPException(404)
    row = printed.classes[address.class_key] if address.class_key else printed.whole
    return _page(
        visit, address, unit, printed.names.get(address.class_key, ""),
        count=row[address.column], least=least, whole=False,
    )  # fmt: skip


def _page(
    visit: Visit, address: CoverageCount, unit: Unit, class_name: str, **shown: Any
) -> Response:
    return page(
        visit,
        "explained_coverage.html.j2",
        address=address,
        unit=unit,
        class_name=class_name,
        told=meaning_of(address.column),
        twice=TWICE,
        known_now=KNOWN_NOW,
        policy=disclosure_policy(),
        path=path_of(address),
        **shown,
    )


def _headings(address: CoverageCount) -> list[str]:
    """Of a class all pupils are in it."""
    return [name for name in HEADINGS if name != "класс" or not address.class_key]


def _sheet(found: ExplainedCoverage, unit: Unit, lines: Sequence[Mapping[str, str]]) -> TableSheet:
    headings = _headings(found.address)
    columns = [Column(name, _WIDTHS.get(name, 16)) for name in headings]
    rows = [[line[name] for name in headings] for line in lines]
    notes = [KNOWN_NOW, f"Адрес числа: {found.address}"]
    if found.rows.height > len(lines):
        notes.append(f"Здесь первые {len(lines)} из {found.rows.height}.")
    of_class = f", {found.class_name}" if found.class_name else ""
    title = f"{meaning_of(found.address.column).title}: {unit.name}{of_class}"
    return TableSheet("Ученики", title, columns, rows, notes)
