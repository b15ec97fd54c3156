"""What a reader gives back: a frame of text with the place of each row, and problems."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

import polars as pl

from connectors.base import DocumentProblem, RawDocument

DOCUMENT, LINE = "_document", "_line"
ORIGIN = (DOCUMENT, LINE)

# Rules whose effect in schemas/rules.yml is a finding: what they name holds no records of ours.
REMARKS = frozenset({"unknown_column", "unknown_document"})


@dataclass(frozen=True)
class Reading:
    """``frame``: String columns, then ``_document`` String and ``_line`` Int64."""

    frame: pl.DataFrame
    problems: list[DocumentProblem] = field(default_factory=list)

    @property
    def complete(self) -> bool:
        """Every record of the document was read; a remark about it does not change that."""
        return all(problem.rule in REMARKS for problem in self.problems)


def empty_frame(columns: Iterable[str] = ()) -> pl.DataFrame:
    """No rows of ``columns`` and the origin columns."""
    schema: dict[str, pl.DataType] = {name: pl.String() for name in columns}
    return pl.DataFrame(schema=schema | {DOCUMENT: pl.String(), LINE: pl.Int64()})


def unread(
    document: RawDocument, rule: str, *, line: int | None = None, detail: str = ""
) -> Reading:
    """A document of which nothing could be read."""
    return Reading(empty_frame(), [DocumentProblem(document.name, rule, line, None, detail)])


def make_frame(
    document: str,
    columns: Sequence[str],
    rows: Sequence[Sequence[str | None]],
    lines: Sequence[int],
) -> pl.DataFrame:
    """Rows as long as ``columns``; outer blanks are trimmed, an empty cell becomes null."""
    values = list(zip(*rows, strict=True)) if rows else [() for _ in columns]
    series = [pl.Series(n, v, pl.String) for n, v in zip(columns, values, strict=True)]
    origin = [
        pl.Series(DOCUMENT, [document] * len(lines), pl.String),
        pl.Series(LINE, lines, pl.Int64),
    ]
    return pl.DataFrame([*series, *origin]).with_columns(_trimmed(name) for name in columns)


def with_columns(frame: pl.DataFrame, columns: Iterable[str]) -> pl.DataFrame:
    """``frame`` with those of ``columns`` it lacks, empty; the origin stays last."""
    lacking = [pl.lit(None, pl.String).alias(n) for n in columns if n not in frame.columns]
    content = [name for name in frame.columns if name not in ORIGIN]
    return frame.select(*content, *lacking, *ORIGIN)


def stacked(frames: Sequence[pl.DataFrame], columns: Iterable[str] = ()) -> pl.DataFrame:
    """One frame of all rows; a column that some frames lack is empty there."""
    return with_columns(pl.concat([*frames, empty_frame()], how="diagonal"), columns)


def _trimmed(name: str) -> pl.Expr:
    text = pl.col(name).str.strip_chars()
    return pl.when(text != "").then(text).alias(name)


def bad_header(columns: Sequence[str | None]) -> str:
    """Why ``columns`` cannot name the columns of a table; empty when they can. No values in it."""
    names = [name for name in columns if name]
    if len(names) < len(columns):
        return "у колонки нет названия"
    if len(set(names)) < len(names):
        return "название колонки повторяется"
    if any(name.startswith("_") for name in names):
        return "название колонки начинается с подчёркивания"
    return ""
