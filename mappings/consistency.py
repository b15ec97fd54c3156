"""What a profile promises, held against the contract: entities, fields, names it refers to."""

from __future__ import annotations

import re
from collections.abc import Iterator

import polars as pl

from mappings.columns import made_by_table
from mappings.language import Cases, Condition, Feed, FromColumn, Joined, Mapping, Table, Value
from mappings.problems import Problem
from schemas.catalogue import fields_of
from schemas.records import ENTITIES


def problems_of(mapping: Mapping) -> list[Problem]:
    """Every mistake that the grammar alone cannot see."""
    return [
        problem
        for name, table in mapping.tables.items()
        for problem in _of_table(mapping, f"tables.{name}", table)
    ]


def _of_table(mapping: Mapping, path: str, table: Table) -> Iterator[Problem]:
    for number, lookup in enumerate(table.lookups):
        if lookup.table not in mapping.tables:
            yield Problem(
                f"{path}.lookups.{number}.table",
                f"no table {lookup.table} in this profile",
                f"use one of: {', '.join(mapping.tables)}",
            )
    for name in set(made_by_table(table)) & set(table.ignore):
        yield Problem(f"{path}.ignore", f"{name} is made by the profile", "take it off the list")
    for number, feed in enumerate(table.feeds):
        yield from _of_feed(mapping, f"{path}.feeds.{number}", feed)


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


def _wrong_with(pattern: str) -> str:
    """What is wrong with a regular expression; Polars has no look-around, Python has."""
    try:
        groups = re.compile(pattern).groups
        pl.Series([""]).str.extract(pattern)
    except (re.error, pl.exceptions.ComputeError) as error:
        return " ".join(str(error).split())
    return "" if groups else "no group to take"
