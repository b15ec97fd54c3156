"""What changed from one profile to another, as they are read: bases laid under."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from mappings.explanation import condition_text, value_text
from mappings.language import CodeTable, Feed, Mapping, Table
from schemas.layout import DocumentTable

What = Literal["profile", "file", "file column", "table", "column", "code"]
Facts = dict[tuple[What, str], str]


@dataclass(frozen=True)
class Change:
    """``place``: the table, ``table.entity.field``, or ``code table.code``; ``before`` and
    ``after`` are empty where it was not there."""

    change: Literal["added", "removed", "changed"]
    what: What
    place: str
    before: str
    after: str


def differences(before: Mapping, after: Mapping) -> list[Change]:
    """What ``after`` says otherwise than ``before``, in the order of ``after``."""
    old, new = _facts(before), _facts(after)
    changed = [
        Change("changed" if key in old else "added", *key, old.get(key, ""), told)
        for key, told in new.items()
        if old.get(key) != told
    ]
    removed = [Change("removed", *key, told, "") for key, told in old.items() if key not in new]
    return [*changed, *removed]


def _facts(mapping: Mapping) -> Facts:
    facts: Facts = {
        ("profile", "valid"): str(mapping.valid),
        ("profile", "schedule_basis"): mapping.schedule_basis,
    }
    if (layout := mapping.documents) is not None:
        facts["profile", "note"] = layout.note.model_dump_json(exclude_defaults=True)
        for suffix, form in layout.formats.items():
            facts["profile", f"format {suffix}"] = form.model_dump_json(exclude_defaults=True)
        for name, document in layout.tables.items():
            facts |= _of_document(name, document)
    for name, table in mapping.tables.items():
        facts |= _of_table(name, table)
    for name, codes in mapping.codes.items():
        facts |= _of_codes(name, codes)
    return facts


def _of_document(name: str, document: DocumentTable) -> Facts:
    told = document.model_dump_json(exclude_defaults=True, exclude={"columns", "assumed", "note"})
    columns: Facts = {("file column", f"{name}.{column}"): "read" for column in document.columns}
    return {("file", name): told, **columns}


def _of_table(name: str, table: Table) -> Facts:
    told = table.model_dump_json(exclude_defaults=True, exclude={"feeds", "assumed", "note"})
    facts: Facts = {("table", name): told}
    for feed in table.feeds:
        place = f"{name}.{feed.entity}"
        if conditions := _conditions(feed):
            facts["column", place] = conditions
        for field, value in feed.fields.items():
            before = facts.get(("column", f"{place}.{field}"))
            # An entity may be fed twice by one table: both are told under one place.
            told = value_text(value)
            facts["column", f"{place}.{field}"] = f"{before}; {told}" if before else told
    return facts


def _conditions(feed: Feed) -> str:
    closed = [f"{column} one of {', '.join(codes)}" for column, codes in feed.known.items()]
    distinct = ["distinct"] if feed.distinct else []
    return "; ".join([*map(condition_text, feed.when), *closed, *distinct])


def _of_codes(name: str, codes: CodeTable) -> Facts:
    others: Facts = {("code", f"{name} (others)"): "kept"} if codes.others == "keep" else {}
    words: Facts = {
        ("code", f"{name}.{'~' if code is None else code}"): "~" if word is None else word
        for code, word in codes.values.items()
    }
    return {**words, **others}
