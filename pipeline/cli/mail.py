"""``svod send``, ``svod letters``: the monthly files by mail, and what became of the letters."""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime
from typing import Annotated, Any

import typer

from connectors.errors import Fatal, Retriable
from pipeline.cli.options import day
from pipeline.cli.present import AsJson, show
from pipeline.cli.steps import named_run
from pipeline.exits import Exit
from pipeline.forms.hand_out import Kind
from pipeline.hub import Hub
from pipeline.mail import letters as books
from pipeline.mail.letters import OPEN, LetterState
from pipeline.mail.post import plan_letters, send_letters, write_letters
from schemas.rulebook import rule

Kinds = Annotated[Kind, typer.Option("--kind", help="What is sent.")]
On = Annotated[
    datetime,
    day("--on", "The business date of the files; its month."),
]


def register(app: typer.Typer) -> None:
    """Add these commands to ``app``."""
    app.command("send")(send)
    app.command("letters")(letters)


def send(
    kind: Kinds,
    on: On,
    unit: Annotated[
        list[str] | None, typer.Option("--unit", help="Only this school or district.")
    ] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Show, write and send nothing.")
    ] = False,
    again: Annotated[
        bool, typer.Option("--again", help="Failed letters of the month too.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Write the letters with the files of a day and send them; sent ones are not sent again."""
    hub, run = Hub.open(), named_run(on, "")
    if dry_run:
        show([asdict(one) for one in plan_letters(hub, kind, run, unit)], as_json=as_json)
        return
    code = Exit.DONE
    try:
        due = write_letters(hub, kind, run, unit)
        if again:
            with hub.engine.begin() as connection:
                books.try_again(connection, kind, run.business_date.replace(day=1))
        send_letters(hub, kind)
    except Fatal as error:
        typer.echo(f"svod: {error}; {error.fix}", err=True)
        raise typer.Exit(Exit.MISCONFIGURED) from None
    except Retriable as error:
        typer.echo(f"svod: {error}", err=True)
        code = Exit.PARTLY
    rows = _rows(hub, kind, on)
    show(rows, as_json=as_json)
    for one in due:
        if not one.files:
            typer.echo(f"{one.unit}: no files of {run.business_date}", err=True)
            code = Exit.PARTLY
    if any(row["state"] in OPEN for row in rows):
        code = Exit.PARTLY
    raise typer.Exit(code)


def letters(
    kind: Annotated[Kind | None, typer.Option("--kind", help="Only these.")] = None,
    month: Annotated[
        datetime | None, typer.Option("--month", formats=["%Y-%m"], help="Only of this month.")
    ] = None,
    state: Annotated[
        list[LetterState] | None, typer.Option("--state", help="Only in this state.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Letters, the latest first: state, why, how to put it right. No addresses."""
    show(_rows(Hub.open(), kind, month, state or ()), as_json=as_json)


def _rows(
    hub: Hub, kind: Kind | None, month: datetime | None, states: Any = ()
) -> list[dict[str, Any]]:
    first = month.date().replace(day=1) if month else None
    with hub.engine.begin() as connection:
        rows = books.listed(connection, kind, first, states)
    return [row | {"fix": rule(row["rule"]).fix if row["rule"] else ""} for row in rows]
