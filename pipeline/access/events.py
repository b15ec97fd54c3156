"""The book of the dashboard: who came in, who was refused, what was taken away."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from sqlalchemy import Connection, insert

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
