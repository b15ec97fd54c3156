"""What the containers run, set and mount exists: no Docker engine is needed to know it."""

from __future__ import annotations

import json
import re
import shlex
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import typer.main
from typer.exceptions import TyperException

from pipeline.airflow_env import POOLS, airflow_environment
from pipeline.cli import app
from pipeline.settings import Settings

VENV = Path(sys.executable).parent
WRAPPER = "/opt/svod/docker/with-secrets.sh"
IN_IMAGE = "/opt/svod/"  # where the Dockerfile puts the repository
# Programs of the images themselves: Debian's base-files, coreutils, passwd; and each server's own.
DEBIAN = {"sh", "install", "useradd"}
PROGRAMS = {
    "svod": DEBIAN | {"pip", "python", "uv"},
    "postgres:18-bookworm": DEBIAN | {"pg_isready", "psql", "cat"},
    "nginx:1.28-bookworm": DEBIAN | {"curl", "nginx"},
    "redis:8-bookworm": DEBIAN | {"redis-server", "redis-cli"},
}
# Where several machines differ from one on purpose: addresses.
ELSEWHERE = {
    "AIRFLOW_HOME",
    "AIRFLOW__CORE__DAGS_FOLDER",
    "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_PASSWORDS_FILE",
    "AIRFLOW__CORE__EXECUTION_API_SERVER_URL",
    "AIRFLOW__API__HOST",
    "AIRFLOW__API__BASE_URL",
    "SVOD_HOME",
}
PARSE_ALL = """
import json, sys
from airflow.cli.cli_parser import get_parser
for words in json.load(sys.stdin):
    get_parser().parse_args(words)
"""


def split(words: list[str]) -> Iterator[list[str]]:
    """The single commands of a compose command: through the wrapper and ``sh -c``."""
    if words[:1] == [WRAPPER]:
        yield from split(words[1:])
    elif words[:2] == ["sh", "-c"]:
        yield from (shlex.split(part) for part in words[2].split("&&"))
    else:
        yield words


def commands(services: dict[str, dict[str, Any]]) -> list[tuple[str, list[str]]]:
    """``(image, words)`` of everything that services start and check their health with."""
    found = []
    for service in services.values():
        texts = [service.get("entrypoint"), service.get("command")]
        if "healthcheck" in service:
            assert service["healthcheck"]["test"][0] == "CMD"
            texts.append(service["healthcheck"]["test"][1:])
        found += [(service["image"], words) for text in texts if text for words in split(text)]
    return found


def build_commands(instructions: list[tuple[str, str]]) -> list[list[str]]:
    found = [shlex.split(arguments) for name, arguments in instructions if name == "RUN"]
    found += [json.loads(args) for name, args in instructions if name in ("CMD", "ENTRYPOINT")]
    return [words for words in found if words != [WRAPPER]]


def svod_problem(words: list[str]) -> str | None:
    """Why ``svod`` would refuse ``words``; None if it would run them."""
    try:
        command = typer.main.get_command(app)
        arguments = words
        while hasattr(command, "commands") and not arguments[0].startswith("-"):
            command, arguments = command.commands[arguments[0]], arguments[1:]
        if arguments != ["--help"]:
            command.make_context("svod", list(arguments))
    except (KeyError, TyperException) as error:
        return f"{type(error).__name__}: {error}"
    return None


def airflow_accepts(calls: list[list[str]]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", PARSE_ALL],
        input=json.dumps(calls),
        capture_output=True,
        text=True,
        check=False,
    )


def test_every_program_exists(services: Any, instructions: Any) -> None:
    found = commands(services) + [("svod", words) for words in build_commands(instructions)]
    assert len(found) > 15
    for image, words in found:
        known = words[0] in PROGRAMS[image] or (image == "svod" and (VENV / words[0]).exists())
        assert known, f"{words[0]!r} is not a program of {image}"


def test_every_svod_command_exists(services: Any, instructions: Any) -> None:
    found = [words for _, words in commands(services)] + build_commands(instructions)
    calls = [words[1:] for words in found if words[0] == "svod"]
    assert ["init", "--no-airflow"] in calls
    for call in calls:
        assert svod_problem(call) is None
    assert svod_problem(["no-such-command"]) is not None
    assert svod_problem(["init", "--no-such-option"]) is not None


def test_every_airflow_command_exists(services: Any) -> None:
    calls = [words[1:] for _, words in commands(services) if words[0] == "airflow"]
    assert {call[0] for call in calls} >= {"api-server", "scheduler", "dag-processor", "triggerer"}
    done = airflow_accepts(calls)
    assert done.returncode == 0, done.stderr[-500:]


def test_celery_waits_for_its_provider(compose: Any, services: Any, root: Path) -> None:
    """The profile is honest: what needs Celery cannot run yet, and nothing else needs it."""
    locked = {p["name"] for p in tomllib.loads((root / "uv.lock").read_text())["package"]}
    assert "apache-airflow-providers-celery" not in locked, "open the profile, drop this test"
    assert set(compose["services"]) - set(services) == {"redis", "worker"}
    assert services["scheduler"]["environment"]["AIRFLOW__CORE__EXECUTOR"] == "LocalExecutor"
    for service in services.values():
        assert not {"redis", "worker"} & set(service.get("depends_on", {}))


