"""Consent for the diary service, as a state with dates.

::

    applied ──registered_on given──> registered ──that day comes──> active
       │                                 │                            │
       └───────────── refused_on comes ──┴──> refused <───────────────┘
    any state ──every enrolment of the pupil finished──> ended

``active`` is the only state in which anything about the pupil may leave for the diary. It lasts
from ``registered_on`` to the day before ``refused_on``; on the day an enrolment finishes the pupil
has left. Of several applications the furthest state counts: one active application is
enough. A pupil with applications and no enrolment on record has not left.

How soon the school and the hub must act is data: ``policies/consent.yml``.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from functools import cache
from importlib.resources import files

import polars as pl
import yaml

# Furthest first: which of a pupil's applications speaks for the pupil.
_STATES = ("active", "registered", "applied", "refused", "not_applied")
_STATE = pl.Enum(list(reversed(_STATES)))


@dataclass(frozen=True)
class Deadlines:
    """Days, with the document they come from; see ``policies/consent.yml``."""

    version: str
    register_days: int
    start_days: int
    stop_days: int


@cache
def deadlines() -> Deadlines:
    """The deadlines in force. Raises ``TypeError`` if the file does not fit ``Deadlines``."""
    text = files("privacy.policies").joinpath("consent.yml").read_text(encoding="utf-8")
    content = yaml.safe_load(text)
    days = {name: rule["days"] for name, rule in content["deadlines"].items()}
    return Deadlines(version=str(content["version"]), **days)


def active(
    consents: pl.DataFrame,
    enrolments: pl.DataFrame,
    on: date,
    within: Deadlines | None = None,
) -> pl.DataFrame:
    """Every pupil of the two frames on the day ``on``: ``pupil``, ``reason``, ``due_on``.

    ``consents``: ``pupil``, ``applied_on``, ``registered_on``, ``refused_on``; ``enrolments``:
    ``pupil``, ``finish``. ``reason`` (String) is null where the consent is active, else
    ``not_applied``, ``applied``, ``registered``, ``refused`` or ``ended``. ``due_on`` (Date):
    the day by which somebody must act: the school register an application, the service start
    or stop; null where nothing is due.
    """
    limits = within or deadlines()
    states = (
        consents.filter(pl.col("pupil").is_not_null())
        .with_columns(state=_state(on).cast(_STATE))
        .with_columns(due_on=_due_on(limits))
        .sort("pupil", "state", "applied_on", descending=[False, True, True])
        .unique("pupil", keep="first", maintain_order=True)
        .select("pupil", "state", "due_on")
    )
    left = (
        enrolments.group_by("pupil")
        .agg(left=(pl.col("finish") <= on).fill_null(value=False).all())
        .filter(pl.col("pupil").is_not_null())
    )
    ended = pl.col("left").fill_null(value=False)
    state = pl.col("state").cast(pl.String).fill_null("not_applied")
    reason = pl.when(ended).then(pl.lit("ended")).when(state != "active").then(state)
    return (
        left.join(states, on="pupil", how="full", coalesce=True)
        .select("pupil", reason=reason, due_on=pl.when(~ended).then("due_on"))
        .sort("pupil")
    )


def _state(on: date) -> pl.Expr:
    registered = pl.col("registered_on")
    return (
        pl.when((pl.col("refused_on") <= on).fill_null(value=False))
        .then(pl.lit("refused"))
        .when((registered <= on).fill_null(value=False))
        .then(pl.lit("active"))
        .when(pl.col("applied_on") > on)
        .then(pl.lit("not_applied"))
        .when(registered.is_not_null())
        .then(pl.lit("registered"))
        .otherwise(pl.lit("applied"))
    )


def _due_on(limits: Deadlines) -> pl.Expr:
    def after(column: str, days: int) -> pl.Expr:
        return pl.col(column).dt.offset_by(f"{days}d")

    state = pl.col("state").cast(pl.String)
    return (
        pl.when(state == "applied")
        .then(after("applied_on", limits.register_days))
        .when(state == "registered")
        .then(after("applied_on", limits.start_days))
        .when(state == "refused")
        .then(after("refused_on", limits.stop_days))
    )
