"""How an account gets in at the web service: greeting, salt, password, choice of role."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from connectors.errors import AccessDenied, Misconfigured, Unavailable
from connectors.http import HttpClient
from connectors.netschool_web.calls import LOGIN, Call

LOGIN_DATA = Call("GET", "/webapi/logindata")
SALT = Call("POST", "/webapi/auth/getdata")

VERSIONS = "5."  # ASSUMED: every 5.x speaks alike; the versions seen are 5.47 and 5.56
ROLE_CHOICE = "choose-session-role"
# A salt is good for one attempt, so a lost answer to signing in means to begin again.
SIGN_INS = 3


@dataclass(frozen=True)
class Account:
    """Who signs in. ``school_id`` is the school at the service (``scid``); ``place`` are further
    fields of the form that older servers want (cid, sid, pid, cn, sft); ``role`` is the
    ``rolegroup`` of an account that has several. ``key`` and ``cookie`` hand over a session that
    somebody opened elsewhere. Nothing of it may be shown."""

    login: str = ""
    password: str = field(default="", repr=False)
    school_id: str = ""
    place: Mapping[str, str] = field(default_factory=dict)
    role: str = ""
    key: str = field(default="", repr=False)
    cookie: str = field(default="", repr=False)


@dataclass(frozen=True)
class Admitted:
    """The key of the session, and after how many seconds of silence it ends, if that was said."""

    key: str = field(repr=False)
    timeout: float | None = None


class Door:
    """``patient`` repeats a request as its policy says, ``hasty`` never does; both share cookies.

    ``knocked``: a password was sent, so there may be a session to sign out of.
    """

    def __init__(self, patient: HttpClient, hasty: HttpClient, account: Account) -> None:
        self._patient = patient
        self._hasty = hasty
        self._account = account
        self.knocked = False

    def enter(self) -> Admitted:
        """Signs in, unless a session was handed over. Raises Retriable or Fatal."""
        said = self._patient.ask(LOGIN_DATA.question()).value
        _check_version(said.get("version"))
        if self._account.key:
            return Admitted(self._account.key)
        if said.get("esiaMainAuth") is True:
            raise AccessDenied(
                "the service admits through Gosuslugi only, no password opens it",
                where=LOGIN_DATA.path,
                fix="sign in in a browser and enter at and cookie of that session, "
                "or have the school's data exported to files",
            )
        reply = self._sign_in()
        if _wants_role(reply):
            reply = self._sign_in_as_role()
        key, timeout = reply.get("at"), reply.get("timeOut")
        if not isinstance(key, str) or not key:
            raise Unavailable("signing in gave no key", where=f"POST {LOGIN}")
        return Admitted(key, timeout / 1000 if isinstance(timeout, int) and timeout > 0 else None)

    def _sign_in_as_role(self) -> dict[str, Any]:
        if not self._account.role:
            raise Misconfigured(
                "the account has several roles",
                where=f"POST {LOGIN}",
                fix="name one as rolegroup in the registry of schools",
            )
        reply = self._sign_in(("rolegroup", self._account.role))
        if _wants_role(reply):
            raise Misconfigured(
                "the account does not have this role",
                where=f"POST {LOGIN}",
                fix="correct rolegroup in the registry of schools",
            )
        return reply

    def _sign_in(self, *role: tuple[str, str]) -> dict[str, Any]:
        """The reply. Begins anew, with another salt, when the answer is lost."""
        for attempt in range(1, SIGN_INS + 1):
            form = self._form(self._patient.ask(SALT.question()).value, *role)
            self.knocked = True
            try:
                reply: dict[str, Any] = self._hasty.ask(form.question()).value
            except Unavailable:
                if attempt == SIGN_INS:
                    raise
            else:
                return reply
        raise AssertionError("the last attempt returns or raises")

    def _form(self, said: dict[str, Any], *role: tuple[str, str]) -> Call:
        try:
            lt, version, salt = (str(said[name]) for name in ("lt", "ver", "salt"))
        except KeyError:
            raise Unavailable("the service gave no salt", where=f"POST {SALT.path}") from None
        account = self._account
        proof = salted(account.password, salt)
        form = (
            ("loginType", "1"),
            *account.place.items(),
            ("scid", account.school_id),
            ("un", account.login),
            ("pw", proof[: len(account.password)]),
            ("pw2", proof),
            ("lt", lt),
            ("ver", version),
            *role,
        )
        return Call("POST", LOGIN, form=form)


def salted(password: str, salt: str) -> str:
    """``pw2`` of the form of signing in. Raises ``UnicodeEncodeError`` outside cp1251."""
    inner = hashlib.md5(password.encode("cp1251"), usedforsecurity=False).hexdigest()
    return hashlib.md5(f"{salt}{inner}".encode(), usedforsecurity=False).hexdigest()


def _wants_role(reply: Mapping[str, Any]) -> bool:
    return ROLE_CHOICE in str(reply.get("entryPoint"))


def _check_version(version: object) -> None:
    if not isinstance(version, str) or not version:
        raise Unavailable("the service does not tell its version", where=LOGIN_DATA.path)
    if not version.startswith(VERSIONS):
        raise Misconfigured(
            "the service is of a version that we do not know",
            where=LOGIN_DATA.path,
            fix=f"this connector reads versions {VERSIONS}x; ask the developers for another",
        )
