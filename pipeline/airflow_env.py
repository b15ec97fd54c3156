"""The environment in which Airflow runs beside the hub, on the same database server.

Only names and values; this module does not import Airflow. Secrets are made once and kept in
``<home>/airflow/secrets.json``, readable by the owner alone.
"""

from __future__ import annotations

import base64
import json
import os
import secrets
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

from pipeline.database import server_url
from pipeline.settings import Settings

POOLS = {
    # At most this many batches at once; connectors limit requests within a batch themselves.
    "journals": (4, "Сбор журналов"),
    "diary": (2, "Доставка в дневник"),
    "contingent": (1, "Доставка в «Контингент»"),
}


def airflow_environment(settings: Settings, port: int = 8080) -> dict[str, str]:
    """Variables for every Airflow process of this hub, over the present environment."""
    home = settings.home.absolute() / "airflow"
    home.mkdir(parents=True, exist_ok=True)
    kept = _secrets(home / "secrets.json")
    connection = server_url(settings, database="airflow", driver="psycopg2")
    ours = {
        "AIRFLOW_HOME": str(home),
        "AIRFLOW__CORE__DAGS_FOLDER": str(dags_folder()),
        "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
        "AIRFLOW__CORE__EXECUTOR": "LocalExecutor",
        "AIRFLOW__CORE__PARALLELISM": "4",
        "AIRFLOW__CORE__DEFAULT_TIMEZONE": settings.zone,
        "AIRFLOW__CORE__FERNET_KEY": kept["fernet"],
        "AIRFLOW__CORE__DAGS_ARE_PAUSED_AT_CREATION": "False",
        "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_USERS": "operator:admin",
        "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_PASSWORDS_FILE": str(home / "passwords.json"),
        "AIRFLOW__CORE__EXECUTION_API_SERVER_URL": f"http://127.0.0.1:{port}/execution/",
        "AIRFLOW__API__PORT": str(port),
        "AIRFLOW__API__HOST": "127.0.0.1",
        "AIRFLOW__API__BASE_URL": f"http://127.0.0.1:{port}",
        "AIRFLOW__API__WORKERS": "1",
        "AIRFLOW__API__SECRET_KEY": kept["api"],
        "AIRFLOW__API_AUTH__JWT_SECRET": kept["jwt"],
        "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": connection,
        "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN_ASYNC": connection.replace("psycopg2", "asyncpg"),
        "AIRFLOW__DAG_PROCESSOR__REFRESH_INTERVAL": "30",
        "AIRFLOW__USAGE_DATA_COLLECTION__ENABLED": "False",
        "AIRFLOW__LOGGING__LOGGING_LEVEL": "WARNING",
        "SVOD_HOME": str(settings.home.absolute()),
        "GX_ANALYTICS_ENABLED": "False",
    }
    return dict(os.environ) | ours


def dags_folder() -> Path:
    """Where the DAGs are installed. Raises ``FileNotFoundError`` if the package is missing."""
    spec = find_spec("dags")
    if spec is None or spec.origin is None:
        raise FileNotFoundError("the package 'dags' is not installed; run 'uv sync'")
    return Path(spec.origin).parent


def prepare_airflow(settings: Settings) -> None:
    """Bring Airflow's own database up and make its pools; does nothing the second time."""
    environment = airflow_environment(settings)
    marker = Path(environment["AIRFLOW_HOME"]) / "prepared"
    if marker.exists():
        return
    _airflow(environment, "db", "migrate")
    for name, (slots, meaning) in POOLS.items():
        _airflow(environment, "pools", "set", name, str(slots), meaning)
    marker.touch()


def _airflow(environment: dict[str, str], *arguments: str) -> None:
    command = [str(Path(sys.executable).parent / "airflow"), *arguments]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)  # noqa: S603  our own program
    if done.returncode:
        raise RuntimeError(f"airflow {' '.join(arguments)} failed:\n{done.stderr[-2000:]}")


def _secrets(path: Path) -> dict[str, str]:
    if not path.exists():
        made = {
            "fernet": base64.urlsafe_b64encode(secrets.token_bytes(32)).decode(),
            "api": secrets.token_hex(32),
            "jwt": secrets.token_hex(32),
        }
        path.touch(mode=0o600)
        path.write_text(json.dumps(made))
    kept: dict[str, str] = json.loads(path.read_text())
    return kept
