"""The responsible persons of a school's passport: sealed, and released into a form or to itself.

Their names, posts and work phones are what the documents' forms ask a school to tell its office.
Nothing else of the hub needs them; what leaves stands in the action log first, without names.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping

from privacy.actions import Action, ActionLog
from privacy.keys import KeyRing
from privacy.pseudonyms import lookup_of
from privacy.sealing import reseal, seal, unseal


def seal_contacts(keys: KeyRing, school: str, version: int, contacts: Mapping[str, str]) -> bytes:
    """``contacts`` (by code of the passport's field), bound to their row."""
    return seal(keys, json.dumps(dict(contacts)).encode(), _place(school, version))


def reseal_contacts(keys: KeyRing, school: str, version: int, envelope: bytes) -> bytes:
    """``envelope`` sealed by the active key. Raises as ``sealing.unseal``."""
    return reseal(keys, envelope, _place(school, version))


def content_hash(keys: KeyRing, content: str) -> str:
    """A keyed hash of all that a passport says, to know it again without opening it."""
    return lookup_of(keys, "passport", content)


def release_contacts(
    keys: KeyRing,
    school: str,
    version: int,
    envelope: bytes,
    fields: Collection[str],
    *,
    purpose: str,
    ground: str,
    log: ActionLog,
) -> dict[str, str]:
    """Those of ``fields`` that a passport has, for ``purpose``: a form that asks for them, or the
    school's own look at what it has entered.

    ``ground``: the document whose form it is, or by which the school may look.

    The release is logged before it is handed over; if it cannot be logged there is none. Raises
    ``sealing.SealBrokenError``, ``keys.UnknownKeyError``, and whatever ``log`` raises.
    """
    kept: dict[str, str] = json.loads(unseal(keys, envelope, _place(school, version)))
    contacts = {field: words for field, words in kept.items() if field in fields}
    if contacts:
        details = {"purpose": purpose, "passport": version, "fields": sorted(contacts)}
        log(Action("release_contacts", school, ground, len(contacts), details))
    return contacts


def _place(school: str, version: int) -> bytes:
    return f"passport:{school}:{version}".encode()
