"""Reminders that an office sends to schools by mail, and what became of them.

A reminder is a letter without files (``pipeline.mail.letters``), about the month of the day that
its figures are known of. Twice the same text is one letter; a newer text replaces one that was not
taken yet. ``pipeline.mail.post.send_letters`` sends them.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import Connection, text

from pipeline.forms.hand_out import Kind
from pipeline.hub import Hub
from pipeline.mail import letters
from pipeline.mail.addressees import for_each_mailbox
from pipeline.mail.letters import NOT_UNDER_WAY, LetterState
from reports.letters import LetterText

KIND = Kind.SCHOOL_REMINDERS


@dataclass(frozen=True)
class Reminded:
    """Letters to one school that are in one state. ``on``: the day their figures are known of;
    ``mailboxes``: how many; ``tried``: a server was asked; ``at``: when that was last known."""

    school: str
    name: str
    on: date
    state: LetterState
    rule: str | None
    tried: bool
    mailboxes: int
    at: datetime


def write_reminders(hub: Hub, texts: Mapping[str, LetterText], on: date, run_id: str) -> None:
    """Write the letters with these ``texts``, by school; committed, not sent.

    Nobody is kept waiting meanwhile: a letter that is being sent is left alone. Raises
    ``Misconfigured`` without a sender.
    """
    month = on.replace(day=1)
    with hub.engine.begin() as connection:
        for school, told in sorted(texts.items()):  # in one order: two writers never wait crosswise
            content = hashlib.sha256(told.body.encode()).hexdigest()
            written = {
                "on_date": on,
                "run_id": run_id,
                "subject": told.subject,
                "body": told.body,
                "files": [],
            }
            wanted = for_each_mailbox(hub, connection, KIND, school, month, content, written)
            letters.write(connection, KIND, school, month, wanted, replaced=NOT_UNDER_WAY)


def reminded(connection: Connection, district: str, on: date) -> list[Reminded]:
    """The reminders of a district's schools of the month of ``on``, and older ones that wait; the
    latest first."""
    values = {"kind": KIND.value, "district": district, "month": on.replace(day=1)}
    rows = connection.execute(text(_REMINDED), values).mappings()
    return [Reminded(**{**row, "state": LetterState(row["state"])}) for row in rows]


_REMINDED = """
SELECT s.code AS school, s.name, l.on_date AS "on", l.state, l.rule, l.attempts > 0 AS tried,
  count(*) AS mailboxes, max(coalesce(l.settled_at, l.written_at)) AS at
FROM ops.letters l JOIN registry.schools s ON s.code = l.unit
WHERE l.kind = :kind AND s.district = :district AND l.state <> 'replaced'
  AND (l.month = :month OR l.state IN ('written', 'unknown'))
GROUP BY s.code, s.name, l.on_date, l.state, l.rule, l.attempts > 0
ORDER BY at DESC, s.code"""
