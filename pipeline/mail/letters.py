"""The books of letters: written before they are sent, each of them once.

::

    written ──(claimed: committed before the first byte)──> unknown ──taken──> sent
       ▲                                                      │  │
       └──────────── refused for now, no server ──────────────┘  └── refused for good ──> failed

Who dies, or hears no answer, leaves ``unknown``: the mail server may have taken the letter. Such a
letter is sent **once more**, with the same Message-ID, by which mail programs know it again; if the
second answer is lost too it has failed, and a person asks the recipient.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import Connection, func, select, text, update
from sqlalchemy.dialects.postgresql import insert

from pipeline.forms.hand_out import Kind
from schemas.tables import letters


class LetterState(StrEnum):
    WRITTEN = "written"
    SENT = "sent"
    FAILED = "failed"  # ``rule`` says why; a person must act
    UNKNOWN = "unknown"  # under way, or the answer was lost
    REPLACED = "replaced"  # its files, or its mailbox, were others before it was taken


OPEN = (LetterState.WRITTEN, LetterState.FAILED, LetterState.UNKNOWN)
NOT_UNDER_WAY = (LetterState.WRITTEN, LetterState.FAILED)


# Answers that may be lost before a letter counts as failed: it is sent once more, not for ever.
MOST_LOST = 1


@dataclass(frozen=True)
class Letter:
    """A letter as it was written, to be sent (again) exactly so. ``files``: dicts of ``path``
    (below the reports), ``said`` (``hand_out.said``), ``size``, ``attached``."""

    id: int
    unit: str
    kind: Kind
    recipient: str
    subject: str
    body: str
    files: list[dict[str, Any]]
    message_id: str
    written_at: datetime
    lost: int


def write(
    connection: Connection,
    kind: Kind,
    unit: str,
    month: date,
    wanted: Sequence[dict[str, Any]],
    replaced: Sequence[LetterState] = OPEN,
) -> None:
    """Keep the letters that a unit is to get for a month, less those that are there already: one
    for each content and mailbox. Others that were not taken yet are replaced by them.

    Who does not keep senders away meanwhile names as ``replaced`` what is ``NOT_UNDER_WAY``.
    """
    now = [letter["message_id"] for letter in wanted]
    connection.execute(
        update(letters)
        .where(
            letters.c.kind == kind.value,
            letters.c.unit == unit,
            letters.c.month == month,
            letters.c.state.in_([state.value for state in replaced]),
            letters.c.message_id.not_in(now),
        )
        .values(state=LetterState.REPLACED.value, settled_at=func.now())
    )
    for letter in wanted:
        new = insert(letters).values(kind=kind.value, unit=unit, month=month, **letter)
        connection.execute(
            new.on_conflict_do_update(
                index_elements=["kind", "unit", "month", "content", "recipient"],
                set_={"state": new.excluded.state, "lost": 0, "settled_at": None},
                where=letters.c.state == LetterState.REPLACED.value,
            )
        )


def waiting(connection: Connection, kind: Kind) -> list[int]:
    """Ids of the letters that are to be sent, those written first in front."""
    states = (LetterState.WRITTEN.value, LetterState.UNKNOWN.value)
    query = select(letters.c.id).where(letters.c.kind == kind.value, letters.c.state.in_(states))
    return list(connection.execute(query.order_by(letters.c.id)).scalars())


def claim(connection: Connection, letter: int) -> Letter | None:
    """Take a waiting letter to send it; the caller commits first, and is the only one who sends.
    None: it waits no more, a newer one came.

    From now on it is ``unknown``; ``lost`` counts the answers that did not come before.
    """
    row = connection.execute(text(_CLAIM), {"id": letter}).mappings().one_or_none()
    return None if row is None else Letter(**{**row, "kind": Kind(row["kind"])})


_CLAIM = """
UPDATE ops.letters SET state = 'unknown', attempts = attempts + 1,
  lost = lost + (state = 'unknown')::int, rule = NULL, detail = ''
WHERE id = :id AND state IN ('written', 'unknown')
RETURNING id, unit, kind, recipient, subject, body, files, message_id, written_at,
  lost"""


def settle(
    connection: Connection,
    letter: int,
    state: LetterState,
    rule: str | None = None,
    detail: str = "",
) -> None:
    """Note what became of a letter. ``detail``: stage and code, no words of a server."""
    ended = state in (LetterState.SENT, LetterState.FAILED)
    connection.execute(
        update(letters)
        .where(letters.c.id == letter)
        .values(
            state=state.value,
            rule=rule,
            detail=detail,
            settled_at=func.now() if ended else None,
        )
    )


def try_again(connection: Connection, kind: Kind, month: date) -> int:
    """Let the failed letters of a month be sent once more; how many. Those without a mailbox
    stay: they are written anew when there is one."""
    failed = connection.execute(
        update(letters)
        .where(
            letters.c.kind == kind.value,
            letters.c.month == month,
            letters.c.state == LetterState.FAILED.value,
            letters.c.recipient != "",
        )
        .values(state=LetterState.WRITTEN.value, lost=0, settled_at=None)
    )
    return failed.rowcount


def listed(
    connection: Connection,
    kind: Kind | None = None,
    month: date | None = None,
    states: Sequence[LetterState] = (),
) -> list[dict[str, Any]]:
    """Letters for a person to look at, the latest first; no address, no text."""
    values = {
        "kind": kind.value if kind else "", "month": month, "states": [s.value for s in states]
    }  # fmt: skip
    return [dict(row) for row in connection.execute(text(_LISTED), values).mappings()]


_LISTED = """
SELECT id, kind, unit, to_char(month, 'YYYY-MM') AS month, state, rule, detail, attempts,
  jsonb_array_length(files) AS files, left(recipient, 8) AS mailbox, written_at, settled_at
FROM ops.letters
WHERE (:kind = '' OR kind = :kind) AND (CAST(:month AS date) IS NULL OR month = :month)
  AND (cardinality(CAST(:states AS text[])) = 0 OR state = ANY(:states))
ORDER BY id DESC"""
