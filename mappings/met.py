"""The codes that an upload holds, each with the meaning the profile gives it and how often.

What may be personal is not shown: a code that the profile does not know stands for a cell we do
not understand, and may be a name in the wrong column.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Literal

import polars as pl

from mappings.columns import made_by_table
from mappings.explanation import Coded, coded_values, personal_columns, uses_of
from mappings.language import CodeTable, FromColumn, Mapping
from mappings.rows import rows_of
from mappings.sources import Sources, TableLike, survey
from mappings.steps import steps_of
from mappings.values import ValueReader
from schemas.catalogue import fields_of

HIDDEN = "…"
LONGEST_CODE = 30
DIGITS_OF_NUMBERS = 5  # so many digits are a telephone, a UID or a date, and no code
SHORTEST_NAME = 3

# How most surnames and all patronymics end. A code that ends so too is hidden for nothing, but its
# place is told.
_SURNAME = re.compile(
    r"[а-я]{2,}(ова?|ева?|ина?|ына?|ский|ская|цкий|цкая|енко|[чн]ук|юк|ян|дзе|швили|их|ых|ович|евич"
    r"|овна|евна|ична|оглы|кызы)"
)

State = Literal["known", "kept", "unknown"]


@dataclass(frozen=True)
class CodeMet:
    """``code``: as it stands in the document, None for an empty cell, ``HIDDEN`` where it may be
    personal; ``meaning``: our word, None for none; ``state``: known to the profile, kept as it is,
    or refused; ``count``: rows."""

    table: str
    column: str
    entity: str
    field: str
    code: str | None
    meaning: str | None
    state: State
    assumed: bool
    count: int


def codes_met(mapping: Mapping, tables: Sequence[TableLike], zone: str) -> list[CodeMet]:
    """Every code in the columns that ``mapping`` reads through codes."""
    sources = survey(mapping, tables)
    names = _names(mapping, sources)
    return [
        met
        for table in sources.frames
        for met in _together(_of_table(mapping, table, sources, zone, names))
    ]


def _of_table(
    mapping: Mapping, name: str, sources: Sources, zone: str, names: set[str]
) -> Iterator[CodeMet]:
    table = mapping.tables[name]
    rows, _ = rows_of(table, sources.frames[name], sources.frames)
    reader = ValueReader(mapping, zone, made_by_table(table))
    secret = personal_columns(mapping, name)
    for feed in table.feeds:
        spoken = rows
        if feed.when:
            spoken = rows.filter(pl.all_horizontal([reader.holds(c) for c in feed.when]))
        for field, value in feed.fields.items():
            for coded in coded_values(value):
                column = reader.shown(coded.value.column)
                found = _counted(coded, spoken, mapping, reader, zone)
                for code, codes, count in found:
                    hide = column in secret or not may_be_shown(code, names)
                    shape = (name, column, feed.entity, field)
                    met = _met(shape, code, codes, count, hide=hide)
                    assumed = met.assumed or (mapping.assumed and met.state == "known")
                    yield replace(met, assumed=assumed)


def _counted(
    coded: Coded, rows: pl.DataFrame, mapping: Mapping, reader: ValueReader, zone: str
) -> Iterator[tuple[str | None, CodeTable, int]]:
    """Each text that the codes are asked about, with the table asked and the number of rows."""
    for condition, wanted in coded.when:
        holds = reader.holds(condition)
        rows = rows.filter(holds if wanted else ~holds)
    value = coded.value
    text = _before_codes(value, mapping, zone).alias("code")
    if value.codes is not None:
        codes = mapping.code_table(value.codes)
        for code, count in rows.select(text).group_by("code").len().iter_rows():
            yield code, codes, count
    elif value.codes_by is not None:
        by = pl.col(value.codes_by.column).alias("by")
        for chosen, code, count in rows.select(by, text).group_by("by", "code").len().iter_rows():
            if chosen in value.codes_by.tables:
                yield code, value.codes_by.tables[chosen], count


def _before_codes(value: FromColumn, mapping: Mapping, zone: str) -> pl.Expr:
    plain = value.model_copy(update={"codes": None, "codes_by": None})
    steps = steps_of(plain, mapping, zone)
    return steps[-1].text if steps else pl.col(value.column)


def _met(
    shape: tuple[str, str, str, str], code: str | None, codes: CodeTable, count: int, *, hide: bool
) -> CodeMet:
    if code in codes.values:
        meaning = codes.values[code]
        return CodeMet(*shape, code, meaning, "known", codes.is_assumed(code), count)
    if codes.others == "keep" or code is None:  # an empty cell is an empty field
        return CodeMet(*shape, HIDDEN if code else None, None, "kept", False, count)
    return CodeMet(*shape, HIDDEN if hide else code, None, "unknown", False, count)


def _together(found: Iterator[CodeMet]) -> list[CodeMet]:
    """Equal lines as one, the most frequent first within a field."""
    counts: dict[CodeMet, int] = {}
    for met in found:
        key = replace(met, count=0)
        counts[key] = counts.get(key, 0) + met.count
    fields = list(dict.fromkeys((met.table, met.entity, met.field) for met in counts))
    lines = [replace(key, count=count) for key, count in counts.items()]
    return sorted(
        lines, key=lambda m: (fields.index((m.table, m.entity, m.field)), -m.count, m.code or "")
    )


def may_be_shown(code: str | None, names: set[str]) -> bool:
    """Is ``code`` surely no person's: short, with few digits, none of the words ``names``, and
    nothing that ends like a surname?"""
    if code is None:
        return True
    if len(code) > LONGEST_CODE or len(re.findall(r"[0-9]", code)) >= DIGITS_OF_NUMBERS:
        return False
    words = words_of(code)
    return names.isdisjoint(words) and not any(map(_SURNAME.fullmatch, words))


def _names(mapping: Mapping, sources: Sources) -> set[str]:
    """Words of the columns that hold people's data: none of them is shown anywhere."""
    found: set[str] = set()
    for table, frame in sources.frames.items():
        for column in _identities(mapping, table) & set(frame.columns):
            for text in frame[column].drop_nulls().unique():
                found |= words_of(text)
    return found


def _identities(mapping: Mapping, table: str) -> set[str]:
    return {
        use.column
        for use in uses_of(mapping.tables[table])
        if use.field
        and any(field.name == use.field and field.identity for field in fields_of(use.entity))
    }


def words_of(text: str) -> set[str]:
    """The words of ``text`` that may be a name, in lower case."""
    words = re.findall(r"\w+", text.lower().replace("ё", "е"))
    return {word for word in words if len(word) >= SHORTEST_NAME}
