"""The checks that a school makes itself every month, as the deputy tells the hub of them.

What was found goes to the teachers at the school; here stands that it was done, when and how much
was found. Errors::

    EntryRefusedError   the entry makes no sense; nothing was kept, the message says what to correct
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import date
from enum import StrEnum
from typing import Any

from sqlalchemy import select

from pipeline.entries import (
    EntryRefusedError,
    enter_once,
    must_have_reason,
    must_name_nobody,
    school_of,
    take_back,
)
from pipeline.hub import Hub
from pipeline.registry import open_year
from quality.regulations import Asked
from schemas.tables import checks


class CheckKind(StrEnum):
    """What is checked; named as the rule that asks for it."""

    JOURNAL = Asked.JOURNAL_CHECK.value
    DIARY = Asked.DIARY_CHECK.value


@dataclass(frozen=True)
class Check:
    """A check of ``month`` (its first day) that was ``done_on`` a day, in it or later.

    ``author``: the post of who checked, and ``note``: both without anybody's name.
    """

    kind: CheckKind
    month: date
    done_on: date
    author: str
    remarks_count: int
    note: str = ""


def enter(hub: Hub, school: str, check: Check, by: str) -> int:
    """Keep a check; the number of its entry. The same check again is the entry that is there.

    Raises ``EntryRefusedError`` and ``pipeline.registry.UnknownSchoolError``.
    """
    _must_make_sense(hub, school, check, by)
    with hub.engine.begin() as connection:
        return enter_once(connection, checks, {"school": school, **asdict(check)}, by)[0]


def undo(hub: Hub, entry: int, by: str, reason: str) -> bool:
    """Take an entry back, which stays in the books; false if it was taken back already.

    Raises ``EntryRefusedError`` if there is no such entry, or the reason is none.
    """
    school = school_of(hub, checks, entry, "svod checks list")
    must_have_reason(hub, school, reason=reason, by=by)
    with hub.engine.begin() as connection:
        return take_back(connection, checks, entry, by, reason)


def listed(hub: Hub, school: str) -> list[dict[str, Any]]:
    """All checks of ``school``, those taken back too, the latest month first.

    Raises ``pipeline.registry.UnknownSchoolError``.
    """
    shown = [
        *(checks.c.id, checks.c.kind, checks.c.month, checks.c.done_on, checks.c.author),
        *(checks.c.remarks_count, checks.c.note, checks.c.entered_by, checks.c.undone_by),
        checks.c.undone_reason,
    ]
    query = select(*shown).where(checks.c.school == school)
    with hub.engine.begin() as connection:
        open_year(connection, school)
        rows = connection.execute(query.order_by(checks.c.month.desc(), checks.c.kind, checks.c.id))
        return [dict(row) for row in rows.mappings()]


def _must_make_sense(hub: Hub, school: str, check: Check, by: str) -> None:
    with hub.engine.begin() as connection:
        year, start = open_year(connection, school)
    first, last = start.replace(day=1), date(year + 1, 8, 1)
    if not first <= check.month <= last:
        raise EntryRefusedError(
            f"month {check.month:%Y-%m} is not of the school year {first:%Y-%m} to {last:%Y-%m}"
        )
    if check.done_on < check.month:
        raise EntryRefusedError(
            f"a check of {check.month:%Y-%m} cannot have been done before, on {check.done_on}"
        )
    if check.remarks_count < 0:
        raise EntryRefusedError("the number of remarks cannot be below zero (--remarks)")
    if not check.author.strip():
        raise EntryRefusedError("say who checked, by post and without a name (--author)")
    must_name_nobody(hub, school, author=check.author, note=check.note, by=by)
