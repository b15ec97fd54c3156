"""Who may ask Dnevnik.ru for what: keys that were handed out, and keys by the code grant."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from typing import Any

Json = dict[str, Any]
SCOPES = "CommonInfo,ContactInfo,EducationalInfo"
LIFETIME = 86_400  # seconds


@dataclass
class School:
    """What the authorization service knows of a school. ``refresh`` is the token that counts."""

    code: str
    application: Json
    refresh: str
    keys: set[str]
    scopes: dict[str, str] = field(default_factory=dict)  # by key; others have every scope
    next_scope: str = SCOPES
    lifetime: int = LIFETIME
    given: int = 0
    ends_in: int | None = None  # requests until every key that is valid now ends


class Keys:
    """The keys of all schools; safe to share between threads."""

    def __init__(self, stores: list[Json]) -> None:
        self._lock = threading.Lock()
        self._schools = {
            store["code"]: School(
                store["code"],
                store["application"],
                store["application"]["refresh_token"],
                {store["token"]},
            )
            for store in stores
        }

    def school_of(self, key: str) -> tuple[str, str] | None:
        """Code and scopes of the school that ``key`` opens; counts the request."""
        with self._lock:
            for school in self._schools.values():
                if key in school.keys and not self._ended(school):
                    return school.code, school.scopes.get(key, SCOPES)
        return None

    def _ended(self, school: School) -> bool:
        if school.ends_in is None:
            return False
        school.ends_in -= 1
        if school.ends_in >= 0:
            return False
        school.ends_in = None
        school.keys.clear()
        return True

    def end(self, code: str, after: int) -> None:
        """The school's keys end after so many more requests."""
        with self._lock:
            self._schools[code].ends_in = after

    def arrange(self, code: str, scope: str, lifetime: int) -> None:
        """What the next grants of the school look like."""
        with self._lock:
            school = self._schools[code]
            school.next_scope, school.lifetime = scope, lifetime

    def refresh(self, body: Json) -> Json | None:
        """A new key and a new refresh token; None for whom we do not know. The old token ends."""
        with self._lock:
            for school in self._schools.values():
                known = school.application
                if (
                    body.get("grant_type") == "RefreshToken"
                    and body.get("client_id") == known["client_id"]
                    and body.get("client_secret") == known["client_secret"]
                    and body.get("refreshToken") == school.refresh
                ):
                    return self._grant(school)
        return None

    def _grant(self, school: School) -> Json:
        school.given += 1
        key = f"key-{school.given}-of-{school.code}"
        school.refresh = f"refresh-{school.given}-of-{school.code}"
        school.keys.add(key)
        school.scopes[key] = school.next_scope
        return {
            "accessToken": key,
            "expiresIn": school.lifetime,
            "refreshToken": school.refresh,
            "scope": school.next_scope,
            "user": 1,
        }
