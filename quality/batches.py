"""Great Expectations judges a batch: volumes, uniqueness, references, freshness.

All schools of a run are judged in one checkpoint, a query asset per table. GX keeps verdicts and
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
    CHECKS,
    FRESHNESS,
    UPLOADS_TABLE,
    Batch,
    Suite,
    freshness_query,
    load_suite,
    table_query,
)

RESULT_FORMAT = {"result_format": "BASIC", "partial_unexpected_count": 0}


class BatchCheckError(Exception):
    """GX could not judge a table, or disagrees with the counts; the message names the table."""


@dataclass(frozen=True)
class BatchVerdict:
    """One expectation on one table of one school; ``observed`` is the count that was judged."""

    suite: str
    expectation: str
    table: str
    school: str
    success: bool
    observed: int


@dataclass(frozen=True)
class _Check:
    expectation: str
    column: str
    most: int


@dataclass(frozen=True)
class _Asset:
    table: str
    query: str
    checks: tuple[_Check, ...]


def gx_url(url: str) -> str:
    """``url`` for GX: its driver is psycopg2, and it wants a host before the path."""
    return make_url(url).set(drivername="postgresql+psycopg2").render_as_string(hide_password=False)


def judge_batches(
    url: str, batch: Batch, *, docs: Path | None = None, suite: Suite | None = None
) -> list[BatchVerdict]:
    """The verdict on every table, school and expectation; Data Docs are written to ``docs``.

    ``url``: SQLAlchemy URL of the hub's database. Raises ``BatchCheckError``.
    """
    if not batch.schools:
        return []
    suite = suite or load_suite()
    assets = list(_assets(suite, batch))
    found = _judged_by_gx(gx_url(url), suite.name, assets, docs)
    engine = create_engine(gx_url(url))
    try:
        return [
            verdict for asset in assets for verdict in _by_school(engine, suite.name, asset, found)
        ]
    finally:
        engine.dispose()


def _assets(suite: Suite, batch: Batch) -> Iterator[_Asset]:
    zero = tuple(_Check(expectation, column, 0) for expectation, column in CHECKS.items())
    for entity in suite.tables:
        yield _Asset(entity, table_query(entity, suite, batch), zero)
    fresh = _Check(FRESHNESS, "days_since_upload", suite.most_days)
    yield _Asset(UPLOADS_TABLE, freshness_query(batch), (fresh,))


def _judged_by_gx(
    url: str, suite: str, assets: list[_Asset], docs: Path | None
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
    definitions = [_definition(gx, context, database, suite, asset) for asset in assets]
    checkpoint = context.checkpoints.add(
        gx.Checkpoint(
            name=suite,
            validation_definitions=definitions,
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


def _definition(gx: Any, context: Any, database: Any, suite: str, asset: _Asset) -> Any:
    """The expectations on one table."""
    query_asset = database.add_query_asset(asset.table, query=asset.query)
    expectations = context.suites.add(gx.ExpectationSuite(name=f"{suite}.{asset.table}"))
    for check in asset.checks:
        expectations.add_expectation(
            gx.expectations.ExpectColumnValuesToBeBetween(
                column=check.column,
                min_value=0,
                max_value=check.most,
                meta={"table": asset.table, "expectation": check.expectation},
            )
        )
    return context.validation_definitions.add(
        gx.ValidationDefinition(
            name=f"{suite}.{asset.table}",
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
    engine: Engine, suite: str, asset: _Asset, found: dict[tuple[str, str], int]
) -> Iterator[BatchVerdict]:
    """Each school's verdicts. Raises ``BatchCheckError`` if GX counted other schools."""
    with engine.connect() as connection:
        rows = connection.execute(text(asset.query)).mappings().all()
    for check in asset.checks:
        broken = sum(row[check.column] > check.most for row in rows)
        if broken != found[asset.table, check.expectation]:
            raise BatchCheckError(f"{check.expectation} of {asset.table} changed while judged")
        for row in sorted(rows, key=lambda row: str(row["school"])):
            observed = int(row[check.column])
            yield BatchVerdict(
                suite=suite,
                expectation=check.expectation,
                table=asset.table,
                school=str(row["school"]),
                success=observed <= check.most,
                observed=observed,
            )
