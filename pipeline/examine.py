"""Examine: Great Expectations judges the stored batch; what it refuses becomes a finding."""

from __future__ import annotations

from sqlalchemy import Connection, text

from pipeline.collect import Run
from pipeline.database import server_url
from pipeline.hub import Hub
from pipeline.registry import school_codes
from quality.batch_suite import Batch
from quality.batches import BatchVerdict, judge_batches
from schemas.tables import findings

# What a failed expectation is called in schemas/rules.yml.
RULES = {
    "volume_floor": "volume_low",
    "volume_ceiling": "volume_high",
    "unique_keys": "repeated_keys",
    "complete_references": "lost_references",
    "fresh": "stale_upload",
}
SOURCE = "hub"  # these findings speak of the stored batch, not of a school's document


def examine(hub: Hub, run: Run) -> int:
    """Judge all schools of ``run`` in one checkpoint; returns how many expectations failed.

    Data Docs go to ``<home>/data_docs``. Raises ``quality.batches.BatchCheckError``.
    """
    with hub.engine.begin() as connection:
        schools = school_codes(connection, open_on=run.business_date)
        batch = Batch(run.run_id, run.business_date, schools)
    docs = hub.settings.home.absolute() / "data_docs"
    verdicts = judge_batches(server_url(hub.settings), batch, docs=docs)
    failed = [verdict for verdict in verdicts if not verdict.success]
    with hub.engine.begin() as connection:
        _keep(connection, run, failed)
    return len(failed)


def _keep(connection: Connection, run: Run, failed: list[BatchVerdict]) -> None:
    """Replace the findings of this run; one per school, table and expectation."""
    connection.execute(
        text("DELETE FROM ops.findings WHERE run_id = :run AND source = :source"),
        {"run": run.run_id, "source": SOURCE},
    )
    if not failed:
        return
    connection.execute(
        findings.insert(),
        [
            {
                "school": verdict.school,
                "source": SOURCE,
                "entity": verdict.table,
                "upload_ref": run.business_date.isoformat(),
                "document": f"journal.{verdict.table}",
                "rule": RULES[verdict.expectation],
                "detail": f"{verdict.expectation}: {verdict.observed}",
                "run_id": run.run_id,
            }
            for verdict in failed
        ],
    )
