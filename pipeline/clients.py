"""Outside programs that may ask a service of the hub: id, and hash of the secret.

``SVOD_SCHEDULE_CLIENTS`` holds one ``id:hash`` per client, parted by white space. A secret is made
here, 256 random bits, so a plain SHA-256 of it cannot be guessed and costs an asker nothing.
"""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
from dataclasses import dataclass, field

ENTRY = re.compile(r"([A-Za-z0-9_-]{1,40}):([0-9a-f]{64})")
ID = re.compile(r"[A-Za-z0-9_-]{1,40}")


class ClientsError(Exception):
    """The list of clients cannot be used: correct ``SVOD_SCHEDULE_CLIENTS`` and start again."""


@dataclass(frozen=True)
class Clients:
    """``hashes``: by client id, the SHA-256 of its secret in hex."""

    hashes: dict[str, str] = field(repr=False)

    @classmethod
    def read(cls, listed: str) -> Clients:
        """The clients in ``listed``. Raises ``ClientsError``: none, one twice, or malformed."""
        found: dict[str, str] = {}
        for place, entry in enumerate(listed.split(), start=1):
            match = ENTRY.fullmatch(entry)
            if match is None or match[1] in found:
                raise ClientsError(
                    f"SVOD_SCHEDULE_CLIENTS: entry {place} is not id:hash, or its id came before;"
                    " 'svod serve client NAME' makes a good one"
                )
            found[match[1]] = match[2]
        if not found:
            raise ClientsError(
                "SVOD_SCHEDULE_CLIENTS names nobody who may ask; make an entry by"
                " 'svod serve client NAME'"
            )
        return cls(found)

    def __contains__(self, client: str) -> bool:
        return client in self.hashes

    def accepts(self, client: str, secret: str) -> bool:
        """Is this the secret of that client? Takes as long for a client nobody knows."""
        same = hmac.compare_digest(_hash(secret), self.hashes.get(client, "0" * 64))
        return same and client in self.hashes


def new_client(name: str) -> tuple[str, str]:
    """A secret for the client ``name``, and its entry. Raises ``ClientsError`` for a bad name."""
    if not ID.fullmatch(name):
        raise ClientsError("a client's name is 1 to 40 Latin letters, digits, hyphens, underscores")
    secret = secrets.token_urlsafe(32)
    return secret, f"{name}:{_hash(secret)}"


def _hash(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()
