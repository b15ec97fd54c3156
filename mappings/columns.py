"""Which columns of a table a profile reads."""

from __future__ import annotations

from mappings.language import Cases, Constant, Feed, FromColumn, Joined, Table, Value


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
        columns |= {table.split.column, table.split.named_by}
    return columns - made_by_table(table).keys()


def made_by_table(table: Table) -> dict[str, str]:
    """Columns that ``split`` and ``lookups`` add, each with the document's column behind it."""
    made = {name: lookup.by for lookup in table.lookups for name in lookup.take}
    return made | ({table.split.into: table.split.column} if table.split else {})
