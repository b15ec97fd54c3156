"""Where the mail server is and how the line to it is closed: one URL of the settings."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from urllib.parse import parse_qsl, unquote, urlsplit

from connectors.errors import Misconfigured


class Tls(StrEnum):
    """How the line is closed to others; the value stands in the URL as ``tls=``."""

    STARTTLS = "starttls"  # begun in the open, then closed; refused where it cannot be
    IMPLICIT = "implicit"  # closed from the first byte
    NONE = "none"  # open: for a server of the same machine or network, without a password


# RFC 6409, RFC 8314 and RFC 5321.
_PORTS = {Tls.STARTTLS: 587, Tls.IMPLICIT: 465, Tls.NONE: 25}
_FORM = "smtp://USER:PASSWORD@HOST:PORT?tls=starttls"


@dataclass(frozen=True)
class SmtpAddress:
    """``ca``: certificates to trust instead of the machine's own, for a server of an inner net."""

    host: str
    port: int
    tls: Tls
    user: str = ""
    password: str = field(default="", repr=False)
    ca: Path | None = None

    @classmethod
    def parse(cls, url: str) -> SmtpAddress:
        """The address in ``url``: ``smtp://user:password@host:port?tls=starttls|implicit|none``,
        ``&ca=FILE`` by choice; signs of user and password are written as in every URL (``%40``).

        Raises ``Misconfigured``; its message quotes nothing of the URL.
        """
        try:
            parts = urlsplit(url)
            said = dict(parse_qsl(parts.query, keep_blank_values=True, strict_parsing=True))
            tls = Tls(said.pop("tls"))
            port = parts.port or _PORTS[tls]
        except (ValueError, KeyError):
            raise _malformed("it must be " + _FORM) from None
        if parts.scheme != "smtp" or not parts.hostname or parts.path.strip("/"):
            raise _malformed("it must be " + _FORM)
        ca = said.pop("ca", None)
        if said:
            raise _malformed("only tls and ca may stand behind the question mark")
        user, password = unquote(parts.username or ""), unquote(parts.password or "")
        if bool(user) != bool(password):
            raise _malformed("a user needs a password, and a password a user")
        if password and tls is Tls.NONE:
            raise _malformed("a password must not go over an open line: set tls=starttls")
        return cls(parts.hostname, port, tls, user, password, Path(ca) if ca else None)


def _malformed(said: str) -> Misconfigured:
    return Misconfigured(f"the address of the mail server cannot be used: {said}")
