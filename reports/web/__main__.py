"""Serve the dashboard until told to stop: ``python -m reports.web --host H --port P``."""

from __future__ import annotations

import argparse
import sys
from datetime import datetime
from zoneinfo import ZoneInfo

from pipeline.database import connect
from pipeline.exits import Exit
from pipeline.hub import Hub
from pipeline.settings import Settings
from reports.serving import serve
from reports.web import oidc
from reports.web.app import create_app
from reports.web.provider import Provider, ProviderSettingsError
from reports.web.visit import Dashboard


def main() -> None:
    """Run the server; ``svod serve dashboard`` has looked at the settings before."""
    parser = argparse.ArgumentParser(prog="svod serve dashboard")
    parser.add_argument("--host", required=True)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--address", required=True)
    options = parser.parse_args()
    settings = Settings()
    try:
        provider = Provider.of(settings, options.address.rstrip("/") + oidc.BACK)
    except ProviderSettingsError as error:
        print(f"svod: {error}", file=sys.stderr)  # noqa: T201  it is a command
        sys.exit(Exit.MISCONFIGURED)
    zone = ZoneInfo(settings.zone)
    dashboard = Dashboard(
        hub=Hub.open(settings),
        reader=connect(settings, "svod_web"),
        accounts=connect(settings, "svod_access"),
        clock=lambda: datetime.now(zone),
        address=options.address,
        provider=provider,
    )
    serve(create_app(dashboard), options.host, options.port)


if __name__ == "__main__":
    main()
