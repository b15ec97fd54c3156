"""Consent for the diary service, as a state with dates.

::

    applied ──registered_on given──> registered ──that day comes──> active
       │                                 │                            │
       ├────── a refusal's day comes ────┴──> refused <───────────────┤
       └────── the child leaves the school ──> ended <────────────────┘

``active`` is the only state in which anything about the pupil may leave for the diary.

**A stop beats every application made until its day,** wherever either was said: a refusal on paper
ends what the journal still calls active, and a consent given before the child left does not
revive when the child comes back. Only an application made on a later day begins anew. Of those that
no stop has ended the furthest counts: one active application is enough. A child who is away
has an ended consent, whatever was applied for meanwhile.

How soon the school and the hub must act is data: ``policies/consent.yml``.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from functools import cache
from importlib.resources import files
from typing import Any

import polars as pl
import yaml

APPLICATIONS = {
    "pupil": pl.String,
    "applied_on": pl.Date,
    "registered_on": pl.Date,
    "refused_on": pl.Date,
    "origin": pl.String,
}
REFUSALS = {"pupil": pl.String, "refused_on": pl.Date, "origin": pl.String}
STATES = {
    "pupil": pl.String,
    "state": pl.String,
    "since": pl.Date,
    "due_on": pl.Date,
    "stop_due_on": pl.Date,
    "origin": pl.String,
}
# Furthest first: which of a pupil's applications speaks for the pupil.
_RANK = {"active": 0, "registered": 1, "applied": 2, "refused": 3, "ended": 3}
NOT_APPLIED = "not_applied"


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
    content = _policy()
    days = {name: rule["days"] for name, rule in content["deadlines"].items()}
    return Deadlines(version=str(content["version"]), **days)


def deadline_sources() -> dict[str, str]:
    """The document and clause of each deadline, by the name that ``Deadlines`` has for it."""
    return {name: rule["source"] for name, rule in _policy()["deadlines"].items()}


@cache
def _policy() -> Any:
    text = files("privacy.policies").joinpath("consent.yml").read_text(encoding="utf-8")
    return yaml.safe_load(text)


def consent_states(
    applications: pl.DataFrame,
    refusals: pl.DataFrame,
    departures: pl.DataFrame,
    on: date,
    within: Deadlines | None = None,
) -> pl.DataFrame:
    """Every pupil of the three frames on the day ``on``: ``STATES``.

    ``applications``: ``APPLICATIONS``; ``refusals``: ``REFUSALS``, said apart from an application;
    ``departures``: ``leaving.DEPARTURES``. ``state`` is ``active``, ``registered``, ``applied``,
    ``refused``, ``ended`` or ``not_applied``; ``since`` the day it began; ``due_on`` the last day
    for the school to register, or for the service to start or to stop, whether that is done or
    not; ``stop_due_on`` that of the stop in force or, after a new application, of the latest
    one; ``origin`` that of the application or stop that decides.
    """
    asked, said = (part.filter(pl.col("pupil").is_not_null()) for part in (applications, refusals))
    asked = asked.filter(pl.col("applied_on") <= on)
    stops = _stops(asked, said, departures, on)
    decided = (
        pl.concat([_applied(asked, stops, on), _only_refused(asked, stops)])
        .with_columns(pl.col("state").replace_strict(_RANK, return_dtype=pl.Int64).alias("rank"))
        .sort("pupil", "rank", "order")
        .unique("pupil", keep="first", maintain_order=True)
    )
    everybody = pl.concat([part.select("pupil") for part in (applications, refusals, departures)])
    return (
        everybody.drop_nulls()
        .unique()
        .join(decided, on="pupil", how="left")
        .join(_away(departures, on), on="pupil", how="left")
        .join(stops.group_by("pupil").agg(pl.col("day").max()), on="pupil", how="left")
        .with_columns(*_away_if_not_stopped())
        .with_columns(pl.col("state").fill_null(NOT_APPLIED))
        .with_columns(*_due_on(within or deadlines()))
        .select(*STATES)
        .sort("pupil")
    )


def reasons(states: pl.DataFrame) -> pl.DataFrame:
    """``states`` as the gate takes them: ``pupil`` and ``reason``, null where consent is active."""
    state = pl.col("state")
    return states.select("pupil", reason=pl.when(state != "active").then(state))


def _stops(
    applications: pl.DataFrame, refusals: pl.DataFrame, departures: pl.DataFrame, on: date
) -> pl.DataFrame:
    """What ends consents until ``on``: ``pupil``, ``day``, ``kind``, ``stopped_by``; one a day."""
    refused = pl.lit("refused").alias("kind")
    with_it = applications.filter(pl.col("refused_on").is_not_null())
    parts = [
        part.select("pupil", refused, day="refused_on", stopped_by="origin")
        for part in (with_it, refusals)
    ]
    ended = pl.lit("ended").alias("kind")
    parts.append(departures.select("pupil", ended, day="left_on", stopped_by="origin"))
    return (
        pl.concat(parts)
        .filter(pl.col("day") <= on)
        # On one day the refusal counts: a document sets its deadline.
        .sort("day", "kind", descending=[False, True])
        .unique(["pupil", "day"], keep="first", maintain_order=True)
    )


# What decides about a pupil; ``order`` among states of one rank, the least first.
_DECIDED = ("pupil", "state", "since", "applied_on", "origin", "order")


def _applied(applications: pl.DataFrame, stops: pl.DataFrame, on: date) -> pl.DataFrame:
    """The state of each application; the first stop since the day it was made ends it."""
    judged = (
        applications.sort("applied_on").join_asof(
            stops, left_on="applied_on", right_on="day", by="pupil", strategy="forward",
            coalesce=False, check_sortedness=False,
        )
    )  # fmt: skip
    registered, stopped = pl.col("registered_on"), pl.col("kind").is_not_null()
    active = (registered <= on).fill_null(value=False)
    state = (
        pl.when(stopped)
        .then("kind")
        .when(active)
        .then(pl.lit("active"))
        .when(registered.is_not_null())
        .then(pl.lit("registered"))
        .otherwise(pl.lit("applied"))
    )
    since = pl.when(stopped).then("day").when(active).then(registered).otherwise("applied_on")
    # The earliest application has the earliest deadline; the latest stop is the one in force.
    first_or_last = pl.when(stopped).then(-_number("day")).otherwise(_number("applied_on"))
    return judged.with_columns(
        state=state,
        since=since,
        origin=pl.when(stopped).then("stopped_by").otherwise("origin"),
        order=first_or_last,
    ).select(*_DECIDED)


def _only_refused(applications: pl.DataFrame, stops: pl.DataFrame) -> pl.DataFrame:
    """Refusals of those who have never applied."""
    refused = stops.filter(pl.col("kind") == "refused")
    return refused.join(applications, on="pupil", how="anti").select(
        "pupil",
        state="kind",
        since="day",
        applied_on=pl.lit(None, pl.Date),
        origin="stopped_by",
        order=_number("day"),
    )


def _away(departures: pl.DataFrame, on: date) -> pl.DataFrame:
    """Who has left and not come back by ``on``: ``pupil``, ``left_on``, ``left_by``."""
    gone = (pl.col("left_on") <= on) & (pl.col("back_on") > on).fill_null(value=True)
    away = departures.filter(gone).sort("left_on").unique("pupil", keep="first")
    return away.select("pupil", "left_on", left_by="origin")


def _away_if_not_stopped() -> list[pl.Expr]:
    """Absence ends what nothing has stopped before."""
    stopped = pl.col("state").is_in(["refused", "ended"]).fill_null(value=False)
    away = pl.col("left_on").is_not_null() & ~stopped
    return [
        pl.when(away).then(pl.lit("ended")).otherwise("state").alias("state"),
        pl.when(away).then("left_on").otherwise("since").alias("since"),
        pl.when(away).then("left_by").otherwise("origin").alias("origin"),
    ]


def _number(day: str) -> pl.Expr:
    return pl.col(day).cast(pl.Date).cast(pl.Int64)


def _due_on(limits: Deadlines) -> list[pl.Expr]:
    def after(column: str, days: int) -> pl.Expr:
        return pl.col(column).dt.offset_by(f"{days}d")

    state = pl.col("state")
    stop = pl.when(state.is_in(["refused", "ended"])).then("since").otherwise("day")
    stop = stop.dt.offset_by(f"{limits.stop_days}d")
    due = (
        pl.when(state == "applied")
        .then(after("applied_on", limits.register_days))
        .when(state.is_in(["registered", "active"]))
        .then(after("applied_on", limits.start_days))
        .otherwise(stop)
    )
    return [due.alias("due_on"), stop.alias("stop_due_on")]
