"""Great Expectations judges a batch: volumes, uniqueness, references, freshness.

All schools of a run are judged in one checkpoint on one query. GX keeps verdicts and
bounds, no values (``BASIC`` without examples); which schools broke an expectation is read from
the same query, and must agree with the number GX found. GX is imported when it is needed: the
import alone takes 7-14 seconds.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import Engine, create_engine, text
from sqlalchemy.engine import make_url

from quality.batch_suite import (
    CEILING,
    CHECKS,
    DAYS,
    DAYS_OVER,
    FLOOR,
    FRESHNESS,
    ROWS,
    UPLOADS_TABLE,
    Batch,
    BatchBounds,
    Suite,
    batch_query,
    column_name,
    load_suite,
)
from quality.volume_bounds import BoundSource, Expected

RESULT_FORMAT = {"result_format": "BASIC", "partial_unexpected_count": 0}


class BatchCheckError(Exception):
    """GX could not judge a table, or disagrees with the counts; the message names the table."""


@dataclass(frozen=True)
class BatchVerdict:
    """One expectation on one table of one school.

    ``observed``: rows of a volume, days since the last upload, else how many rows are wrong; it may
    lie from ``lower`` to ``upper`` (None: no bound), which come from ``source`` (None: they are the
    same for everybody).
    """

    suite: str
    expectation: str
    table: str
    school: str
    success: bool
    observed: int
    lower: int | None = None
    upper: int | None = None
    source: BoundSource | None = None


@dataclass(frozen=True)
class _Check:
    """``column`` of the batch query must be zero for every school; ``shown`` is what it judges."""

    table: str
    expectation: str
    column: str
    shown: str


def gx_url(url: str) -> str:
    """``url`` for GX: its driver is psycopg2, and it wants a host before the path."""
    return make_url(url).set(drivername="postgresql+psycopg2").render_as_string(hide_password=False)


def judge_batches(
    url: str,
    batch: Batch,
    bounds: BatchBounds,
    *,
    docs: Path | None = None,
    suite: Suite | None = None,
) -> list[BatchVerdict]:
    """The verdict on every table, school and expectation; Data Docs are written to ``docs``.

    ``url``: SQLAlchemy URL of the hub's database. Raises ``BatchCheckError``.
    """
    if not batch.schools:
        return []
    suite = suite or load_suite()
    query, checks = batch_query(suite, batch, bounds), list(_checks(suite))
    found = _judged_by_gx(gx_url(url), suite.name, query, checks, docs)
    engine = create_engine(gx_url(url))
    try:
        return list(_by_school(engine, suite, query, checks, found, bounds))
    finally:
        engine.dispose()


def _checks(suite: Suite) -> Iterator[_Check]:
    for table in suite.tables:
        for expectation, count in CHECKS.items():
            shown = ROWS if expectation in (FLOOR, CEILING) else count
            yield _Check(table, expectation, column_name(table, count), column_name(table, shown))
    names = (column_name(UPLOADS_TABLE, count) for count in (DAYS_OVER, DAYS))
    yield _Check(UPLOADS_TABLE, FRESHNESS, *names)


def _judged_by_gx(
    url: str, suite: str, query: str, checks: list[_Check], docs: Path | None
) -> dict[tuple[str, str], int]:
    """How many schools break each (table, expectation), as GX found it."""
    os.environ["GX_ANALYTICS_ENABLED"] = "False"
    import great_expectations as gx
    from great_expectations.checkpoint.actions import UpdateDataDocsAction, ValidationAction
    from great_expectations.data_context.types.base import ProgressBarsConfig

    context = gx.get_context(mode="ephemeral")
    context.variables.progress_bars = ProgressBarsConfig(globally=False)
    actions: list[ValidationAction] = []
    if docs is not None:
        _add_docs_site(context, docs)
        actions.append(UpdateDataDocsAction(name="data_docs"))
    database = context.data_sources.add_postgres("svod", connection_string=url)
    definition = _definition(gx, context, database, suite, query, checks)
    checkpoint = context.checkpoints.add(
        gx.Checkpoint(
            name=suite,
            validation_definitions=[definition],
            actions=actions,
            result_format=RESULT_FORMAT,
        )
    )
    outcome = checkpoint.run()
    return dict(
        _broken(result)
        for validation in outcome.run_results.values()
        for result in validation.results
    )


def _definition(
    gx: Any, context: Any, database: Any, suite: str, query: str, checks: list[_Check]
) -> Any:
    """All expectations on the one query."""
    query_asset = database.add_query_asset(suite, query=query)
    expectations = context.suites.add(gx.ExpectationSuite(name=suite))
    for check in checks:
        expectations.add_expectation(
            gx.expectations.ExpectColumnValuesToBeBetween(
                column=check.column,
                min_value=0,
                max_value=0,
                meta={"table": check.table, "expectation": check.expectation},
            )
        )
    return context.validation_definitions.add(
        gx.ValidationDefinition(
            name=suite,
            data=query_asset.add_batch_definition("batch"),
            suite=expectations,
        )
    )


def _add_docs_site(context: Any, docs: Path) -> None:
    docs.mkdir(parents=True, exist_ok=True)
    context.add_data_docs_site(
        "svod",
        {
            "class_name": "SiteBuilder",
            "site_index_builder": {"class_name": "DefaultSiteIndexBuilder"},
            "store_backend": {
                "class_name": "TupleFilesystemStoreBackend",
                "base_directory": str(docs.absolute()),
            },
        },
    )


def _broken(result: Any) -> tuple[tuple[str, str], int]:
    """(table, expectation) and the schools that break it. Raises ``BatchCheckError``."""
    meta = result.expectation_config.meta
    count = result.result.get("unexpected_count")
    if count is None:  # the query itself failed; its message may quote the database
        raise BatchCheckError(f"GX could not judge {meta['expectation']} of {meta['table']}")
    return (meta["table"], meta["expectation"]), int(count)


def _by_school(
    engine: Engine,
    suite: Suite,
    query: str,
    checks: list[_Check],
    found: dict[tuple[str, str], int],
    bounds: BatchBounds,
) -> Iterator[BatchVerdict]:
    """Each school's verdicts. Raises ``BatchCheckError`` if GX counted other schools."""
    with engine.connect() as connection:
        rows = connection.execute(text(query)).mappings().all()
    for check in checks:
        broken = sum(row[check.column] > 0 for row in rows)
        if broken != found[check.table, check.expectation]:
            raise BatchCheckError(f"{check.expectation} of {check.table} changed while judged")
        for row in sorted(rows, key=lambda row: str(row["school"])):
            school = str(row["school"])
            lower, upper, source = _bounds(suite, check, school, bounds)
            yield BatchVerdict(
                suite=suite.name,
                expectation=check.expectation,
                table=check.table,
                school=school,
                success=row[check.column] == 0,
                observed=int(row[check.shown]),
                lower=lower,
                upper=upper,
                source=source,
            )


def _bounds(
    suite: Suite, check: _Check, school: str, bounds: BatchBounds
) -> tuple[int | None, int | None, BoundSource | None]:
    """Lower and upper bound of what ``check`` shows, and where they come from."""
    if check.expectation == FRESHNESS:
        return (None, *bounds.most_days[school])
    one = bounds.volumes.get((school, check.table), Expected(0))
    if check.expectation == FLOOR:
        floor = max(one.floor or 0, suite.tables[check.table].least)
        return floor, None, one.floor_from or BoundSource.SUITE
    if check.expectation == CEILING:
        return None, one.ceiling, one.ceiling_from
    return None, 0, None
