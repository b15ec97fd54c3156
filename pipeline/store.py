"""Store facts: created, changed, unchanged or vanished, with the history of every change.

A frame is copied into a staging table and merged in one statement that touches only rows
whose content differs. What a complete read no longer holds is marked vanished, never deleted;
a record that was refused, or a read that was cut short, never counts as vanished.
"""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import polars as pl
import polars_hash as plh
from sqlalchemy import Connection, text

from quality.journal_frames import read_frame
from schemas.catalogue import fields_of, natural_key
from schemas.tables import content_columns, journal_table

# Parts a text with a character that no field can hold (schemas.fields.TEXT_PATTERN).
SEPARATOR = "\x1f"
NOTHING = "\x00"


# The name of a member of an archive; the archive is what was landed.
MEMBER = r"(?i)(\.zip)/.*$"


@dataclass(frozen=True)
class Batch:
    """What all rows of one store call share."""

    school: str
    source: str
    school_year: int
    run_id: str
    seen_at: datetime  # when the hub saw the upload: a run is a function of its business date


@dataclass(frozen=True)
class Stored:
    """Counts of rows."""

    created: int = 0
    changed: int = 0
    unchanged: int = 0
    vanished: int = 0


def hashed(frame: pl.DataFrame, columns: Sequence[str]) -> pl.DataFrame:
    """``frame`` with ``content_hash``: 32 hex digits over ``columns``, null told from empty."""
    parts = [pl.col(name).cast(pl.String).fill_null(NOTHING) for name in columns]
    joined = frame.with_columns(pl.concat_str(parts, separator=SEPARATOR).alias("content_hash"))
    return joined.with_columns(plh.col("content_hash").chash.blake3().str.head(32))


def upsert(
    connection: Connection,
    entity: str,
    frame: pl.DataFrame,
    batch: Batch,
    documents: dict[str, int],
) -> Stored:
    """Merge ``frame`` into the journal.

    ``frame``: ``key`` String and the columns of ``tables.content_columns(entity)`` (lesson also
    ``text_blocked``), ``_document``, ``_line``, optionally ``_identity_hash``. ``documents``:
    landing id of each document name. The staging table ``stage`` stays until the transaction
    ends, for ``mark_vanished``. Every row lands in exactly one of created, changed and unchanged.
    """
    content = [c for c in (*content_columns(entity), "text_blocked") if c in frame.columns]
    hashed_columns = [*content, *(c for c in ("_identity_hash",) if c in frame.columns)]
    staged = hashed(frame, hashed_columns).select(
        "key",
        *content,
        "content_hash",
        pl.col("_document")
        .cast(pl.String)
        .str.replace(MEMBER, "${1}")
        .replace_strict(documents, return_dtype=pl.Int64)
        .alias("origin_document"),
        pl.col("_line").alias("origin_line"),
    )
    # In the order of the key: rows land beside one another in the index.
    _stage(connection, entity, staged.sort("key"))
    merged = connection.execute(text(_merge(entity, staged.columns)), _values(batch))
    counts = {action: int(count) for action, count in merged}
    created = counts.get("INSERT", 0)
    changed = counts.get("UPDATE", 0)
    if created + changed == staged.height:  # each row is accounted for by the MERGE itself
        return Stored(created, changed)
    # Counted in the table, not inferred: a row that did not arrive leaves the ledger open.
    present = connection.execute(text(_present(entity)), _values(batch)).scalar_one()
    return Stored(created, changed, unchanged=int(present) - created - changed)


def mark_vanished(
    connection: Connection,
    entity: str,
    batch: Batch,
    covers: tuple[date, date],
    refused: Sequence[str],
) -> int:
    """Mark live rows that the staged complete read of ``covers`` did not hold; returns how many.

    ``refused`` are values of ``anchor(entity)`` whose records wait in quarantine: the source still
    has them, so their rows stay.
    """
    dated = "AND t.date BETWEEN :first AND :last" if "date" in journal_table(entity).c else ""
    kept = anchor(entity) or "key"
    columns = {"first": covers[0], "last": covers[1], "refused": list(refused)}
    count = connection.execute(
        text(
            f"WITH gone AS (UPDATE journal.{entity} t"
            " SET vanished_at = :seen_at, recorded_at = :seen_at, recorded_run = :run_id"
            " WHERE t.school_year = :school_year AND t.school = :school AND t.source = :source"
            f" AND t.vanished_at IS NULL {dated}"
            f" AND NOT t.{kept} = ANY(:refused)"
            " AND NOT EXISTS (SELECT 1 FROM stage s WHERE s.key = t.key)"
            " RETURNING t.key, to_jsonb(old) AS before),"
            " noted AS (INSERT INTO journal.history"
            " (entity, school, source, key, change, run_id, recorded_at, before)"
            f" SELECT '{entity}', :school, :source, key, 'vanished', :run_id, :seen_at, before"
            " FROM gone) SELECT count(*) FROM gone"
        ),
        _values(batch) | columns,
    ).scalar_one()
    return int(count)


