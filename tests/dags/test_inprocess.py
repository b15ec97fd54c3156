"""The very DAGs, each run with ``dag.test`` in one process: ``svod run``."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest
import yaml
from sqlalchemy import create_engine, text

from pipeline.airflow_env import airflow_environment
from pipeline.database import server_url
from pipeline.hub import Hub
from pipeline.mail.sent_reminders import write_reminders
from pipeline.settings import Settings
from reports.letters import LetterText
from sandbox.serve import start
from tests.dags.conftest import Place
from tests.support.leaks import find_people
from tests.support.mail_server import MailServer, serve_mail

DAY = "2026-09-18"


@pytest.fixture(scope="module")
def world(place: Place) -> Iterator[Place]:
    running = start(place.region)
    urls = {f"SANDBOX_{name.upper()}": str(url) for name, url in running.urls.items()}
    yield Place(place.home, place.region, place.environment | urls)
    running.close()


@pytest.fixture(scope="module")
def first(world: Place) -> list[dict[str, Any]]:
    """The lines of the first run."""
    done = world.svod("run", "--business-date", DAY, "--run-id", "one", "--json")
    assert done.returncode == 0, done.stderr
    lines: list[dict[str, Any]] = json.loads(done.stdout)
    return lines


def test_every_school_is_read_and_delivered(first: list[dict[str, Any]]) -> None:
    assert len(first) == 3
    for line in first:
        assert line["read"] == line["accepted"] + line["quarantined"] + line["duplicate"] > 0
        assert line["due"] == line["delivered"] + line["withheld"] > 0
        assert line["waiting"] == 0


def test_reports_are_written(world: Place, first: list[dict[str, Any]]) -> None:
    assert first
    names = {path.name for path in (world.home / "reports" / DAY).iterdir()}
    assert {f"otchet_region_{DAY}.html", f"otchet_region_{DAY}.xlsx"} <= names


def test_a_second_run_changes_nothing(world: Place, first: list[dict[str, Any]]) -> None:
    done = world.svod("run", "--business-date", DAY, "--run-id", "two", "--json")
    assert done.returncode == 0, done.stderr
    again = json.loads(done.stdout)
    assert [line["created"] + line["changed"] + line["delivered"] for line in again] == [0, 0, 0]
    assert [line["withheld"] for line in again] == [line["withheld"] for line in first]


@pytest.fixture
def mail(tmp_path: Path) -> Iterator[MailServer]:
    with serve_mail(tmp_path) as server:
        yield server


def run_dag(world: Place, dag: str, **variables: str) -> list[str]:
    """The states of a DAG that is no evening's, run for that day in a process of its own."""
    settings = Settings(home=world.home)
    done = subprocess.run(
        [sys.executable, "-m", "dags.inprocess", f"--business-date={DAY}", f"--only={dag}",
         f"--run-id=by-hand-{dag}"],
        env=airflow_environment(settings) | world.environment | variables,
        capture_output=True,
        text=True,
        check=False,
    )  # fmt: skip
    lines = [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")]
    assert lines, done.stderr
    return [line["state"] for line in lines]


def with_mailboxes(world: Place) -> list[str]:
    """Give every school a mailbox; their codes in order."""
    region = yaml.safe_load((world.region / "region.yml").read_text("utf-8"))
    for number, school in enumerate(region["schools"]):
        school["contacts"] = [f"school{number}@edu.example.ru"]
    path = world.home / "region.yml"
    path.write_text(yaml.safe_dump(region, allow_unicode=True), "utf-8")
    assert world.svod("schools", "import", str(path)).returncode == 0
    return [school["code"] for school in region["schools"]]


def set_up(mail: MailServer) -> dict[str, str]:
    return {"SVOD_SMTP_URL": mail.url(), "SVOD_MAIL_FROM": "svod@hub.example.ru"}


def test_lists_of_remarks_go_to_the_schools(
    world: Place, first: list[dict[str, Any]], mail: MailServer
) -> None:
    """On the file that a report step has left for each school."""
    for code in with_mailboxes(world):
        folder = world.home / "reports" / DAY / "schools" / code
        folder.mkdir(parents=True)
        (folder / "perechen.html").write_text("<p>Замечания</p>", "utf-8")
    assert run_dag(world, "school_remarks", **set_up(mail)) == ["started", "success"]
    assert sorted(letter.mailbox for letter in mail.temper.taken) == [
        f"school{number}@edu.example.ru" for number in range(len(first))
    ]
    assert run_dag(world, "guardian_printouts") == ["started", "success"], "nobody asked"


def test_reminders_that_wait_go_in_the_evening(
    world: Place, first: list[dict[str, Any]], mail: MailServer
) -> None:
    """Where mail is set; elsewhere they wait on, and the reports are made all the same."""
    assert first
    school = with_mailboxes(world)[1]
    hub = Hub.open(Settings(home=world.home, mail_from="svod@hub.example.ru"))
    texts = {school: LetterText("Напоминание", "Нет отметок.\n")}
    write_reminders(hub, texts, date.fromisoformat(DAY), "by-hand")
    assert run_dag(world, "district_reports") == ["started", "success"]
    assert mail.temper.taken == []
    assert run_dag(world, "district_reports", **set_up(mail)) == ["started", "success"]
    (letter,) = mail.temper.taken
    body = letter.message.get_body(("plain",))
    assert body is not None
    assert (letter.mailbox, body.get_content().strip()) == (
        "school1@edu.example.ru",
        "Нет отметок.",
    )


def test_no_person_in_airflow(world: Place, first: list[dict[str, Any]]) -> None:
    """XCom, rendered fields, logs: Airflow's own database and folder hold no name."""
    assert first
    people = json.loads((world.region / "truth.json").read_text())["people"]
    engine = create_engine(server_url(Settings(home=world.home), database="airflow"))
    with engine.connect() as connection:
        tables = connection.execute(
            text("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
        ).scalars()
        rows = [
            str(row)
            for table in tables
            for row in connection.execute(text(f'SELECT t::text FROM "{table}" t')).scalars()
        ]
    written = [path.read_bytes() for path in _files(world.home / "airflow", world.home / "logs")]
    haystack = "\n".join(rows).encode() + b"\n".join(written)
    assert b"collect_journals" in haystack
    assert find_people(haystack, people) == []
    planted = people[0]
    name = f"{planted['surname']} {planted['given']} {planted['patronymic']}".encode()
    assert find_people(haystack + b"\n" + name, people) != []


def _files(*folders: Path) -> Iterator[Path]:
    for folder in folders:
        for root, _, names in os.walk(folder):
            yield from (Path(root) / name for name in names)
