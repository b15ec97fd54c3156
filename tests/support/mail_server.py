"""A real mail server on this machine, with TLS, sign-in, and a temper that a test sets."""

from __future__ import annotations

import asyncio
import socket
import ssl
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email import message_from_bytes, policy
from email.message import EmailMessage
from ipaddress import ip_address
from pathlib import Path
from typing import Any, Literal

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

USER, PASSWORD = "svod", "p@ss:word/1"  # to be quoted in a URL
HOST = "127.0.0.1"
TAKEN = "250 2.0.0 OK"

Answer = Callable[[str], str | None]  # by mailbox; None: as a friendly server does


@dataclass
class Letter:
    """What the server took."""

    sender: str
    mailbox: str
    content: bytes
    options: list[str] = field(default_factory=list)

    @property
    def message(self) -> EmailMessage:
        read = message_from_bytes(self.content, policy=policy.default)
        assert isinstance(read, EmailMessage)
        return read


class Temper:
    """How the server behaves; ``taken``: the letters it holds, in order.

    ``at_mailbox``, ``at_letter``: its answer, if not the friendly one. ``hang_up``: ``"before"`` or
    ``"after"`` it has taken the letter, without an answer. ``pause``: seconds before the verdict.
    ``heard``: called with each letter before it is answered.
    """

    def __init__(self) -> None:
        self.taken: list[Letter] = []
        self.at_sender: Answer = lambda sender: None
        self.at_mailbox: Answer = lambda mailbox: None
        self.at_letter: Answer = lambda mailbox: None
        self.hang_up: Literal["", "before", "after"] = ""
        self.pause = 0.0
        self.heard: Callable[[Letter], None] = lambda letter: None

    async def handle_MAIL(  # noqa: N802
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if answer := self.at_sender(address):
            return answer
        envelope.mail_from = address
        envelope.mail_options.extend(options)
        return TAKEN

    async def handle_RCPT(  # noqa: N802
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if answer := self.at_mailbox(address):
            return answer
        envelope.rcpt_tos.append(address)
        return TAKEN

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        content = envelope.content
        assert isinstance(content, bytes)
        (mailbox,) = envelope.rcpt_tos
        letter = Letter(str(envelope.mail_from), mailbox, content, envelope.mail_options)
        if answer := self.at_letter(mailbox):
            return answer
        if self.hang_up != "before":
            self.taken.append(letter)
        await asyncio.to_thread(self.heard, letter)
        if self.hang_up:
            server.transport.abort()
        await asyncio.sleep(self.pause)
        return TAKEN


@dataclass(frozen=True)
class MailServer:
    """A running server."""

    temper: Temper
    port: int
    certificate: Path

    def url(self, tls: str = "starttls", user: str = USER, password: str = "") -> str:
        """The address to it, as the settings hold it."""
        from urllib.parse import quote

        known = f"{user}:{quote(password or PASSWORD, safe='')}@" if user else ""
        return f"smtp://{known}{HOST}:{self.port}?tls={tls}&ca={self.certificate}"


Line = Literal["starttls", "implicit", "none"]


@contextmanager
def serve_mail(
    folder: Path, line: Line = "starttls", *, sign_in: bool = True
) -> Iterator[MailServer]:
    """A server whose line is closed by ``line``; with ``sign_in`` it takes nothing without one."""
    certificate, context = _certificate(folder)
    temper = Temper()
    more: dict[str, Any] = {}
    if sign_in:
        more |= {
            "authenticator": _known,
            "auth_required": True,
            "auth_require_tls": line == "starttls",
        }
    if line == "starttls":
        more |= {"tls_context": context, "require_starttls": True}
    running = Controller(
        temper,
        hostname=HOST,
        port=_free_port(),
        ssl_context=context if line == "implicit" else None,
        **more,
    )
    running.start()
    try:
        yield MailServer(temper, running.port, certificate)
    finally:
        running.stop()


def _known(server: SMTP, session: Session, envelope: Envelope, way: str, data: Any) -> AuthResult:
    right = isinstance(data, LoginPassword) and (data.login, data.password) == (
        USER.encode(),
        PASSWORD.encode(),
    )
    return AuthResult(success=right, handled=False)


def _certificate(folder: Path) -> tuple[Path, ssl.SSLContext]:
    """A certificate for this machine that nobody but its file vouches for."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "mail.test")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address(HOST))]), False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    certificate, secret = folder / "mail.pem", folder / "mail.key"
    certificate.write_bytes(made.public_bytes(serialization.Encoding.PEM))
    secret.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, secret)
    return certificate, context


def _free_port() -> int:
    with socket.socket() as one:
        one.bind((HOST, 0))
        return int(one.getsockname()[1])
