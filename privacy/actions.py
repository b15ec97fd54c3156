"""The action log: who did what to personal data, when, on what ground. No names in it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from sqlalchemy import Connection, insert

from schemas.tables.ops import action_log


@dataclass(frozen=True)
class Action:
    """One act on personal data; ``details`` holds counts and versions, never a person's data."""

    action: str
    school: str
    ground: str
    count: int
    details: Mapping[str, object] = field(default_factory=dict)


ActionLog = Callable[[Action], None]


def action_log_on(connection: Connection, actor: str) -> ActionLog:
    """A log that writes to ``ops.action_log`` in the transaction of ``connection``."""

    def write(action: Action) -> None:
        connection.execute(
            insert(action_log).values(
                actor=actor,
                action=action.action,
                school=action.school,
                ground=action.ground,
                count=action.count,
                details=dict(action.details),
            )
        )

    return write
