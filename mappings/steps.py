"""The steps a text goes through: each gives the new text, and where it could not be read.

Texts that cannot be read stay as they were, so that the refusal shows what stood there. All
expressions are String in, String out; ``unread`` is Boolean and never null.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import polars as pl

from mappings.language import CodesBy, CodeTable, FromColumn, Mapping
from mappings.moments import read_day, read_moment
from mappings.spellings import DateFormat, InstantFormat


@dataclass(frozen=True)
class Step:
    """The text after a step; ``unread`` marks the rows that break ``rule``."""

    text: pl.Expr
    rule: str
    unread: pl.Expr


def steps_of(value: FromColumn, mapping: Mapping, zone: str) -> list[Step]:
    """The steps of ``value``, each applied to the text of the one before."""
    text = pl.col(value.column)
    steps: list[Step] = []
    if value.extract is not None:
        steps.append(extracted(text, value.extract))
    if value.normalise is not None:
        steps.append(Step(person_name(_last(steps, text)), "bad_format", pl.lit(False)))
    if value.date is not None:
        steps.append(day(_last(steps, text), value.date, zone))
    if value.instant is not None:
        steps.append(moment(_last(steps, text), value.instant, zone))
    if value.decimal == "comma":  # a point is a point already
        dotted = _last(steps, text).str.replace(",", ".", literal=True)
        steps.append(Step(dotted, "bad_number", pl.lit(False)))
    if value.codes is not None:
        steps.append(coded(_last(steps, text), mapping.code_table(value.codes)))
    if value.codes_by is not None:
        steps.append(coded_by(_last(steps, text), value.codes_by))
    return steps


def _last(steps: list[Step], text: pl.Expr) -> pl.Expr:
    return steps[-1].text if steps else text


def extracted(text: pl.Expr, pattern: str) -> Step:
    """The first group of ``pattern``, null if it took nothing; no match breaks bad_format."""
    matches = text.str.contains(pattern)
    taken = text.str.extract(pattern, 1)
    found = pl.when(taken != "").then(taken)
    return Step(
        pl.when(matches).then(found).otherwise(text), "bad_format", ~matches.fill_null(True)
    )


def person_name(text: pl.Expr) -> pl.Expr:
    """A full name as a key: case, ``ё`` and the number of spaces make no other person."""
    single_spaced = text.str.strip_chars().str.replace_all(r"\s+", " ")
    return single_spaced.str.to_lowercase().str.replace_all("ё", "е", literal=True)


def day(text: pl.Expr, written: Sequence[DateFormat], zone: str) -> Step:
    """A calendar day as ``YYYY-MM-DD`` (see ``moments.read_day``)."""
    found = read_day(text, written, zone)
    spelled = pl.when(found.is_not_null()).then(found.dt.to_string("%Y-%m-%d")).otherwise(text)
    return Step(spelled, "bad_date", text.is_not_null() & found.is_null())


def moment(text: pl.Expr, written: Sequence[InstantFormat], zone: str) -> Step:
    """An instant as ``YYYY-MM-DDTHH:MM:SS+HH:MM`` in ``zone`` (see ``moments.read_moment``)."""
    found = read_moment(text, written, zone)
    told = found.dt.to_string("%Y-%m-%dT%H:%M:%S%:z")
    spelled = pl.when(found.is_not_null()).then(told).otherwise(text)
    return Step(spelled, "bad_date", text.is_not_null() & found.is_null())


def coded(text: pl.Expr, table: CodeTable) -> Step:
    """Our word for their code; a code outside the table breaks unknown_code, never a default."""
    codes = {code: word for code, word in table.values.items() if code is not None}
    known = text.is_in(list(codes))
    ours = text
    if codes:
        words = list(codes.values())
        ours = text.replace_strict(list(codes), words, default=text, return_dtype=pl.String)
    if None in table.values:
        ours = pl.when(text.is_null()).then(pl.lit(table.values[None], pl.String)).otherwise(ours)
    unread = pl.lit(False) if table.others == "keep" else ~known.fill_null(True)
    return Step(ours, "unknown_code", unread)


def coded_by(text: pl.Expr, by: CodesBy) -> Step:
    """Our word for their code in the table that another column names."""
    ours, unread = text, pl.lit(False)
    for name, table in by.tables.items():
        step = coded(text, table)
        chosen = (pl.col(by.column) == name).fill_null(False)
        ours = pl.when(chosen).then(step.text).otherwise(ours)
        unread = unread | (chosen & step.unread)
    return Step(ours, "unknown_code", unread)
