"""``svod users``: accounts of the dashboard."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated

import typer

from pipeline.access import accounts
from pipeline.access.accounts import AccountRole
from pipeline.access.units import require_unit
from pipeline.cli.present import AsJson, show
from pipeline.database import connect
from pipeline.settings import Settings

users = typer.Typer(help="Accounts of the dashboard.", no_args_is_help=True)
Login = Annotated[str, typer.Argument(help="A post, never a surname: d3-officer, s781001-deputy.")]
By = Annotated[str, typer.Option("--by", help="Who asks for it; stands in the book.")]


def register(app: typer.Typer) -> None:
    """Add these commands to ``app``."""
    app.add_typer(users, name="users")


@users.command("add")
def add(
    login: Login,
    role: Annotated[AccountRole, typer.Option("--role", help="What it may do.")],
    by: By,
    district: Annotated[str, typer.Option("--district", help="Of this district.")] = "",
    school: Annotated[str, typer.Option("--school", help="Of this school.")] = "",
    subject: Annotated[
        str, typer.Option("--subject", help="Who it is at the region's OpenID provider.")
    ] = "",
    as_json: AsJson = False,
) -> None:
    """Make an account; its first password is shown this once and changed at the first sign-in."""
    level, unit = accounts.unit_of(district, school)
    with connect(Settings()).begin() as registry:
        require_unit(registry, level, unit)
    with connect(Settings(), "svod_access").begin() as connection:
        password = accounts.create(
            connection,
            login=login,
            role=role,
            level=level,
            unit=unit,
            by=by,
            at=datetime.now(UTC),
            subject=subject or None,
        )
    show([{"login": login, "role": role.value, "password": password}], as_json=as_json)


@users.command("list")
def list_(as_json: AsJson = False) -> None:
    """All accounts, open and closed."""
    with connect(Settings(), "svod_access").begin() as connection:
        show(accounts.listed(connection), as_json=as_json)


@users.command("reset")
def reset(login: Login, by: By, as_json: AsJson = False) -> None:
    """A new first password; takes the second factor and the lock off, ends the sessions."""
    with connect(Settings(), "svod_access").begin() as connection:
        password = accounts.reset(connection, login, by, datetime.now(UTC))
    show([{"login": login, "password": password}], as_json=as_json)


@users.command("disable")
def disable(login: Login, by: By) -> None:
    """Close an account and its sessions; it stays in the book."""
    with connect(Settings(), "svod_access").begin() as connection:
        accounts.disable(connection, login, by, datetime.now(UTC))
