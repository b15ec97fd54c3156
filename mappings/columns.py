"""Which columns of a table a profile reads."""

from __future__ import annotations

import re
from fnmatch import fnmatchcase

from mappings.language import Cases, Constant, Feed, FromColumn, Joined, Split, Table, Value


def read_by_value(value: Value) -> set[str]:
    """Columns that ``value`` looks at."""
    match value:
        case FromColumn(column=column, codes_by=by):
            return {column} | ({by.column} if by else set())
        case Constant():
            return set()
        case Joined(join=parts, ordinal_within=within):
            return set(within or ()).union(*map(read_by_value, parts))
        case Cases(cases=cases, otherwise=otherwise):
            columns = {case.when.column for case in cases}
            rest = [] if otherwise is None else [otherwise]
            return columns.union(*map(read_by_value, [*(c.value for c in cases), *rest]))
    raise TypeError(f"no reading for {type(value).__name__}")


def read_by_feed(feed: Feed) -> set[str]:
    """Columns that ``feed`` looks at."""
    columns = set(feed.known) | {condition.column for condition in feed.when}
    return columns.union(*map(read_by_value, feed.fields.values()))


def read_by_table(table: Table) -> set[str]:
    """Columns of the document itself that a profile reads: without those it makes up."""
    columns = set(table.required) | {lookup.by for lookup in table.lookups}
    columns = columns.union(*map(read_by_feed, table.feeds))
    if table.split:
        columns |= {table.split.column, table.split.named_by or table.split.column}
    return columns - made_by_table(table).keys()


def is_ignored(table: Table, column: str) -> bool:
    """Does the profile say that ``column`` is not ours to read?"""
    return any(fnmatchcase(column, pattern) for pattern in table.ignore)


def made_by_table(table: Table) -> dict[str, str]:
    """Columns that ``split`` and ``lookups`` add, each with the document's column behind it."""
    made: dict[str, str] = {}
    if table.split:
        names = [table.split.into, *parts_of(table.split)]
        made = dict.fromkeys(names, table.split.column)
    for lookup in table.lookups:
        made |= dict.fromkeys(lookup.take, made.get(lookup.by, lookup.by))
    return made


def parts_of(split: Split) -> dict[str, int]:
    """The columns into which a token is taken apart, each with the number of its group."""
    return dict(re.compile(split.parts).groupindex) if split.parts else {}
