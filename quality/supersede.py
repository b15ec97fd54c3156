"""Rows that keep what was known when: each holds from ``as_of`` until before ``until``.

A row is written only when something else is known than before. What was known on ``T`` is the row
with ``as_of <= T`` and ``until`` later than ``T`` or null.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

import polars as pl

WAS = "_was"


@dataclass(frozen=True)
class Superseded:
    """``gone``: key and ``as_of`` of rows to be taken away; ``written``: rows in their place."""

    gone: pl.DataFrame
    written: pl.DataFrame


def supersede(
    current: pl.DataFrame,
    told: pl.DataFrame,
    *,
    key: Sequence[str],
    on: date,
    upcoming: date | None,
) -> Superseded:
    """What changes if ``told`` is what is known on ``on``.

    ``current``: the rows that hold on that day: ``key``, ``as_of``, ``until`` and the columns of
    ``told`` beside the key; what ``told`` has no more is zero. ``upcoming``: the next later date of
    which it is known already what was known: from then on nothing changes.
    """
    values = [name for name in told.columns if name not in key]
    both = (
        told.with_columns(_told=pl.lit(value=True))
        .join(
            current.with_columns(_kept=pl.lit(value=True)),
            on=list(key),
            how="full",
            coalesce=True,
            suffix=WAS,
        )
        .with_columns(
            pl.when(pl.col("_told").is_null())
            .then(pl.lit(0).cast(kind))
            .otherwise(name)
            .alias(name)
            for name, kind in told.schema.items()
            if name in values and kind.is_integer()
        )
    )
    differs = [pl.col(name).ne_missing(pl.col(name + WAS)) for name in values]
    changed = both.filter(pl.col("_kept").is_null() | pl.any_horizontal(differs))
    former = changed.filter(pl.col("_kept")).with_columns(
        pl.col(name + WAS).alias(name) for name in values
    )
    head, tail = pl.lit(on, pl.Date), pl.lit(upcoming, pl.Date)
    columns = [*key, "as_of", "until", *values]
    pieces = [
        former.filter(pl.col("as_of") < on).with_columns(until=head),
        changed.with_columns(as_of=head, until=tail),
    ]
    if upcoming is not None:
        beyond = pl.col("until").is_null() | (pl.col("until") > upcoming)
        pieces.append(former.filter(beyond).with_columns(as_of=tail))
    return Superseded(
        gone=former.select(*key, "as_of"), written=pl.concat([p.select(columns) for p in pieces])
    )
