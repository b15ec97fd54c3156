"""What a school asks not to have to mend for a time, and what its office decided about it.

A request is entered by the school, decided once by its district or the operator, and kept. Errors::

    EntryRefusedError   it makes no sense; nothing was kept, ``flaw`` says what to correct
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Any

import polars as pl
from sqlalchemy import Connection, Row, func, insert, select, update

from pipeline.cards.waivers import GROUND, Scope, keep, must_make_sense
from pipeline.entries import EntryRefusedError, Flaw, must_have_reason
from pipeline.hub import Hub
from privacy.actions import Action, action_log_on
from quality.journal_frames import read_frame
from reports.remarks import shown_as
from schemas.tables import journal_table, schools, waiver_requests

_R = waiver_requests.c
_SCOPE = (_R.rule, _R.class_key, _R.subject_key, _R.teacher, _R.key)


class Decision(StrEnum):
    GRANTED = "granted"
    REFUSED = "refused"


@dataclass(frozen=True)
class Request:
    """A request; ``answer``: why it was refused, ``waiver``: what was granted."""

    id: int
    school: str
    school_name: str
    scope: Scope
    reason: str
    until: date
    asked_by: str
    asked_at: datetime
    decision: Decision | None
    decided_by: str | None
    decided_at: datetime | None
    answer: str
    waiver: int | None

    @property
    def waits(self) -> bool:
        return self.decision is None


def ask(hub: Hub, school: str, scope: Scope, reason: str, by: str, until: date, today: date) -> int:
    """Keep a request; its number. One that waits already and says the same is that one.

    Raises ``EntryRefusedError``, ``UnknownSchoolError``.
    """
    if until < today:
        raise EntryRefusedError(f"until {until} is over", Flaw.OVER)
    must_make_sense(hub, school, scope, reason, by, until)
    said = {"school": school, "reason": reason, "until": until, **asdict(scope)}
    same = [_R[name].is_not_distinct_from(value) for name, value in said.items()]
    with hub.engine.begin() as connection:
        waiting = select(_R.id).where(*same, _R.decision.is_(None)).limit(1)
        known = connection.execute(waiting).scalar_one_or_none()
        if known is not None:
            return int(known)
        new = insert(waiver_requests).values(**said, asked_by=by).returning(_R.id)
        made = int(connection.execute(new).scalar_one())
        _log(connection, "ask_waiver", school, made, scope.rule, by)
    return made


def grant(hub: Hub, request: int, by: str) -> bool:
    """Make the waiver that ``request`` asks for; false if it was decided already.

    Raises ``EntryRefusedError`` where the waiver makes no sense any more.
    """
    asked = _request(hub, request)
    if asked is None:
        return False
    must_make_sense(hub, asked.school, asked.scope, asked.reason, by, asked.until)
    with hub.engine.begin() as connection:
        if not _decide(connection, request, Decision.GRANTED, by):
            return False
        made = keep(connection, asked.school, asked.scope, asked.reason, by, asked.until)
        connection.execute(update(waiver_requests).where(_R.id == request).values(waiver=made))
    return True


def refuse(hub: Hub, request: int, by: str, answer: str) -> bool:
    """Refuse ``request``; false if it was decided already.

    Raises ``EntryRefusedError`` without an answer, or where it names somebody.
    """
    asked = _request(hub, request)
    if asked is None:
        return False
    must_have_reason(hub, asked.school, reason=answer, by=by)
    with hub.engine.begin() as connection:
        if not _decide(connection, request, Decision.REFUSED, by, answer=answer):
            return False
        _log(connection, "refuse_waiver", asked.school, request, asked.scope.rule, by)
    return True


def requests_of_school(connection: Connection, school: str) -> list[Request]:
    """The requests of ``school``, newest first."""
    query = _query().where(_R.school == school)
    return [_read(row) for row in connection.execute(query.order_by(_R.id.desc()))]


def requests_of_district(connection: Connection, district: str) -> list[Request]:
    """The requests of the schools of ``district``: those that wait, the oldest first; then the
    others, the last decided first."""
    query = _query().where(schools.c.district == district)
    found = [_read(row) for row in connection.execute(query.order_by(_R.id))]
    decided = sorted((one for one in found if not one.waits), key=_decided_at, reverse=True)
    return [one for one in found if one.waits] + decided


def waiting(connection: Connection, district: str) -> int:
    """How many requests of ``district`` wait for a decision."""
    own = select(schools.c.code).where(schools.c.district == district)
    query = select(func.count()).where(_R.school.in_(own), _R.decision.is_(None))
    return int(connection.execute(query).scalar_one())


def _decided_at(one: Request) -> tuple[datetime | None, int]:
    return one.decided_at, one.id


def _query() -> Any:
    known = waiver_requests.join(schools, _R.school == schools.c.code)
    return select(waiver_requests, schools.c.name.label("school_name")).select_from(known)


def _request(hub: Hub, request: int) -> Request | None:
    """The request that waits under this number."""
    with hub.engine.begin() as connection:
        query = _query().where(_R.id == request, _R.decision.is_(None))
        row = connection.execute(query).one_or_none()
    return None if row is None else _read(row)


def _read(row: Row[Any]) -> Request:
    said = dict(row._mapping)
    scope = Scope(*(said.pop(column.name) for column in _SCOPE))
    decision = said.pop("decision")
    return Request(scope=scope, decision=Decision(decision) if decision else None, **said)


def _decide(
    connection: Connection, request: int, decision: Decision, by: str, answer: str = ""
) -> bool:
    """Whether it was this one that decided; two at once take turns."""
    values = {"decision": decision.value, "decided_by": by, "answer": answer}
    done = connection.execute(
        update(waiver_requests)
        .where(_R.id == request, _R.decision.is_(None))
        .values(values | {"decided_at": func.clock_timestamp()})
    )
    return done.rowcount == 1


def _log(
    connection: Connection, action: str, school: str, request: int, rule: str, by: str
) -> None:
    details = {"request": request, "rule": rule}
    action_log_on(connection, by)(Action(action, school, GROUND, 1, details))


def places_of(
    connection: Connection, requests: Sequence[Request], names: Mapping[str, str]
) -> dict[int, str]:
    """Where each request, by number, is to hold, in words; empty: in the whole school.

    ``names``: of teachers by pseudonym, where they were released to the reader.
    """
    schools_of = {one.school for one in requests}
    called = {
        (entity, school, key): name
        for entity in ("class_", "subject")
        for school, key, name in _names(connection, entity, schools_of).iter_rows()
    }
    return {one.id: _place(one, called, names) for one in requests}


def _names(connection: Connection, entity: str, of: Collection[str]) -> pl.DataFrame:
    table = journal_table(entity)
    names = ["school", "source_key", "name"]
    return read_frame(connection, table, names, table.c.school.in_(of))


def _place(
    one: Request, called: Mapping[tuple[str, str, str], str], names: Mapping[str, str]
) -> str:
    scope = one.scope
    told = []
    if scope.class_key:
        name = called.get(("class_", one.school, scope.class_key), scope.class_key)
        told.append(f"класс {name}")
    if scope.subject_key:
        name = called.get(("subject", one.school, scope.subject_key), scope.subject_key)
        told.append(f"предмет {name}")
    if scope.teacher:
        told.append(shown_as([scope.teacher], names)[scope.teacher])
    if scope.key:
        told.append("одна причина с карточки")
    return ", ".join(told)
