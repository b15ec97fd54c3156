"""Records that say the same twice, and records that contradict one another."""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl

from quality.refused import refused_rows
from schemas.catalogue import field_names, natural_key
from schemas.frames import no_refusals


@dataclass(frozen=True)
class Deduplicated:
    """``kept``: one record per key; ``duplicates``: identical ones dropped; ``refusals``: all
    records of a key under which they differ."""

    kept: pl.DataFrame
    duplicates: int
    refusals: pl.DataFrame


def drop_duplicates(entity: str, frame: pl.DataFrame) -> Deduplicated:
    """Hold the records of ``frame`` against one another by the natural key of ``entity``.

    Works on canonical frames before and after their typing. Null parts of a key are equal.
    """
    key = _key(entity)
    repeated = frame.select(pl.struct(key).is_duplicated()).to_series()
    if not repeated.any():
        return Deduplicated(frame, 0, no_refusals())
    versions = pl.struct(field_names(entity)).n_unique().over(key)
    several = frame.filter(repeated).with_columns((versions > 1).alias("_differ"))
    differing = several.filter("_differ").drop("_differ")
    identical = several.filter(~pl.col("_differ")).drop("_differ")
    firsts = identical.unique(subset=field_names(entity), keep="first", maintain_order=True)
    return Deduplicated(
        kept=pl.concat([frame.filter(~repeated), firsts]).sort("_row"),
        duplicates=identical.height - firsts.height,
        refusals=refused_rows(entity, differing, natural_key(entity)[0], "conflicting_duplicate"),
    )


def _key(entity: str) -> list[pl.Expr]:
    """The natural key, except for UIDs: there a local key is one only within its role, and a
    claim without a local key is known by its name and class."""
    if entity != "uid":
        return [pl.col(name) for name in natural_key(entity)]
    claim = pl.when(pl.col("person").is_null())
    claimed = [claim.then(pl.col(name)).alias(name) for name in ("full_name", "class_name")]
    return [pl.col("role"), pl.col("person"), *claimed]
