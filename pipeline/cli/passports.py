"""``svod passports``: what schools declare of themselves for the forms. Nobody is named here."""

from __future__ import annotations

from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer
from sqlalchemy import select

from pipeline.cli.options import day
from pipeline.cli.present import AsJson, show
from pipeline.exits import Exit
from pipeline.hub import Hub
from pipeline.passports.file import read_passports, write_template
from pipeline.passports.versions import keep_passport, listed
from schemas.tables import schools as registered

passports = typer.Typer(help="Passports of schools, for the forms.", no_args_is_help=True)

District = Annotated[str, typer.Option("--district", help="Only schools of it.")]
On = Annotated[datetime, day("--on", "The day it is asked of.")]


def register(app: typer.Typer) -> None:
    """Add these commands to ``app``."""
    app.add_typer(passports, name="passports")


@passports.command("template")
def template(
    path: Annotated[Path, typer.Argument(help="The workbook to write.")],
    district: District = "",
) -> None:
    """Write an empty workbook of passports, a row for each school."""
    write_template(path, _schools(Hub.open(), district), datetime.now(UTC).date())
    typer.echo(str(path))


@passports.command("import")
def import_passports(
    path: Annotated[Path, typer.Argument(help="A filled template.")],
    by: Annotated[str, typer.Option("--by", help="Who enters it; kept with the passport.")],
    as_json: AsJson = False,
) -> None:
    """Take passports from a workbook; exit 3 if some of it could not be taken."""
    hub = Hub.open()
    read = read_passports(path, _schools(hub, ""), hub.vault.names_somebody)
    kept = sum(keep_passport(hub, one, by) for one in read.declared)
    counts = {
        "read": len(read.declared),
        "new": kept,
        "unchanged": len(read.declared) - kept,
        "problems": len(read.problems),
    }
    if as_json:
        show([counts | {"found": [asdict(one) for one in read.problems]}], as_json=True)
    else:
        show([counts], as_json=False)
        if read.problems:
            show([asdict(one) for one in read.problems], as_json=False)
    raise typer.Exit(Exit.PARTLY if read.problems else Exit.DONE)


@passports.command("list")
def list_passports(on: On, district: District = "", as_json: AsJson = False) -> None:
    """Each school: which version is in force on a day, and how much it declares."""
    with Hub.open().engine.begin() as connection:
        rows = listed(connection, on.date())
    shown = [row for row in rows if not district or row["district"] == district]
    show(shown, as_json=as_json)


def _schools(hub: Hub, district: str) -> dict[str, str]:
    """Names of the schools by code."""
    query = select(registered.c.code, registered.c.name).order_by(registered.c.code)
    if district:
        query = query.where(registered.c.district == district)
    with hub.engine.begin() as connection:
        return {row.code: row.name for row in connection.execute(query)}
