"""Applies a profile to the tables of one upload."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import polars as pl

from mappings.columns import made_by_table
from mappings.feeding import Portion, feed_rows, named
from mappings.language import Mapping
from mappings.rows import rows_of
from mappings.sources import Sources, TableLike, survey
from mappings.values import ValueReader
from schemas.catalogue import field_names
from schemas.frames import Finding, no_refusals


@dataclass(frozen=True)
class Translated:
    """One upload in our words.

    ``frames``: for every entity of the profile a canonical frame (all fields String, ``_row``,
    ``_document``, ``_line``); ``refusals``: ``frames.REFUSAL_SCHEMA``, fields under their
    source columns, records as the source has them; ``refused``: per entity, the canonical fields of
    those records, null where a field could not be read; ``read``: records the upload spoke of,
    per entity (= rows of its frame + refused ``_row``); ``incomplete``: entities some of whose
    rows may be missing; ``field_names``: per entity, the source column behind each field.
    """

    frames: dict[str, pl.DataFrame]
    refusals: pl.DataFrame
    refused: dict[str, pl.DataFrame]
    findings: list[Finding]
    read: dict[str, int]
    incomplete: set[str]
    field_names: dict[str, dict[str, str]]
    cells: dict[str, pl.DataFrame]

    def under_source_names(self, refusals: pl.DataFrame) -> pl.DataFrame:
        """Later refusals of this upload's records, their fields under the source's columns.

        A field without a column behind it keeps its own name.
        """
        parts = [
            self._renamed(str(entity), group)
            for (entity,), group in refusals.group_by("entity", maintain_order=True)
        ]
        return pl.concat(parts) if parts else refusals

    def _renamed(self, entity: str, refusals: pl.DataFrame) -> pl.DataFrame:
        columns = self.field_names.get(entity, {})
        if columns:
            refusals = refusals.with_columns(pl.col("field").replace(columns))
        return named(refusals, self.cells[entity]) if entity in self.cells else refusals


def translate(mapping: Mapping, tables: Sequence[TableLike], *, zone: str) -> Translated:
    """``tables`` in canonical words; ``zone`` is where the source's clocks stand.

    Nothing is guessed: what the profile does not know becomes a refusal or a finding.
    """
    sources = survey(mapping, tables)
    portions: dict[str, list[Portion]] = {entity: [] for entity in mapping.entities()}
    for name in sources.frames:
        for portion in _portions(mapping, name, sources, portions, zone):
            portions[portion.entity].append(portion)
    every = [portion for group in portions.values() for portion in group]
    return Translated(
        frames={entity: _frame(entity, group) for entity, group in portions.items()},
        refusals=pl.concat([no_refusals(), *(portion.refusals for portion in every)]),
        refused={
            entity: pl.concat([portion.refused for portion in group])
            for entity, group in portions.items()
            if group
        },
        findings=sources.findings,
        read={entity: _read(group) for entity, group in portions.items()},
        incomplete=_incomplete(mapping, sources.incomplete),
        field_names={entity: _columns(group) for entity, group in portions.items()},
        cells=_cells(every),
    )


def _portions(
    mapping: Mapping,
    name: str,
    sources: Sources,
    before: dict[str, list[Portion]],
    zone: str,
) -> Iterable[Portion]:
    """What the feeds of table ``name`` give; rows are numbered on from ``before``."""
    table = mapping.tables[name]
    source = sources.frames[name]
    rows, faults = rows_of(table, source, sources.frames)
    reader = ValueReader(mapping, zone, made_by_table(table))
    for feed in table.feeds:
        yield feed_rows(
            feed,
            rows,
            reader,
            faults=faults,
            shown=[column for column in source.columns if not column.startswith("_")],
            split=table.split,
            first_row=_read(before[feed.entity]),
        )


def _frame(entity: str, portions: Sequence[Portion]) -> pl.DataFrame:
    empty = pl.DataFrame(
        schema={
            **dict.fromkeys(field_names(entity), pl.String()),
            "_row": pl.UInt32(),
            "_document": pl.String(),
            "_line": pl.Int64(),
        }
    )
    return pl.concat([empty, *(portion.frame for portion in portions)])


def _read(portions: Sequence[Portion]) -> int:
    return sum(portion.read for portion in portions)


def _columns(portions: Sequence[Portion]) -> dict[str, str]:
    """The first portion that names a column for a field wins."""
    columns: dict[str, str] = {}
    for portion in portions:
        columns = portion.columns | columns
    return columns


def _cells(portions: Sequence[Portion]) -> dict[str, pl.DataFrame]:
    cells: dict[str, list[pl.DataFrame]] = {}
    for portion in portions:
        if portion.cells is not None:
            cells.setdefault(portion.entity, []).append(portion.cells)
    return {entity: pl.concat(frames) for entity, frames in cells.items()}


def _incomplete(mapping: Mapping, tables: set[str]) -> set[str]:
    """Entities fed by tables that are not wholly there, or that look into such tables."""
    return {
        feed.entity
        for name, table in mapping.tables.items()
        if name in tables or any(lookup.table in tables for lookup in table.lookups)
        for feed in table.feeds
    }
