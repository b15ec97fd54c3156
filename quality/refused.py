"""Refusals in the shape of ``schemas.frames``."""

from __future__ import annotations

import polars as pl

from schemas.catalogue import field_names
from schemas.frames import REFUSAL_SCHEMA


def refused_rows(entity: str, rows: pl.DataFrame, field: str, rule: str) -> pl.DataFrame:
    """``rows`` of a canonical frame of ``entity``, all refused for the same reason."""
    return in_shape(rows.with_columns(field=pl.lit(field), rule=pl.lit(rule)), entity)


def in_shape(rows: pl.DataFrame, entity: str) -> pl.DataFrame:
    """Canonical rows with ``field`` and ``rule`` as refusals; ``record`` is their JSON.

    Fields are written as text, so that a record looks the same before and after its typing; those
    that went to the vault are missing in a record that is refused after that.
    """
    there = [name for name in field_names(entity) if name in rows.columns]
    fields = pl.struct(pl.col(there).cast(pl.String))
    shaped = rows.with_columns(entity=pl.lit(entity), record=fields.struct.json_encode())
    return shaped.select(pl.col(column).cast(kind) for column, kind in REFUSAL_SCHEMA.items())
