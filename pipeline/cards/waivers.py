"""What a school need not mend for a time: entered by a person, with a reason and a last day.

None is deleted; one may be undone, and each ends by itself. Errors::

    EntryRefusedError   it makes no sense; nothing was kept, the message says what to correct
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import date
from typing import Any

from sqlalchemy import Connection, select

from pipeline.entries import (
    EntryRefusedError,
    Flaw,
    enter_once,
    must_have_reason,
    school_of,
    take_back,
)
from pipeline.hub import Hub
from pipeline.registry import open_year
from privacy.actions import Action, action_log_on
from quality.cards import Waived
from quality.remarks import RULES
from schemas.rulebook import rulebook
from schemas.tables import journal_table, waivers

GROUND = "решение района или оператора региона: замечание временно не требует исправления"


@dataclass(frozen=True)
class Scope:
    """What of a rule is waived; all of it where nothing more is said. Keys are the journal's,
    ``teacher`` a pseudonym, ``key`` that of a remark or of what is missing."""

    rule: str
    class_key: str | None = None
    subject_key: str | None = None
    teacher: str | None = None
    key: str | None = None

    def narrowed(self) -> dict[str, str]:
        """What is said beside the rule."""
        said = asdict(self)
        said.pop("rule")
        return {name: value for name, value in said.items() if value is not None}


@dataclass(frozen=True)
class Waiver:
    """A waiver that holds."""

    scope: Scope
    waived: Waived


def in_force(connection: Connection, school: str, on: date) -> list[Waiver]:
    """The waivers of ``school`` that hold on a day, oldest first."""
    c = waivers.c
    rows = connection.execute(
        select(waivers)
        .where(c.school == school, c.until >= on, c.undone_at.is_(None))
        .order_by(c.id)
    )
    return [
        Waiver(
            Scope(row.rule, row.class_key, row.subject_key, row.teacher, row.key),
            Waived(row.id, row.reason, row.entered_by, row.until),
        )
        for row in rows
    ]


def enter(hub: Hub, school: str, scope: Scope, reason: str, by: str, until: date) -> int:
    """Keep a waiver; its number. The same one entered again is the one that is there.

    Raises ``EntryRefusedError``, ``UnknownSchoolError``.
    """
    must_make_sense(hub, school, scope, reason, by, until)
    with hub.engine.begin() as connection:
        return keep(connection, school, scope, reason, by, until)


def keep(
    connection: Connection, school: str, scope: Scope, reason: str, by: str, until: date
) -> int:
    """As ``enter``, of a waiver that makes sense, in the transaction of ``connection``."""
    values = {"school": school, "reason": reason, "until": until, **asdict(scope)}
    made, new = enter_once(connection, waivers, values, by)
    if new:
        details = {"waiver": made, "rule": scope.rule, "until": until.isoformat()}
        action_log_on(connection, by)(Action("waive", school, GROUND, 1, details))
    return made


def undo(hub: Hub, waiver: int, by: str, reason: str) -> bool:
    """Take a waiver back, which stays in the books; false if it was taken back already.

    Raises ``EntryRefusedError`` if there is no such waiver, or the reason is none.
    """
    school = school_of(hub, waivers, waiver, "svod waive list")
    must_have_reason(hub, school, reason=reason, by=by)
    with hub.engine.begin() as connection:
        if not take_back(connection, waivers, waiver, by, reason):
            return False
        action_log_on(connection, by)(Action("undo_waiver", school, GROUND, 1, {"waiver": waiver}))
    return True


def listed(connection: Connection, school: str, on: date) -> list[dict[str, Any]]:
    """Every waiver of ``school``, and how it stands on a day: ``holds``, ``over``, ``undone``."""
    columns = [column for column in waivers.c if column.name not in ("undone_at", "entered_at")]
    rows = connection.execute(
        select(*columns).where(waivers.c.school == school).order_by(waivers.c.id)
    )
    return [dict(row) | {"state": _state(row, on)} for row in rows.mappings()]


def key_of(connection: Connection, entity: str, school: str, name: str) -> str:
    """The journal's key of a class or subject that is called ``name``, or has it for a key.

    Raises ``EntryRefusedError`` where there is none, or more than one.
    """
    c = journal_table(entity).c
    rows = connection.execute(select(c.source_key, c.name).where(c.school == school))
    found = {key for key, called in rows if name == key or _same(called) == _same(name)}
    if len(found) != 1:
        raise EntryRefusedError(f"{school} has {len(found) or 'no'} such {entity}: {name}")
    return str(found.pop())


def _same(name: str) -> str:
    """«7 А» and «7а» are one class."""
    return "".join(name.split()).casefold()


def _state(row: Any, on: date) -> str:
    if row["undone_by"] is not None:
        return "undone"
    return "holds" if row["until"] >= on else "over"


def must_make_sense(hub: Hub, school: str, scope: Scope, reason: str, by: str, until: date) -> None:
    """Raises ``EntryRefusedError``, ``UnknownSchoolError``."""
    if scope.rule not in RULES | rulebook().keys():
        raise EntryRefusedError(f"there is no rule {scope.rule}; see 'svod cards --json'")
    with hub.engine.begin() as connection:
        year, start = open_year(connection, school)
    # The next school year begins with none: somebody looks at each again.
    if not start <= until <= date(year + 1, 8, 31):
        raise EntryRefusedError(f"until {until} is not in the open school year", Flaw.NOT_IN_YEAR)
    must_have_reason(hub, school, reason=reason, by=by)


def first_match(scopes: Sequence[Waiver], rule: str, **place: str | None) -> Waived | None:
    """The oldest of the waivers that covers the ``place`` (``Scope.narrowed``) of ``rule``."""
    return next(
        (
            one.waived
            for one in scopes
            if one.scope.rule == rule
            and all(place.get(name) == value for name, value in one.scope.narrowed().items())
        ),
        None,
    )
