"""The only way out: what the policy does not allow by name does not leave.

A record is withheld for the first of these reasons that holds:

1. ``blocked_text``         its free text names somebody of the school;
2. ``no_uid``               a person it needs has no UID at the portal;
3. ``no_consent``           its type requires consent and the pupil has none active on the day;
4. ``incomplete_identity``  the vault lacks a part of the pupil's identity that the type needs;
5. ``person_withheld``      the record of the pupil that it follows is withheld;
6. ``incomplete_record``    a field lacks that the type needs.

A teacher without a UID holds nothing back: the field leaves empty. Every release, of no records
too, writes one action before the records are handed over; if it cannot be written they are not.
No message holds a value of the frame.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import polars as pl

from privacy.actions import Action, ActionLog
from privacy.likeness import snils_number
from privacy.policy import Method, Policy, Requirement, TypePolicy, load_methods
from privacy.pseudonyms import PSEUDONYM_PATTERN

_RECORD_KEY = r"^[0-9a-f]{32}$"
# What can be looked through for pseudonyms, or cannot hold one.
_PLAIN = (pl.String, pl.Boolean, pl.Date, pl.Null)


class GateClosedError(Exception):
    """The frame does not fit the policy: nothing was released.

    Correct the policy (a reviewed change) or the code that built the frame; do not try again.
    """


@dataclass(frozen=True)
class Released:
    """What leaves and what stays.

    ``records``: ``key`` and the fields as the recipient calls them, in the order of the policy;
    ``withheld``: ``key``, ``reason`` (String). Neither is printed: it may hold names.
    """

    records: pl.DataFrame = field(repr=False)
    withheld: pl.DataFrame = field(repr=False)


def release(
    policy: Policy,
    record_type: str,
    frame: pl.DataFrame,
    *,
    uids: pl.DataFrame,
    consent: pl.DataFrame,
    school: str,
    log: ActionLog,
    identities: pl.DataFrame | None = None,
) -> Released:
    """Let out of ``frame`` what ``policy`` allows.

    ``frame``: ``key``, the fields of the type with pseudonyms in place of UIDs and without those
    of the vault, the type's ``subject`` column if it has one, and ``text_blocked`` (Boolean, no
    nulls) where the type has free text. ``uids``: ``pseudonym``, ``uid``. ``consent``: ``pupil``,
    ``reason`` (null = active), see ``consent.active``. ``identities``: ``pseudonym`` and the fields
    of the vault that the policy names (``identities.registry_identities``). Raises
    ``GateClosedError``, and whatever ``log`` raises.
    """
    one = _type(policy, record_type)
    _check_audiences(one)
    _check_columns(one, frame)
    filled = _with_vault(one, frame, _vault_of(policy, one, identities))
    whole = _whole(one, filled)
    reasons: dict[str, pl.Expr | pl.Series] = {**_reasons(one, filled, uids, consent)}
    reasons[
        "incomplete_identity" if one.of_the_vault else "incomplete_record"
    ] = ~pl.all_horizontal(pl.lit(value=True), *whole.values())
    if one.follows is not None:
        reasons["person_withheld"] = ~_led(policy.types[one.follows], one, filled, identities)
    judged = filled.with_columns(_first(reasons))
    records = judged.filter(pl.col("_reason").is_null()).select("key", *_sent(one, uids))
    _check_values(one, records)
    withheld = judged.filter(pl.col("_reason").is_not_null())
    lacking = _lacking(whole, withheld)
    stayed = withheld.select("key", reason="_reason")
    log(_action(policy, record_type, school, records, stayed, lacking))
    return Released(records, stayed)


def _type(policy: Policy, record_type: str) -> TypePolicy:
    if record_type not in policy.types:
        raise GateClosedError(f"policy {policy.policy} lets no {record_type!r} out")
    return policy.types[record_type]


def _check_audiences(one: TypePolicy) -> None:
    rights = load_methods().audiences
    refused = sorted(n for n, f in one.of_the_vault.items() if not rights[f.seen_by].identities)
    if refused:
        raise GateClosedError(f"who would see {refused} may not be shown identities")


def _check_columns(one: TypePolicy, frame: pl.DataFrame) -> None:
    control = {"key"} | ({"text_blocked"} if _has_text(one) else set())
    subject = {one.subject} if one.subject else set()
    expected = control | subject | (one.fields.keys() - one.of_the_vault.keys())
    if unknown := set(frame.columns) - expected:
        raise GateClosedError(f"no policy for the columns {sorted(unknown)}")
    if absent := expected - set(frame.columns):
        raise GateClosedError(f"the frame lacks the columns {sorted(absent)}")
    if any(frame[name].has_nulls() for name in control):
        raise GateClosedError(f"nulls in {sorted(control)}: nobody knows what may leave")


def _vault_of(
    policy: Policy, one: TypePolicy, identities: pl.DataFrame | None
) -> pl.DataFrame | None:
    """``identities`` if they hold what the type and the one it follows need; None if nothing."""
    leader = policy.types[one.follows] if one.follows else one
    needed = {f.field or n for n, f in {**one.of_the_vault, **leader.of_the_vault}.items()}
    if not needed:
        return None
    if identities is None or not {"pseudonym", *needed} <= set(identities.columns):
        raise GateClosedError(f"the identities lack some of {sorted(needed)}")
    if identities["pseudonym"].has_nulls() or identities["pseudonym"].is_duplicated().any():
        raise GateClosedError("the identities do not name each pseudonym once")
    return identities


def _with_vault(
    one: TypePolicy, frame: pl.DataFrame, identities: pl.DataFrame | None
) -> pl.DataFrame:
    """``frame`` with the subject's fields of the vault; null where the vault knows nobody."""
    if not one.of_the_vault or identities is None or one.subject is None:
        return frame
    told = []
    for name, about in one.of_the_vault.items():
        value = pl.col(about.field or name)
        if about.method is Method.SNILS:
            value = pl.when(snils_number(value).is_not_null()).then(value)
        told.append(value.alias(name))
    known = identities.select(pl.col("pseudonym").alias(one.subject), *told)
    return frame.join(known, on=one.subject, how="left", maintain_order="left")


