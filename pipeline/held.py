"""Withdrawals that wait for a person: which, and letting them go."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from sqlalchemy import text

from pipeline import outbox
from pipeline.hub import Hub
from pipeline.outbox import Box
from privacy.actions import Action

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
        box = Box(row["target"], row["school"])
        if row["count"] <= shown.get((box.target, box.school), 0):
            approved += approve(hub, box, by)
    return approved


def approve(hub: Hub, box: Box, by: str) -> int:
    """Let the withdrawals of one school go; returns how many."""
    with hub.engine.begin() as connection:
        count = outbox.approve(connection, box)
    details = {"target": box.target}
    action = Action("approve_withdrawals", box.school, GROUND, count, details)
    replace(hub, actor=by).log_action(action)
    return count
