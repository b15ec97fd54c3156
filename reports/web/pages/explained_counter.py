"""Where a counter of a run comes from: what it counts, how the account closes, its kinds of record,
and the records themselves where the books keep them.

Kinds of record and records are not for offices: some are persons, and they may be few.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

import polars as pl
from fastapi.responses import Response
from sqlalchemy import Connection
from starlette.exceptions import HTTPException

from pipeline.addresses import LedgerCounter
from pipeline.explain_ledger import (
    RECORDS,
    NotOpenableError,
    account,
    by_entity,
    explain_counter,
    is_kept_by_record,
    run_day,
)
from pipeline.ledger import EQUATIONS, Counter
from quality.kinds import kinds
from reports.book_of_tables import Column, TableSheet
from reports.explained import COUNTERS, origin_words
from reports.web.pages.downloads import MOST_ROWS, download
from reports.web.pages.guarding import sees_persons_counted
from reports.web.pages.opened import Span, path_of
from reports.web.pages.paging import SIZE, Paging
from reports.web.pages.view import page
from reports.web.visit import Unit, Visit, school_in_scope
from reports.words import COLLECTED
from schemas.rulebook import rule

MOVED_ON = (
    "Построчно этот прогон уже не открыть: Свод хранит у записи последний прогон, который её видел,"
    " а после этого были другие. Открываются последние прогоны."
)
NOT_BY_RECORD = "По записям этот счётчик не хранится: это число, а не список."


@dataclass(frozen=True)
class Opened:
    """``records``: ``explain_ledger.RECORDS``, None where they cannot be told, ``why``."""

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
    """The page, or file, of ``address``. Raises 404 for a run that did not read this school, a
    counter of another step, and what the account may not see."""
    unit = school_in_scope(visit, address.school)
    whole = sees_persons_counted(visit)
    if address.counter not in COUNTERS or (address.entity and not whole):
        raise HTTPException(404)
    with visit.reading() as connection:
        day, counts = run_day(connection, address), account(connection, address)
        kinds_of = by_entity(connection, address) if whole and not address.entity else {}
        opened = _opened(connection, address, counts) if address.entity else Opened()
    if day is None or not counts:
        raise HTTPException(404)
    height = 0 if opened.records is None else opened.records.height
    paging = Paging(number, height)
    if as_file:
        return _file(visit, address, unit, day, opened)
    shown = [] if opened.records is None else _lines(opened.records.slice(paging.offset, SIZE))
    return page(
        visit,
        "explained_counter.html.j2",
        address=address,
        unit=unit,
        day=day,
        title=_title(address),
        meaning=COUNTERS[address.counter],
        count=counts.get(address.counter, 0),
        equations=[_equation(address, counts, left) for left in EQUATIONS if _is_of(address, left)],
        kinds_of=[(_kind(name), n, path_of(replace(address, entity=name)))
                  for name, n in kinds_of.items()],
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
        path = path_of(replace(address, counter=counter))
        return COLLECTED[counter], counts.get(counter, 0), path

    return Equation(told(left), [told(part) for part in EQUATIONS[left]])


def _opened(
    connection: Connection, address: LedgerCounter, counts: Mapping[Counter, int]
) -> Opened:
    if not is_kept_by_record(address):
        return Opened(why=NOT_BY_RECORD)
    if address.counter not in counts:
        return Opened(pl.DataFrame(schema=RECORDS))
    try:
        return Opened(explain_counter(connection, address).records)
    except NotOpenableError:
        return Opened(why=MOVED_ON)


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
    of = f": {_kind(address.entity)}" if address.entity else ""
    return f"{COLLECTED[address.counter]}{of}"


def _kind(entity: str) -> str:
    return kinds()[entity][2] if entity in kinds() else entity


def _file(visit: Visit, address: LedgerCounter, unit: Unit, day: date, opened: Opened) -> Response:
    if opened.records is None:
        raise HTTPException(404)
    columns = [
        Column("Запись", 40), Column("Поле", 20), Column("Почему", 40), Column("Как исправить", 60),
        Column("Откуда", 60),
    ]  # fmt: skip
    lines = _lines(opened.records.head(MOST_ROWS))
    rows = [[one.key, one.field, one.reason, one.fix, one.place] for one in lines]
    notes = [f"Адрес числа: {address}"]
    if opened.records.height > len(lines):
        notes.append(f"Здесь первые {len(lines)} из {opened.records.height}.")
    sheet = TableSheet("Записи", f"{_title(address)}: {unit.name}", columns, rows, notes)
    name = f"{address.counter}-{address.entity}-{unit.code}"
    return download(visit, name, Span(day, day, day, None), [sheet], school=unit.code)
