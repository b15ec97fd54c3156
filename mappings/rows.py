"""The rows that the feeds of a table see: cells of tokens split, columns of other tables taken."""

from __future__ import annotations

from collections.abc import Mapping as Frames

import polars as pl

from mappings.columns import made_by_table, parts_of
from mappings.language import WHITE_SPACE, Lookup, Split, Table
from mappings.values import Fault

_BETWEEN = "\x00"  # stands in no cell: readers refuse it


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
        faults += _apart(table.split)
    for number, lookup in enumerate(table.lookups):
        found = f"_found_{number}"
        frame = _looked_up(frame, lookup, frames.get(lookup.table), found)
        lost = pl.col(lookup.by).is_not_null() & pl.col(found).is_null()
        shown = made_by_table(table).get(lookup.by, lookup.by)
        faults.append(Fault(shown, "dangling_reference", lost))
    return frame, faults


def _split(frame: pl.DataFrame, split: Split) -> pl.DataFrame:
    rows = frame.with_columns(_tokens(split).alias(split.into)).explode(split.into)
    rows = rows.filter(pl.col(split.into).is_not_null())
    return rows.with_columns(
        pl.col(split.into).str.extract(split.parts or "", group).alias(name)
        for name, group in parts_of(split).items()
    )


def _tokens(split: Split) -> pl.Expr:
    """The tokens of a cell, in order; without the empty ones."""
    cell = pl.col(split.column)
    if split.separator == WHITE_SPACE:
        return cell.str.extract_all(r"\S+")
    pieces = cell.str.replace_all(split.separator, _BETWEEN).str.split(_BETWEEN)
    trimmed = pieces.list.eval(pl.element().str.strip_chars())
    return trimmed.list.eval(pl.element().filter(pl.element() != ""))


def _apart(split: Split) -> list[Fault]:
    """Tokens that ``parts`` does not fit."""
    if split.parts is None:
        return []
    fits = pl.col(split.into).str.contains(split.parts)
    return [Fault(split.column, "bad_format", ~fits)]


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
