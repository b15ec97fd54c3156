"""A letter as the bytes that a mail server takes.

Cyrillic words of the subject go as RFC 2047 has it, names of files as RFC 2231; nothing needs a
server that takes more than seven bits.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from email import policy
from email.message import EmailMessage
from email.utils import format_datetime

_SEVEN_BIT = policy.SMTP.clone(cte_type="7bit")


@dataclass(frozen=True)
class Attachment:
    """A file of the letter; ``media_type`` as ``text/html``; texts are in UTF-8."""

    name: str
    content: bytes = field(repr=False)
    media_type: str = "application/octet-stream"


@dataclass(frozen=True)
class Mail:
    """One letter to one mailbox.

    ``message_id``: the same whenever the letter is sent again, in angle brackets; ``sender`` and
    ``recipient``: plain addresses; ``written_at``: aware, the date of the letter; ``answers_to``:
    the addresses that an answer goes to, none: the sender's.
    """

    message_id: str
    sender: str
    recipient: str = field(repr=False)
    subject: str
    text: str
    written_at: datetime
    attachments: tuple[Attachment, ...] = ()
    answers_to: tuple[str, ...] = field(default=(), repr=False)


def mailbox(address: str) -> str:
    """``address`` as servers know it: a domain in Cyrillic letters in its Latin spelling.

    Raises ``UnicodeError`` for a domain that has none.
    """
    name, _, domain = address.rpartition("@")
    return f"{name}@{domain.encode('idna').decode()}"


def encoded(mail: Mail) -> bytes:
    """The letter in bytes, lines ended by CR LF. The same letter gives the same bytes."""
    message = EmailMessage(policy=_SEVEN_BIT)
    message["From"] = mailbox(mail.sender)
    message["To"] = mailbox(mail.recipient)
    if mail.answers_to:
        message["Reply-To"] = ", ".join(map(mailbox, mail.answers_to))
    message["Subject"] = mail.subject
    message["Date"] = format_datetime(mail.written_at)
    message["Message-ID"] = mail.message_id
    # RFC 3834: no machine answers that somebody is on leave.
    message["Auto-Submitted"] = "auto-generated"
    message.set_content(mail.text)
    for one in mail.attachments:
        kind, _, form = one.media_type.partition("/")
        more = {"charset": "utf-8"} if kind == "text" else {}
        message.add_attachment(one.content, kind, form, filename=one.name, params=more)
    if message.is_multipart():
        message.set_boundary("=_" + mail.message_id.strip("<>").partition("@")[0])
    return message.as_bytes()
