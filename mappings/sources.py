"""The tables of an upload as a profile meets them: what is known, what is missing, what is new."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import polars as pl

from mappings.columns import is_ignored, read_by_table
from mappings.language import Mapping, Table
from schemas.frames import Finding


class TableLike(Protocol):
    """Rows in the source's own words: String columns, ``_document`` and ``_line`` (Int64)."""

    @property
    def name(self) -> str: ...
    @property
    def frame(self) -> pl.DataFrame: ...
    @property
    def complete(self) -> bool: ...


@dataclass(frozen=True)
class Sources:
    """Readable tables by name, names of those not wholly there, what a person should know."""

    frames: dict[str, pl.DataFrame]
    incomplete: set[str]
    findings: list[Finding]


def survey(mapping: Mapping, tables: Sequence[TableLike]) -> Sources:
    """Hold what came against what the profile declares.

    A table that lacks a required column is not read at all; one that is not declared, or a
    column neither used nor ignored, is a finding. Frames come back with every column that the
    profile reads, empty where the document has none.
    """
    frames: dict[str, pl.DataFrame] = {}
    findings: list[Finding] = []
    # A table that did not come proves nothing: what it fed may still be there.
    incomplete = mapping.tables.keys() - {table.name for table in tables}
    for name, frame in _together(tables).items():
        declared = mapping.tables.get(name)
        if declared is None:
            findings.append(Finding("unknown_document", _document(frame, name)))
            continue
        missing = _missing(declared, frame)
        findings += [_about(declared, frame, name, "missing_column", c) for c in missing]
        findings += [
            _about(declared, frame, name, "unknown_column", c) for c in _unknown(declared, frame)
        ]
        if missing:
            incomplete.add(name)
            continue
        frames[name] = _filled_up(declared, frame)
    incomplete |= {table.name for table in tables if not table.complete}
    return Sources(frames, incomplete & mapping.tables.keys(), findings)


def _together(tables: Sequence[TableLike]) -> dict[str, pl.DataFrame]:
    """Frames by table name; a table that came in several pieces is one."""
    pieces: dict[str, list[pl.DataFrame]] = {}
    for table in tables:
        pieces.setdefault(table.name, []).append(table.frame)
    return {
        name: frames[0] if len(frames) == 1 else pl.concat(frames, how="diagonal_relaxed")
        for name, frames in pieces.items()
    }


def _missing(table: Table, frame: pl.DataFrame) -> list[str]:
    """Required columns that are not there; a table without rows need not show its columns."""
    return [] if frame.is_empty() else [c for c in table.required if c not in frame.columns]


def _unknown(table: Table, frame: pl.DataFrame) -> list[str]:
    used = read_by_table(table)
    return [
        column
        for column in frame.columns
        if not column.startswith("_") and column not in used and not is_ignored(table, column)
    ]


def _about(table: Table, frame: pl.DataFrame, name: str, rule: str, column: str) -> Finding:
    entity = table.feeds[0].entity if table.feeds else ""
    spoken = frame.filter(pl.col(column).is_not_null()) if column in frame.columns else frame
    document = _document(frame if spoken.is_empty() else spoken, name)
    return Finding(rule, document, entity=entity, field=column)


def _document(frame: pl.DataFrame, name: str) -> str:
    """The first document of ``frame``; the table's name where it has no row."""
    if frame.is_empty() or "_document" not in frame.columns:
        return name
    return str(frame["_document"][0])


def _filled_up(table: Table, frame: pl.DataFrame) -> pl.DataFrame:
    lacking = sorted(read_by_table(table) - set(frame.columns))
    origin = {"_document": pl.String, "_line": pl.Int64}
    return frame.with_columns(
        *(pl.lit(None, pl.String).alias(column) for column in lacking),
        *(pl.lit(None, kind).alias(c) for c, kind in origin.items() if c not in frame.columns),
        *(pl.col(c).cast(pl.String) for c in frame.columns if frame[c].dtype == pl.Null),
    )
