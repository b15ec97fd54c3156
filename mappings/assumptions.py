"""How much of a profile no public source confirms."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from mappings.explanation import coded_values
from mappings.language import Cases, CodeTable, Joined, Mapping, Table, Value


@dataclass(frozen=True)
class Line:
    """One statement of a profile: a file of its layout, a field of a feed, or a code."""

    place: str
    assumed: bool


def lines_of(mapping: Mapping) -> list[Line]:
    """Every statement of ``mapping``; what stands under something assumed is assumed too."""
    return [
        Line(line.place, line.assumed or mapping.assumed)
        for part in (_files(mapping), _codes(mapping), _fields(mapping))
        for line in part
    ]


def _files(mapping: Mapping) -> Iterator[Line]:
    if (layout := mapping.documents) is not None:
        for name, table in layout.tables.items():
            yield Line(f"documents.tables.{name}", table.assumed or layout.assumed)


def _codes(mapping: Mapping) -> Iterator[Line]:
    for name, table in mapping.codes.items():
        yield from _of_codes(f"codes.{name}", table, False)


def _of_codes(place: str, table: CodeTable, above: bool) -> Iterator[Line]:
    for code in table.values:
        yield Line(f"{place}.{code}", above or table.is_assumed(code))


def _fields(mapping: Mapping) -> Iterator[Line]:
    for name, table in mapping.tables.items():
        yield from _of_table(f"tables.{name}", table)


def _of_table(place: str, table: Table) -> Iterator[Line]:
    for feed in table.feeds:
        for field, value in feed.fields.items():
            here = f"{place}.{feed.entity}.{field}"
            assumed = table.assumed or feed.assumed or is_assumed(value)
            yield Line(here, assumed)
            for coded in coded_values(value):
                if isinstance(coded.value.codes, CodeTable):
                    yield from _of_codes(here, coded.value.codes, assumed)
                if coded.value.codes_by is not None:
                    for scale, codes in coded.value.codes_by.tables.items():
                        yield from _of_codes(f"{here}.{scale}", codes, assumed)


def is_assumed(value: Value) -> bool:
    """Is ``value``, or any part of it, marked?"""
    match value:
        case Joined(join=parts):
            return value.assumed or any(map(is_assumed, parts))
        case Cases(cases=cases, otherwise=otherwise):
            rest = [] if otherwise is None else [otherwise]
            return value.assumed or any(map(is_assumed, [*(c.value for c in cases), *rest]))
    return value.assumed
