"""Serve the schedule until told to stop: ``python -m reports.public --host H --port P``."""

from __future__ import annotations

import argparse
from dataclasses import replace
from datetime import datetime
from zoneinfo import ZoneInfo

from pipeline.clients import Clients
from pipeline.database import Role, connect
from pipeline.hub import Hub
from pipeline.settings import Settings
from reports.public.app import Service, create_app
from reports.public.tokens import Tokens
from reports.serving import serve

# The database role that reads for the service and writes the action log.
ROLE: Role = "svod_service"


def main() -> None:
    """Run the server; ``svod serve schedule`` has looked at the settings before."""
    parser = argparse.ArgumentParser(prog="svod serve schedule")
    parser.add_argument("--host", required=True)
    parser.add_argument("--port", type=int, required=True)
    options = parser.parse_args()
    settings = Settings()
    clients = Clients.read(settings.schedule_clients)
    hub = replace(Hub.open(settings), engine=connect(settings, ROLE))
    zone = ZoneInfo(settings.zone)
    service = Service(hub, clients, Tokens(hub), lambda: datetime.now(zone).date())
    serve(create_app(service), options.host, options.port)


if __name__ == "__main__":
    main()
