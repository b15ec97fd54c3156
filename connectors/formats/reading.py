"""What a reader gives back: a frame of text with the place of each row, and problems."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

import polars as pl

from connectors.base import DocumentProblem, RawDocument

DOCUMENT, LINE = "_document", "_line"
ORIGIN = (DOCUMENT, LINE)

# Bounds that no table of a school comes near; they keep a hostile document from filling memory.
COLUMNS = 2_000  # a journal has a column per lesson and kind of work
CELLS = 20_000_000  # twice a million marks
LONGEST_CELL = 131_072  # characters; the longest field of the contract has 4 000
TOO_LONG = f"значение длиннее {LONGEST_CELL} знаков"
REFUSED = 10_000  # cells of a sheet; with more of them nobody reads the rest
PROBLEMS = 100  # of one document: more are counted, not listed

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
    return frame_of(document, series, pl.Series(LINE, lines, pl.Int64))


def frame_of(document: str, columns: Sequence[pl.Series], lines: pl.Series) -> pl.DataFrame:
    """``columns`` (String, named) as ``make_frame`` makes them; ``lines`` as Int64."""
    frame = pl.DataFrame([*columns, lines.cast(pl.Int64).alias(LINE)])
    names = [column.name for column in columns]
    origin = pl.lit(document, pl.String).alias(DOCUMENT)
    return frame.select(*(_trimmed(name) for name in names), origin, LINE)


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


def bounded(problems: Sequence[DocumentProblem]) -> list[DocumentProblem]:
    """The first ``PROBLEMS`` of one document, and one that counts the rest."""
    if len(problems) <= PROBLEMS:
        return list(problems)
    first = problems[0]
    detail = f"и ещё таких мест: {len(problems) - PROBLEMS}"
    rest = DocumentProblem(first.document, first.rule, None, None, detail)
    return [*problems[:PROBLEMS], rest]


def bad_header(columns: Sequence[str | None]) -> str:
    """Why ``columns`` cannot name the columns of a table; empty when they can. No values in it."""
    if len(columns) > COLUMNS:
        return "слишком много колонок"
    names = [name for name in columns if name]
    if len(names) < len(columns):
        return "у колонки нет названия"
    if len(set(names)) < len(names):
        return "название колонки повторяется"
    if any(name.startswith("_") for name in names):
        return "название колонки начинается с подчёркивания"
    if any(name == "*" or (name[0] == "^" and name[-1] == "$") for name in names):
        return "недопустимое название колонки"  # Polars would take it for several columns
    return ""