def test_every_setting_is_one_of_svod(compose: Any, root: Path) -> None:
    known = {f"SVOD_{name.upper()}" for name in Settings.model_fields}
    texts = [(root / "docker" / name).read_text() for name in ("compose.yml", "Dockerfile")]
    texts.append((root / "docker/make_secrets.py").read_text())
    used = {name for text in texts for name in re.findall(r"\bSVOD_[A-Z_]+\b", text)}
    assert "SVOD_DATABASE_URL" in used
    assert used <= known


def test_airflow_is_set_as_on_one_machine(compose: Any, tmp_path: Path) -> None:
    settings = Settings(home=tmp_path, database_url="postgresql://nobody@nowhere/none")
    before = airflow_environment(settings)
    ours = {n: v for n, v in before.items() if n.startswith(("AIRFLOW", "GX_", "SVOD_HOME"))}
    here = compose["services"]["scheduler"]["environment"]
    secret = set(compose["services"]["scheduler"]["secrets"])
    assert set(ours) <= set(here) | secret
    for name in set(ours) - secret - ELSEWHERE:
        assert here[name] == ours[name], name


def test_the_dashboard_links_to_airflow_where_people_open_it(compose: Any) -> None:
    told = compose["services"]["dashboard"]["environment"]
    assert told["SVOD_AIRFLOW_URL"] == told["AIRFLOW__API__BASE_URL"]
    assert told["SVOD_AIRFLOW_URL"].startswith("https://")


def test_pools_are_those_of_the_dags(root: Path) -> None:
    kept = json.loads((root / "docker/pools.json").read_text("utf-8"))
    assert {n: (p["slots"], p["description"]) for n, p in kept.items()} == POOLS


@pytest.mark.parametrize(
    "name", ["postgres", "init", "schedule", "scheduler", "dashboard", "proxy", "worker"]
)
def test_what_is_mounted_exists(compose: Any, root: Path, name: str) -> None:
    service = compose["services"][name]
    volumes = [re.sub(r"\$\{[^}]*\}", "VARIABLE", volume) for volume in service.get("volumes", [])]
    assert volumes
    for volume in volumes:
        source = volume.split(":")[0]
        if source.startswith("./"):
            assert (root / "docker" / source).is_file(), source
        elif not source.startswith("VARIABLE"):
            assert source in compose["volumes"], source


def test_what_is_copied_exists(instructions: Any, root: Path) -> None:
    copied = [w for name, args in instructions if name == "COPY" for w in args.split()[:-1]]
    for source in copied:
        assert (root / source).exists(), source
    project = tomllib.loads((root / "pyproject.toml").read_text())
    rooms = project["tool"]["hatch"]["build"]["targets"]["wheel"]["packages"]
    assert set(copied) >= {*rooms, "pyproject.toml", "uv.lock", project["project"]["readme"]}
    kept = (root / "docker/Dockerfile.dockerignore").read_text().splitlines()
    assert {f"!{source}" for source in copied} == {line for line in kept if line.startswith("!")}


def test_files_named_in_commands_are_in_the_image(services: Any, instructions: Any) -> None:
    copied = {w for name, args in instructions if name == "COPY" for w in args.split()[:-1]}
    text = json.dumps([[s.get("command"), s.get("healthcheck")] for s in services.values()])
    text += " ".join(args for name, args in instructions if name == "ENTRYPOINT")
    named = set(re.findall(re.escape(IN_IMAGE) + r"(docker/[\w./-]+)", text))
    assert named == {"docker/with-secrets.sh", "docker/pools.json"}
    assert named <= copied


def test_uv_is_the_one_of_the_makefile(instructions: Any, root: Path) -> None:
    version = re.search(r"UV_VERSION := (\S+)", (root / "Makefile").read_text())
    assert version is not None
    assert any(f"uv=={version[1]}" in args for _, args in instructions)


def test_the_image_does_not_run_as_root(instructions: Any) -> None:
    users = [args for name, args in instructions if name == "USER"]
    assert users == ["svod"]


def test_the_proxy_leads_to_a_service(services: Any, root: Path) -> None:
    text = (root / "docker/proxy/default.conf").read_text()
    assert re.findall(r"proxy_pass\s+http://([\w-]+):(\d+);", text) == [
        ("dashboard", "8070"),
        ("api-server", "8080"),
    ]
    assert "--port=8070" in services["dashboard"]["command"]
    ((name, schedule_port),) = re.findall(r"set\s+\$schedule http://([\w-]+):(\d+);", text)
    assert services[name]["command"][-2:] == ["--port", schedule_port]
    port = services["api-server"]["environment"]["AIRFLOW__API__PORT"]
    assert port == "8080"
    for name in re.findall(r"/run/secrets/(\w+)", text):
        assert name in services["proxy"]["secrets"]
    assert text.count("{") == text.count("}")


@pytest.mark.parametrize(
    ("path", "closed"),
    [
        ("/reports/2026-09-19/schools/781001/private/raspechatka_7а.html", True),
        ("/reports/2026-09-19/schools/781001/private/", True),
        ("/reports/2026-09-19/schools/781001/private", True),
        ("/reports/private/x", True),
        ("/reports/2026-09-19/otchet_d1_2026-09-19.html", False),
        ("/reports/2026-09-19/schools/781001/private_lessons.html", False),
    ],
)
def test_the_proxy_serves_nothing_private(root: Path, path: str, closed: bool) -> None:
    """nginx asks the patterns before the folder of the reports, whose name is no pattern."""
    text = (root / "docker/proxy/default.conf").read_text()
    ((pattern, answer),) = re.findall(r"location ~ (\S+) \{ (.*?) \}", text)
    assert answer == "return 404;"
    assert "location ^~" not in text
    assert bool(re.search(pattern, path)) is closed
