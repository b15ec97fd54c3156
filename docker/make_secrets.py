"""Write the secrets of a new installation: ``python3 docker/make_secrets.py docker/secrets``.

One file per secret; nothing is printed but names, and a file that exists is left alone. The folder
is closed to everybody but its owner (0700); the files in it are readable (0444), since the
containers that get them run under other users.
"""

from __future__ import annotations

import base64
import secrets
import sys
from collections.abc import Callable
from pathlib import Path

PASSWORDS = ("postgres_password", "svod_password", "airflow_password")
# What the operator puts there is a variable by its name: of region.yml; of the mail server.
FOLDERS = ("tokens", "mail")
# Made by the operator: a certificate, who may see the reports (htpasswd -B), and, for the profile
# "public" alone, who may ask for schedules (svod serve client NAME).
BY_HAND = ("tls_certificate", "tls_key", "reports_htpasswd", "SVOD_SCHEDULE_CLIENTS")


def make(folder: Path) -> list[str]:
    """Write what is missing in ``folder``; returns the names written. Raises ``OSError``."""
    folder.mkdir(parents=True, exist_ok=True)
    folder.chmod(0o700)
    for name in FOLDERS:
        (folder / name).mkdir(exist_ok=True)
        (folder / name).chmod(0o755)
    written = [name for name in PASSWORDS if _write(folder / name, lambda: secrets.token_hex(24))]
    hub, airflow = (_read(folder / name) for name in PASSWORDS[1:])
    made: dict[str, Callable[[], str]] = {
        "SVOD_DATABASE_URL": lambda: _url("psycopg", "svod", hub),
        "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": lambda: _url("psycopg2", "airflow", airflow),
        "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN_ASYNC": lambda: _url("asyncpg", "airflow", airflow),
        "AIRFLOW__CORE__FERNET_KEY": _fernet_key,
        "AIRFLOW__API__SECRET_KEY": lambda: secrets.token_hex(32),
        "AIRFLOW__API_AUTH__JWT_SECRET": lambda: secrets.token_hex(32),
    }
    return written + [name for name, value in made.items() if _write(folder / name, value)]


def _url(driver: str, name: str, password: str) -> str:
    return f"postgresql+{driver}://{name}:{password}@postgres/{name}"


def _fernet_key() -> str:
    return base64.urlsafe_b64encode(secrets.token_bytes(32)).decode()


def _read(path: Path) -> str:
    return path.read_text(encoding="ascii")


def _write(path: Path, value: Callable[[], str]) -> bool:
    if path.exists():
        return False
    path.touch(mode=0o600)
    path.write_text(value(), encoding="ascii")
    path.chmod(0o444)
    return True


def main(arguments: list[str]) -> int:
    """Run the command; the exit code."""
    if len(arguments) != 1:
        sys.stderr.write("usage: make_secrets.py FOLDER\n")
        return 2
    folder = Path(arguments[0])
    for name in make(folder):
        sys.stdout.write(f"written {name}\n")
    for name in BY_HAND:
        if not (folder / name).exists():
            sys.stdout.write(f"still to be made by hand: {folder / name}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
