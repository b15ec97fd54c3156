"""Access tokens: who asks and until when, signed; nothing is stored.

A token is ``<base64url of {"client", "until"}>.<keyed hash>``. The key is the hub's lookup key
under a label of its own: several processes know each other's tokens, and a restart ends none.
"""

from __future__ import annotations

import base64
import binascii
import hmac
import json
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from pipeline.hub import Hub
from privacy.pseudonyms import lookup_of

LIFETIME = 300  # seconds: a client that lost its access has lost it five minutes later
_LABEL = "schedule token"


class BadTokenError(Exception):
    """The token is not ours, altered or over: take a new one."""


@dataclass(frozen=True)
class Tokens:
    """``now``: seconds since the epoch."""

    hub: Hub = field(repr=False)
    now: Callable[[], float] = time.time

    def issue(self, client: str) -> str:
        """A token for ``client`` that holds for ``LIFETIME`` seconds."""
        said = json.dumps({"client": client, "until": self.now() + LIFETIME}).encode()
        body = base64.urlsafe_b64encode(said).decode()
        return f"{body}.{self._signature(body)}"

    def client_of(self, token: str) -> str:
        """Whose token it is. Raises ``BadTokenError``."""
        body, _, signature = token.partition(".")
        if not hmac.compare_digest(signature.encode(), self._signature(body).encode()):
            raise BadTokenError
        try:
            said = json.loads(base64.urlsafe_b64decode(body))
        except (ValueError, binascii.Error):  # signed by us, and of another version
            raise BadTokenError from None
        if said["until"] <= self.now():
            raise BadTokenError
        return str(said["client"])

    def _signature(self, body: str) -> str:
        return lookup_of(self.hub.keys, _LABEL, body)
