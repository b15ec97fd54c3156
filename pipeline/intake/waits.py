"""What each refused record waits for, told by keys: how a refusal is traced to its root later.

A record that is refused says by which key others refer to it; one that refers to nothing says
what it refers to; an unknown code says the code. Keys are those of the journal: pseudonyms of
persons, and what ``privacy.masks`` leaves of the rest. Nobody is named.
"""

from __future__ import annotations

from collections.abc import Mapping as Dict
from collections.abc import Sequence
from dataclasses import replace
from pathlib import PurePosixPath

import polars as pl

from connectors.drops.tables import named_by
from mappings.applier import Translated
from mappings.language import Mapping
from pipeline.store import Batch
from privacy.keys import KeyRing
from privacy.masks import Masks
from privacy.pseudonyms import pseudonym
from quality.references import PEOPLE, references
from schemas.catalogue import natural_key
from schemas.frames import WAITS, Finding
from schemas.records import ENTITIES

UNKNOWN_CODE = "unknown_code"
_LONGEST_CODE = 40  # a longer one is a text that stands in the wrong column


def with_waits(
    refusals: pl.DataFrame, translated: Translated, batch: Batch, keys: KeyRing, masks: Masks
) -> pl.DataFrame:
    """``refusals`` (``REFUSAL_SCHEMA``, perhaps with what is missing by ``references.MISSING``),
    all fields under their source columns, with ``frames.WAITS`` but for ``missing_in``, which is
    null.
    """
    lacking = [name for name in WAITS if name not in refusals.columns]
    refusals = refusals.with_columns(pl.lit(None, WAITS[name]).alias(name) for name in lacking)
    refusals = _in_columns(refusals, translated)
    told = refusals.with_columns(
        masks.shown(refusals["source_column"]),
        missing_key=pl.coalesce("missing_key", masks.shown(_codes(refusals))),
    )
    return _with_record_keys(told, translated, batch, keys, masks)


def _codes(refusals: pl.DataFrame) -> pl.Series:
    """The codes that the mapping does not know, null in other refusals."""
    # In a path to a value an apostrophe ends the name; no profile has a column with one.
    known = (pl.col("rule") == UNKNOWN_CODE) & ~pl.col("source_column").str.contains("'")
    path = pl.when(known).then(pl.format("$['{}']", pl.col("source_column"))).otherwise(pl.lit("$"))
    code = pl.col("record").str.json_path_match(path).str.head(_LONGEST_CODE)
    return refusals.select(pl.when(known).then(code).alias("code")).to_series()


def with_unread(refusals: pl.DataFrame, unread: Dict[str, str]) -> pl.DataFrame:
    """``refusals`` of a judged upload with ``missing_in``: the document of ``unread`` (by
    entity, ``unread_by_entity``) that may hold what a record refers to."""
    found = pl.col("missing_entity").replace_strict(unread, default=None, return_dtype=pl.String)
    return refusals.with_columns(missing_in=found)


def of_entities(mapping: Mapping, problems: Sequence[Finding]) -> list[Finding]:
    """``problems`` of documents, each with the first entity that its document feeds, if known."""
    order = list(ENTITIES)
    return [
        replace(one, entity=min(_entities_of(mapping, one), key=order.index, default=""))
        for one in problems
    ]


def unread_by_entity(
    mapping: Mapping, incomplete: set[str], unread: Sequence[Finding]
) -> dict[str, str]:
    """For each of the ``incomplete`` entities the first document of ``unread`` that feeds it; the
    first of all where none is known to, as with answers of a live system."""
    documents = {}
    for entity in incomplete if unread else ():
        fed = (one.document for one in unread if entity in _entities_of(mapping, one))
        documents[entity] = next(fed, unread[0].document)
    return documents


def _entities_of(mapping: Mapping, finding: Finding) -> set[str]:
    """What the table feeds that ``finding`` speaks of."""
    layouts = mapping.documents.tables if mapping.documents else {}
    stem = PurePosixPath(finding.document).stem
    tables = [
        name
        for name, table in mapping.tables.items()
        if (finding.entity and table.feeds and table.feeds[0].entity == finding.entity)
        or (name in layouts and named_by(layouts[name], name, stem) is not None)
    ]
    return {feed.entity for name in tables for feed in mapping.tables[name].feeds}


def _in_columns(refusals: pl.DataFrame, translated: Translated) -> pl.DataFrame:
    """With ``source_column``: the field itself, or the column whose cell it is."""
    cells = [
        frame.select(
            pl.lit(entity).alias("entity"), "_row", pl.col("name").alias("field"), "column"
        )
        for entity, frame in translated.cells.items()
    ]
    if not cells:
        return refusals.with_columns(source_column="field")
    behind = pl.concat(cells).unique(["entity", "_row", "field"], keep="first")
    return (
        refusals.join(behind, on=["entity", "_row", "field"], how="left", maintain_order="left")
        .with_columns(source_column=pl.coalesce("column", "field"))
        .drop("column")
    )


def _with_record_keys(
    refusals: pl.DataFrame, translated: Translated, batch: Batch, keys: KeyRing, masks: Masks
) -> pl.DataFrame:
    said = []
    for entity in _referred_to() & set(translated.frames):
        rows = refusals.filter(pl.col("entity") == entity).select("_row").unique()
        field = natural_key(entity)[0]
        there = [translated.frames.get(entity), translated.refused.get(entity)]
        own = pl.concat([part.select("_row", key=field) for part in there if part is not None])
        own = own.join(rows, on="_row", how="semi")
        if entity in PEOPLE:
            role = PEOPLE[entity].removeprefix("person:")
            name = pseudonym(
                keys,
                role=role,
                school=batch.school,
                source=batch.source,
                local_key=pl.col("key"),
            )
            own = own.with_columns(name.alias("key"))
        else:
            own = own.with_columns(masks.opaque(own["key"]))
        said.append(own.with_columns(entity=pl.lit(entity)))
    if not said:
        return refusals
    known = pl.concat(said).unique(["entity", "_row"], keep="first")
    return (
        refusals.join(known, on=["entity", "_row"], how="left", maintain_order="left")
        .with_columns(record_key=pl.col("key"))
        .drop("key")
    )


def _referred_to() -> set[str]:
    """Entities that some record refers to."""
    pointed_at = {target for entity in ENTITIES for target in references(entity).values()}
    return {entity for entity in ENTITIES if PEOPLE.get(entity, entity) in pointed_at}