def anchor(entity: str) -> str | None:
    """The key field by which a refused record of ``entity`` still shows which row it is.

    ``None`` where only a person's pseudonym would tell, which a refused record may lack.
    """
    people = {field.name for field in fields_of(entity) if field.person}
    return next((name for name in natural_key(entity) if name not in people), None)


def copy_in(connection: Connection, table: str, frame: pl.DataFrame) -> None:
    """COPY ``frame`` into ``table`` (columns by name), as CSV; an empty text stays empty."""
    buffer = io.BytesIO()
    # Null has a spelling that no accepted text can have (schemas.fields.TEXT_PATTERN).
    frame.write_csv(buffer, include_header=False, null_value=SEPARATOR)
    columns = ", ".join(f'"{name}"' for name in frame.columns)
    driver: Any = connection.connection.driver_connection
    statement = f"COPY {table} ({columns}) FROM STDIN (FORMAT csv, NULL '{SEPARATOR}')"
    with driver.cursor().copy(statement) as copy:
        copy.write(buffer.getbuffer())


def add_rows(connection: Connection, table: str, frame: pl.DataFrame) -> None:
    """Insert ``frame`` into ``table`` (columns by name): row-level security allows no COPY."""
    columns = _copied(connection, table, frame, "added")
    connection.execute(text(f"INSERT INTO {table} ({columns}) SELECT {columns} FROM added"))


def live(
    connection: Connection, entity: str, school: str, school_year: int | None = None
) -> pl.DataFrame:
    """The school's live rows of ``entity``, of all school years or one: source, key and content
    columns, typed."""
    table = journal_table(entity)
    extra = ["text_blocked"] if "text_blocked" in table.c else []
    names = ["source", "key", *content_columns(entity), *extra]
    where = (table.c.school == school) & table.c.vanished_at.is_(None)
    if school_year is not None:
        where &= table.c.school_year == school_year
    return read_frame(connection, table, names, where)


def former(connection: Connection, entity: str, school: str, school_year: int) -> pl.DataFrame:
    """Rows of ``entity`` that the journal holds no longer: source, key, content columns; typed."""
    table = journal_table(entity)
    names = ["source", "key", *content_columns(entity)]
    where = (table.c.school == school) & table.c.vanished_at.is_not(None)
    return read_frame(connection, table, names, where & (table.c.school_year == school_year))


def _stage(connection: Connection, entity: str, staged: pl.DataFrame) -> None:
    _copied(connection, f"journal.{entity}", staged, "stage")
    connection.execute(text("ANALYZE stage (key)"))  # all that the plan of the MERGE asks for


def _copied(connection: Connection, table: str, frame: pl.DataFrame, name: str) -> str:
    """``frame`` in the temporary table ``name``, typed as ``table``; its columns, for SQL."""
    columns = ", ".join(f'"{column}"' for column in frame.columns)
    connection.execute(text(f"DROP TABLE IF EXISTS {name}"))
    connection.execute(
        text(
            f"CREATE TEMP TABLE {name} ON COMMIT DROP AS SELECT {columns} FROM {table} WITH NO DATA"
        )
    )
    copy_in(connection, name, frame)
    return columns


def _merge(entity: str, columns: Sequence[str]) -> str:
    """The one MERGE: rows that differ are written, their former selves go to history."""
    names = [f'"{c}"' for c in columns if c != "key"]
    updates = ", ".join(f"{c} = s.{c}" for c in names)
    inserted = ", ".join(names)
    values = ", ".join(f"s.{c}" for c in names)
    return f"""
WITH merged AS (
  MERGE INTO journal.{entity} t USING stage s
  ON t.school_year = :school_year AND t.school = :school AND t.source = :source AND t.key = s.key
  WHEN MATCHED AND (t.content_hash <> s.content_hash OR t.vanished_at IS NOT NULL) THEN
    UPDATE SET {updates}, recorded_run = :run_id, recorded_at = :seen_at, vanished_at = NULL
  WHEN NOT MATCHED THEN
    INSERT (school_year, school, source, key, {inserted}, recorded_run, recorded_at, first_seen_at)
    VALUES (:school_year, :school, :source, s.key, {values}, :run_id, :seen_at, :seen_at)
  RETURNING merge_action() AS action, s.key AS key, to_jsonb(old) AS before
), noted AS (
  INSERT INTO journal.history (entity, school, source, key, change, run_id, recorded_at, before)
  SELECT '{entity}', :school, :source, key,
    CASE WHEN before->>'vanished_at' IS NULL THEN 'changed' ELSE 'returned' END,
    :run_id, :seen_at, before
  FROM merged WHERE action = 'UPDATE'
)
SELECT action, count(*) FROM merged GROUP BY action"""


def _present(entity: str) -> str:
    """How many staged rows the journal now holds with the staged content."""
    return f"""
SELECT count(*) FROM stage s JOIN journal.{entity} t
ON t.school_year = :school_year AND t.school = :school AND t.source = :source AND t.key = s.key
WHERE t.content_hash = s.content_hash AND t.vanished_at IS NULL"""


def _values(batch: Batch) -> dict[str, object]:
    return {
        "school": batch.school,
        "source": batch.source,
        "school_year": batch.school_year,
        "run_id": batch.run_id,
        "seen_at": batch.seen_at,
    }
