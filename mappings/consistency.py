"""What a profile promises, held against the contract: entities, fields, names it refers to."""

from __future__ import annotations

import re
from collections.abc import Iterator

import polars as pl

from mappings.columns import is_ignored, made_by_table, parts_of, read_by_table
from mappings.language import (
    Cases,
    Condition,
    Feed,
    FromColumn,
    Joined,
    Mapping,
    Split,
    Table,
    Value,
)
from mappings.problems import Problem
from schemas.catalogue import fields_of
from schemas.layout import DocumentTable, Layout
from schemas.records import ENTITIES


def problems_of(mapping: Mapping) -> list[Problem]:
    """Every mistake that the grammar alone cannot see."""
    of_tables = [
        problem
        for name, table in mapping.tables.items()
        for problem in _of_table(mapping, f"tables.{name}", table)
    ]
    if of_tables or mapping.documents is None:
        return of_tables
    return list(_of_documents(mapping, mapping.documents))


def _of_documents(mapping: Mapping, layout: Layout) -> Iterator[Problem]:
    """The files and the tables of one profile must speak of the same things."""
    for name in layout.tables.keys() - mapping.tables.keys():
        what = f"a file feeds {name}, and no table of that name says what it means"
        yield Problem(f"documents.tables.{name}", what, f"add tables.{name}, or take it away here")
    for name in mapping.tables.keys() - layout.tables.keys():
        what = f"no file feeds {name}"
        yield Problem(f"tables.{name}", what, f"add documents.tables.{name}, or take it away here")
    for name in mapping.tables.keys() & layout.tables.keys():
        yield from _of_columns(name, mapping.tables[name], layout.tables[name])


def _of_columns(name: str, table: Table, document: DocumentTable) -> Iterator[Problem]:
    told = set(document.known_columns())
    if not told:
        return
    read = read_by_table(table)
    for column in sorted(read - told):
        what = f"{column} is read, and documents.tables.{name} does not name it"
        yield Problem(f"tables.{name}", what, "correct the name, or add it to the columns there")
    for column in sorted(told - read):
        if not is_ignored(table, column):
            what = f"{column} is a column of the file, and nothing reads it"
            yield Problem(f"tables.{name}", what, "let a feed read it, or add it to ignore")


def _of_table(mapping: Mapping, path: str, table: Table) -> Iterator[Problem]:
    for number, lookup in enumerate(table.lookups):
        if lookup.table not in mapping.tables:
            yield Problem(
                f"{path}.lookups.{number}.table",
                f"no table {lookup.table} in this profile",
                f"use one of: {', '.join(mapping.tables)}",
            )
    if table.split is not None:
        yield from _of_split(f"{path}.split", table.split)
    for name in set(made_by_table(table)) & set(table.ignore):
        yield Problem(f"{path}.ignore", f"{name} is made by the profile", "take it off the list")
    for number, feed in enumerate(table.feeds):
        yield from _of_feed(mapping, f"{path}.feeds.{number}", feed)


def _of_split(path: str, split: Split) -> Iterator[Problem]:
    patterns = {"separator": split.separator, "parts": split.parts}
    for word, pattern in patterns.items():
        if pattern is not None and (what := _unusable(pattern)):
            yield Problem(f"{path}.{word}", what, "write a regular expression of Rust")
            return
    if re.search(split.separator, "") is not None:
        what = "the empty text fits the separator"
        yield Problem(f"{path}.separator", what, "write what must stand between two tokens")
    if split.parts is not None and not parts_of(split):
        what = "no named group to take"
        yield Problem(f"{path}.parts", what, "name the groups: (?P<Column>...)")


def _of_feed(mapping: Mapping, path: str, feed: Feed) -> Iterator[Problem]:
    if feed.entity not in ENTITIES:
        yield Problem(
            f"{path}.entity", f"no entity {feed.entity}", f"use one of: {', '.join(ENTITIES)}"
        )
        return
    fields = {field.name: field for field in fields_of(feed.entity)}
    for name in feed.fields.keys() - fields.keys():
        yield Problem(
            f"{path}.fields.{name}",
            f"{feed.entity} has no field {name}",
            f"use one of: {', '.join(fields)}",
        )
    for field in fields.values():
        if not field.optional and field.name not in feed.fields:
            yield Problem(
                f"{path}.fields",
                f"{feed.entity} needs {field.name}",
                "say where it comes from",
            )
    for number, condition in enumerate(feed.when):
        yield from _of_condition(mapping, f"{path}.when.{number}", condition)
    for name, value in feed.fields.items():
        yield from _of_value(mapping, f"{path}.fields.{name}", value)
        if fields.get(name) is not None and fields[name].identity and _in_two_digits(value):
            what = "two digits do not tell the century in which a person was born"
            yield Problem(f"{path}.fields.{name}", what, "ask for a date with the whole year")


def _of_value(mapping: Mapping, path: str, value: Value) -> Iterator[Problem]:
    match value:
        case FromColumn(codes=codes, extract=extract):
            if isinstance(codes, str):
                yield from _of_table_name(mapping, f"{path}.codes", codes)
            if extract is not None and (what := _wrong_with(extract)):
                fix = "write a regular expression of Rust with one group in round brackets"
                yield Problem(f"{path}.extract", what, fix)
        case Joined(join=parts):
            for number, part in enumerate(parts):
                yield from _of_value(mapping, f"{path}.join.{number}", part)
        case Cases(cases=cases, otherwise=otherwise):
            for number, case in enumerate(cases):
                yield from _of_condition(mapping, f"{path}.cases.{number}.when", case.when)
                yield from _of_value(mapping, f"{path}.cases.{number}.value", case.value)
            if otherwise is not None:
                yield from _of_value(mapping, f"{path}.otherwise", otherwise)


def _of_condition(mapping: Mapping, path: str, condition: Condition) -> Iterator[Problem]:
    for word, named in (("in", condition.within), ("not_in", condition.not_in)):
        if isinstance(named, str):
            yield from _of_table_name(mapping, f"{path}.{word}", named)


def _of_table_name(mapping: Mapping, path: str, name: str) -> Iterator[Problem]:
    if name not in mapping.codes:
        known = ", ".join(mapping.codes) or "none"
        yield Problem(path, f"no code table {name}", f"declare it under codes; known: {known}")


def _in_two_digits(value: Value) -> bool:
    """May ``value`` be a day whose year has two digits?"""
    match value:
        case FromColumn(date=spellings):
            return "dd.mm.yy" in (spellings or [])
        case Joined(join=parts):
            return any(map(_in_two_digits, parts))
        case Cases(cases=cases, otherwise=otherwise):
            rest = [] if otherwise is None else [otherwise]
            return any(map(_in_two_digits, [*(case.value for case in cases), *rest]))
    return False


def _wrong_with(pattern: str) -> str:
    """What is wrong with a regular expression one of whose groups is taken."""
    return _unusable(pattern) or ("" if re.compile(pattern).groups else "no group to take")


def _unusable(pattern: str) -> str:
    """Why ``pattern`` is none; Polars has no look-around, Python has."""
    try:
        re.compile(pattern)
        pl.Series([""]).str.contains(pattern)
    except (re.error, pl.exceptions.ComputeError) as error:
        return " ".join(str(error).split())
    return ""
