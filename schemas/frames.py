"""Shapes that frames keep on their way through the rooms.

Canonical frame of an entity, from ``mappings`` to ``privacy``:
    the columns of ``catalogue.field_names(entity)`` (String before the contract, typed after),
    plus ``_row`` UInt32 (unique within entity and upload), ``_document`` String, ``_line`` Int64.

Refusals: one row per (record, field) that was refused:
    ``REFUSAL_SCHEMA``; ``record`` is the JSON of the refused record and holds personal data: it
    is sealed before it is stored, and never printed.
"""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl

ORIGIN = ("_row", "_document", "_line")
INSTANT = pl.Datetime("us", "UTC")  # how frames hold a moment

REFUSAL_SCHEMA: dict[str, pl.DataType] = {
    "entity": pl.String(),
    "_row": pl.UInt32(),
    "_document": pl.String(),
    "_line": pl.Int64(),
    "field": pl.String(),
    "rule": pl.String(),
    "record": pl.String(),
}

# What is kept of a refusal beside it, to find what it waits for; see ``pipeline.intake.waits``.
WAITS: dict[str, pl.DataType] = {
    "source_column": pl.String(),  # behind ``field``; of a cell, the column it stands in
    "record_key": pl.String(),  # what others refer to the record by, as the journal stores it
    "missing_entity": pl.String(),  # what a dangling record refers to
    "missing_key": pl.String(),  # its key; of an unknown code, the code
    "missing_in": pl.String(),  # the unread document that may hold it
}


def no_refusals() -> pl.DataFrame:
    """An empty frame of refusals."""
    return pl.DataFrame(schema=REFUSAL_SCHEMA)


@dataclass(frozen=True)
class Finding:
    """Something a person should know about a document, a column or a record.

    ``rule`` is a key of ``schemas/rules.yml``; ``detail`` holds no personal data.
    """

    rule: str
    document: str
    entity: str = ""
    line: int | None = None
    field: str = ""
    detail: str = ""
