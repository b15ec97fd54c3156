"""When something of the journal was written down, and whether that was in time.

Nobody but the journal system knows the instant. Where it tells one, that counts (clock ``source``).
Where it does not, the hub knows two looks: the last one that did not show it and the first one that
did (clock ``hub``); it was written between them. So a verdict has three values: in time if even
the later bound is, late if even the earlier one is not, and unknown in between: a night on which
the hub did not look makes no teacher late.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from enum import StrEnum

import polars as pl

from schemas.frames import INSTANT


class Clock(StrEnum):
    """Whose word the time is."""

    SOURCE = "source"
    HUB = "hub"


class Outcome(StrEnum):
    """What became of something that had to be written down."""

    IN_TIME = "in_time"
    LATE = "late"
    MISSING = "missing"  # its deadline is over and the hub has looked since
    UNKNOWN = "unknown"  # written, but the hub looked neither just before nor just after
    NOT_DUE = "not_due"  # its deadline is not over, or the hub has not looked since


# Of each thing written down: it happened after ``not_before`` (null: no look before) and not after
# ``not_after``; with the clock of the source the two are one instant.
WRITTEN = {"key": pl.String, "not_before": INSTANT, "not_after": INSTANT, "clock": pl.String}


def first_written(
    versions: pl.DataFrame, there: pl.Expr, looks: Sequence[datetime]
) -> pl.DataFrame:
    """When each record first had what ``there`` asks for: ``WRITTEN``; a row only for who has it.

    ``versions``: ``key``, ``seen_at`` (``INSTANT``, when the hub first saw this content),
    ``entered_at`` and ``changed_at`` (``INSTANT`` or null, the source's word), and what ``there``
    reads. ``looks``: the instants of readings that show the whole journal. It was written when the
    record was entered, if that can be, else when it was changed: after the version without it
    and not after the hub saw it.
    """
    found = (
        after_former(versions)
        .filter(there.fill_null(value=False))
        .unique("key", keep="first", maintain_order=True)
    )
    return written_at(found, looks).select(*WRITTEN).sort("key")


def after_former(versions: pl.DataFrame) -> pl.DataFrame:
    """``versions`` in their order, each with ``former_at``: when the one before it was seen."""
    same = pl.col("key") == pl.col("key").shift(1)
    return versions.sort("key", "seen_at", "entered_at", nulls_last=True).with_columns(
        former_at=pl.when(same).then(pl.col("seen_at").shift(1))
    )


def written_at(versions: pl.DataFrame, looks: Sequence[datetime]) -> pl.DataFrame:
    """Versions of ``after_former`` with ``not_before``, ``not_after`` and ``clock`` of each."""
    new = pl.col("former_at").is_null()
    possible = [
        pl.when((pl.col(said) <= pl.col("seen_at")) & (new | (pl.col(said) > pl.col("former_at"))))
        .then(said)
        for said in ("entered_at", "changed_at")
    ]  # fmt: skip
    before = pl.DataFrame({"looked_at": sorted(looks)}, schema={"looked_at": INSTANT})
    return (
        versions.with_columns(_said=pl.coalesce(possible))
        .sort("seen_at")
        .join_asof(
            before, left_on="seen_at", right_on="looked_at", strategy="backward",
            allow_exact_matches=False,
        )
        .with_columns(
            not_before=pl.coalesce("_said", "looked_at"),
            not_after=pl.coalesce("_said", "seen_at"),
            clock=pl.when(pl.col("_said").is_null())
            .then(pl.lit(Clock.HUB.value))
            .otherwise(pl.lit(Clock.SOURCE.value)),
        )
        .drop("_said", "looked_at")
    )  # fmt: skip


def certainly_late(due_at: pl.Expr) -> pl.Expr:
    """Whether what was ``written_at`` came after ``due_at`` by even the earlier bound."""
    by_source = pl.col("clock") == Clock.SOURCE.value
    late = (
        pl.when(by_source)
        .then(pl.col("not_after") > due_at)
        .otherwise(pl.col("not_before") >= due_at)
    )
    return late.fill_null(value=False)


def outcomes(due: pl.DataFrame, written: pl.DataFrame, looked_at: datetime | None) -> pl.DataFrame:
    """``due`` with ``outcome`` (``Outcome``, never null) and, null where nothing is there,
    ``clock``, ``not_before`` and ``not_after`` (``WRITTEN``).

    ``due``: ``key`` and ``due_at`` (``INSTANT``, the last allowed instant); ``written``:
    ``WRITTEN``; ``looked_at``: the last look at the whole journal, None if there was none.
    """
    over = pl.lit(value=False)
    if looked_at is not None:
        over = pl.col("due_at") < looked_at.astimezone(UTC)
    outcome = (
        pl.when(pl.col("not_after").is_null())
        .then(pl.when(over).then(pl.lit(Outcome.MISSING)).otherwise(pl.lit(Outcome.NOT_DUE)))
        .when(pl.col("not_after") <= pl.col("due_at"))
        .then(pl.lit(Outcome.IN_TIME))
        .when(certainly_late(pl.col("due_at")))
        .then(pl.lit(Outcome.LATE))
        .otherwise(pl.lit(Outcome.UNKNOWN))
    )
    return due.join(written, on="key", how="left", maintain_order="left").select(
        *due.columns, "clock", "not_before", "not_after", outcome=outcome
    )
