"""Examine: Great Expectations judges the stored batch; what it refuses becomes a finding.

Every verdict is kept (``quality.batch_results``); from them the hub learns what is usual for each
school.
"""

from __future__ import annotations

from sqlalchemy import Connection, text

from pipeline.database import server_url
from pipeline.hub import Hub
from pipeline.intake.collect import Run
from pipeline.registry import school_codes
from quality.batch_bounds import batch_bounds
from quality.batch_history import keep_results
from quality.batch_suite import (
    CEILING,
    FLOOR,
    FRESHNESS,
    REFERENCES,
    UNIQUE,
    Batch,
    BatchBounds,
    load_suite,
)
from quality.batches import BatchVerdict, judge_batches
from quality.volume_bounds import BoundSource, Expected, why
from schemas.tables import findings

# What a failed expectation is called in schemas/rules.yml.
RULES = {
    FLOOR: "volume_low",
    CEILING: "volume_high",
    UNIQUE: "repeated_keys",
    REFERENCES: "lost_references",
    FRESHNESS: "stale_upload",
}
SOURCE = "hub"  # these findings speak of the stored batch, not of a school's document


def examine(hub: Hub, run: Run) -> int:
    """Judge all schools of ``run`` in one checkpoint; returns how many expectations failed.

    Data Docs go to ``<home>/data_docs``. Raises ``quality.batches.BatchCheckError`` and
    ``quality.profiles.UnknownProfileError``.
    """
    suite = load_suite()
    with hub.engine.begin() as connection:
        schools = school_codes(connection, open_on=run.business_date)
        batch = Batch(run.run_id, run.business_date, schools)
        bounds = batch_bounds(connection, suite, batch) if schools else BatchBounds()
    docs = hub.settings.home.absolute() / "data_docs"
    verdicts = judge_batches(server_url(hub.settings), batch, bounds, docs=docs, suite=suite)
    failed = [verdict for verdict in verdicts if not verdict.success]
    with hub.engine.begin() as connection:
        keep_results(connection, batch, verdicts)
        _keep(connection, run, failed, bounds)
    return len(failed)


def _keep(
    connection: Connection, run: Run, failed: list[BatchVerdict], bounds: BatchBounds
) -> None:
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
                "detail": _detail(verdict, bounds),
                "run_id": run.run_id,
            }
            for verdict in failed
        ],
    )


def _detail(verdict: BatchVerdict, bounds: BatchBounds) -> str:
    """What came, what was expected and why."""
    if verdict.expectation in (UNIQUE, REFERENCES):
        return f"записей: {verdict.observed}"
    if verdict.expectation == FRESHNESS:
        learnt = ", как у школы обычно" if verdict.source is BoundSource.LEARNT else ""
        return f"дней без выгрузки: {verdict.observed}, ожидалось не больше {verdict.upper}{learnt}"
    one = bounds.volumes.get((verdict.school, verdict.table), Expected(0))
    if verdict.expectation == FLOOR and verdict.lower != one.floor:
        return f"стало {verdict.observed}, в журнале должно быть не меньше {verdict.lower}"
    lower = verdict.expectation == FLOOR
    return f"стало {verdict.observed}, было {one.before}, {why(one, lower=lower)}"
