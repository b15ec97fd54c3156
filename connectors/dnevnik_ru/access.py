"""The access key of a school: supplied by settings, or refreshed by the code grant.

A refreshed key is renewed shortly before it wears out, and once more when a request says that
it is not valid; a second such answer is Fatal. The names of the authorization call come from a
secondary survey (docs/source-formats.md section 3); ASSUMED: ``expiresIn`` counts seconds, and
``scope`` is a list of names or one text of names.
"""

from __future__ import annotations

import hashlib
import json
import re
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any, Protocol

from connectors.dnevnik_ru.errors import NEEDED_SCOPES, KeyRefused
from connectors.dnevnik_ru.tokens import Grant, TokenStore
from connectors.errors import AccessDenied, Unavailable
from connectors.http import Answer, HttpClient, Question

KEY_HEADER = "Access-Token"
AUTHORIZATIONS = "/authorizations"
# Renewed this long before the end, so that requests under way still get through; a key that
# lives shorter than twice as long is renewed at half its life.
LEEWAY = 300.0


class Keys(Protocol):
    """Knows which key to use; safe to share between threads."""

    def current(self) -> str:
        """The key to ask with. Raises Retriable or Fatal."""
        ...

    def instead_of(self, refused: str, /) -> str | None:
        """Another key than ``refused``, None if there is none. Raises Retriable or Fatal."""
        ...


class Access:
    """Asks in the name of the school; ``client`` judges answers with ``errors.judge``."""

    def __init__(self, client: HttpClient, keys: Keys) -> None:
        self._client = client
        self._keys = keys
        self.concurrency = client.policy.concurrency

    def ask(self, question: Question) -> Answer:
        """The answer to ``question``. Raises Retriable or Fatal."""
        key = self._keys.current()
        try:
            return self._client.ask(_with(question, key))
        except KeyRefused:
            other = self._keys.instead_of(key)
            if other is None:
                raise
            return self._client.ask(_with(question, other))


def _with(question: Question, key: str) -> Question:
    return replace(question, headers={**question.headers, KEY_HEADER: key})


class SuppliedKey:
    """A key that somebody entered; when it is refused, a person must enter another one."""

    def __init__(self, key: str) -> None:
        self._key = key

    def current(self) -> str:
        return self._key

    def instead_of(self, _: str, /) -> str | None:
        return None


@dataclass(frozen=True)
class Application:
    """The application that the school has authorised, and the refresh token it was given."""

    client_id: str
    client_secret: str = field(repr=False)
    refresh_token: str = field(repr=False)

    @property
    def seed(self) -> str:
        """Tells one chain of refresh tokens from another without giving it away."""
        return hashlib.sha256(self.refresh_token.encode()).hexdigest()


class RefreshedKey:
    """Keys by the code grant. ``now`` gives unix seconds."""

    def __init__(
        self,
        client: HttpClient,
        application: Application,
        store: TokenStore,
        now: Callable[[], float] = time.time,
    ) -> None:
        self._client = client
        self._application = application
        self._store = store
        self._now = now
        self._lock = threading.Lock()
        self._grant: Grant | None = None

    def current(self) -> str:
        with self._lock:
            if self._grant is None or self._worn(self._grant):
                self._grant = self._renewed(refused=None)
            return self._grant.access

    def instead_of(self, refused: str) -> str | None:
        with self._lock:
            if self._grant is None or self._grant.access == refused:
                self._grant = self._renewed(refused)
            return self._grant.access

    def _worn(self, grant: Grant) -> bool:
        return self._now() >= grant.renew_at

    def _renewed(self, refused: str | None) -> Grant:
        with self._store.locked():
            kept = self._store.load()
            if kept is not None and kept.seed != self._application.seed:
                kept = None
            if kept is None or kept.access == refused or self._worn(kept):
                kept = self._refresh(kept)
                self._store.save(kept)
        _check_scopes(kept)
        return kept

    def _refresh(self, kept: Grant | None) -> Grant:
        token = kept.refresh if kept else self._application.refresh_token
        body = {
            "grant_type": "RefreshToken",
            "refreshToken": token,
            "client_id": self._application.client_id,
            "client_secret": self._application.client_secret,
        }
        question = Question("POST", AUTHORIZATIONS, body=json.dumps(body).encode())
        try:
            said = self._client.ask(question).value
        except AccessDenied:
            raise AccessDenied(
                "the refresh token or the application is refused",
                where=question.where,
                fix="authorise the application anew and enter the new refresh token",
            ) from None
        return self._read(said, token)

    def _read(self, said: dict[str, Any], token: str) -> Grant:
        access, seconds = said.get("accessToken"), _seconds(said.get("expiresIn"))
        if not isinstance(access, str) or not access or not seconds:
            raise Unavailable(
                "the authorization service gave no key", where=f"POST {AUTHORIZATIONS}"
            )
        given = said.get("refreshToken")
        return Grant(
            access=access,
            refresh=given if isinstance(given, str) and given else token,
            renew_at=self._now() + max(seconds - LEEWAY, seconds / 2),
            scopes=_scopes(said.get("scope")),
            seed=self._application.seed,
        )


def _seconds(said: object) -> float:
    """A positive number of seconds; 0 for anything else."""
    return max(float(said), 0.0) if isinstance(said, int | float) else 0.0


def _scopes(said: object) -> tuple[str, ...]:
    if isinstance(said, str):
        return tuple(re.findall(r"\w+", said))
    return tuple(str(scope) for scope in said) if isinstance(said, list) else ()


def _check_scopes(grant: Grant) -> None:
    lacking = [scope for scope in NEEDED_SCOPES if scope not in grant.scopes]
    if grant.scopes and lacking:
        raise AccessDenied(
            f"the authorization lacks the scope {', '.join(lacking)}",
            where=f"POST {AUTHORIZATIONS}",
            fix=f"have the school authorise the application with {', '.join(NEEDED_SCOPES)}",
        )
