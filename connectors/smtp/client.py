"""A mail server as a target: a letter is taken, refused, or nobody knows.

Each letter has a connection of its own, so that none suffers from another one's end. Until the last
dot of a letter has been sent the server cannot have taken it; from then on only its answer tells.
"""

from __future__ import annotations

import re
import smtplib
import ssl
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass

from connectors.errors import AccessDenied, Misconfigured, RecordRejected, Unavailable
from connectors.smtp.address import SmtpAddress, Tls
from connectors.smtp.message import Mail, encoded, mailbox

# RFC 3463: class.subject.detail; all of a server's words that is kept.
_ENHANCED = re.compile(rb"\b[245]\.\d{1,3}\.\d{1,3}\b")
_FULL_OR_TOO_LARGE = 552
_SIGN_IN_FIRST = 530


class AnswerLost(Unavailable):
    """The letter has been sent and no answer came: the server may have taken it.

    The caller settles it: the same letter, with the same Message-ID, may be sent once more.
    """


class NoServer(Unavailable):
    """No server answers at that address: no other letter would fare better; try again later."""


@dataclass(frozen=True)
class Patience:
    """Seconds to wait: for any answer, and for the verdict on a whole letter (RFC 5321, 4.5.3.2:
    5 and 10 minutes; nobody answers a hub's question later than in one)."""

    answer: float = 60
    verdict: float = 600


class SmtpTarget:
    """One mail server. ``hello``: the name this machine goes by, a domain."""

    kind = "mail"

    def __init__(
        self, address: SmtpAddress, *, hello: str, patience: Patience = Patience()
    ) -> None:
        self._address = address
        self._hello = hello
        self._patience = patience

    def send(self, mail: Mail) -> None:
        """Hand ``mail`` over; returns when the server has taken it.

        Raises ``NoServer`` and ``Unavailable`` when it was not taken and may be sent again,
        ``AnswerLost`` when nobody knows, ``RecordRejected`` (``mailbox_refused``,
        ``letter_refused``, ``letter_too_large``) when this letter never will be, ``AccessDenied``
        and ``Misconfigured`` when a person must act first.
        """
        try:
            recipient, content = mailbox(mail.recipient), encoded(mail)
        except UnicodeError:
            raise RecordRejected("mailbox_refused", where="no such domain can be") from None
        with self._session() as smtp:
            options = [f"size={len(content)}"] if smtp.has_extn("size") else []
            _expect("MAIL", smtp.mail(mailbox(mail.sender), options))
            _expect("RCPT", smtp.rcpt(recipient))
            _expect("DATA", smtp.docmd("DATA"), 354)
            _expect("letter", self._transmit(smtp, content))

    def _transmit(self, smtp: smtplib.SMTP, content: bytes) -> tuple[int, bytes]:
        """Send the whole letter and wait for the verdict."""
        if smtp.sock is not None:
            smtp.sock.settimeout(self._patience.verdict)
        try:
            # RFC 5321, 4.5.2: a line that begins with a dot gets another one.
            smtp.send(content.replace(b"\r\n.", b"\r\n..") + b".\r\n")
            return smtp.getreply()
        except (OSError, smtplib.SMTPServerDisconnected):
            raise AnswerLost("no answer to the whole letter", where="letter") from None

    @contextmanager
    def _session(self) -> Iterator[smtplib.SMTP]:
        """A line to the server, closed to others and signed in."""
        smtp = self._connected()
        try:
            with _understood("sign-in"):
                self._sign_in(smtp)
            with _understood("letter"):
                yield smtp
        finally:
            self._leave(smtp)

    def _leave(self, smtp: smtplib.SMTP) -> None:
        """Say goodbye; whatever is said to it changes nothing any more."""
        with suppress(OSError, smtplib.SMTPException):
            if smtp.sock is not None:
                smtp.sock.settimeout(self._patience.answer)
            smtp.quit()
        smtp.close()

    def _connected(self) -> smtplib.SMTP:
        where, patience = (self._address.host, self._address.port), self._patience.answer
        try:
            if self._address.tls is Tls.IMPLICIT:
                return smtplib.SMTP_SSL(*where, self._hello, timeout=patience, context=self._tls())
            return smtplib.SMTP(*where, self._hello, timeout=patience)
        except ssl.SSLError as error:
            raise _not_trusted(error) from None
        except smtplib.SMTPConnectError as error:
            raise _said("greeting", error.smtp_code, _bytes(error.smtp_error)) from None
        except (OSError, smtplib.SMTPServerDisconnected):
            raise NoServer("the mail server does not answer", where="connection") from None

    def _sign_in(self, smtp: smtplib.SMTP) -> None:
        smtp.ehlo_or_helo_if_needed()
        if self._address.tls is Tls.STARTTLS:
            smtp.starttls(context=self._tls())
            smtp.ehlo()
        if self._address.user:
            smtp.login(self._address.user, self._address.password)

    def _tls(self) -> ssl.SSLContext:
        try:
            return ssl.create_default_context(cafile=self._address.ca)
        except (OSError, ssl.SSLError):
            raise Misconfigured("the file of certificates (ca) cannot be read") from None


