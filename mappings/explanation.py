"""What a profile does with each column, in words short enough for a table."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from mappings.columns import made_by_table
from mappings.language import (
    Cases,
    CodeTable,
    Condition,
    Constant,
    Feed,
    FromColumn,
    Joined,
    Mapping,
    Table,
    Value,
)
from schemas.catalogue import Field, fields_of


@dataclass(frozen=True)
class Use:
    """One thing a column of the document is read for. ``field`` is empty where a condition, a
    lookup or a split asks for it; ``personal``: what it feeds is about a person or typed freely."""

    column: str
    entity: str
    field: str
    reading: str
    assumed: bool
    personal: bool


@dataclass(frozen=True)
class Coded:
    """A column read through codes, and the conditions under which it is: all that are True must
    hold, none that is False."""

    value: FromColumn
    when: tuple[tuple[Condition, bool], ...] = ()


def coded_values(value: Value, when: tuple[tuple[Condition, bool], ...] = ()) -> Iterator[Coded]:
    """Every part of ``value`` that is read through codes."""
    match value:
        case FromColumn(codes=codes, codes_by=codes_by):
            if codes is not None or codes_by is not None:
                yield Coded(value, when)
        case Joined(join=parts):
            for part in parts:
                yield from coded_values(part, when)
        case Cases(cases=cases, otherwise=otherwise):
            for case in cases:
                yield from coded_values(case.value, (*when, (case.when, True)))
                when = (*when, (case.when, False))
            if otherwise is not None:
                yield from coded_values(otherwise, when)


def uses_of(table: Table) -> list[Use]:
    """What each column of a table's document is read for, in the order of the profile."""
    behind = made_by_table(table)
    found = [use for feed in table.feeds for use in _of_feed(table, feed)]
    for lookup in table.lookups:
        taken = ", ".join(lookup.take.values())
        found.append(Use(lookup.by, "", "", f"finds {taken} in {lookup.table}", False, False))
    if table.split:
        told = f"parted into {table.split.into}"
        found.append(Use(table.split.column, "", "", told, table.assumed, False))
        if table.split.named_by:
            found.append(Use(table.split.named_by, "", "", "name of the cell", False, False))
    shown = [_of_document(use, behind) for use in found]
    return list(dict.fromkeys(shown))


def _of_document(use: Use, behind: dict[str, str]) -> Use:
    """``use`` under the document's own column; what the profile makes of it is told."""
    if use.column not in behind:
        return use
    again = use.reading.startswith(f"{use.column} ")
    told = use.reading if again else ": ".join(p for p in (use.column, use.reading) if p)
    return Use(behind[use.column], use.entity, use.field, told, use.assumed, use.personal)


def _of_feed(table: Table, feed: Feed) -> Iterator[Use]:
    fields = {field.name: field for field in fields_of(feed.entity)}
    for name, value in feed.fields.items():
        personal = is_personal(fields[name])
        for part, assumed in _columns(value, table.assumed or feed.assumed):
            yield Use(part.column, feed.entity, name, steps_text(part), assumed, personal)
            if part.codes_by is not None:
                told = f"chooses the codes of {part.column}"
                yield Use(part.codes_by.column, feed.entity, name, told, assumed, False)
    for condition in feed.when:
        yield Use(condition.column, feed.entity, "", condition_text(condition), feed.assumed, False)
    for column in feed.known:
        yield Use(column, feed.entity, "", "closed list", feed.assumed, False)


def is_personal(field: Field) -> bool:
    """Is the field about a person, or typed freely?"""
    return field.identity or field.free_text or field.person is not None


def _columns(value: Value, assumed: bool) -> Iterator[tuple[FromColumn, bool]]:
    assumed = assumed or value.assumed
    match value:
        case FromColumn():
            yield value, assumed
        case Joined(join=parts, ordinal_within=within):
            for part in parts:
                yield from _columns(part, assumed)
            for column in within or ():
                yield FromColumn(column=column), assumed
        case Cases(cases=cases, otherwise=otherwise):
            for case in cases:
                yield FromColumn(column=case.when.column), assumed
                yield from _columns(case.value, assumed)
            if otherwise is not None:
                yield from _columns(otherwise, assumed)


def steps_text(value: FromColumn) -> str:
    """The steps of ``value``: ``date dd.mm.yyyy``; empty if the text is taken as it is."""
    steps: list[str] = []
    if value.extract is not None:
        steps.append(f"extract {value.extract}")
    if value.normalise is not None:
        steps.append(f"normalise {value.normalise}")
    for word, forms in (("date", value.date), ("instant", value.instant)):
        if forms:
            steps.append(f"{word} {' or '.join(forms)}")
    if value.decimal is not None:
        steps.append(f"decimal {value.decimal}")
    if value.codes is not None:
        steps.append(f"codes {_codes_text(value.codes)}")
    if value.codes_by is not None:
        steps.append(f"codes by {value.codes_by.column}")
    return ", ".join(steps)


def _codes_text(codes: str | CodeTable) -> str:
    if isinstance(codes, str):
        return codes
    told = ", ".join(f"{code or '~'}={word or '~'}" for code, word in codes.values.items())
    return f"({told}{'; others kept' if codes.others == 'keep' else ''})"


def condition_text(condition: Condition) -> str:
    """The question of ``condition``: ``Знак in absence``."""
    if condition.empty:
        return f"{condition.column} empty"
    if condition.not_empty:
        return f"{condition.column} not empty"
    word, named = (
        ("in", condition.within)
        if condition.within is not None
        else (
            "not in",
            condition.not_in,
        )
    )
    told = named if isinstance(named, str) else ", ".join(named or [])
    return f"{condition.column} {word} {told}"


def value_text(value: Value) -> str:
    """All that ``value`` says, in one line."""
    match value:
        case FromColumn():
            steps = steps_text(value)
            return f"{value.column} [{steps}]" if steps else value.column
        case Constant(constant=word):
            return f"«{word}»"
        case Joined(join=parts):
            told = f" {value.separator} ".join(map(value_text, parts))
            within = value.ordinal_within
            number = f", numbered within ({', '.join(within)})" if within is not None else ""
            normalised = ", normalise person" if value.normalise else ""
            return f"({told}{number}{normalised})"
        case Cases(cases=cases, otherwise=otherwise):
            told = "; ".join(f"{value_text(c.value)} if {condition_text(c.when)}" for c in cases)
            return f"({told}; else {value_text(otherwise) if otherwise else 'nothing'})"


def personal_columns(mapping: Mapping, table: str) -> set[str]:
    """Columns of the document behind ``table`` whose cells must not be shown."""
    return {use.column for use in uses_of(mapping.tables[table]) if use.personal}
