"""The very DAGs, each run with ``dag.test`` in one process: ``svod run``."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import create_engine, text

from pipeline.database import server_url
from pipeline.settings import Settings
from sandbox.serve import start
from tests.dags.conftest import Place
from tests.support.leaks import find_people

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
