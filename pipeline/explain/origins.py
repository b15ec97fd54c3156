"""Where records of the journal were read: the document of an upload and the line in it.

The version of a record that was known at an instant has its own origin: the history keeps it. A
document that an archive holds is the archive; the answer of a live system is named by its request.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import polars as pl
from sqlalchemy import Connection, text

from quality.journal_frames import Known, known_rows
from schemas.frames import INSTANT

# Whose origin is asked for: ``row`` is the asker's own number of what the record shows.
WANTED: dict[str, pl.DataType] = {
    "row": pl.UInt32(),
    "entity": pl.String(),
    "key": pl.String(),
}
# ``line``: line, row of a sheet, or place in an answer; ``document`` is null where nobody landed.
ORIGINS: dict[str, pl.DataType] = WANTED | {
    "document_id": pl.Int64(),
    "document": pl.String(),
    "line": pl.Int64(),
    "upload": pl.String(),
    "taken_at": INSTANT,
}
_LANDED: dict[str, pl.DataType] = {
    "document_id": pl.Int64(),
    "document": pl.String(),
    "upload": pl.String(),
    "taken_at": INSTANT,
}


def origins(connection: Connection, journal: Known, wanted: pl.DataFrame) -> pl.DataFrame:
    """The origin of each record of ``wanted`` (``WANTED``), in its order: ``ORIGINS``."""
    asked = wanted.select(list(WANTED)).with_row_index("_order")
    parts = []
    for (entity,), rows in asked.group_by("entity"):
        keys = rows["key"].unique().to_list()
        parts.append(rows.join(_records(connection, str(entity), keys, journal), on="key"))
    if not parts:
        return pl.DataFrame(schema=ORIGINS)
    found = pl.concat(parts)
    return with_documents(connection, found).sort("_order").select(list(ORIGINS))


def by_row(found: pl.DataFrame) -> dict[int, list[dict[str, Any]]]:
    """``ORIGINS`` by the asker's number of the row; a row without any is not there."""
    rows: dict[int, list[dict[str, Any]]] = {}
    for one in found.iter_rows(named=True):
        rows.setdefault(one["row"], []).append(one)
    return rows


def _records(
    connection: Connection, entity: str, keys: Sequence[str], journal: Known
) -> pl.DataFrame:
    """``key``, ``document_id``, ``line`` of the records of ``entity``."""
    names = ["key", "origin_document", "origin_line"]
    return known_rows(connection, entity, names, journal, keys).select(
        "key", document_id="origin_document", line="origin_line"
    )


def with_documents(connection: Connection, found: pl.DataFrame) -> pl.DataFrame:
    """``found`` with the name, upload and time of its documents, by ``document_id``."""
    ids = found["document_id"].drop_nulls().unique().to_list()
    return found.join(_landed(connection, ids), on="document_id", how="left", maintain_order="left")


def _landed(connection: Connection, ids: Sequence[int]) -> pl.DataFrame:
    rows = connection.execute(
        text(
            "SELECT l.id, l.name, l.upload_ref, u.taken_at FROM ops.landing l"
            " LEFT JOIN ops.uploads u ON u.school = l.school AND u.source = l.source"
            " AND u.ref = l.upload_ref WHERE l.id = ANY(:ids)"
        ),
        {"ids": list(ids)},
    )
    return pl.DataFrame([tuple(row) for row in rows], schema=_LANDED, orient="row")
