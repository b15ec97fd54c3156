"""Commands that answer: runs, ledger, quarantine, findings, volumes."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

import typer
from sqlalchemy import text

from pipeline.cli.options import day
from pipeline.cli.present import AsJson, show
from pipeline.exits import Exit
from pipeline.hub import Hub
from pipeline.intake.volumes import expected_volumes
from pipeline.ledger import open_rows
from schemas.rulebook import rule

LATEST = "(SELECT run_id FROM ops.runs ORDER BY started_at DESC LIMIT 1)"
RunId = Annotated[str, typer.Option("--run-id", help="A run; the latest by default.")]
School = Annotated[str, typer.Option("--school", help="Only this school.")]


quarantine = typer.Typer(invoke_without_command=True)


def register(app: typer.Typer) -> None:
    """Add these commands to ``app``."""
    app.command("runs")(runs)
    app.command("ledger")(ledger)
    app.add_typer(quarantine, name="quarantine")
    app.command("findings")(findings)
    app.command("volumes")(volumes)


def runs(as_json: AsJson = False) -> None:
    """The latest runs and how each verb ended."""
    query = (
        "SELECT run_id, verb, business_date, state, started_at, finished_at FROM ops.runs"
        " ORDER BY started_at DESC LIMIT 40"
    )
    show(_rows(query), as_json=as_json)


def ledger(run_id: RunId = "", school: School = "", as_json: AsJson = False) -> None:
    """The account of a run by school, source and entity; exit 4 if it does not close."""
    query = (
        "SELECT school, source, entity, counter, reason, count FROM ops.ledger"
        f" WHERE run_id = coalesce(nullif(:run, ''), {LATEST})"
        " AND (:school = '' OR school = :school)"
        " ORDER BY school, source, entity, counter, reason"
    )
    rows = _rows(query, run=run_id, school=school)
    show(rows, as_json=as_json)
    hub = Hub.open()
    with hub.engine.begin() as connection:
        chosen = run_id or connection.execute(text(f"SELECT {LATEST}")).scalar_one_or_none() or ""
        off = open_rows(connection, chosen)
    for one in off:
        typer.echo(f"does not close: {one}", err=True)
    raise typer.Exit(Exit.LEDGER_OPEN if off else Exit.DONE)


@quarantine.callback()
def waiting(context: typer.Context, school: School = "", as_json: AsJson = False) -> None:
    """Records that wait, where they stand, why, and how to fix each; or what a command does."""
    if context.invoked_subcommand is not None:
        return
    query = (
        "SELECT school, source, entity, upload_ref, document, line, field, rule FROM ops.quarantine"
        " WHERE state = 'open' AND (:school = '' OR school = :school)"
        " ORDER BY school, source, document, line, field"
    )
    show(_explained(_rows(query, school=school)), as_json=as_json)


def findings(run_id: RunId = "", school: School = "", as_json: AsJson = False) -> None:
    """What a run found in documents, columns and texts, and how to fix each."""
    query = (
        "SELECT school, source, entity, upload_ref, document, line, field, rule, detail"
        f" FROM ops.findings WHERE run_id = coalesce(nullif(:run, ''), {LATEST})"
        " AND (:school = '' OR school = :school) ORDER BY school, source, document, line"
    )
    show(_explained(_rows(query, run=run_id, school=school)), as_json=as_json)


def volumes(
    school: Annotated[str, typer.Option("--school", help="The school's code.")],
    on: Annotated[datetime, day("--on", "The day of the next upload.")],
    as_json: AsJson = False,
) -> None:
    """How many records the hub expects of a school, table by table, and whence each bound comes:
    set (the region file), learnt (the school's own weeks), suite (shares of all)."""
    with Hub.open().engine.begin() as connection:
        show(expected_volumes(connection, school, on.date()), as_json=as_json)


def _rows(query: str, **values: Any) -> list[dict[str, Any]]:
    with Hub.open().engine.begin() as connection:
        return [dict(row) for row in connection.execute(text(query), values).mappings()]


def _explained(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [
        row | {"reason": rule(row["rule"]).reason, "fix": rule(row["rule"]).fix} for row in rows
    ]
