"""A mail server that takes letters: one letter to one mailbox at a time.

No letter, address or word of a server's answer is in an error or a log: a server quotes the mailbox
that it refuses. Errors say the stage and the server's code.
"""

from connectors.smtp.address import SmtpAddress, Tls
from connectors.smtp.client import AnswerLost, NoServer, Patience, SmtpTarget
from connectors.smtp.message import Attachment, Mail

__all__ = [
    "AnswerLost",
    "Attachment",
    "Mail",
    "NoServer",
    "Patience",
    "SmtpAddress",
    "SmtpTarget",
    "Tls",
]
