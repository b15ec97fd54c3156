"""What was refused waits here, sealed; what a person should know becomes a finding.

A refused record keeps its place (document, line, field), the rule it broke and itself, encrypted.
The same record refused again is the same row; one that a later complete read no longer refuses is
``gone``: the school mended it.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass

import polars as pl
from sqlalchemy import Connection, text
from sqlalchemy.dialects.postgresql import insert

from pipeline.store import Batch, copy_in
from privacy.keys import KeyRing
from privacy.pseudonyms import lookup_of
from privacy.sealing import seal
from schemas.frames import WAITS, Finding
from schemas.tables import findings

REFUSED = b"quarantine"  # what binds a refused record to its place


def keep_refusals(
    connection: Connection,
    keys: KeyRing,
    batch: Batch,
    upload_ref: str,
    refusals: pl.DataFrame,
    complete: bool,
) -> None:
    """Add ``refusals`` (``frames.REFUSAL_SCHEMA`` and ``WAITS``) to the quarantine of the school.

    With ``complete`` the open rows that this upload did not refuse again become ``gone``.
    """
    records = refusals.get_column("record").fill_null("").to_list()
    # A loop: encryption has no vector form, and refusals are few.
    sealed = ["\\x" + seal(keys, record.encode(), REFUSED).hex() for record in records]
    rows = refusals.select(
        "entity",
        pl.col("_document").alias("document"),
        pl.col("_line").alias("line"),
        "field",
        "rule",
        pl.Series(
            "record_lookup", [lookup_of(keys, "refusal", record) for record in records], pl.String
        ),
        pl.Series("sealed", sealed, pl.String),
        pl.col(list(WAITS)).fill_null(""),
    )
    connection.execute(text("DROP TABLE IF EXISTS refused"))
    connection.execute(
        text(
            "CREATE TEMP TABLE refused ON COMMIT DROP AS SELECT entity, document, line, field,"
            " rule, record_lookup, sealed, source_column, record_key, missing_entity, missing_key,"
            " missing_in FROM ops.quarantine WITH NO DATA"
        )
    )
    copy_in(connection, "refused", rows)
    values = {
        "school": batch.school,
        "source": batch.source,
        "run_id": batch.run_id,
        "upload_ref": upload_ref,
    }
    connection.execute(
        text(
            "INSERT INTO ops.quarantine (school, source, entity, upload_ref, document, line, field,"
            " rule, record_lookup, sealed, source_column, record_key, missing_entity, missing_key,"
            " missing_in, first_run, last_run)"
            " SELECT DISTINCT ON (entity, field, rule, record_lookup) :school, :source, entity,"
            " :upload_ref, document, line, field, rule, record_lookup, sealed, source_column,"
            " record_key, missing_entity, missing_key, missing_in, :run_id, :run_id"
            " FROM refused ORDER BY entity, field, rule, record_lookup, line"
            " ON CONFLICT (school, source, entity, field, rule, record_lookup) DO UPDATE SET"
            " upload_ref = excluded.upload_ref, document = excluded.document, line = excluded.line,"
            " source_column = excluded.source_column, record_key = excluded.record_key,"
            " missing_entity = excluded.missing_entity, missing_key = excluded.missing_key,"
            " missing_in = excluded.missing_in, last_run = excluded.last_run, state = 'open'"
        ),
        values,
    )
    if complete:
        connection.execute(
            text(
                "UPDATE ops.quarantine SET state = 'gone' WHERE school = :school"
                " AND source = :source AND state = 'open' AND last_run <> :run_id"
            ),
            values,
        )


@dataclass(frozen=True)
class Place:
    """What findings speak of: one upload of a school's source, in one run."""

    run_id: str
    school: str
    source: str
    upload_ref: str


def keep_findings(connection: Connection, place: Place, found: Iterable[Finding]) -> None:
    """Add what was found at ``place``; a repeated step of the same run replaces its own."""
    of_place = asdict(place)
    connection.execute(
        text(
            "DELETE FROM ops.findings WHERE run_id = :run_id AND school = :school"
            " AND source = :source AND upload_ref = :upload_ref"
        ),
        of_place,
    )
    add_findings(connection, place, found)


def add_findings(connection: Connection, place: Place, found: Iterable[Finding]) -> None:
    """Add what happened once at ``place`` and will not be found again when the step is repeated:
    in the transaction that ends it, or a killed run tells nobody."""
    rows = [asdict(place) | asdict(one) for one in found]
    if rows:
        connection.execute(insert(findings), rows)
