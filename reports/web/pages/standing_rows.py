"""Records at a portal as rows of a page: which row of the journal each is, and where it was read.

The portal's own name of a record is shown only where no row is found: whoever has the records of
the portal too could otherwise tell whose a pseudonym is.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import polars as pl
from sqlalchemy import Connection

from pipeline.delivery.outbox import Box
from pipeline.explain.portal_origins import parts_of
from quality.kinds import kinds
from reports.book_of_tables import Column, TableSheet
from reports.explained import origin_words
from reports.portal_words import NOT_TRACED, STATES, reason_words
from reports.web.visit import Visit

COLUMNS = [
    Column("Запись", 44), Column("Вид", 24), Column("Состояние", 30), Column("Почему", 44),
    Column("Откуда", 60),
]  # fmt: skip
AT_PORTAL = "имя у портала"


@dataclass(frozen=True)
class Part:
    """A row of the journal that a record is made of; ``kind``: where it has to be told."""

    key: str
    kind: str
    place: str


@dataclass(frozen=True)
class StandingRow:
    """A record; ``parts``: where the journal has no row of it, its own key."""

    kind: str
    state: str
    reason: str
    parts: list[Part]


def standing_rows(
    visit: Visit, connection: Connection, box: Box, records: pl.DataFrame
) -> list[StandingRow]:
    """``records``: ``standing.STANDING``."""
    found = parts_of(connection, visit.dashboard.hub.keys, box, records)
    return [
        StandingRow(
            kind_of(row["entity"], 0),
            STATES[row["state"]],
            reason_words(row["reason"]),
            _parts(row["key"], found.get(row["key"], [])),
        )
        for row in records.iter_rows(named=True)
    ]


def _parts(key: str, found: list[dict[str, Any]]) -> list[Part]:
    if not found:
        return [Part(key, AT_PORTAL, NOT_TRACED)]
    several = len(found) > 1
    return [
        Part(
            one["journal_key"],
            kind_of(one["made_of"], 0) if several else "",
            origin_words(one["document"], one["line"], one["upload"]),
        )
        for one in found
    ]


def standing_sheet(title: str, rows: list[StandingRow], notes: list[str]) -> TableSheet:
    """The rows of a file, one for each part of a record."""
    cells = [
        [part.key, part.kind or row.kind, row.state, row.reason, part.place]
        for row in rows
        for part in row.parts
    ]
    return TableSheet("Записи", title, COLUMNS, cells, notes)


def kind_of(entity: str, form: int) -> str:
    """A kind of record in words, in the form after 1 (0), 2 (1) or 5 (2)."""
    return kinds()[entity][form] if entity in kinds() else entity
