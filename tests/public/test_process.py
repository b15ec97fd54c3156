"""``svod serve schedule``: a process of its own, as an operator starts and stops it."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
import requests
from sqlalchemy import text
from typer.testing import CliRunner

from pipeline.cli import app
from pipeline.clients import Clients, new_client
from pipeline.hub import Hub
from tests.public.asking import Asker
from tests.public.school import AGREES, School

SVOD = str(Path(sys.executable).parent / "svod")


def environment(hub: Hub, **more: str) -> dict[str, str]:
    return dict(os.environ) | {"SVOD_HOME": str(hub.settings.home)} | more


def test_it_serves_says_nothing_of_whom_it_is_asked_and_stops(
    hub: Hub, school: School, tmp_path: Path
) -> None:
    today = datetime.now(ZoneInfo(hub.settings.zone)).date()
    for day in ("applied_on", "registered_on"):
        school.change("consent", AGREES, **{day: today})
    secret, entry = new_client("epgu")
    port = _free_port()
    with (tmp_path / "log").open("wb") as log:
        process = subprocess.Popen(
            [SVOD, "serve", "schedule", "--port", str(port)],
            env=environment(hub, SVOD_SCHEDULE_CLIENTS=entry),
            stdout=log,
            stderr=subprocess.STDOUT,
        )
        try:
            url = f"http://127.0.0.1:{port}"
            _await(url, process)
            form = {"grant_type": "client_credentials"}
            said = requests.post(f"{url}/token", data=form, auth=("epgu", secret), timeout=20)
            ask = Asker(url, said.json()["access_token"])
            assert ask(AGREES).json()["lessons"] == []
            assert ask("999999").status_code == 404
            assert requests.get(f"{url}/Schedule/{AGREES}", timeout=20).status_code == 401
            assert "server" not in said.headers
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait(20)
    written = (tmp_path / "log").read_text()
    assert AGREES not in written
    assert "999999" not in written
    with hub.engine.begin() as connection:
        query = "SELECT count(*) FROM ops.action_log WHERE actor = 'epgu'"
        assert connection.execute(text(query)).scalar_one() == 2


@pytest.mark.parametrize(
    ("clients", "complaint"), [("", "names nobody"), ("epgu:secret", "entry 1")]
)
def test_without_clients_it_does_not_start(hub: Hub, clients: str, complaint: str) -> None:
    done = subprocess.run(
        [SVOD, "serve", "schedule"],
        env=environment(hub, SVOD_SCHEDULE_CLIENTS=clients),
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert done.returncode == 5
    assert complaint in done.stderr
    assert "epgu:secret" not in done.stderr


def test_the_command_makes_a_secret_that_its_entry_accepts() -> None:
    done = CliRunner().invoke(app, ["serve", "client", "epgu", "--json"])
    assert done.exit_code == 0
    (made,) = json.loads(done.stdout)
    assert Clients.read(made["entry"]).accepts("epgu", made["secret"])
    assert made["secret"] not in made["entry"]
    assert CliRunner().invoke(app, ["serve", "client", "two words"]).exit_code == 2


def _free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


def _await(url: str, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + 60
    while True:
        try:
            requests.get(f"{url}/alive", timeout=5)
        except requests.ConnectionError:
            assert process.poll() is None
            assert time.monotonic() < deadline
            time.sleep(0.1)
        else:
            return
