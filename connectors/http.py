"""A polite, patient client over ``requests`` for systems that answer in JSON.

One call is one *question* with a useful answer or an error of ``connectors.errors``:

* no answer, 5xx, a page where JSON was expected, an answer cut short -> ``Unavailable``
* 429 and 433 (Dnevnik.ru's own) -> ``RateLimited``
* 401 and 403 -> ``AccessDenied``; any other refusal -> ``Misconfigured``
* what a system says in a body of its own, even under HTTP 200 -> ``judge``, a function

Retriable errors are tried again with a growing pause, ``Policy.attempts`` times in all. Query
values, tokens and bodies are never logged and never reach an error's message.
"""

from __future__ import annotations

import json
import logging
import random
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from email.utils import parsedate_to_datetime
from http.cookiejar import DefaultCookiePolicy
from typing import Any
from urllib.parse import urlencode, urlsplit

import requests
from requests.adapters import HTTPAdapter

from connectors.errors import AccessDenied, Misconfigured, RateLimited, Retriable, Unavailable

log = logging.getLogger(__name__)

# Its debug lines spell whole addresses, query values included.
logging.getLogger("urllib3.connectionpool").setLevel(logging.INFO)

# What a client author found Dnevnik.ru to bear; no system publishes a higher figure.
MOST_CONCURRENT = 10
RATE_LIMIT_STATUSES = frozenset({429, 433})
CHUNK = 65_536
# Up to this share of a pause is added by chance, so that many schools that one system refused at
# the same moment do not come back at the same moment.
JITTER = 0.25


@dataclass(frozen=True)
class Policy:
    """How long to wait and how hard to press; all times in seconds.

    ``spacing`` is the least time between the starts of two requests. ``whole_timeout`` bounds an
    answer that trickles in. ``longest_wait`` is the longest pause spent here; a system that
    asks for more gets its way through the caller (``RateLimited.retry_after``).
    """

    attempts: int = 5
    connect_timeout: float = 10
    read_timeout: float = 60
    whole_timeout: float = 300
    first_wait: float = 0.5
    longest_wait: float = 60
    spacing: float = 0
    concurrency: int = MOST_CONCURRENT
    largest_answer: int = 128 * 1024 * 1024  # a class's marks of a year are under a megabyte

    def __post_init__(self) -> None:
        if not 1 <= self.concurrency <= MOST_CONCURRENT:
            raise ValueError(f"concurrency must be 1 to {MOST_CONCURRENT}")
        if self.attempts < 1:
            raise ValueError("attempts must be at least 1")


@dataclass(frozen=True)
class Question:
    """One request. ``shape`` is the JSON type of a useful answer, or ``bytes`` for one that is
    no JSON; ``accept`` adds statuses (such as 404) that are an answer here and not an error."""

    method: str
    path: str
    query: tuple[tuple[str, str], ...] = ()
    body: bytes | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    shape: type[list[Any]] | type[dict[str, Any]] | type[bytes] = dict
    accept: frozenset[int] = frozenset()

    @property
    def name(self) -> str:
        """Method, path and query, as the landing area names the answer."""
        query = f"?{urlencode(self.query)}" if self.query else ""
        return f"{self.method} {self.path}{query}"

    @property
    def where(self) -> str:
        """The name without query values, fit for messages and logs."""
        return f"{self.method} {self.path}"


@dataclass(frozen=True)
class Answer:
    """A useful answer; ``value`` is its JSON, or None for an accepted status without a body and
    where no JSON was asked for."""

    status: int
    body: bytes
    value: Any


Judge = Callable[[Question, Any], None]


def no_judge(question: Question, value: Any) -> None:
    """For a system that says everything in its HTTP status."""


Look = Callable[[Question, int, bytes], None]


def no_look(question: Question, status: int, body: bytes) -> None:
    """For a system whose pages say nothing of their own."""


