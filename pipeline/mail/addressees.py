"""Whom a letter goes to: one for each mailbox of a unit, which the books know by a keyed hash.

Addresses stand in the registry alone (``pipeline.registry.mailboxes``).
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from pydantic import TypeAdapter, ValidationError
from sqlalchemy import Connection, select

from connectors.errors import Misconfigured
from pipeline.forms.hand_out import LEVELS, Kind
from pipeline.hub import Hub
from pipeline.mail.letters import LetterState
from pipeline.registry import Mailbox, mailboxes
from pipeline.settings import Settings
from privacy.pseudonyms import lookup_of
from schemas.tables import schools

MAILBOX: TypeAdapter[str] = TypeAdapter(Mailbox)
NO_MAILBOX = "no_mailbox"


def for_each_mailbox(
    hub: Hub,
    connection: Connection,
    kind: Kind,
    unit: str,
    month: date,
    content: str,
    written: Mapping[str, Any],
) -> list[dict[str, Any]]:
    """What ``letters.write`` is to keep of a letter that is ``written``: a row for each mailbox of
    ``unit``; one that has failed where there is none. Raises ``Misconfigured`` without a sender."""
    sender = sender_of(hub.settings)
    wanted = []
    for address in mailboxes(connection, LEVELS[kind], unit):
        recipient = recipient_of(hub, address)
        known = _message_id((kind, unit, month, content, recipient), sender)
        ours = {"content": content, "recipient": recipient, "message_id": known}
        wanted.append({**written, **ours, "state": LetterState.WRITTEN.value})
    if not wanted:  # told once a month, however often its content changes
        ours = {"content": "", "recipient": "", "message_id": "", "rule": NO_MAILBOX}
        wanted.append({**written, **ours, "state": LetterState.FAILED.value})
    return wanted


def answers_to(connection: Connection, kind: Kind, unit: str) -> tuple[str, ...]:
    """The mailboxes that an answer goes to: of a reminder those of the school's district, which
    sent it; none for other letters, or where the district has none: the sender's."""
    if kind is not Kind.SCHOOL_REMINDERS:
        return ()
    district = connection.execute(select(schools.c.district).where(schools.c.code == unit))
    return tuple(mailboxes(connection, "district", district.scalar_one()))


def recipient_of(hub: Hub, address: str) -> str:
    """What stands for a mailbox in the books."""
    return lookup_of(hub.keys, "mailbox", address.casefold())


def sender_of(settings: Settings) -> str:
    """The mailbox that letters come from. Raises ``Misconfigured``."""
    try:
        return str(MAILBOX.validate_python(settings.mail_from))
    except ValidationError:
        raise Misconfigured(
            "no sender of letters is set, or it is no address", fix="set SVOD_MAIL_FROM"
        ) from None


def _message_id(letter: Sequence[object], sender: str) -> str:
    """The same for the same letter, and no other's."""
    known = "\0".join(map(str, letter))
    return f"<{hashlib.sha256(known.encode()).hexdigest()[:32]}@{sender.rpartition('@')[2]}>"