def _whole(one: TypePolicy, filled: pl.DataFrame) -> dict[str, pl.Expr]:
    """By part of the minimum, whether a record has it (Boolean, never null)."""
    return {
        part: pl.any_horizontal(
            pl.all_horizontal(_given(name, filled.schema[name]) for name in way) for way in ways
        )
        for part, ways in one.minimum.items()
    }


def _given(name: str, dtype: pl.DataType) -> pl.Expr:
    value = pl.col(name)
    if dtype == pl.String:
        return (value.str.strip_chars() != "").fill_null(value=False)
    return value.is_not_null()


def _reasons(
    one: TypePolicy, frame: pl.DataFrame, uids: pl.DataFrame, consent: pl.DataFrame
) -> dict[str, pl.Expr]:
    """The reasons to withhold that need no vault, in order."""
    known = uids.filter(pl.col("uid").is_not_null())["pseudonym"]
    agreed = consent.filter(pl.col("reason").is_null())["pupil"]
    coded = [frame[name] for name, about in one.fields.items() if about.required]
    asked = [*coded, *([frame[one.subject]] if one.subject else [])]
    if one.requires is not Requirement.CONSENT:
        asked = []
    nobody = pl.lit(value=False)
    return {
        "blocked_text": pl.col("text_blocked") if _has_text(one) else nobody,
        "no_uid": pl.any_horizontal(nobody, *(~_among(person, known) for person in coded)),
        "no_consent": pl.any_horizontal(nobody, *(~_among(person, agreed) for person in asked)),
    }


_ORDER = (
    "blocked_text",
    "no_uid",
    "no_consent",
    "incomplete_identity",
    "person_withheld",
    "incomplete_record",
)


def _first(reasons: Mapping[str, pl.Expr | pl.Series]) -> pl.Expr:
    found = [
        pl.when(reasons[reason]).then(pl.lit(reason)) for reason in _ORDER if reason in reasons
    ]
    return pl.coalesce(found).alias("_reason")


def _among(people: pl.Series, known: pl.Series) -> pl.Series:
    return people.is_in(known.implode()).fill_null(value=False)


def _led(
    leader: TypePolicy, one: TypePolicy, frame: pl.DataFrame, identities: pl.DataFrame | None
) -> pl.Series:
    """Whether the record of the same subject that ``one`` follows has its minimum."""
    subjects = pl.DataFrame({str(leader.subject): frame[str(one.subject)].unique()})
    filled = _with_vault(leader, subjects, identities)
    complete = pl.all_horizontal(pl.lit(value=True), *_whole(leader, filled).values())
    return _among(frame[str(one.subject)], filled.filter(complete)[str(leader.subject)])


def _sent(one: TypePolicy, uids: pl.DataFrame) -> list[pl.Expr]:
    names, codes = uids["pseudonym"], uids["uid"]
    sent = []
    for name, about in one.fields.items():
        if about.method is Method.DROP:
            continue
        value = pl.col(name)
        if about.method is Method.UID:
            value = value.replace_strict(names, codes, default=None, return_dtype=pl.String)
        sent.append(value.alias(about.name or name))
    return sent


def _check_values(one: TypePolicy, records: pl.DataFrame) -> None:
    """A pseudonym that came along in a key or a text would let two leaks be joined; so would a
    value of a kind that cannot be looked through."""
    for name, dtype in records.schema.items():
        if not (dtype in _PLAIN or dtype.is_numeric()):
            raise GateClosedError(f"column {name} is of a kind that cannot be looked through")
        if dtype == pl.String and records[name].str.contains(PSEUDONYM_PATTERN).any():
            raise GateClosedError(f"column {name} holds a pseudonym of the hub")
    for name, about in one.fields.items():
        if about.method is Method.RECORD_KEY:
            keys = records[about.name or name].drop_nulls()
            if keys.len() and not (
                keys.dtype == pl.String and keys.str.contains(_RECORD_KEY).all()
            ):
                raise GateClosedError(f"column {name} holds something other than opaque keys")


def _has_text(one: TypePolicy) -> bool:
    return any(about.method is Method.SCANNED_TEXT for about in one.fields.values())


def _lacking(whole: Mapping[str, pl.Expr], withheld: pl.DataFrame) -> dict[str, int]:
    """How many of the incomplete records lack which part."""
    incomplete = withheld.filter(pl.col("_reason").str.starts_with("incomplete"))
    counts = {part: incomplete.filter(~has).height for part, has in whole.items()}
    return {part: count for part, count in counts.items() if count}


def _action(
    policy: Policy,
    record_type: str,
    school: str,
    records: pl.DataFrame,
    withheld: pl.DataFrame,
    lacking: dict[str, int],
) -> Action:
    one, names = policy.types[record_type], load_methods()
    grounds = sorted({policy.grounds[about.ground] for about in one.fields.values()})
    reasons = withheld.group_by("reason").len().sort("reason")
    used = sorted({about.method for about in one.fields.values()})
    details = {
        "policy": policy.policy,
        "version": policy.version,
        "type": record_type,
        "requires": one.requires.value,
        "methods": {method.value: names.methods[method].name for method in used},
        "seen_by": sorted({about.seen_by.value for about in one.fields.values()}),
        "withheld": dict(reasons.iter_rows()),
        "lacking": lacking,
    }
    return Action("release", school, "; ".join(grounds), records.height, details)
