"""Withdrawals that wait for a person: made so, looked at, and put back."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from tests.end_to_end.world import World

SCHOOL = "781001"
WAITING = {"lesson": 7, "mark": 4}


@contextmanager
def waiting(region: World) -> Iterator[None]:
    """``WAITING`` of a school wait meanwhile; afterwards they are as they were."""
    before = region.rows("SELECT target, school, key, updated_at AS since FROM outbox.desired")
    since = {(row["target"], row["school"], row["key"]): row["since"] for row in before}
    wanted = [row for entity, n in WAITING.items() for row in _delivered(region, entity, "key", n)]
    assert len(wanted) == sum(WAITING.values())
    for row in wanted:
        _put(region, row, "held")
    yield
    for row in region.rows(
        "SELECT target, school, key FROM outbox.desired WHERE school = :school"
        " AND state IN ('held', 'approved')",
        school=SCHOOL,
    ):
        _put(region, row, "delivered")
        region.write(
            "UPDATE outbox.desired SET updated_at = :since WHERE target = :target"
            " AND school = :school AND key = :key",
            since=since[row["target"], row["school"], row["key"]],
            **row,
        )


def one_more(region: World) -> None:
    """One more mark waits."""
    (row,) = _delivered(region, "mark", "key DESC", 1)
    _put(region, row, "held")


def states(region: World) -> dict[str, int]:
    """How many records of the school wait, and how many may go."""
    rows = region.rows(
        "SELECT state, count(*)::int AS n FROM outbox.desired WHERE school = :school"
        " AND state IN ('held', 'approved') GROUP BY state",
        school=SCHOOL,
    )
    return {row["state"]: row["n"] for row in rows}


def logged(region: World) -> list[tuple[str, str, int]]:
    """Who approved how much of which school, by the action log."""
    rows = region.rows(
        "SELECT actor, school, count FROM ops.action_log WHERE action = 'approve_withdrawals'"
        " ORDER BY id"
    )
    return [(row["actor"], row["school"], row["count"]) for row in rows]


def _delivered(region: World, entity: str, order: str, count: int) -> list[dict[str, Any]]:
    return region.rows(
        "SELECT target, school, key FROM outbox.desired WHERE school = :school"
        f" AND entity = :entity AND state = 'delivered' ORDER BY {order} LIMIT :count",
        school=SCHOOL,
        entity=entity,
        count=count,
    )


def _put(region: World, row: dict[str, Any], state: str) -> None:
    region.write(
        "UPDATE outbox.desired SET state = :state WHERE target = :target AND school = :school"
        " AND key = :key",
        state=state,
        **row,
    )
