"""The suite a batch of schools is judged by, and the counts it is judged on.

Each table of the journal gives one row per school with its live ``rows`` and four counts that must
be zero: ``shortfall`` and ``excess`` against the bounds of that school (``batch_bounds``),
``duplicates`` of natural keys among live rows, ``orphans`` that refer to no live row. Uploads give
``days`` since the last one, and ``days_over`` the bound. Only school codes and counts leave the
database, so no result can hold a person's value.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import cache
from pathlib import Path

import yaml
from pydantic import BaseModel, ConfigDict, Field

from quality.volume_bounds import BoundSource, Expected, Learning, Volume
from schemas.catalogue import Field as ContractField
from schemas.catalogue import fields_of, natural_key
from schemas.codes import PersonRole
from schemas.tables import content_columns

FOLDER = Path(__file__).with_name("suites")

FLOOR, CEILING = "volume_floor", "volume_ceiling"
UNIQUE, REFERENCES, FRESHNESS = "unique_keys", "complete_references", "fresh"
# Expectation and the count it judges; every count must be zero.
CHECKS = {FLOOR: "shortfall", CEILING: "excess", UNIQUE: "duplicates", REFERENCES: "orphans"}
ROWS, DAYS, DAYS_OVER = "rows", "days", "days_over"
UPLOADS_TABLE = "uploads"

_REGISTERS = {PersonRole.PUPIL.value: "pupil", PersonRole.STAFF.value: "staff_member"}
_SAFE = re.compile(r"[0-9A-Za-z_.:+-]+")


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Suite(_Strict):
    """The expectations on a batch."""

    name: str
    steady_from: int = Field(ge=1)
    most_days: int = Field(ge=1)
    learning: Learning
    tables: dict[str, Volume]


@dataclass(frozen=True)
class Batch:
    """The schools of one run that are judged together, before the next run stores anything."""

    run_id: str
    business_date: date
    schools: Sequence[str]


@dataclass(frozen=True)
class BatchBounds:
    """What is expected of each school: ``volumes`` by school and table; ``most_days`` since its
    last upload, by school."""

    volumes: Mapping[tuple[str, str], Expected] = field(default_factory=dict)
    most_days: Mapping[str, tuple[int, BoundSource]] = field(default_factory=dict)


@cache
def load_suite(name: str = "journal", folder: Path = FOLDER) -> Suite:
    """The suite ``name``. Raises ``OSError`` or ``pydantic.ValidationError``."""
    return Suite.model_validate(yaml.safe_load((folder / f"{name}.yml").read_text("utf-8")))


def batch_query(suite: Suite, batch: Batch, bounds: BatchBounds) -> str:
    """SQL of all counts, one row per school: ``<table>__<count>`` and freshness.

    One query and so one validation: GX renders a page of Data Docs per validation, which takes
    it seconds. Raises ``ValueError`` as ``table_query`` does.
    """
    parts = {entity: table_query(entity, suite, batch, bounds) for entity in suite.tables}
    columns = [
        f'"{entity}".{count} AS "{column_name(entity, count)}"'
        for entity in suite.tables
        for count in (ROWS, *CHECKS.values())
    ]
    columns += [
        f'"{UPLOADS_TABLE}".{count} AS "{column_name(UPLOADS_TABLE, count)}"'
        for count in (DAYS, DAYS_OVER)
    ]
    parts[UPLOADS_TABLE] = freshness_query(batch, bounds)
    joins = " ".join(
        f'LEFT JOIN ({query}) AS "{name}" USING (school)' for name, query in parts.items()
    )
    return f"SELECT school, {', '.join(columns)} FROM ({_units(batch)}) AS unit {joins}"  # noqa: S608


def column_name(table: str, count: str) -> str:
    """The column of ``batch_query`` that holds ``count`` of ``table``."""
    return f"{table}__{count}"


def volumes_query(suite: Suite, batch: Batch) -> str:
    """SQL of school, table, live rows, and the rows there were before the run.

    What the school had before the run is what it has now, less what the run created, plus what
    it made vanish. Raises ``ValueError`` for a school or run that cannot stand in SQL.
    """
    return " UNION ALL ".join(
        f"""
SELECT school, '{entity}' AS "table", coalesce(stored.n, 0)::bigint AS rows,
  greatest(coalesce(stored.n, 0) - coalesce(moved.n, 0), 0)::bigint AS before
FROM ({_units(batch)}) AS unit
LEFT JOIN (
  SELECT school, count(*) AS n FROM journal."{entity}"
  WHERE vanished_at IS NULL AND school = ANY({_names(batch)}) GROUP BY school
) AS stored USING (school)
LEFT JOIN (
  SELECT school, sum(CASE counter WHEN 'created' THEN count ELSE -count END) AS n
  FROM ops.ledger
  WHERE run_id = {_quoted(batch.run_id)} AND entity = '{entity}'
    AND counter IN ('created', 'vanished')
  GROUP BY school
) AS moved USING (school)"""  # noqa: S608  names come from the contract, values through _quoted
        for entity in suite.tables
    )


def table_query(entity: str, suite: Suite, batch: Batch, bounds: BatchBounds) -> str:
    """SQL of the rows and the four counts of ``entity``, one row per school of ``batch``.

    Raises ``ValueError`` for a school that cannot stand in SQL.
    """
    least = suite.tables[entity].least
    here = [bounds.volumes.get((school, entity), Expected(0)) for school in batch.schools]
    floors = [max(least, one.floor or 0) for one in here]
    ceilings = [one.ceiling for one in here]
    return f"""
