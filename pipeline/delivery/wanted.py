"""The desired state of a school at a target, as the outbox takes it.

The records of the target go through the privacy gate, which puts codes or identities in the
place of pseudonyms and says what must not leave; what it lets out is hashed and, where it names
people, sealed.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta

import polars as pl

from pipeline.delivery.contingent_records import contingent_codes
from pipeline.delivery.destinations import Destination
from pipeline.delivery.outbox import WANTED, Priority
from pipeline.hub import Hub
from pipeline.store import hashed
from privacy.gate import release
from privacy.identities import registry_identities
from privacy.keys import KeyRing
from privacy.outgoing import wrap
from privacy.policy import load_policy
from privacy.pseudonyms import lookup, remote_key
from schemas.codes import PersonRole

RECENT = timedelta(days=14)


def wanted_state(
    hub: Hub,
    destination: Destination,
    school: str,
    on: date,
    consent: pl.DataFrame,
    records: Mapping[str, pl.DataFrame],
) -> pl.DataFrame:
    """``records`` by type as a frame with the columns of ``outbox.WANTED``.

    ``consent``: see ``privacy.consent.active``. Raises ``privacy.gate.GateClosedError``.
    """
    policy = load_policy(destination.name)
    uids = hub.vault.uids_of(school)
    identities = _identities(hub, school) if destination.names_people else None
    parts = [pl.DataFrame(schema=WANTED)]
    for entity, frame in records.items():
        coded, uncoded = _coded(frame)
        released = release(
            policy,
            entity,
            coded,
            uids=uids,
            consent=consent,
            school=school,
            log=hub.log_action,
            identities=identities,
        )
        about = frame.select("key", _person(hub.keys, school, frame), _priority(frame, on))
        leaving = _payloads(hub.keys, destination, released.records)
        staying = pl.concat([released.withheld, uncoded]).select(
            "key",
            desired_hash=pl.lit(None, dtype=pl.String),
            payload=pl.lit(None, dtype=pl.String),
            reason="reason",
        )
        both = pl.concat([leaving, staying]).with_columns(entity=pl.lit(entity))
        parts.append(both.join(about, on="key", how="left").select(*WANTED))
    return pl.concat(parts)


def _identities(hub: Hub, school: str) -> pl.DataFrame:
    pupils = hub.vault.identities(school).filter(role=PersonRole.PUPIL.value)
    return registry_identities(pupils, contingent_codes().words)


def person_name(keys: KeyRing, school: str, pupil: str) -> pl.Expr:
    """The opaque name by which the outbox knows whom a record is about."""
    return remote_key(keys, school=school, entity="person", key=pl.col(pupil))


def _person(keys: KeyRing, school: str, frame: pl.DataFrame) -> pl.Expr:
    known = "pupil" in frame.columns
    person = person_name(keys, school, "pupil") if known else pl.lit(None, dtype=pl.String)
    return person.alias("person")


def _priority(frame: pl.DataFrame, on: date) -> pl.Expr:
    """By the day of the record; what has none is what others point at, or rare."""
    if "day" not in frame.columns:
        return pl.lit(int(Priority.RECENT), dtype=pl.Int64).alias("priority")
    return (
        pl.when(pl.col("day") >= on)
        .then(int(Priority.TODAY))
        .when(pl.col("day") >= on - RECENT)
        .then(int(Priority.RECENT))
        .otherwise(int(Priority.LATER))
        .cast(pl.Int64)
        .alias("priority")
    )


def _coded(frame: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame]:
    """The records the portal has a code for, and the keys of the others with their reason."""
    frame = frame.drop("day", strict=False)
    if "estimate_value_code" not in frame.columns:
        return frame, pl.DataFrame(schema={"key": pl.String, "reason": pl.String})
    lacking = pl.col("estimate_value_code").is_null()
    return frame.filter(~lacking), frame.filter(lacking).select("key", reason=pl.lit("no_code"))


def _payloads(keys: KeyRing, destination: Destination, records: pl.DataFrame) -> pl.DataFrame:
    data = pl.struct(pl.exclude("key")).struct.json_encode()
    plain = records.select("key", data.alias("payload"))
    if destination.names_people:
        # A plain hash of a name and a birth date could be guessed. Sealing has no frame form.
        plain = plain.with_columns(
            desired_hash=lookup(keys, f"content:{destination.name}", pl.col("payload")).str.head(32)
        )
        sealed = [wrap(keys, key, payload) for key, payload, _ in plain.iter_rows()]
        ready = plain.with_columns(payload=pl.Series(sealed, dtype=pl.String))
    else:
        ready = hashed(plain, ["payload"]).rename({"content_hash": "desired_hash"})
    return ready.select("key", "desired_hash", "payload", reason=pl.lit(""))
