"""Commands that prepare a hub: init, schools import, up, down, sandbox."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Annotated

import typer

from pipeline import migrate
from pipeline.airflow_env import prepare_airflow
from pipeline.cli.present import AsJson, show
from pipeline.database import connect
from pipeline.local_stack import Ports, down, up
from pipeline.registry import import_region, read_region
from pipeline.settings import Settings
from privacy.keys import KeyFileMissingError, KeyRing
from privacy.vault import holds_people

schools = typer.Typer(help="Schools of the region and their journals.", no_args_is_help=True)


def register(app: typer.Typer) -> None:
    """Add these commands to ``app``."""
    app.command("init")(init)
    app.add_typer(schools, name="schools")
    app.command("up")(start)
    app.command("down")(stop)
    passing = {"allow_extra_args": True, "ignore_unknown_options": True, "help_option_names": []}
    app.command("sandbox", context_settings=passing)(sandbox)


def init(
    airflow: Annotated[bool, typer.Option(help="Also prepare Airflow's own database.")] = True,
) -> None:
    """Make the key file, the database and its tables; does nothing where they exist."""
    settings = Settings()
    settings.home.mkdir(parents=True, exist_ok=True)
    owner = connect(settings, "owner")
    migrate.upgrade(owner)
    if not settings.keys.exists():
        if holds_people(connect(settings, "svod_vault")):
            raise KeyFileMissingError(
                f"no key file at {settings.keys}, and the vault holds people sealed with it;"
                " restore the key file from its backup"
            )
        KeyRing.create(settings.keys)
        typer.echo(f"new key file {settings.keys}: keep a copy apart from the database")
    if airflow:
        prepare_airflow(settings)
    typer.echo("database is up to date")


@schools.command("import")
def import_schools(
    path: Annotated[Path, typer.Argument(help="A region file (YAML).")], as_json: AsJson = False
) -> None:
    """Add or update districts, schools, sources and targets from a region file."""
    region = read_region(path)
    settings = Settings()
    migrate.open_school_year(connect(settings, "owner"), region.school_year)
    with connect(settings).begin() as connection:
        counts = import_region(connection, region)
    show([counts], as_json=as_json)


def start(
    sandbox_data: Annotated[Path, typer.Option(help="A region made by 'svod sandbox generate'.")],
    port: Annotated[int, typer.Option(help="Port of Airflow's pages.")] = 8080,
    dashboard_port: Annotated[int, typer.Option(help="Port of the dashboard.")] = 8070,
) -> None:
    """Start Airflow, the dashboard and the sandbox on this machine and print their addresses.

    Who may open the dashboard: 'svod users add operator --role operator --by NAME'.
    """
    addresses = up(Settings(), sandbox_data, Ports(port, dashboard_port), typer.echo)
    for name, address in addresses.items():
        typer.echo(f"{name:24} {address}")


def stop() -> None:
    """Stop what 'svod up' started, and nothing else."""
    for name in down(Settings()):
        typer.echo(f"stopped {name}")


def sandbox(context: typer.Context) -> None:
    """The pretend region: generate, serve, damage ('svod sandbox --help')."""
    done = subprocess.run([sys.executable, "-m", "sandbox", *context.args], check=False)  # noqa: S603  our own program
    raise typer.Exit(done.returncode)
