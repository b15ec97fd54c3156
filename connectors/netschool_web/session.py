"""A session at the web service: signing in, staying in, signing out.

What the service says between the lines is read from every answer (``look``):

* 401: the session is over; it is opened anew once, then ``AccessDenied``
* 409 on signing in: wrong login or password; never tried again, since accounts get locked
* a short page that names ``/asp/SecurityWarning.asp``, under HTTP 200: it is answered, and the
  request is repeated
* a report without its table: an error page under HTTP 200, hence ``Unavailable``

A session that was opened here is closed here, whatever happened; sessions left open pile up at
the service until nobody can sign in. One that was handed over by settings belongs to whoever
opened it and is left open.
"""

from __future__ import annotations

import contextlib
import logging
import random
import threading
import time
from collections.abc import Callable
from dataclasses import replace
from http.cookiejar import DefaultCookiePolicy
from http.cookies import CookieError, SimpleCookie

from connectors.errors import AccessDenied, ConnectorError, Misconfigured, Unavailable
from connectors.http import Answer, HttpClient, Policy, Question, open_session
from connectors.netschool_web.calls import LOGIN, Call, page
from connectors.netschool_web.door import LOGIN_DATA, Account, Door, salted

log = logging.getLogger(__name__)

LOGOUT = Call("POST", "/webapi/auth/logout", shape=bytes)
ALIVE = Call("GET", "/webapi/context")
# ASSUMED: the answer "I have read it" is kind 2; no public source lists the kinds.
WARNING = page("/asp/SecurityWarning.asp", (("WarnType", "2"),))

REPORTS = "/asp/Reports/"
REPORT_TABLE = b"table-print"
WARNING_SIZE = 1000  # bytes; the page with the warning is shorter than any other
TIMEOUT = 900.0  # seconds; the shorter of the two seen, where the service does not say
WARNINGS = 3  # times that one request may meet the warning


class SessionOverError(Exception):
    """The service no longer knows the session."""


class WarningShownError(Exception):
    """A page of warning stands where the answer should."""


def look(question: Question, status: int, body: bytes) -> None:
    """Raises what an answer says between the lines."""
    if status == 401:
        raise SessionOverError
    if status == 409 and question.path == LOGIN:
        raise AccessDenied(
            "the login or the password is refused",
            where=question.where,
            fix="correct them in the registry of schools; a few wrong attempts lock the account",
        )
    if status != 200:
        return
    if len(body) < WARNING_SIZE and b"SecurityWarning.asp" in body:
        raise WarningShownError
    if _is_report(question.path) and REPORT_TABLE not in body:
        raise Unavailable("the report has no table", where=question.where)


def _is_report(path: str) -> bool:
    """Whether ``path`` is a report itself, not the page ``Report….asp`` that leads to it."""
    return path.startswith(REPORTS) and not path.startswith(f"{REPORTS}Report")


