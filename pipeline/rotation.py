"""A sealing key is replaced while the hub works: rotate, reseal, retire.

Every step stands in the action log before it is done. Everything that is sealed is a ``Place``;
what seals somewhere else must be named in ``places`` (tests/pipeline/test_rotation.py guards it).
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any, Protocol

from sqlalchemy import Engine, text

from pipeline.access.second_factor import reseal_factor
from pipeline.database import connect
from pipeline.hub import Hub
from pipeline.intake.quarantine import REFUSED
from privacy.actions import Action
from privacy.keyfile import GRACE, KeyChangeRefusedError, add_key, remove_key
from privacy.keys import KeyRing
from privacy.outgoing import rewrap
from privacy.passports import reseal_contacts
from privacy.resealing import SealedTable, Tell
from privacy.sealing import reseal as resealed
from schemas.tables import accounts, batches, desired, passports, quarantine

GROUND = "152-ФЗ, ст. 19, ч. 1: меры по обеспечению безопасности персональных данных"
RESEALING = 7_325_019  # the number of the lock that lets one process reseal


class Place(Protocol):
    """Where sealed contents lie: a column, or the landing area."""

    @property
    def name(self) -> str: ...

    def counts(self) -> dict[str, int]:
        """How many contents each key sealed; ``""``: what is no envelope."""
        ...

    def reseal(self, keys: KeyRing, tell: Tell) -> int:
        """Seal by the active key what another one sealed; how many were written."""
        ...


@dataclass(frozen=True)
class Resealed:
    """``resealed``: rows and documents written. ``left``: contents another key still seals."""

    place: str
    resealed: int
    left: int


def places(hub: Hub) -> list[Place]:
    """Everything the hub keeps sealed."""
    payloads = [
        SealedTable(
            hub.engine,
            desired,
            column,
            f"SELECT decode(t.{column}->>'sealed', 'base64')",
            partial(_payload, column),
        )
        for column in ("payload", "delivered_payload")
    ]
    refused = SealedTable(hub.engine, quarantine, "sealed", "SELECT t.sealed", _refused)
    sent = SealedTable(hub.engine, batches, "records", _IN_BATCH, _records, size=20)
    declared = SealedTable(hub.engine, passports, "sealed", "SELECT t.sealed", _contacts)
    access = connect(hub.settings, "svod_access")  # no other role reads that table
    factors = SealedTable(access, accounts, "factor", "SELECT t.factor", _factor)
    return [*hub.vault.sealed_places(), refused, *payloads, sent, declared, factors, hub.landing]


def status(hub: Hub) -> list[dict[str, Any]]:
    """``place``, ``key``, ``state`` and ``contents``: how much each key seals, and where.

    ``state``: active, old, ``lost`` (sealed by a key that is not in the file) or ``broken`` (no
    envelope). A key of the file that seals nothing has one row, with an empty place.
    """
    ring = hub.keys.current()
    counted = [
        (place.name, key_id, count)
        for place in places(hub)
        for key_id, count in sorted(place.counts().items())
    ]
    idle = sorted(ring.sealing.keys() - {key_id for _, key_id, _ in counted})
    return [
        {"place": name, "key": key_id, "state": _state(ring, key_id), "contents": count}
        for name, key_id, count in [*counted, *(("", key_id, 0) for key_id in idle)]
    ]


def rotate(hub: Hub, at: datetime) -> str:
    """Add a sealing key and make it the active one; its id. The old one goes on opening."""

    def announce(key_id: str) -> None:
        hub.log_action(Action("rotate_key", "", GROUND, 1, {"key": key_id}))

    return add_key(hub.settings.keys, at, announce)


def reseal(hub: Hub, tell: Callable[[str, int], None]) -> list[Resealed]:
    """Seal everything by the active key; a run that was killed is gone on with.

    ``tell`` hears the place and how many of it were looked at. Raises ``KeyChangeRefusedError``
    while another process reseals.
    """
    active = hub.keys.current().active
    with _alone(hub.engine):
        hub.log_action(Action("reseal", "", GROUND, 0, {"key": active, "step": "begun"}))
        done = [_reseal(hub, place, active, tell) for place in places(hub)]
        counts = {one.place: one.resealed for one in done}
        details = {"key": active, "step": "done", "places": counts}
        hub.log_action(Action("reseal", "", GROUND, sum(counts.values()), details))
    return done


def retire(hub: Hub, key_id: str, at: datetime, *, idle: bool = False) -> None:
    """Throw ``key_id`` away once nothing is sealed by it. Raises ``KeyChangeRefusedError``.

    ``idle``: nothing of the hub runs, so nobody is about to commit what that key has sealed.
    """

    def in_use() -> int:
        return sum(place.counts().get(key_id, 0) for place in places(hub))

    def announce() -> None:
        hub.log_action(Action("retire_key", "", GROUND, 1, {"key": key_id}))

    remove_key(hub.settings.keys, key_id, at + GRACE if idle else at, in_use, announce)


def _reseal(hub: Hub, place: Place, active: str, tell: Callable[[str, int], None]) -> Resealed:
    done = place.reseal(hub.keys, lambda count: tell(place.name, count))
    left = sum(count for key_id, count in place.counts().items() if key_id != active)
    return Resealed(place.name, done, left)


def _state(ring: KeyRing, key_id: str) -> str:
    if not key_id:
        return "broken"
    if key_id not in ring.sealing:
        return "lost"
    return "active" if key_id == ring.active else "old"


@contextmanager
def _alone(engine: Engine) -> Iterator[None]:
    """One process reseals at a time; the lock goes with its connection."""
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        if not connection.execute(text(f"SELECT pg_try_advisory_lock({RESEALING})")).scalar_one():
            raise KeyChangeRefusedError("another process is resealing; wait for its end")
        try:
            yield
        finally:
            connection.execute(text(f"SELECT pg_advisory_unlock({RESEALING})"))


_IN_BATCH = """SELECT decode(content.value->>'sealed', 'base64')
FROM jsonb_array_elements(t.records) AS record,
  LATERAL (VALUES (record->'data'), (record->'was')) AS content(value)"""


def _refused(keys: KeyRing, row: Mapping[str, Any]) -> dict[str, Any]:
    return {"sealed": resealed(keys, row["sealed"], REFUSED)}


def _contacts(keys: KeyRing, row: Mapping[str, Any]) -> dict[str, Any]:
    return {"sealed": reseal_contacts(keys, row["school"], row["version"], row["sealed"])}


def _factor(keys: KeyRing, row: Mapping[str, Any]) -> dict[str, Any]:
    return {"factor": reseal_factor(keys, row["id"], row["factor"])}


def _payload(column: str, keys: KeyRing, row: Mapping[str, Any]) -> dict[str, Any]:
    return {column: json.dumps(rewrap(keys, row["key"], row[column]))}


def _records(keys: KeyRing, row: Mapping[str, Any]) -> dict[str, Any]:
    def renewed(record: dict[str, Any]) -> dict[str, Any]:
        names = {"data", "was"} & record.keys()
        return record | {n: rewrap(keys, record["key"], record[n]) for n in names if record[n]}

    return {"records": json.dumps([renewed(record) for record in row["records"]])}