class HttpClient:
    """Asks one system; safe to share between threads.

    ``judge(question, value)`` sees every JSON answer before the status is looked at and raises the
    error that the body spells; ``look(question, status, body)`` sees every answer before that, for
    systems that say things in pages. ``sleep``, ``clock`` (monotonic seconds) and ``jitter`` (a
    number from 0 to 1 for every pause) are injected.
    Raises ``Misconfigured`` when ``base_url`` is not an http(s) address.
    """

    def __init__(
        self,
        base_url: str,
        session: requests.Session,
        *,
        headers: Mapping[str, str] | None = None,
        policy: Policy | None = None,
        judge: Judge = no_judge,
        look: Look = no_look,
        sleep: Callable[[float], None] = time.sleep,
        clock: Callable[[], float] = time.monotonic,
        jitter: Callable[[], float] = random.random,
    ) -> None:
        address = urlsplit(base_url)
        if address.scheme not in ("http", "https") or not address.hostname:
            raise Misconfigured("base_url is not an http address", fix="correct the base_url")
        self._base = base_url.rstrip("/")
        self._session = session
        self._headers = dict(headers or {})
        self.policy = policy or Policy()
        self._judge = judge
        self._look = look
        self._sleep = sleep
        self._clock = clock
        self._jitter = jitter
        self._seats = threading.BoundedSemaphore(self.policy.concurrency)
        self._turn = threading.Lock()
        self._next_start = clock()

    def ask(self, question: Question) -> Answer:
        """The answer to ``question``. Raises ``Retriable`` after the last attempt, or ``Fatal``."""
        attempt = 1
        while True:
            try:
                with self._seats:
                    self._await_turn()
                    return self._ask_once(question)
            except Retriable as error:
                wait = self._wait(error, attempt)
                if attempt >= self.policy.attempts or wait > self.policy.longest_wait:
                    raise
                wait *= 1 + JITTER * self._jitter()
                log.warning(
                    "%s: %s; attempt %d of %d failed, next in %.1f s",
                    question.where, error, attempt, self.policy.attempts, wait,
                )  # fmt: skip
                if isinstance(error, RateLimited):
                    self._hold_everyone(wait)
                self._sleep(wait)
                attempt += 1

    def _wait(self, error: Retriable, attempt: int) -> float:
        pause = min(self.policy.first_wait * 2.0 ** (attempt - 1), self.policy.longest_wait)
        if isinstance(error, RateLimited) and error.retry_after is not None:
            return max(error.retry_after, pause)
        return pause

    def _await_turn(self) -> None:
        with self._turn:
            start = max(self._clock(), self._next_start)
            self._next_start = start + self.policy.spacing
        pause = start - self._clock()
        if pause > 0:
            self._sleep(pause)

    def _hold_everyone(self, wait: float) -> None:
        """A rate limit is said to the whole client, not to one of its threads."""
        with self._turn:
            self._next_start = max(self._next_start, self._clock() + wait)

    def _ask_once(self, question: Question) -> Answer:
        try:
            with self._send(question) as response:
                body = self._body(response, question)
                return self._read(question, response, body)
        except (requests.exceptions.InvalidURL, requests.exceptions.InvalidHeader):
            raise Misconfigured(
                "the address or the token cannot be sent",
                where=question.where,
                fix="correct base_url and token in the registry of schools",
            ) from None
        except requests.RequestException as error:
            # Their messages spell the whole address, hence the class alone and no chain.
            raise Unavailable(
                f"no usable answer ({type(error).__name__})", where=question.where
            ) from None

    def _send(self, question: Question) -> requests.Response:
        headers = {"Accept": "application/json", **self._headers, **question.headers}
        if question.body is not None:
            headers.setdefault("Content-Type", "application/json; charset=utf-8")
        return self._session.request(
            question.method,
            self._base + question.path,
            params=list(question.query),
            data=question.body,
            headers=headers,
            timeout=(self.policy.connect_timeout, self.policy.read_timeout),
            allow_redirects=False,  # a redirect would carry the token to another address
            auth=_keep_headers,
            stream=True,
        )

    def _body(self, response: requests.Response, question: Question) -> bytes:
        deadline = self._clock() + self.policy.whole_timeout
        body = bytearray()
        for chunk in response.iter_content(CHUNK):
            body += chunk
            if len(body) > self.policy.largest_answer:
                raise Misconfigured(
                    f"the answer is larger than {self.policy.largest_answer} bytes",
                    where=question.where,
                    fix="ask the system's support; no school's data is that large",
                )
            if self._clock() > deadline:
                raise Unavailable("the answer came too slowly", where=question.where)
        return bytes(body)

    def _read(self, question: Question, response: requests.Response, body: bytes) -> Answer:
        status = response.status_code
        self._look(question, status, body)
        plain = question.shape is bytes
        readable, value = (True, None) if plain else _json(body)
        if readable and not plain:
            try:
                self._judge(question, value)
            except RateLimited as error:  # the body knows no pause, the header may
                if error.retry_after is None:
                    error.retry_after = retry_after(response.headers)
                raise
        if status in question.accept and not body:
            return Answer(status, body, None)
        if not (200 <= status < 300 or status in question.accept):
            raise refusal(status, question.where, retry_after(response.headers))
        if not readable:
            raise Unavailable("the answer is not JSON", where=question.where)
        if not plain and status not in question.accept and not isinstance(value, question.shape):
            raise Unavailable("the answer has an unknown shape", where=question.where)
        return Answer(status, body, value)


def open_session() -> requests.Session:
    """A session that keeps no cookies: one school's must not speak for another."""
    session = requests.Session()
    session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
    adapter = HTTPAdapter(pool_maxsize=MOST_CONCURRENT)
    session.mount("http://", adapter)
    session.mount("https://", adapter)
    return session


def refusal(
    status: int, where: str, after: float | None = None
) -> Retriable | AccessDenied | Misconfigured:
    """The error that an HTTP status spells; ``after`` is Retry-After in seconds."""
    said = f"the system answered {status}"
    if status in RATE_LIMIT_STATUSES:
        return RateLimited(said, where=where, retry_after=after)
    if status in (401, 403):
        return AccessDenied(said, where=where, fix="renew the school's access key")
    if status >= 500 or status == 408:
        return Unavailable(said, where=where)
    if status in (302, 303, 307):  # a maintenance or login page
        return Unavailable(said, where=where)
    if status == 409:  # an idempotency key that was used for another body
        return Misconfigured(said, where=where, fix="tell the developers: a key was used twice")
    return Misconfigured(said, where=where, fix="check the address in the registry of schools")


def retry_after(headers: Mapping[str, str]) -> float | None:
    """Seconds asked for by Retry-After. A date is read against the server's own ``Date``."""
    text = headers.get("Retry-After", "").strip()
    if text.isascii() and text.isdigit():
        return float(text[:9])
    try:
        until = parsedate_to_datetime(text)
        now = parsedate_to_datetime(headers.get("Date", ""))
        return max(0.0, (until - now).total_seconds())
    except (TypeError, ValueError):
        return None


def _json(body: bytes) -> tuple[bool, Any]:
    try:
        return True, json.loads(body)
    except (ValueError, RecursionError):  # ValueError: bad JSON or bad encoding
        return False, None


def _keep_headers(request: requests.PreparedRequest) -> requests.PreparedRequest:
    """Stands in for ``.netrc``, which would replace the token."""
    return request
