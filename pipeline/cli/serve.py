"""Commands of the services for outside programs: the schedule, and who may ask for it."""

from __future__ import annotations

import os
import sys
from typing import Annotated

import typer

from pipeline.cli.present import AsJson, show
from pipeline.clients import Clients, ClientsError, new_client
from pipeline.settings import Settings
from privacy.keys import KeyRing

serve = typer.Typer(help="The dashboard, and services for outside programs.", no_args_is_help=True)
_LOOPBACK = ("127.0.0.1", "::1", "localhost")


def register(app: typer.Typer) -> None:
    """Add these commands to ``app``."""
    app.add_typer(serve, name="serve")


@serve.command("schedule")
def schedule(
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="Port to listen on.")] = 8090,
) -> None:
    """Answer the portal of public services until stopped; put a proxy with TLS before it."""
    settings = Settings()
    Clients.read(settings.schedule_clients)
    KeyRing.load(settings.keys)
    command = [sys.executable, "-m", "reports.public", f"--host={host}", f"--port={port}"]
    os.execv(sys.executable, command)  # noqa: S606  our own program; it takes over, signals and all


@serve.command("dashboard")
def dashboard(
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="Port to listen on.")] = 8070,
    address: Annotated[
        str, typer.Option(help="What browsers call it; behind a proxy https://...")
    ] = "",
) -> None:
    """Serve the pages for districts, schools and the operator; put a proxy with TLS before it."""
    settings = Settings()
    KeyRing.load(settings.keys)
    seen = address or f"http://{host}:{port}"
    if not seen.startswith("https:") and host not in _LOOPBACK:
        raise typer.BadParameter(
            f"{seen}: passwords would travel in the clear; name the https address of the proxy"
        )
    command = [
        sys.executable, "-m", "reports.web", f"--host={host}", f"--port={port}",
        f"--address={seen}",
    ]  # fmt: skip
    os.execv(sys.executable, command)  # noqa: S606  our own program; it takes over, signals and all


@serve.command("client")
def client(
    name: Annotated[str, typer.Argument(help="What the client is called.")], as_json: AsJson = False
) -> None:
    """Make a secret for a client, shown this once, and its entry for SVOD_SCHEDULE_CLIENTS."""
    try:
        secret, entry = new_client(name)
    except ClientsError as error:
        raise typer.BadParameter(str(error)) from None
    show([{"client": name, "secret": secret, "entry": entry}], as_json=as_json)
