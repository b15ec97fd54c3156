"""The way of an upload through the product up to the vault: fetch, parse, translate, check."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import polars as pl

from connectors.base import Source
from mappings import load, translate
from quality.contract import check
from quality.duplicates import drop_duplicates
from quality.references import check_references, references
from quality.school_year import refuse_earlier
from sandbox.params import YEAR_START
from schemas.catalogue import natural_key
from schemas.records import ENTITIES

ZONE = "Europe/Moscow"
PEOPLE = {"pupil": "person:pupil", "staff_member": "person:staff", "guardian": "person:guardian"}


@dataclass(frozen=True)
class Objection:
    """Where the product would not believe a source, and why. Nothing personal is in it."""

    rule: str
    document: str
    line: int | None = None
    field: str | None = None
    detail: str = ""


@dataclass(frozen=True)
class Came:
    """What the product made of an upload: accepted records by entity, and all it objected to."""

    frames: dict[str, pl.DataFrame]
    objections: list[Objection]


def read(source: Source, profile: str, day: date) -> Came:
    """The newest upload of ``source`` on the evening of ``day``."""
    upload = source.pending(day)[-1]
    parsed = source.parse(upload, list(source.fetch(upload)))
    translated = translate(load(profile), parsed.tables, zone=ZONE)
    frames, refusals = accepted(translated.frames, YEAR_START)
    refused = pl.concat([translated.refusals, translated.under_source_names(refusals)])
    problems = [Objection(p.rule, p.document, p.line, p.field, p.detail) for p in parsed.problems]
    findings = [Objection(f.rule, f.document, f.line, f.field) for f in translated.findings]
    partly = [Objection("incomplete", entity) for entity in sorted(translated.incomplete)]
    rows = refused.select("rule", "_document", "_line", "field").rows()
    return Came(frames, [*problems, *findings, *partly, *(Objection(*row) for row in rows)])


def accepted(
    frames: dict[str, pl.DataFrame], year_start: date
) -> tuple[dict[str, pl.DataFrame], pl.DataFrame]:
    """Records that keep the contract, are of the year, are told apart and refer to what is
    there; and the refusals of the others."""
    kept: dict[str, pl.DataFrame] = {}
    known: dict[str, pl.Series] = {}
    refusals = []
    for entity in (e for e in ENTITIES if e in frames):
        checked = check(entity, frames[entity])
        of_year = refuse_earlier(entity, checked.accepted, year_start)
        single = drop_duplicates(entity, of_year.kept)
        found = check_references(entity, single.kept, _with_absent(known, entity))
        refusals += [checked.refusals, of_year.refusals, single.refusals, found.refusals]
        kept[entity] = found.kept
        keys = found.kept[natural_key(entity)[0]]
        known[entity] = known[PEOPLE.get(entity, entity)] = keys
    return kept, pl.concat(refusals)


def _with_absent(known: dict[str, pl.Series], entity: str) -> dict[str, pl.Series]:
    """``known``, with nothing where the form does not have such records."""
    nothing = pl.Series([], dtype=pl.String)
    return {target: known.get(target, nothing) for target in references(entity).values()}
