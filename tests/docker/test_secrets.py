"""Secrets stay in files of their own: none in the repository, none where it is not needed."""

from __future__ import annotations

import json
import os
import re
import stat
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy.engine import make_url

SECRET = re.compile(r"(password|secret|token|conn|fernet_key|database_url)", re.IGNORECASE)
HUB = {"init", "schedule", "dashboard", "scheduler", "worker"}  # what works on the hub's data


def make_secrets(root: Path, folder: Path) -> str:
    script = root / "docker/make_secrets.py"
    done = subprocess.run(
        [sys.executable, str(script), str(folder)], capture_output=True, text=True, check=True
    )
    return done.stdout


def test_no_secret_stands_in_the_environment(compose: Any) -> None:
    for service in compose["services"].values():
        for name, value in service.get("environment", {}).items():
            if SECRET.search(name):
                assert value.startswith("/"), f"{name} is not the name of a file"
            assert not re.search(r"://[^/@\s]+:[^/@\s]+@", value), f"{name} holds a password"


def test_nothing_in_the_folder_looks_like_a_key(root: Path) -> None:
    for path in (root / "docker").rglob("*"):
        if path.is_file() and "secrets" not in path.parts and "__pycache__" not in path.parts:
            found = re.findall(r"[A-Za-z0-9+/_-]{32,}={0,2}", path.read_text("utf-8"))
            assert [t for t in found if re.search(r"\d.*\d.*\d", t)] == [], path


def test_only_the_hub_gets_the_keys_and_the_database(compose: Any) -> None:
    for name, service in compose["services"].items():
        holds = "SVOD_DATABASE_URL" in service.get("secrets", [])
        keys = any(volume.startswith("keys:") for volume in service.get("volumes", []))
        assert holds == keys == (name in HUB), name


def test_the_key_file_lies_outside_the_database_and_the_home(compose: Any) -> None:
    hub = compose["services"]["scheduler"]
    home, key_file = hub["environment"]["SVOD_HOME"], hub["environment"]["SVOD_KEY_FILE"]
    assert not key_file.startswith(home + "/")
    mounted = {volume.split(":")[1]: volume.split(":")[0] for volume in hub["volumes"][:4]}
    assert mounted[str(Path(key_file).parent)] == "keys"


def test_every_secret_is_declared_and_made(compose: Any, root: Path, tmp_path: Path) -> None:
    used = {name for one in compose["services"].values() for name in one.get("secrets", [])}
    assert used == set(compose["secrets"])
    said = make_secrets(root, tmp_path / "secrets")
    made = set(re.findall(r"written (\S+)", said))
    by_hand = {Path(path).name for path in re.findall(r"by hand: (\S+)", said)}
    assert made | by_hand == used
    assert made & by_hand == set()


def test_secrets_are_closed_fresh_and_never_replaced(root: Path, tmp_path: Path) -> None:
    folder = tmp_path / "secrets"
    said = make_secrets(root, folder)
    values = {p.name: p.read_text() for p in folder.iterdir() if p.is_file()}
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert len(set(values.values())) == len(values)
    assert not any(value in said for value in values.values())
    assert "written" not in make_secrets(root, folder)
    assert values == {p.name: p.read_text() for p in folder.iterdir() if p.is_file()}


def test_the_addresses_hold_the_passwords_of_their_logins(root: Path, tmp_path: Path) -> None:
    make_secrets(root, tmp_path)
    for name, login in (
        ("SVOD_DATABASE_URL", "svod"),
        ("AIRFLOW__DATABASE__SQL_ALCHEMY_CONN", "airflow"),
        ("AIRFLOW__DATABASE__SQL_ALCHEMY_CONN_ASYNC", "airflow"),
    ):
        url = make_url((tmp_path / name).read_text())
        assert (url.username, url.database, url.host) == (login, login, "postgres")
        assert url.password == (tmp_path / f"{login}_password").read_text()


def wrapped(root: Path, folders: str, *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [str(root / "docker/with-secrets.sh"), *words],
        env={"PATH": os.environ["PATH"], "SECRET_FOLDERS": folders},
        capture_output=True,
        text=True,
        check=False,
    )


def test_the_wrapper_puts_files_into_the_environment(root: Path, tmp_path: Path) -> None:
    for folder, name in (("a", "SVOD_DATABASE_URL"), ("b", "DIARY_TOKEN")):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / name).write_text(f"value of {name} $HOME 'x'\n")
    show = "import json, os; print(json.dumps(dict(os.environ)))"
    folders = f"{tmp_path / 'a'} {tmp_path / 'b'} {tmp_path / 'none'}"
    done = wrapped(root, folders, sys.executable, "-c", show)
    seen = json.loads(done.stdout)
    assert seen["SVOD_DATABASE_URL"] == "value of SVOD_DATABASE_URL $HOME 'x'"
    assert seen["DIARY_TOKEN"] == "value of DIARY_TOKEN $HOME 'x'"
    assert done.stderr == ""


@pytest.mark.parametrize("name", ["token.txt", "a b"])
def test_the_wrapper_refuses_a_name_that_cannot_be_a_variable(
    root: Path, tmp_path: Path, name: str
) -> None:
    (tmp_path / name).write_text("s3cret")
    done = wrapped(root, str(tmp_path), "true")
    assert done.returncode != 0
    assert "s3cret" not in done.stderr


def test_the_wrapper_hands_on_the_exit_code(root: Path, tmp_path: Path) -> None:
    assert wrapped(root, str(tmp_path), "sh", "-c", "exit 4").returncode == 4
