"""Which rows of the journal the records at a portal are made of, and where these were read.

A portal knows a record by a keyed hash of its key in the journal, which cannot be undone: the keys
of the journal are hashed as they were when the record was made, and compared.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import polars as pl
from sqlalchemy import Connection, text

from pipeline.delivery.destinations import DESTINATIONS
from pipeline.delivery.outbox import Box
from pipeline.explain.origins import with_documents
from privacy.keys import KeyRing
from schemas.frames import INSTANT

# A part of a record: a row of the journal; ``made_of``: its entity.
PART: dict[str, pl.DataType] = {
    "made_of": pl.String(),
    "source": pl.String(),
    "journal_key": pl.String(),
    "document": pl.String(),
    "line": pl.Int64(),
    "upload": pl.String(),
    "taken_at": INSTANT,
}

_READ: dict[str, pl.DataType] = {
    "source": pl.String(),
    "journal_key": pl.String(),
    "document_id": pl.Int64(),
    "line": pl.Int64(),
}
# What the key of a record at a portal holds beside source and key.
_NAMED = {
    "pupil": ("person",),
    "enrolment": ("pupil", "class_key"),
    "movement": ("pupil", "from_class_key", "to_class_key"),
}


def parts_of(
    connection: Connection, keys: KeyRing, box: Box, records: pl.DataFrame
) -> dict[str, list[dict[str, Any]]]:
    """The parts (``PART``) of ``records`` (``STANDING``) by key; of which none is found, none.

    Origins are those of the rows as the journal has them now, or had them last.
    """
    found: dict[str, list[dict[str, Any]]] = {}
    destination = DESTINATIONS[box.target]
    for (entity, year), own in records.group_by("entity", "school_year"):
        if entity in destination.made_of:  # what a portal lists may be of no type of ours
            for part in _parts(connection, keys, box, str(entity), year, own["key"]):
                for row in part.iter_rows(named=True):
                    found.setdefault(row.pop("key"), []).append(row)
    return found


def _parts(
    connection: Connection,
    keys: KeyRing,
    box: Box,
    entity: str,
    year: Any,
    wanted: pl.Series,
) -> Iterator[pl.DataFrame]:
    """The parts of the records ``wanted``, with their origins: ``key``, ``PART``."""
    destination = DESTINATIONS[box.target]
    made_of = destination.made_of[entity]
    rows = {name: _rows(connection, box.school, name, year) for name in made_of}
    of = destination.keys(keys, box.school, year, entity, rows)
    of = of.filter(pl.col("key").is_in(wanted.implode()))
    for name in made_of:
        own = of.filter(made_of=name)
        origins = _origins(connection, box.school, name, year, own["journal_key"])
        together = own.join(origins, on=["source", "journal_key"])
        yield together.select("key", *PART).sort("source", "document", "line", "journal_key")


def _rows(connection: Connection, school: str, entity: str, year: Any) -> pl.DataFrame:
    """The rows of the journal, those that vanished too, by what portals' keys hold of them."""
    names = ("source", "key", *_NAMED.get(entity, ()))
    query = (
        f"SELECT {', '.join(names)} FROM journal.{entity}"
        " WHERE school = :school AND school_year = :year"
    )
    rows = connection.execute(text(query), {"school": school, "year": year})
    schema = dict.fromkeys(names, pl.String())
    return pl.DataFrame([tuple(row) for row in rows], schema=schema, orient="row")


def _origins(
    connection: Connection, school: str, entity: str, year: Any, keys: pl.Series
) -> pl.DataFrame:
    """Of rows that vanished too, where they were read last."""
    query = f"""
SELECT source, key, origin_document, origin_line FROM journal.{entity}
WHERE school = :school AND school_year = :year AND key = ANY(CAST(:keys AS text[]))"""
    rows = connection.execute(
        text(query), {"school": school, "year": year, "keys": keys.unique().to_list()}
    )
    found = pl.DataFrame([tuple(row) for row in rows], schema=_READ, orient="row")
    return with_documents(connection, found)
