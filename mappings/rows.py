"""The rows that the feeds of a table see: cells of tokens split, columns of other tables taken."""

from __future__ import annotations

from collections.abc import Mapping as Frames

import polars as pl

from mappings.language import Lookup, Split, Table
from mappings.values import Fault


def rows_of(
    table: Table, frame: pl.DataFrame, frames: Frames[str, pl.DataFrame]
) -> tuple[pl.DataFrame, list[Fault]]:
    """``frame`` with the columns that ``split`` and ``lookups`` add, and what can be wrong there.

    ``frames`` holds the upload's tables by name; a lookup in a table that did not come finds
    nothing.
    """
    faults: list[Fault] = []
    if table.split:
        frame = _split(frame, table.split)
    for number, lookup in enumerate(table.lookups):
        found = f"_found_{number}"
        frame = _looked_up(frame, lookup, frames.get(lookup.table), found)
        lost = pl.col(lookup.by).is_not_null() & pl.col(found).is_null()
        faults.append(Fault(lookup.by, "dangling_reference", lost))
    return frame, faults


def _split(frame: pl.DataFrame, split: Split) -> pl.DataFrame:
    tokens = pl.col(split.column).str.extract_all(r"\S+").alias(split.into)
    return frame.with_columns(tokens).explode(split.into).filter(pl.col(split.into).is_not_null())


def _looked_up(
    frame: pl.DataFrame, lookup: Lookup, there: pl.DataFrame | None, found: str
) -> pl.DataFrame:
    if there is None:
        empty = dict.fromkeys([*lookup.take, found], pl.lit(None, pl.String))
        return frame.with_columns(**empty)
    columns = {ours: _column(there, theirs) for ours, theirs in lookup.take.items()}
    key = _column(there, lookup.key).alias(lookup.by)
    taken = there.select(key, pl.lit("found").alias(found), **columns).filter(
        pl.col(lookup.by).is_not_null()
    )
    one_each = taken.unique(subset=lookup.by, keep="first", maintain_order=True)
    return frame.join(one_each, on=lookup.by, how="left", maintain_order="left")


def _column(frame: pl.DataFrame, name: str) -> pl.Expr:
    return pl.col(name) if name in frame.columns else pl.lit(None, pl.String)
