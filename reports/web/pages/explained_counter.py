"""Where a counter of a run comes from: what it counts, how the account closes, its kinds of record
and reasons, and the records themselves where the books keep them.

Kinds of record, reasons and records are not for offices, nor is anything of a portal whose records
are people: they may be few.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import polars as pl
from fastapi.responses import Response
from sqlalchemy import Connection
from starlette.exceptions import HTTPException

from pipeline.delivery.outbox import Box
from pipeline.delivery.standing import STANDING
from pipeline.explain.addresses import LedgerCounter
from pipeline.explain.ledger import (
    RECORDS,
    NotOpenableError,
    account,
    by_entity,
    by_reason,
    explain_counter,
    is_kept_by_record,
    run_day,
)
from pipeline.ledger import EQUATIONS, OF_DELIVERY, Counter
from reports.book_of_tables import Column, TableSheet
from reports.explained import COUNTERS, origin_words
from reports.portal_words import DELIVERED, DELIVERY_COUNTERS, TARGETS, reason_words
from reports.web.pages.downloads import MOST_ROWS, download
from reports.web.pages.guarding import counts_persons, sees_persons_counted
from reports.web.pages.opened import Span, path_of
from reports.web.pages.paging import SIZE, Paging
from reports.web.pages.standing_rows import StandingRow, kind_of, standing_rows, standing_sheet
from reports.web.pages.view import page
from reports.web.visit import Unit, Visit, school_in_scope
from reports.words import COLLECTED, SOURCES
from schemas.rulebook import rule

MOVED_ON = (
    "Построчно этот прогон уже не открыть: Свод хранит у записи последний прогон, который её видел,"
    " а после этого были другие. Открываются последние прогоны."
)
DELIVERED_SINCE = (
    "Построчно эту доставку уже не открыть: Свод помнит, как записи стоят у портала теперь, а после"
    " неё они изменились. Открывается последняя доставка школы."
)
NOT_BY_RECORD = "По записям этот счётчик не хранится: это число, а не список."


@dataclass(frozen=True)
class Opened:
    """``records``: ``ExplainedCounter.records``, None where they cannot be told, ``why``."""

    records: pl.DataFrame | None = None
    why: str = ""


@dataclass(frozen=True)
class Line:
    """A record, or one fault of a record that was refused."""

    key: str
    field: str
    reason: str
    fix: str
    place: str


def counter_page(visit: Visit, address: LedgerCounter, number: int, *, as_file: bool) -> Response:
    """The page, or file, of ``address``. Raises 404 for a run that did not read or deliver of this
    school, and what the account may not see."""
    unit = school_in_scope(visit, address.school)
    whole = sees_persons_counted(visit)
    of_persons = address.entity or address.reason or counts_persons(address.source)
    if of_persons and not whole:
        raise HTTPException(404)
    with visit.reading() as connection:
        day, counts = run_day(connection, address), _counts(connection, address)
        if day is None or not counts:
            raise HTTPException(404)
        by_kind = by_entity(connection, address)
        reasons = by_reason(connection, address) if whole and not address.reason else {}
        opened = _opened(connection, address, by_kind) if address.entity else Opened()
        if as_file:
            sheet = _sheet(visit, connection, address, unit, opened)
            name = f"{address.counter}-{address.entity}-{unit.code}"
            return download(visit, name, Span(day, day, day, None), [sheet], school=unit.code)
        paging = Paging(number, 0 if opened.records is None else opened.records.height)
        shown = _shown(visit, connection, address, opened, paging.offset, SIZE)
    return page(
        visit,
        "explained_counter.html.j2",
        address=address,
        unit=unit,
        day=day,
        title=_title(address),
        meaning=(COUNTERS | DELIVERY_COUNTERS)[address.counter],
        of=(SOURCES | TARGETS).get(address.source, address.source),
        count=sum(by_kind.values()),
        equations=[_equation(address, counts, left) for left in EQUATIONS if _is_of(address, left)],
        kinds_of=[(kind_of(name, 2), n, path_of(replace(address, entity=name)))
                  for name, n in by_kind.items() if whole and not address.entity],
        reasons=[(reason_words(name), n, path_of(replace(address, reason=name)))
                 for name, n in reasons.items() if name],
        whole=whole,
        opened=opened,
        lines=shown,
        paging=paging,
        path=path_of(address),
    )  # fmt: skip


@dataclass(frozen=True)
class Equation:
    """``left`` should equal the sum of ``parts``: counters with their counts and pages."""

    left: tuple[str, int, str]
    parts: list[tuple[str, int, str]]

    @property
    def closes(self) -> bool:
        return self.left[1] == sum(count for _, count, _ in self.parts)


def _is_of(address: LedgerCounter, left: Counter) -> bool:
    return address.counter is left or address.counter in EQUATIONS[left]


def _equation(address: LedgerCounter, counts: Mapping[Counter, int], left: Counter) -> Equation:
    def told(counter: Counter) -> tuple[str, int, str]:
        path = path_of(replace(address, counter=counter, reason=""))
        return (COLLECTED | DELIVERED)[counter], counts.get(counter, 0), path

    return Equation(told(left), [told(part) for part in EQUATIONS[left]])


def _counts(connection: Connection, address: LedgerCounter) -> dict[Counter, int]:
    """The account of the step that the counter is of: a run may both read and deliver."""
    return {
        counter: count
        for counter, count in account(connection, address).items()
        if (counter in OF_DELIVERY) == address.of_delivery
    }


def _opened(connection: Connection, address: LedgerCounter, counted: Mapping[str, int]) -> Opened:
    if not is_kept_by_record(address):
        return Opened(why=NOT_BY_RECORD)
    if not counted:
        return Opened(pl.DataFrame(schema=STANDING if address.of_delivery else RECORDS))
    try:
        return Opened(explain_counter(connection, address).records)
    except NotOpenableError:
        return Opened(why=DELIVERED_SINCE if address.of_delivery else MOVED_ON)


def _shown(
    visit: Visit,
    connection: Connection,
    address: LedgerCounter,
    opened: Opened,
    offset: int,
    most: int,
) -> list[Line] | list[StandingRow]:
    if opened.records is None:
        return []
    records = opened.records.slice(offset, most)
    if address.of_delivery:
        return standing_rows(visit, connection, Box(address.source, address.school), records)
    return _lines(records)


def _lines(records: pl.DataFrame) -> list[Line]:
    return [_line(row) for row in records.iter_rows(named=True)]


def _line(row: Mapping[str, Any]) -> Line:
    """A refused record has no key of its own: it is known by a keyed hash, which tells nothing."""
    words = rule(row["rule"]) if row["rule"] else None
    place = origin_words(row["document"], row["line"], row["upload"])
    if words is None:
        return Line(row["key"], "", "", "", place)
    return Line("", row["field"] or "", words.reason, words.fix, place)


def _title(address: LedgerCounter) -> str:
    why = f" ({reason_words(address.reason)})" if address.reason else ""
    of = f": {kind_of(address.entity, 2)}" if address.entity else ""
    return f"{(COLLECTED | DELIVERED)[address.counter]}{why}{of}"


def _sheet(
    visit: Visit, connection: Connection, address: LedgerCounter, unit: Unit, opened: Opened
) -> TableSheet:
    if opened.records is None:
        raise HTTPException(404)
    shown = opened.records.head(MOST_ROWS)
    notes = [f"Адрес числа: {address}"]
    if opened.records.height > shown.height:
        notes.append(f"Здесь первые {shown.height} из {opened.records.height}.")
    title = f"{_title(address)}: {unit.name}"
    if address.of_delivery:
        box = Box(address.source, address.school)
        return standing_sheet(title, standing_rows(visit, connection, box, shown), notes)
    columns = [
        Column("Запись", 40), Column("Поле", 20), Column("Почему", 40), Column("Как исправить", 60),
        Column("Откуда", 60),
    ]  # fmt: skip
    rows = [[one.key, one.field, one.reason, one.fix, one.place] for one in _lines(shown)]
    return TableSheet("Записи", title, columns, rows, notes)
