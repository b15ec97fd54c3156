"""Guesses of a draft: which of our tables a sample's table is, and which column is which field.

The dictionary is data (``synonyms.yml``). Nothing here is ever applied to a school's data: a draft
goes through a person first.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import TypeVar

import polars as pl
import yaml
from pydantic import BaseModel, ConfigDict

from mappings.moments import read_day, read_moment
from mappings.spellings import DateFormat, InstantFormat
from schemas.catalogue import fields_of

DAYS: tuple[DateFormat, ...] = ("dd.mm.yyyy", "dd.mm.yy", "iso_date", "iso_naive", "iso_offset")
INSTANTS: tuple[InstantFormat, ...] = (
    "dd.mm.yyyy HH:MM:SS",
    "dd.mm.yyyy HH:MM",
    "iso_space_minutes",
    "iso_naive",
    "iso_offset",
)
F = TypeVar("F", bound=str)
BY_NAME = 3  # what the name of a table weighs beside one column that is recognised
_ZONE = "Europe/Moscow"  # any will do: only whether a text can be read is asked


class _Guessed(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class TableWords(_Guessed):
    entities: list[str]
    names: list[str]


class Synonyms(_Guessed):
    """``synonyms.yml``."""

    tables: dict[str, TableWords]
    full_name: list[list[str]]
    fields: dict[str, dict[str, list[str]]]


@cache
def synonyms() -> Synonyms:
    """The dictionary. Raises ``pydantic.ValidationError`` if it is malformed."""
    text = files("mappings").joinpath("synonyms.yml").read_text(encoding="utf-8")
    return Synonyms.model_validate(yaml.safe_load(text))


@dataclass(frozen=True)
class Guess:
    """``columns``: entity and field to the column; ``names``: the columns of a full name."""

    table: str
    entities: tuple[str, ...]
    columns: dict[tuple[str, str], str]
    names: tuple[str, ...]


def plain(text: str) -> str:
    """``text`` as the dictionary compares it."""
    return re.sub(r"[\W_]", "", text.lower().replace("ё", "е"))


def guess(name: str, columns: Sequence[str]) -> Guess | None:
    """The table that ``name`` (of a file or sheet) and ``columns`` speak of, if any is told."""
    scored = [(_score(table, name, columns), table) for table in synonyms().tables]
    score, table = max(scored, key=lambda one: one[0])
    if score <= 0:
        return None
    entities = tuple(synonyms().tables[table].entities)
    return Guess(table, entities, _columns(entities, columns), full_name(columns))


def _score(table: str, name: str, columns: Sequence[str]) -> int:
    """Recognised columns, less half of the fields that must be there and are not."""
    words = synonyms().tables[table]
    found = _columns(words.entities, columns)
    named = any(plain(word) in plain(name) for word in words.names)
    needed = [f.name for f in fields_of(words.entities[0]) if not f.optional]
    whole = {"full_name"} if full_name(columns) else set()
    told = {field for entity, field in found if entity == words.entities[0]} | whole
    lacking = sum(1 for field in needed if field not in told)
    return len(set(found.values())) + BY_NAME * named - lacking // 2


def _columns(entities: Sequence[str], columns: Sequence[str]) -> dict[tuple[str, str], str]:
    by_name = {plain(column): column for column in columns}
    return {
        (entity, field): by_name[found]
        for entity in entities
        for field, words in synonyms().fields.get(entity, {}).items()
        if (found := next((w for w in map(plain, words) if w in by_name), None)) is not None
    }


def full_name(columns: Sequence[str]) -> tuple[str, ...]:
    """The columns of surname, given name and patronymic; none without a surname."""
    by_name = {plain(column): column for column in columns}
    parts = [
        next((by_name[w] for w in map(plain, words) if w in by_name), None)
        for words in synonyms().full_name
    ]
    return tuple(part for part in parts if part) if parts[0] else ()


def day_format(cells: pl.Series) -> DateFormat | None:
    """The spelling of most days in ``cells``, if there is one."""
    text = pl.col("text")
    return _most(cells, {form: read_day(text, [form], _ZONE) for form in DAYS})


def instant_format(cells: pl.Series) -> InstantFormat | None:
    """The spelling of most instants in ``cells``, if there is one."""
    text = pl.col("text")
    return _most(cells, {form: read_moment(text, [form], _ZONE) for form in INSTANTS})


def _most(cells: pl.Series, readings: dict[F, pl.Expr]) -> F | None:
    """The form whose reading takes most of ``cells``, and more than half."""
    filled = cells.drop_nulls().alias("text").to_frame()
    counts = filled.select(
        reading.is_not_null().sum().alias(form) for form, reading in readings.items()
    ).row(0)
    best, count = max(zip(readings, counts, strict=True), key=lambda one: one[1])
    return best if 2 * count > filled.height else None


def decimal_mark(cells: pl.Series) -> str:
    """``comma`` or ``point``."""
    return "comma" if cells.str.contains(",", literal=True).any() else "point"
