"""The book of the dashboard: who came in, who was refused, what was taken away."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import Connection, insert, select

from schemas.tables import events


class Kind(StrEnum):
    """What happened."""

    SIGNED_IN = "signed_in"
    SIGNED_OUT = "signed_out"
    REFUSED = "refused"  # a wrong password or code
    LOCKED = "locked"  # too many of these
    CHANGED = "password_changed"
    FACTOR_SET = "factor_set"
    ACCOUNT_CHANGED = "account_changed"  # created, disabled, reset: ``detail`` says which
    DOWNLOADED = "downloaded"  # ``detail``: the file
    NAMED = "named"  # people of the school were named to it
    ENTERED = "entered"  # a passport, a waiver, a decision on a plan
    REMINDED = "reminded"  # the school, by a letter; ``detail``: the day of its figures


def note(
    connection: Connection,
    kind: Kind,
    at: datetime,
    *,
    login: str | None,
    school: str | None = None,
    detail: str = "",
) -> None:
    """Write a line of the book; ``detail`` holds codes and numbers, nothing that was typed."""
    row = {"at": at, "kind": kind.value, "login": login, "school": school, "detail": detail}
    connection.execute(insert(events), row)


def book(
    connection: Connection,
    *,
    login: str = "",
    kind: Kind | None = None,
    before: int | None = None,
    most: int = 100,
) -> list[dict[str, Any]]:
    """Lines of the book, newest first, at ``most`` of them: of one ``login`` or ``kind`` where they
    are named, older than the line ``before``."""
    query = select(events).order_by(events.c.id.desc()).limit(most)
    if login:
        query = query.where(events.c.login == login)
    if kind is not None:
        query = query.where(events.c.kind == kind.value)
    if before is not None:
        query = query.where(events.c.id < before)
    return [dict(row) for row in connection.execute(query).mappings()]