class WebSession:
    """One session of one account; ``ask`` may be called from several threads.

    ``patient`` repeats a request as its policy says, ``hasty`` never does; both share cookies.
    """

    def __init__(
        self,
        patient: HttpClient,
        hasty: HttpClient,
        account: Account,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.concurrency = patient.policy.concurrency
        self._patient = patient
        self._hasty = hasty
        self._door = Door(patient, hasty, account)
        self._handed_over = bool(account.key)
        self._clock = clock
        self._lock = threading.RLock()
        self._key = account.key
        self._serial = 0  # of the key, so that threads know whether another has renewed it
        self._timeout = TIMEOUT
        self._alive_at = clock()

    def open(self) -> None:
        """Sign in, unless a session was handed over. Raises Retriable or Fatal."""
        self._enter()

    def ask(self, call: Call) -> Answer:
        """The answer to ``call``. Raises Retriable or Fatal."""
        self._stay_alive()
        warnings = 0
        while True:
            key, serial = self._current()
            try:
                return self._patient.ask(call.question(key))
            except SessionOverError:
                self._renew(serial, call)
            except WarningShownError:
                warnings += 1
                if warnings > WARNINGS:
                    raise Unavailable(
                        "the service repeats its warning", where=call.question().where
                    ) from None
                self._quietly(WARNING)

    def close(self) -> None:
        """Sign out of a session that was opened here; a failure to do so is none of ours."""
        if not self._door.knocked:
            return
        self._door.knocked = False
        try:
            self._hasty.ask(LOGOUT.question(self._key))
        except (ConnectorError, SessionOverError, WarningShownError) as error:
            log.info("%s: signing out failed (%s)", LOGOUT.path, type(error).__name__)

    def _current(self) -> tuple[str, int]:
        with self._lock:
            return self._key, self._serial

    def _renew(self, serial: int, call: Call) -> None:
        """A new session in place of the one with ``serial``; once, then the account is at fault."""
        with self._lock:
            if serial != self._serial:
                return  # another thread has done it
            if serial or self._handed_over:
                raise AccessDenied(
                    "the session ended before everything was read",
                    where=call.question().where,
                    fix="hand over a fresh at and cookie"
                    if self._handed_over
                    else "see whether somebody else works under the same account",
                )
            self._serial += 1
            self._enter()

    def _stay_alive(self) -> None:
        """Shows that we are still there when half of the time-out has passed."""
        with self._lock:
            if self._clock() - self._alive_at < self._timeout / 2:
                return
            self._alive_at = self._clock()
        self._quietly(ALIVE)

    def _quietly(self, call: Call) -> None:
        """Says ``call``; if the session is over, the next request will hear of it."""
        with contextlib.suppress(SessionOverError, WarningShownError):
            self._patient.ask(call.question(self._current()[0]))

    def _enter(self) -> None:
        try:
            admitted = self._door.enter()
        except (SessionOverError, WarningShownError):
            raise AccessDenied(
                "the service lets nobody sign in",
                where=LOGIN_DATA.path,
                fix="open the address in a browser and see what it asks for",
            ) from None
        self._key = admitted.key
        self._timeout = admitted.timeout or TIMEOUT
        self._alive_at = self._clock()


def connector(
    base_url: str,
    account: Account,
    policy: Policy,
    *,
    sleep: Callable[[float], None] = time.sleep,
    clock: Callable[[], float] = time.monotonic,
    jitter: Callable[[], float] = random.random,
) -> Callable[[], WebSession]:
    """Makes sessions, each with cookies of its own. Raises ``Misconfigured`` for an address that
    is none, a password outside cp1251, or a handed-over session that cannot be one."""
    try:
        salted(account.password, "")
    except UnicodeEncodeError:
        raise Misconfigured(
            "the password has letters that the service cannot take",
            fix="choose a password of Latin or Russian letters, figures and signs",
        ) from None
    cookies = _cookies(account)

    def connect() -> WebSession:
        http = open_session()
        http.cookies.set_policy(DefaultCookiePolicy())
        for name, value in cookies.items():
            http.cookies.set(name, value)
        patient, hasty = (
            HttpClient(
                base_url, http, policy=each, look=look, sleep=sleep, clock=clock, jitter=jitter
            )
            for each in (policy, replace(policy, attempts=1))
        )
        return WebSession(patient, hasty, account, clock)

    connect()  # tells a wrong address at once
    return connect


def _cookies(account: Account) -> dict[str, str]:
    """The cookies that were handed over. Raises ``Misconfigured`` for what cannot be sent."""
    cookies = {}
    if (account.key + account.cookie).isascii():
        with contextlib.suppress(CookieError):
            cookies = {n: morsel.value for n, morsel in SimpleCookie(account.cookie).items()}
    if account.key and not cookies:
        raise Misconfigured(
            "at or cookie is not what a browser has", fix="copy them as name=value; name=value"
        )
    return cookies
