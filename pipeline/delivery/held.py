"""Withdrawals that wait for a person: which, and letting them go."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, text

from pipeline.delivery import outbox
from pipeline.delivery.outbox import Box
from pipeline.hub import Hub
from privacy.actions import Action, action_log_on

GROUND = "решение оператора"


def held_withdrawals(hub: Hub) -> list[dict[str, Any]]:
    """``target``, ``school`` and ``count`` of what waits, by target and school."""
    query = (
        "SELECT target, school, count(*) AS count FROM outbox.desired WHERE state = 'held'"
        " GROUP BY target, school ORDER BY target, school"
    )
    with hub.engine.begin() as connection:
        return [dict(row) for row in connection.execute(text(query)).mappings()]


def approve_held(hub: Hub, waiting: Sequence[dict[str, Any]], by: str) -> int:
    """Let the withdrawals of the schools in ``waiting`` go, if they are still as many as were
    shown; more of them have to be shown first. Returns how many. ``by`` stands in the action log.
    """
    shown = {(row["target"], row["school"]): int(row["count"]) for row in waiting}
    approved = 0
    for row in held_withdrawals(hub):
        key = (row["target"], row["school"])
        if key in shown:
            approved += approve(hub, Box(*key), by, most=shown[key])
    return approved


def approve(hub: Hub, box: Box, by: str, *, most: int | None = None) -> int:
    """Let the withdrawals of one school go; returns how many: none if they are more than ``most``,
    which is how many were shown."""
    with hub.engine.connect() as connection:
        count = outbox.approve(connection, box)
        if most is not None and count > most:
            connection.rollback()
            return 0
        details = {"target": box.target}
        action = Action("approve_withdrawals", box.school, GROUND, count, details)
        action_log_on(connection, by)(action)
        connection.commit()
    return count


@dataclass(frozen=True)
class Held:
    """What waits of one school at one portal: ``counts`` by kind of record; ``since``: when the
    first of them was held."""

    target: str
    school: str
    name: str
    counts: Mapping[str, int]
    since: datetime

    @property
    def count(self) -> int:
        return sum(self.counts.values())


def held_by_kind(connection: Connection) -> list[Held]:
    """What waits, by portal and school; what ``connection`` may see of it."""
    rows = connection.execute(text(_BY_KIND)).all()
    of: dict[tuple[str, str], list[Any]] = {}
    for row in rows:
        of.setdefault((row.target, row.school), []).append(row)
    return [
        Held(
            target,
            school,
            own[0].name,
            {row.entity: row.records for row in own},
            min(row.since for row in own),
        )
        for (target, school), own in of.items()
    ]


_BY_KIND = """
SELECT d.target, d.school, s.name, d.entity, count(*) AS records, min(d.updated_at) AS since
FROM outbox.desired d JOIN registry.schools s ON s.code = d.school
WHERE d.state = 'held' GROUP BY d.target, d.school, s.name, d.entity
ORDER BY d.target, s.name, d.school, records DESC, d.entity"""
