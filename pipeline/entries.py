"""What a person tells the hub: signed, naming nobody, kept once, taken back but never deleted.

The tables of entries have ``id``, ``school``, ``entered_by``, ``undone_by``, ``undone_reason`` and
``undone_at``. Errors::

    EntryRefusedError   the entry makes no sense; nothing was kept, the message says what to correct
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Any

from sqlalchemy import Connection, Table, func, insert, select, update

from pipeline.hub import Hub


class Flaw(StrEnum):
    """What is wrong with an entry, for who says it in other words than the message."""

    NO_REASON = "no_reason"
    NAMES_SOMEBODY = "names_somebody"
    NOT_IN_YEAR = "not_in_year"
    OVER = "over"  # its last day is past
    NOT_OFFERED = "not_offered"  # there is nothing of the kind to be waived


class EntryRefusedError(Exception):
    """The entry makes no sense; nothing was kept. Correct what the message names, enter again."""

    def __init__(self, message: str, flaw: Flaw | None = None) -> None:
        super().__init__(message)
        self.flaw = flaw


def must_name_nobody(hub: Hub, school: str, *, by: str, **texts: str) -> None:
    """Raises ``EntryRefusedError`` where nobody enters it, or one of ``texts`` names somebody."""
    if not by.strip():
        raise EntryRefusedError("say who enters it (--by)")
    for name, words in texts.items():
        if hub.vault.names_somebody(school, words):
            raise EntryRefusedError(f"{name}: must name nobody of the school", Flaw.NAMES_SOMEBODY)


def must_have_reason(hub: Hub, school: str, *, reason: str, by: str) -> None:
    """As ``must_name_nobody``, and there is a reason."""
    if not reason.strip():
        raise EntryRefusedError("say why (--reason)", Flaw.NO_REASON)
    must_name_nobody(hub, school, reason=reason, by=by)


def enter_once(
    connection: Connection, table: Table, values: Mapping[str, Any], by: str
) -> tuple[int, bool]:
    """The number of the entry in ``table`` that says ``values``, and whether it is new."""
    same = [table.c[name].is_not_distinct_from(value) for name, value in values.items()]
    query = select(table.c.id).where(*same, table.c.undone_at.is_(None)).limit(1)
    known = connection.execute(query).scalar_one_or_none()
    if known is not None:
        return int(known), False
    new = insert(table).values(**values, entered_by=by).returning(table.c.id)
    return int(connection.execute(new).scalar_one()), True


def school_of(hub: Hub, table: Table, entry: int, see: str) -> str:
    """The school of ``entry``; ``see``: the command that lists what there is.

    Raises ``EntryRefusedError`` if there is no such entry.
    """
    with hub.engine.begin() as connection:
        query = select(table.c.school).where(table.c.id == entry)
        school: str | None = connection.execute(query).scalar_one_or_none()
    if school is None:
        raise EntryRefusedError(f"there is no entry {entry}; see '{see}'")
    return school


def take_back(connection: Connection, table: Table, entry: int, by: str, reason: str) -> bool:
    """Take ``entry`` back, which stays in the books; false if it was taken back already."""
    done = connection.execute(
        update(table)
        .where(table.c.id == entry, table.c.undone_at.is_(None))
        .values(undone_by=by, undone_reason=reason, undone_at=func.clock_timestamp())
    )
    return done.rowcount == 1