@contextmanager
def _understood(stage: str) -> Iterator[None]:
    """smtplib's errors as ours; its messages quote the server and are left behind."""
    try:
        yield
    except ssl.SSLError as error:
        raise _not_trusted(error) from None
    except smtplib.SMTPAuthenticationError as error:
        if error.smtp_code < 500:
            raise _said(stage, error.smtp_code, _bytes(error.smtp_error)) from None
        raise AccessDenied(
            "the mail server refuses user and password",
            where=f"{stage} {error.smtp_code}",
            fix="correct SVOD_SMTP_URL",
        ) from None
    except smtplib.SMTPResponseException as error:
        raise _said(stage, error.smtp_code, _bytes(error.smtp_error)) from None
    except smtplib.SMTPServerDisconnected:
        raise Unavailable("the mail server hung up", where=stage) from None
    except smtplib.SMTPException:
        raise Misconfigured(
            "the mail server offers no such sign-in or TLS",
            where=stage,
            fix="correct tls, user and password in SVOD_SMTP_URL",
        ) from None
    except OSError:
        raise Unavailable("the line to the mail server broke", where=stage) from None


def _expect(stage: str, answer: tuple[int, bytes], wanted: int = 250) -> None:
    """Raises what the server's ``answer`` asks for, unless it is the ``wanted`` one."""
    code, words = answer
    if code == wanted or (wanted == 250 and code == 251):  # RFC 5321: taken, and passed on
        return
    raise _said(stage, code, words)


_REJECTED = {"RCPT": "mailbox_refused", "DATA": "letter_refused", "letter": "letter_refused"}


def _said(stage: str, code: int, words: bytes) -> Exception:
    """The error for a refusal of ``stage``. RFC 5321, 4.2.1: 4xx for now, 5xx for good."""
    enhanced = _ENHANCED.search(words)
    where = f"{stage} {code}" + (f" {enhanced[0].decode()}" if enhanced else "")
    if not 500 <= code < 600:
        return Unavailable("the mail server refuses for now", where=where)
    if code == _SIGN_IN_FIRST:
        return AccessDenied("the mail server wants user and password", where=where)
    if code == _FULL_OR_TOO_LARGE and stage != "RCPT":
        return RecordRejected("letter_too_large", where=where)
    if stage in _REJECTED:
        return RecordRejected(_REJECTED[stage], where=where)
    return Misconfigured("the mail server refuses this hub or its sender", where=where)


def _not_trusted(error: ssl.SSLError) -> Exception:
    if isinstance(error, ssl.SSLEOFError | ssl.SSLZeroReturnError):
        return Unavailable("the mail server hung up", where="TLS")
    return Misconfigured(
        "no trusted TLS with the mail server",
        where="TLS",
        fix="name its certificates by ca= in SVOD_SMTP_URL, and the kind of TLS by tls=",
    )


def _bytes(said: bytes | str) -> bytes:
    return said if isinstance(said, bytes) else said.encode()
