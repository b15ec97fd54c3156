"""Records that refer to what the upload does not hold."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import polars as pl

from quality.refused import refused_rows
from schemas.catalogue import fields_of
from schemas.frames import no_refusals

# Entities that are persons, and what a reference to one is called.
PEOPLE = {"pupil": "person:pupil", "staff_member": "person:staff", "guardian": "person:guardian"}
_ENTITIES = {name: entity for entity, name in PEOPLE.items()}

# What each dangling record refers to: its row and field, the entity and key that are not there.
MISSING: dict[str, pl.DataType] = {
    "entity": pl.String(),
    "_row": pl.UInt32(),
    "field": pl.String(),
    "missing_entity": pl.String(),
    "missing_key": pl.String(),
}


@dataclass(frozen=True)
class Referenced:
    """``kept``: records all of whose references are known; ``refusals``: the others; ``missing``:
    what these refer to (``MISSING``), keys as the frame has them."""

    kept: pl.DataFrame
    refusals: pl.DataFrame
    missing: pl.DataFrame


def references(entity: str) -> dict[str, str]:
    """What each referring field of ``entity`` points at: an entity, or ``person:<role>``.

    A record does not refer to itself: the person field of a pupil is who the pupil is.
    """
    found: dict[str, str] = {}
    for field in fields_of(entity):
        if field.ref is not None:
            found[field.name] = field.ref.entity
        elif field.person is not None and not _own(entity, field.name):
            found[field.name] = f"person:{field.person.role}"
    return found


def check_references(
    entity: str, frame: pl.DataFrame, known: Mapping[str, pl.Series]
) -> Referenced:
    """Refuse the records whose references are not in ``known`` (keys as ``references`` names
    them, values String). Raises ``KeyError`` when ``known`` lacks one that is needed."""
    targets = references(entity)
    lost = {field: _lost(frame[field], known[target]) for field, target in targets.items()}
    flags = pl.DataFrame(lost) if lost else pl.DataFrame({"_none": [False] * frame.height})
    bad = flags.select(pl.any_horizontal(pl.all())).to_series()
    dangling = {field: frame.filter(flag) for field, flag in lost.items() if flag.any()}
    refusals = [
        refused_rows(entity, rows, field, "dangling_reference") for field, rows in dangling.items()
    ]
    missing = [_missing(entity, rows, field, targets[field]) for field, rows in dangling.items()]
    return Referenced(
        kept=frame.filter(~bad),
        refusals=pl.concat([no_refusals(), *refusals]),
        missing=pl.concat([pl.DataFrame(schema=MISSING), *missing]),
    )


def _missing(entity: str, rows: pl.DataFrame, field: str, target: str) -> pl.DataFrame:
    return rows.select(
        pl.lit(entity).alias("entity"),
        "_row",
        pl.lit(field).alias("field"),
        pl.lit(_ENTITIES.get(target, target)).alias("missing_entity"),
        pl.col(field).cast(pl.String).alias("missing_key"),
    )


def _lost(values: pl.Series, known: pl.Series) -> pl.Series:
    there = values.is_in(known.cast(pl.String).drop_nulls().unique().implode())
    return values.is_not_null() & ~there.fill_null(False)


def _own(entity: str, field: str) -> bool:
    """Whether ``field`` is the person the record itself is about."""
    return field == "person" and entity in {"pupil", "staff_member", "guardian"}
