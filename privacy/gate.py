"""The only way out: what the policy does not allow by name does not leave.

A record is withheld for the first of these reasons that holds:

1. ``blocked_text``  its free text names somebody of the school;
2. ``no_uid``        the pupil has no UID at the portal;
3. ``no_consent``    the pupil has no active consent on the day.

A teacher without a UID holds nothing back: the field leaves empty. Every release, of no records
too, writes one action before the records are handed over; if it cannot be written they are not.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import polars as pl

from privacy.actions import Action, ActionLog
from privacy.policy import FieldPolicy, Method, Policy
from privacy.pseudonyms import PSEUDONYM_PATTERN


class GateClosedError(Exception):
    """The frame does not fit the policy: nothing was released.

    Correct the policy (a reviewed change) or the code that built the frame; do not try again.
    """


@dataclass(frozen=True)
class Released:
    """What leaves and what stays.

    ``records``: ``key`` and the fields as the recipient calls them, in the order of the policy;
    ``withheld``: ``key``, ``reason`` (String).
    """

    records: pl.DataFrame
    withheld: pl.DataFrame


def release(
    policy: Policy,
    record_type: str,
    frame: pl.DataFrame,
    *,
    uids: pl.DataFrame,
    consent: pl.DataFrame,
    school: str,
    log: ActionLog,
) -> Released:
    """Let out of ``frame`` what ``policy`` allows.

    ``frame``: ``key``, the fields of the type with pseudonyms in place of UIDs, and
    ``text_blocked`` (Boolean, no nulls) where the type has free text. ``uids``:
    ``pseudonym``, ``uid``. ``consent``: ``pupil``, ``reason`` (null = active), see
    ``consent.active``. Raises ``GateClosedError``, and whatever ``log`` raises.
    """
    fields = _fields(policy, record_type)
    _check_columns(fields, frame)
    judged = frame.with_columns(_reason(fields, frame, uids, consent))
    going = judged.filter(pl.col("_reason").is_null())
    records = going.select("key", *_sent(fields, uids))
    _check_no_pseudonym(records)
    withheld = judged.filter(pl.col("_reason").is_not_null()).select("key", reason="_reason")
    log(_action(policy, record_type, fields, school, records, withheld))
    return Released(records, withheld)


def _fields(policy: Policy, record_type: str) -> dict[str, FieldPolicy]:
    if record_type not in policy.types:
        raise GateClosedError(f"policy {policy.policy} lets no {record_type!r} out")
    return policy.types[record_type]


def _check_columns(fields: Mapping[str, FieldPolicy], frame: pl.DataFrame) -> None:
    control = {"key"} | ({"text_blocked"} if _has_text(fields) else set())
    expected = control | fields.keys()
    if unknown := set(frame.columns) - expected:
        raise GateClosedError(f"no policy for the columns {sorted(unknown)}")
    if absent := expected - set(frame.columns):
        raise GateClosedError(f"the frame lacks the columns {sorted(absent)}")
    if any(frame[name].has_nulls() for name in control):
        raise GateClosedError(f"nulls in {sorted(control)}: nobody knows what may leave")


def _reason(
    fields: Mapping[str, FieldPolicy],
    frame: pl.DataFrame,
    uids: pl.DataFrame,
    consent: pl.DataFrame,
) -> pl.Expr:
    """Why a record stays, or null."""
    known = uids.filter(pl.col("uid").is_not_null())["pseudonym"]
    agreed = consent.filter(pl.col("reason").is_null())["pupil"]
    people = [frame[name] for name, field in fields.items() if field.required]
    nobody = pl.lit(value=False)
    blocked = pl.col("text_blocked") if _has_text(fields) else nobody
    no_uid = pl.any_horizontal(nobody, *(~_among(person, known) for person in people))
    no_consent = pl.any_horizontal(nobody, *(~_among(person, agreed) for person in people))
    return (
        pl.when(blocked)
        .then(pl.lit("blocked_text"))
        .when(no_uid)
        .then(pl.lit("no_uid"))
        .when(no_consent)
        .then(pl.lit("no_consent"))
        .alias("_reason")
    )


def _among(people: pl.Series, known: pl.Series) -> pl.Series:
    return people.is_in(known.implode()).fill_null(value=False)


def _sent(fields: Mapping[str, FieldPolicy], uids: pl.DataFrame) -> list[pl.Expr]:
    names, codes = uids["pseudonym"], uids["uid"]
    sent = []
    for name, field in fields.items():
        if field.method is Method.DROP:
            continue
        value = pl.col(name)
        if field.method is Method.UID:
            value = value.replace_strict(names, codes, default=None, return_dtype=pl.String)
        sent.append(value.alias(field.name or name))
    return sent


def _check_no_pseudonym(records: pl.DataFrame) -> None:
    """A pseudonym that came along in a key or a text would let two leaks be joined."""
    for name, dtype in records.schema.items():
        if dtype == pl.String and records[name].str.contains(PSEUDONYM_PATTERN).any():
            raise GateClosedError(f"column {name} holds a pseudonym of the hub")


def _has_text(fields: Mapping[str, FieldPolicy]) -> bool:
    return any(field.method is Method.SCANNED_TEXT for field in fields.values())


def _action(
    policy: Policy,
    record_type: str,
    fields: Mapping[str, FieldPolicy],
    school: str,
    records: pl.DataFrame,
    withheld: pl.DataFrame,
) -> Action:
    grounds = sorted({policy.grounds[field.ground] for field in fields.values()})
    reasons = withheld.group_by("reason").len().sort("reason")
    details = {
        "policy": policy.policy,
        "version": policy.version,
        "type": record_type,
        "withheld": dict(reasons.iter_rows()),
    }
    return Action("release", school, "; ".join(grounds), records.height, details)
