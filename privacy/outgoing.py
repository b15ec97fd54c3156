"""Contents that name somebody, sealed while they wait in the outbox.

A record of the contingent registry holds names. It waits as ``{"sealed": "<base64>"}``, bound to
the record's key, and is opened in memory when its batch is sent.
"""

from __future__ import annotations

import base64
import json
from typing import Any

from privacy.keys import KeyRing
from privacy.sealing import reseal, seal, unseal

SEALED = "sealed"


def associated(key: str) -> bytes:
    """What binds a sealed content to the record ``key``."""
    return b"outgoing:" + key.encode()


def wrap(keys: KeyRing, key: str, content: str) -> str:
    """JSON text that holds the JSON text ``content`` of the record ``key``, sealed."""
    return json.dumps(_boxed(seal(keys, content.encode(), associated(key))))


def unwrap(keys: KeyRing, key: str, value: dict[str, Any]) -> dict[str, Any]:
    """The content that ``wrap`` sealed; what is not sealed is given back as it is.

    Raises ``sealing.SealBrokenError`` and ``keys.UnknownKeyError``.
    """
    if value.keys() != {SEALED}:
        return value
    envelope = base64.b64decode(value[SEALED])
    content: dict[str, Any] = json.loads(unseal(keys, envelope, associated(key)))
    return content


def rewrap(keys: KeyRing, key: str, value: dict[str, Any]) -> dict[str, Any]:
    """``value`` sealed by the active key; what is not sealed is given back as it is.

    Raises as ``unwrap``.
    """
    if value.keys() != {SEALED}:
        return value
    return _boxed(reseal(keys, base64.b64decode(value[SEALED]), associated(key)))


def _boxed(envelope: bytes) -> dict[str, Any]:
    return {SEALED: base64.b64encode(envelope).decode()}