SELECT * FROM (
WITH unit AS (
  SELECT unnest({_names(batch)}) AS school,
    unnest({_numbers(floors)}) AS floor, unnest({_numbers(ceilings)}) AS ceiling
),
live AS (
  SELECT * FROM journal."{entity}"
  WHERE vanished_at IS NULL AND school IN (SELECT school FROM unit)
),
stored AS (SELECT school, count(*) AS n FROM live GROUP BY school),
repeated AS ({_duplicates(entity)}),
orphaned AS ({_orphans(entity)})
SELECT school, coalesce(stored.n, 0)::bigint AS rows,
  greatest(floor - coalesce(stored.n, 0), 0)::bigint AS shortfall,
  greatest(coalesce(stored.n, 0) - coalesce(ceiling, stored.n, 0), 0)::bigint AS excess,
  coalesce(repeated.n, 0)::bigint AS duplicates,
  coalesce(orphaned.n, 0)::bigint AS orphans
FROM unit LEFT JOIN stored USING (school) LEFT JOIN repeated USING (school)
LEFT JOIN orphaned USING (school)
) AS counts
"""  # noqa: S608  names come from the contract, values through _quoted and _numbers


def freshness_query(batch: Batch, bounds: BatchBounds) -> str:
    """SQL of the days since the last accepted upload of a journal, and of those over the bound.

    One row per school; a school that never uploaded is counted from the day it was connected.
    """
    most = [bounds.most_days[school][0] for school in batch.schools]
    return f"""SELECT school, days, greatest(days - most, 0) AS days_over FROM (
  SELECT s.code AS school, unit.most, greatest(DATE {_quoted(batch.business_date.isoformat())}
    - coalesce(max(u.upload_date), s.connected_on), 0) AS days
  FROM (SELECT unnest({_names(batch)}) AS school, unnest({_numbers(most)}) AS most) AS unit
  JOIN registry.schools s ON s.code = unit.school
  LEFT JOIN ops.uploads u ON u.school = s.code AND u.accepted AND u.source <> 'lists'
    AND u.upload_date <= DATE {_quoted(batch.business_date.isoformat())}
  GROUP BY s.code, s.connected_on, unit.most
) AS since
"""  # noqa: S608  values through _quoted and _numbers


def _units(batch: Batch) -> str:
    return f"SELECT unnest({_names(batch)}) AS school"


def _names(batch: Batch) -> str:
    return f"ARRAY[{', '.join(map(_quoted, batch.schools))}]::text[]"


def _numbers(values: Sequence[int | None]) -> str:
    shown = ", ".join("NULL" if value is None else str(int(value)) for value in values)
    return f"ARRAY[{shown}]::bigint[]"


def _quoted(value: str) -> str:
    """GX takes whole queries, without parameters: only harmless values may stand in one."""
    if not _SAFE.fullmatch(value):
        raise ValueError("a school code or run id holds a character that cannot stand in SQL")
    return f"'{value}'"


def _duplicates(entity: str) -> str:
    """Rows too many for their natural key; a key with an empty part identifies nothing."""
    names = [f'"{name}"' for name in natural_key(entity)]
    return (
        "SELECT school, sum(n - 1) AS n FROM (SELECT school, count(*) AS n FROM live"  # noqa: S608
        f" WHERE {' AND '.join(f'{name} IS NOT NULL' for name in names)}"
        f" GROUP BY school_year, school, source, {', '.join(names)}) AS keyed GROUP BY school"
    )


def _orphans(entity: str) -> str:
    """Rows with at least one reference that no live row answers."""
    kept = set(content_columns(entity))
    targets = [(f.name, _target(entity, f)) for f in fields_of(entity) if f.name in kept]
    broken = [
        f'(live."{name}" IS NOT NULL AND NOT EXISTS (SELECT FROM journal."{to}" AS o'
        f" WHERE o.school = live.school AND o.school_year = live.school_year"
        f' AND o.vanished_at IS NULL AND o."{natural_key(to)[0]}" = live."{name}"))'
        for name, to in targets
        if to
    ]
    condition = " OR ".join(broken) or "false"
    return f"SELECT school, count(*) AS n FROM live WHERE {condition} GROUP BY school"  # noqa: S608


def _target(entity: str, field: ContractField) -> str | None:
    """The entity ``field`` refers to; a register of people does not refer to itself."""
    if field.ref:
        return field.ref.entity
    register = _REGISTERS.get(field.person.role) if field.person else None
    return None if register == entity else register
