"""Sessions of the dashboard: begun by a password or the region's provider, ended by time.

The cookie is a random token that the table knows only by its hash. A new one is given at every
step of signing in, so a token that somebody planted beforehand never becomes a session.
"""

from __future__ import annotations

import hmac
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from hashlib import sha256

from sqlalchemy import Connection, delete, insert, select, update

from pipeline.access.accounts import Account, account_of
from pipeline.access.events import Kind, note
from pipeline.access.passwords import matches
from schemas.tables import accounts, sessions

IDLE = timedelta(minutes=30)  # a class-room computer that was left alone
LONGEST = timedelta(hours=12)  # a working day
FEW = 5  # wrong passwords or codes in a row
LOCK = timedelta(minutes=15)
_SEEN_EVERY = timedelta(minutes=1)  # not a row written for each page


class Refusal(StrEnum):
    """Nobody is let in; why, as far as a stranger may know."""

    WRONG = "wrong"
    LOCKED = "locked"


@dataclass(frozen=True)
class Session:
    """A session; ``complete``: nothing more is asked before pages are shown."""

    token: str
    csrf: str
    account: Account
    complete: bool

    def accepts(self, csrf: str) -> bool:
        """Whether a form came from a page of this session."""
        return hmac.compare_digest(self.csrf.encode(), csrf.encode())


def by_password(
    connection: Connection, login: str, password: str, at: datetime
) -> Account | Refusal:
    """The account of ``login``, or why not; what went wrong is counted."""
    query = select(accounts).where(accounts.c.login == login, accounts.c.disabled_at.is_(None))
    row = connection.execute(query.with_for_update()).mappings().one_or_none()
    right = matches(row["password"] if row else None, password)
    if row is None:
        note(connection, Kind.REFUSED, at, login=None)
        return Refusal.WRONG
    if row["locked_until"] and row["locked_until"] > at:
        note(connection, Kind.REFUSED, at, login=login, detail="locked")
        return Refusal.LOCKED
    if not right:
        return Refusal.LOCKED if failed(connection, login, at) else Refusal.WRONG
    return account_of(row)


def failed(connection: Connection, login: str, at: datetime) -> bool:
    """Count a wrong password or code; whether the account is locked now."""
    c = accounts.c
    counted = update(accounts).where(c.login == login).values(failures=c.failures + 1)
    failures: int = connection.execute(counted.returning(c.failures)).scalar_one()
    locked = failures >= FEW
    if locked:
        until = {"failures": 0, "locked_until": at + LOCK}
        connection.execute(update(accounts).where(c.login == login).values(until))
    note(connection, Kind.LOCKED if locked else Kind.REFUSED, at, login=login)
    return locked


def is_locked(connection: Connection, account: Account, at: datetime) -> bool:
    """Whether no code of ``account`` is looked at now; several answers at once take turns.

    Otherwise who knows the password could begin many sessions and try a few codes in each.
    """
    query = select(accounts.c.locked_until).where(accounts.c.id == account.id)
    until: datetime | None = connection.execute(query.with_for_update()).scalar_one()
    return until is not None and until > at


def begin(connection: Connection, account: Account, at: datetime, *, complete: bool) -> Session:
    """A new session of ``account``; those that have ended are swept away."""
    connection.execute(
        delete(sessions).where(
            (sessions.c.seen_at < at - IDLE) | (sessions.c.begun_at < at - LONGEST)
        )
    )
    session = Session(secrets.token_urlsafe(32), secrets.token_urlsafe(32), account, complete)
    row = {
        "token": _known(session.token),
        "account": account.id,
        "csrf": session.csrf,
        "begun_at": at,
        "seen_at": at,
        "complete": complete,
    }
    connection.execute(insert(sessions), row)
    if complete:
        connection.execute(
            update(accounts)
            .where(accounts.c.id == account.id)
            .values(failures=0, locked_until=None)
        )
        note(connection, Kind.SIGNED_IN, at, login=account.login)
    return session


def completed(connection: Connection, session: Session, at: datetime) -> Session:
    """``session`` whose second factor was given, under a new token."""
    end(connection, session)
    return begin(connection, session.account, at, complete=True)


def current(connection: Connection, token: str, at: datetime) -> Session | None:
    """The session of the cookie ``token``; None where it has ended or its account is closed."""
    s, a = sessions.c, accounts.c
    query = (
        select(accounts, s.csrf, s.complete, s.seen_at)
        .join(sessions, s.account == a.id)
        .where(
            s.token == _known(token),
            s.seen_at >= at - IDLE,
            s.begun_at >= at - LONGEST,
            a.disabled_at.is_(None),
        )
    )
    row = connection.execute(query).mappings().one_or_none()
    if row is None:
        return None
    if row["seen_at"] < at - _SEEN_EVERY:
        seen = update(sessions).where(s.token == _known(token)).values(seen_at=at)
        connection.execute(seen)
    return Session(token, row["csrf"], account_of(row), row["complete"])


def end(connection: Connection, session: Session) -> None:
    """Forget ``session``."""
    connection.execute(delete(sessions).where(sessions.c.token == _known(session.token)))


def sign_out(connection: Connection, session: Session, at: datetime) -> None:
    """End ``session`` because its person wants so."""
    end(connection, session)
    note(connection, Kind.SIGNED_OUT, at, login=session.account.login)


def _known(token: str) -> str:
    return sha256(token.encode()).hexdigest()
