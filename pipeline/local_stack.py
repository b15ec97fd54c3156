"""``svod up`` and ``svod down``: Airflow, the dashboard and the sandbox on this machine.

``up`` notes every process it starts; ``down`` stops those and nothing else.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import psutil

from pipeline.airflow_env import airflow_environment, prepare_airflow
from pipeline.settings import Settings

AIRFLOW_PARTS = ("api-server", "scheduler", "dag-processor", "triggerer")
START_LIMIT = 180.0  # seconds; a cold api-server takes about 40 on two cores
STOP_LIMIT = 20.0


class StackError(Exception):
    """A part did not start; read the log named, mend it, run ``svod up`` again."""


@dataclass(frozen=True)
class Part:
    """A process that ``up`` started; ``born`` guards against a reused process id."""

    name: str
    pid: int
    born: float


@dataclass(frozen=True)
class Ports:
    """Where pages are served on the loopback address."""

    airflow: int
    dashboard: int


def up(
    settings: Settings, sandbox: Path, ports: Ports, say: Callable[[str], None]
) -> dict[str, str]:
    """Start the sandbox, Airflow and the dashboard; their addresses. Raises ``StackError``."""
    home = settings.home.absolute() / "stack"
    home.mkdir(parents=True, exist_ok=True)
    if running(home):
        raise StackError("already up; 'svod down' first")
    if not settings.database_url:
        say("starting the database")
        _start(home, "database", [sys.executable, "-m", "pipeline.keep_database"], _ours(settings))
        _await(lambda: "database is up" in _log(home, "database"), home / "database.log")
    prepare_airflow(settings)
    addresses = _start_sandbox(home, sandbox, say)
    environment = airflow_environment(settings, ports.airflow) | addresses
    say("starting the dashboard")
    pages = _start_dashboard(home, settings, ports)
    for name in AIRFLOW_PARTS:
        say(f"starting airflow {name}")
        command = [str(Path(sys.executable).parent / "airflow"), name]
        _start(home, f"airflow-{name}", command, environment)
    url = _airflow(ports)
    _await(lambda: _answers(f"{url}/api/v2/monitor/health"), home / "airflow-api-server.log")
    _await(lambda: _answers(f"{pages}/health"), home / "dashboard.log")
    passwords = _passwords(environment)
    return {"airflow": url, "dashboard": pages, **addresses, "password_file": passwords}


def down(settings: Settings) -> list[str]:
    """Stop what ``up`` started, youngest first; returns the names of what was stopped."""
    home = settings.home.absolute() / "stack"
    stopped = []
    for part in reversed(running(home)):
        process = psutil.Process(part.pid)
        family = [process, *process.children(recursive=True)]
        for member in family:
            member.send_signal(signal.SIGTERM)
        _, alive = psutil.wait_procs(family, timeout=STOP_LIMIT)
        for member in alive:
            member.kill()
        stopped.append(part.name)
    (home / "parts.jsonl").unlink(missing_ok=True)
    return stopped


def running(home: Path) -> list[Part]:
    """The parts noted in ``home`` that still run."""
    notes = home / "parts.jsonl"
    parts = (
        [Part(**json.loads(line)) for line in notes.read_text().splitlines()]
        if notes.exists()
        else []
    )
    return [part for part in parts if _same_process(part)]


def _same_process(part: Part) -> bool:
    try:
        return abs(psutil.Process(part.pid).create_time() - part.born) < 1
    except psutil.NoSuchProcess:
        return False


def _start_sandbox(home: Path, data: Path, say: Callable[[str], None]) -> dict[str, str]:
    say("starting the sandbox")
    ready = home / "sandbox.json"
    ready.unlink(missing_ok=True)
    command = [
        sys.executable,
        "-m",
        "sandbox",
        "serve",
        "--data",
        str(data),
        "--ready-file",
        str(ready),
    ]
    _start(home, "sandbox", command, dict(os.environ))
    _await(ready.exists, home / "sandbox.log")
    told = json.loads(ready.read_text())
    return {f"SANDBOX_{name.upper()}": str(value) for name, value in told.items() if name != "pid"}


def _start_dashboard(home: Path, settings: Settings, ports: Ports) -> str:
    """Start the dashboard; its address, where it answers a little later."""
    svod = str(Path(sys.executable).parent / "svod")
    command = [svod, "serve", "dashboard", "--port", str(ports.dashboard)]
    airflow = settings.airflow_url or _airflow(ports)
    _start(home, "dashboard", command, _ours(settings) | {"SVOD_AIRFLOW_URL": airflow})
    return f"http://127.0.0.1:{ports.dashboard}"


def _airflow(ports: Ports) -> str:
    return f"http://127.0.0.1:{ports.airflow}"


def _start(home: Path, name: str, command: list[str], environment: dict[str, str]) -> None:
    with (home / f"{name}.log").open("wb") as log:
        process = subprocess.Popen(  # noqa: S603  our own programs
            command,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    part = Part(name, process.pid, psutil.Process(process.pid).create_time())
    with (home / "parts.jsonl").open("a") as notes:
        notes.write(json.dumps(part.__dict__) + "\n")


def _ours(settings: Settings) -> dict[str, str]:
    return dict(os.environ) | {"SVOD_HOME": str(settings.home.absolute())}


def _log(home: Path, name: str) -> str:
    path = home / f"{name}.log"
    return path.read_text(errors="replace") if path.exists() else ""


def _await(ready: Callable[[], bool], log: Path) -> None:
    deadline = time.monotonic() + START_LIMIT
    while not ready():
        if time.monotonic() > deadline:
            raise StackError(f"did not start within {START_LIMIT:.0f} s; see {log}")
        time.sleep(0.5)


def _answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=5) as answer:  # noqa: S310  our own address
            return bool(answer.status == 200)
    except (urllib.error.URLError, OSError):
        return False


def _passwords(environment: dict[str, str]) -> str:
    return environment["AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_PASSWORDS_FILE"]
