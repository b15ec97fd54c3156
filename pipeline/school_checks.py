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

from sqlalchemy import func, insert, select, update

from pipeline.consent_entries import EntryRefusedError, must_name_nobody
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
    values = {"school": school} | asdict(check)
    same = [checks.c[name] == value for name, value in values.items()]
    with hub.engine.begin() as connection:
        known = connection.execute(
            select(checks.c.id).where(*same, checks.c.undone_at.is_(None)).limit(1)
        ).scalar_one_or_none()
        if known is not None:
            return int(known)
        new = insert(checks).values(**values, entered_by=by).returning(checks.c.id)
        return int(connection.execute(new).scalar_one())


def undo(hub: Hub, entry: int, by: str, reason: str) -> bool:
    """Take an entry back, which stays in the books; false if it was taken back already.

    Raises ``EntryRefusedError`` if there is no such entry, or the reason is none.
    """
    with hub.engine.begin() as connection:
        query = select(checks.c.school, checks.c.undone_at).where(checks.c.id == entry)
        row = connection.execute(query).one_or_none()
    if row is None:
        raise EntryRefusedError(f"there is no check {entry}; see 'svod checks list'")
    if row.undone_at is not None:
        return False
    if not reason.strip():
        raise EntryRefusedError("say why it is taken back (--reason)")
    must_name_nobody(hub, row.school, reason=reason, by=by)
    with hub.engine.begin() as connection:
        connection.execute(
            update(checks)
            .where(checks.c.id == entry)
            .values(undone_by=by, undone_reason=reason, undone_at=func.clock_timestamp())
        )
    return True


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
        raise EntryRefusedError("the number of remarks is none below zero (--remarks)")
    if not check.author.strip():
        raise EntryRefusedError("say who checked, by post and without a name (--author)")
    must_name_nobody(hub, school, author=check.author, note=check.note, by=by)
