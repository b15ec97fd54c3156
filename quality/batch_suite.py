"""The suite a batch of schools is judged by, and the counts it is judged on.

Each table of the journal gives one row per school with four counts: ``shortfall`` and ``excess``
against the volume the school had before the run, ``duplicates`` of natural keys among live rows,
``orphans`` that refer to no live row. Uploads give ``days_since_upload``. Only school codes and
counts leave the database, so no result can hold a person's value.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from functools import cache
from pathlib import Path

import yaml
from pydantic import BaseModel, ConfigDict, Field

from schemas.catalogue import Field as ContractField
from schemas.catalogue import fields_of, natural_key
from schemas.codes import PersonRole
from schemas.tables import content_columns

FOLDER = Path(__file__).with_name("suites")

# Expectation and the count it judges; every count must be zero, freshness has a bound.
CHECKS = {
    "volume_floor": "shortfall",
    "volume_ceiling": "excess",
    "unique_keys": "duplicates",
    "complete_references": "orphans",
}
FRESHNESS = "fresh"
FRESHNESS_COUNT = "days_since_upload"
UPLOADS_TABLE = "uploads"

_REGISTERS = {PersonRole.PUPIL.value: "pupil", PersonRole.STAFF.value: "staff_member"}
_SAFE = re.compile(r"[0-9A-Za-z_.:+-]+")


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Volume(_Strict):
    """How many rows of a table a school may have (``suites/journal.yml`` explains)."""

    least: int = Field(ge=0)
    floor_share: float = Field(gt=0, le=1)
    ceiling_share: float = Field(ge=1)


class Suite(_Strict):
    """The expectations on a batch."""

    name: str
    steady_from: int = Field(ge=1)
    most_days: int = Field(ge=1)
    tables: dict[str, Volume]


@dataclass(frozen=True)
class Batch:
    """The schools of one run that are judged together, before the next run stores anything."""

    run_id: str
    business_date: date
    schools: Sequence[str]


@cache
def load_suite(name: str = "journal", folder: Path = FOLDER) -> Suite:
    """The suite ``name``. Raises ``OSError`` or ``pydantic.ValidationError``."""
    return Suite.model_validate(yaml.safe_load((folder / f"{name}.yml").read_text("utf-8")))


def batch_query(suite: Suite, batch: Batch) -> str:
    """SQL of all counts, one row per school: ``<table>__<count>`` and freshness.

    One query and so one validation: GX renders a page of Data Docs per validation, which takes
    it seconds. Raises ``ValueError`` as ``table_query`` does.
    """
    parts = {entity: table_query(entity, suite, batch) for entity in suite.tables}
    columns = [
        f'"{entity}".{count} AS "{column_name(entity, count)}"'
        for entity in suite.tables
        for count in CHECKS.values()
    ]
    fresh = (
        f'"{UPLOADS_TABLE}".{FRESHNESS_COUNT} AS "{column_name(UPLOADS_TABLE, FRESHNESS_COUNT)}"'
    )
    parts[UPLOADS_TABLE] = freshness_query(batch)
    joins = " ".join(
        f'LEFT JOIN ({query}) AS "{name}" USING (school)' for name, query in parts.items()
    )
    return f"SELECT school, {', '.join([*columns, fresh])} FROM ({_units(batch)}) AS unit {joins}"  # noqa: S608


def column_name(table: str, count: str) -> str:
    """The column of ``batch_query`` that holds ``count`` of ``table``."""
    return f"{table}__{count}"


def table_query(entity: str, suite: Suite, batch: Batch) -> str:
    """SQL of the four counts of ``entity``, one row per school of ``batch``.

    What the school had before the run is what it has now, less what the run created, plus what
    it made vanish. Raises ``ValueError`` for a school or run that cannot stand in SQL.
    """
    volume = suite.tables[entity]
    return f"""
SELECT * FROM (
WITH unit AS ({_units(batch)}),
live AS (
  SELECT * FROM journal."{entity}"
  WHERE vanished_at IS NULL AND school IN (SELECT school FROM unit)
),
stored AS (SELECT school, count(*) AS n FROM live GROUP BY school),
moved AS (
  SELECT school, sum(CASE counter WHEN 'created' THEN count ELSE -count END) AS n
  FROM ops.ledger
  WHERE run_id = {_quoted(batch.run_id)} AND entity = '{entity}'
    AND counter IN ('created', 'vanished')
  GROUP BY school
),
volume AS (
  SELECT school, coalesce(stored.n, 0) AS rows,
         greatest(coalesce(stored.n, 0) - coalesce(moved.n, 0), 0) AS before
  FROM unit LEFT JOIN stored USING (school) LEFT JOIN moved USING (school)
),
repeated AS ({_duplicates(entity)}),
orphaned AS ({_orphans(entity)})
SELECT school,
  greatest(ceil(greatest({volume.least}, before * {volume.floor_share}))::bigint - rows, 0)
    AS shortfall,
  CASE WHEN before >= {suite.steady_from}
    THEN greatest(rows - floor(before * {volume.ceiling_share})::bigint, 0) ELSE 0 END AS excess,
  coalesce(repeated.n, 0)::bigint AS duplicates,
  coalesce(orphaned.n, 0)::bigint AS orphans
FROM volume LEFT JOIN repeated USING (school) LEFT JOIN orphaned USING (school)
) AS counts
"""  # noqa: S608  names come from the contract, values through _quoted


def freshness_query(batch: Batch) -> str:
    """SQL of the days since the last accepted upload of a journal, one row per school.

    A school that never uploaded is counted from the day it was connected.
    """
    return f"""SELECT s.code AS school,
  greatest(DATE {_quoted(batch.business_date.isoformat())}
    - coalesce(max(u.upload_date), s.connected_on), 0) AS days_since_upload
FROM registry.schools s
LEFT JOIN ops.uploads u ON u.school = s.code AND u.accepted AND u.source <> 'lists'
  AND u.upload_date <= DATE {_quoted(batch.business_date.isoformat())}
WHERE s.code IN (SELECT school FROM ({_units(batch)}) AS unit)
GROUP BY s.code, s.connected_on
"""  # noqa: S608  values through _quoted


def _units(batch: Batch) -> str:
    return f"SELECT unnest(ARRAY[{', '.join(map(_quoted, batch.schools))}]::text[]) AS school"


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
