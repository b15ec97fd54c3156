"""What a profile makes of a sample: the answer of ``svod mappings check``.

Nothing is stored. The report shows no cell that may be personal: of columns it tells how they are
read, of records where they stand, and of codes only those that are codes.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Literal

import polars as pl

from connectors.base import Parsed, SourceTable
from mappings.applier import Translated, translate
from mappings.columns import is_ignored
from mappings.explanation import uses_of
from mappings.language import Mapping
from mappings.met import CodeMet, codes_met
from pipeline.samples.sample import Sample, first_day, parse_sample
from quality.contract import check
from quality.duplicates import drop_duplicates
from quality.references import check_references, references
from quality.school_year import refuse_earlier
from schemas.frames import no_refusals
from schemas.records import ENTITIES
from schemas.rulebook import rule

Status = Literal["read", "ignored", "unknown", "absent"]


@dataclass(frozen=True)
class ColumnRead:
    """How a column of a table that came is read; ``fields``: ``entity.field`` and the steps."""

    table: str
    column: str
    status: Status
    fields: tuple[str, ...]
    assumed: bool


@dataclass(frozen=True)
class TableRead:
    """A table that came, the number of its rows and of the documents it came in."""

    table: str
    documents: int
    rows: int
    complete: bool


@dataclass(frozen=True)
class Loss:
    """A record, column or document that would not be taken, and what to do."""

    rule: str
    document: str
    line: int | None
    field: str
    entity: str
    detail: str
    reason: str
    fix: str


@dataclass(frozen=True)
class EntityRead:
    """read = accepted + refused + duplicate."""

    entity: str
    read: int
    accepted: int
    refused: int
    duplicate: int


@dataclass(frozen=True)
class SampleReport:
    """Everything ``svod mappings check`` shows."""

    profile: str
    school_year: int
    tables: list[TableRead]
    columns: list[ColumnRead]
    codes: list[CodeMet]
    losses: list[Loss]
    entities: list[EntityRead]

    @property
    def loses(self) -> bool:
        """Would anything of the sample not be taken?"""
        return bool(self.losses)


def check_sample(mapping: Mapping, sample: Sample, *, school_year: int, zone: str) -> SampleReport:
    """Parse, translate and judge ``sample`` as an upload would be. Raises ``SampleError``."""
    parsed = parse_sample(mapping, sample, school_year)
    translated = translate(mapping, parsed.tables, zone=zone)
    judged = _Judged(translated, first_day(school_year))
    return SampleReport(
        profile=f"{mapping.system}/{mapping.version}",
        school_year=school_year,
        tables=[_table_read(table) for table in _filled(parsed)],
        columns=[one for table in _filled(parsed) for one in _columns_read(mapping, table)],
        codes=codes_met(mapping, _filled(parsed), zone),
        losses=_losses(parsed, translated, judged.refusals),
        entities=judged.entities,
    )


def _filled(parsed: Parsed) -> list[SourceTable]:
    return [table for table in parsed.tables if table.frame.height]


def _table_read(table: SourceTable) -> TableRead:
    documents = table.frame["_document"].n_unique()
    return TableRead(table.name, documents, table.frame.height, table.complete)


def _columns_read(mapping: Mapping, table: SourceTable) -> Iterator[ColumnRead]:
    declared = mapping.tables.get(table.name)
    if declared is None:
        return
    uses: dict[str, list[str]] = {}
    assumed: set[str] = set()
    for use in uses_of(declared):
        target = f"{use.entity}.{use.field}" if use.field else use.entity
        told = ": ".join(part for part in (target, use.reading) if part)
        uses.setdefault(use.column, []).append(told)
        if use.assumed or mapping.assumed:
            assumed.add(use.column)
    here = [name for name in table.frame.columns if not name.startswith("_")]
    for column in here:
        status: Status = "read" if column in uses or column in declared.required else "unknown"
        if status == "unknown" and is_ignored(declared, column):
            status = "ignored"
        yield ColumnRead(table.name, column, status, tuple(uses.get(column, ())), column in assumed)
    for column in uses.keys() - set(here):
        if not column.startswith("_"):
            yield ColumnRead(table.name, column, "absent", tuple(uses[column]), column in assumed)


class _Judged:
    """The records of a sample held against the contract and against one another.

    References are asked only where the sample holds what they refer to: a sample may be one file.
    """

    def __init__(self, translated: Translated, year_start: date) -> None:
        self._translated = translated
        self._year_start = year_start
        self._kept: dict[str, pl.DataFrame] = {}
        self.entities: list[EntityRead] = []
        later = [
            refusals
            for entity in ENTITIES
            if entity in translated.frames
            for refusals in self._judge(entity)
        ]
        named = translated.under_source_names(pl.concat([no_refusals(), *later]))
        self.refusals = pl.concat([translated.refusals, named])

    def _judge(self, entity: str) -> list[pl.DataFrame]:
        verdict = check(entity, self._translated.frames[entity])
        of_the_year = refuse_earlier(entity, verdict.accepted, self._year_start)
        single = drop_duplicates(entity, of_the_year.kept)
        referenced = check_references(entity, single.kept, self._known(entity, single.kept))
        self._kept[entity] = referenced.kept
        read = self._translated.read[entity]
        if read:
            accepted = referenced.kept.height
            refused = read - accepted - single.duplicates
            self.entities.append(EntityRead(entity, read, accepted, refused, single.duplicates))
        return [
            verdict.refusals, of_the_year.refusals, single.refusals, referenced.refusals
        ]  # fmt: skip

    def _known(self, entity: str, frame: pl.DataFrame) -> dict[str, pl.Series]:
        """What each reference of ``entity`` may name; anything, where the sample cannot tell."""
        fields = references(entity)
        known: dict[str, pl.Series] = {}
        for target in set(fields.values()):
            there = self._keys(target)
            if there is None:
                named = [frame[name].cast(pl.String) for name in fields if fields[name] == target]
                there = pl.concat(named)
            known[target] = there
        return known

    def _keys(self, target: str) -> pl.Series | None:
        people = {"person:pupil": "pupil", "person:staff": "staff_member"}
        entity = people.get(target, target)
        held = self._kept.get(entity)
        if held is None or held.is_empty():
            return None
        return held["person" if target in people else "source_key"]


def _losses(parsed: Parsed, translated: Translated, refusals: pl.DataFrame) -> list[Loss]:
    found = [
        _loss(one.rule, one.document, one.line, one.field or "", "", one.detail)
        for one in parsed.problems
    ]
    found += [
        _loss(one.rule, one.document, one.line, one.field, one.entity, one.detail)
        for one in translated.findings
    ]
    places = ("rule", "_document", "_line", "field", "entity")
    rows = refusals.select(places).sort("_document", "_line", "field", nulls_last=True)
    found += [
        _loss(name, document, line, column, entity, "")
        for name, document, line, column, entity in rows.iter_rows()
    ]
    return found


def _loss(
    name: str, document: str, line: int | None, field_: str, entity: str, detail: str
) -> Loss:
    told = rule(name)
    return Loss(name, document, line, field_, entity, detail, told.reason, told.fix)


def summed(losses: Sequence[Loss]) -> list[tuple[Loss, int]]:
    """The first of the losses that share rule, document, field and detail, and their number."""
    firsts: dict[tuple[str, str, str, str], Loss] = {}
    counts: Counter[tuple[str, str, str, str]] = Counter()
    for loss in losses:
        key = (loss.rule, loss.document, loss.field, loss.detail)
        firsts.setdefault(key, loss)
        counts[key] += 1
    return [(loss, counts[key]) for key, loss in firsts.items()]
