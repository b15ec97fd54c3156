"""A real Airflow: `svod up`, a trigger by REST, assets that start the rest, `svod down`."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import psutil
import pytest
import requests
from sqlalchemy import text

from pipeline.database import connect
from pipeline.local_stack import running
from pipeline.settings import Settings
from tests.dags.conftest import Place

DAY = "2026-09-18"
READING = 10  # seconds that a person takes to read the question
LIMIT = 420.0  # seconds for four DAGs of a small region on two busy cores


@dataclass
class Airflow:
    """A signed-in client of the REST interface."""

    url: str
    token: str

    def ask(self, method: str, path: str, **body: Any) -> dict[str, Any]:
        answer = requests.request(
            method,
            f"{self.url}/api/v2/{path}",
            headers={"Authorization": f"Bearer {self.token}"},
            timeout=30,
            **body,
        )
        answer.raise_for_status()
        found: dict[str, Any] = answer.json()
        return found

    def newest_state(self, dag: str) -> str:
        runs = self.ask("GET", f"dags/{dag}/dagRuns?order_by=-id&limit=1")["dag_runs"]
        return str(runs[0]["state"]) if runs else "none"

    def start(self, dag: str, **conf: str) -> str:
        """Trigger ``dag``; the run's id."""
        body = {"logical_date": None, "conf": conf}
        return str(self.ask("POST", f"dags/{dag}/dagRuns", json=body)["dag_run_id"])

    def follow(self, dag: str, run: str) -> None:
        """Wait until that run has succeeded."""
        path = f"dags/{dag}/dagRuns/{run}"
        _wait(lambda: self.ask("GET", path)["state"] in ("success", "failed"), f"{dag} hangs")
        assert self.ask("GET", path)["state"] == "success", dag

    def questions(self) -> list[dict[str, Any]]:
        """What a person is asked now, and has not answered."""
        path = "dags/approve_withdrawals/dagRuns/~/hitlDetails?response_received=false"
        found: list[dict[str, Any]] = self.ask("GET", path)["hitl_details"]
        return found

    def press(self, button: str) -> None:
        """Answer the one question that is asked, and see the run to its end."""
        _wait(lambda: len(self.questions()) == 1, "nobody is asked")
        asked = self.questions()[0]["task_instance"]
        run = asked["dag_run_id"]
        task = f"dags/approve_withdrawals/dagRuns/{run}/taskInstances/{asked['task_id']}"
        # Airflow takes an answer amiss that comes before the scheduler has heard that the task
        # waits: it hangs, or is tried again minutes later. No person is so quick.
        _wait(lambda: self.ask("GET", task)["state"] == "awaiting_input", "nobody waits")
        time.sleep(READING)
        self.ask("PATCH", f"{task}/-1/hitlDetails", json={"chosen_options": [button]})
        self.follow("approve_withdrawals", run)


def _free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


@pytest.fixture(scope="module")
def bystander() -> Iterator[subprocess.Popen[bytes]]:
    """A process that ``svod down`` must leave alone."""
    process = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(3600)"])
    yield process
    process.kill()
    process.wait()


@pytest.fixture(scope="module")
def airflow(place: Place, bystander: subprocess.Popen[bytes]) -> Iterator[Airflow]:
    port, pages = _free_port(), _free_port()
    ports = ("--port", str(port), "--dashboard-port", str(pages))
    try:
        done = place.svod("up", "--sandbox-data", str(place.region), *ports)
        assert done.returncode == 0, done.stdout + done.stderr
        passwords = json.loads((place.home / "airflow" / "passwords.json").read_text())
        url = f"http://127.0.0.1:{port}"
        assert "Вход" in requests.get(f"http://127.0.0.1:{pages}/", timeout=30).text
        answer = requests.post(
            f"{url}/auth/token",
            json={"username": "operator", "password": passwords["operator"]},
            timeout=30,
        )
        answer.raise_for_status()
        yield Airflow(url, answer.json()["access_token"])
    finally:
        place.svod("down")


def test_one_trigger_runs_the_whole_chain(place: Place, airflow: Airflow) -> None:
    _wait(lambda: _known(airflow), "the DAGs were not found by the scheduler")
    airflow.ask(
        "POST",
        "dags/collect_journals/dagRuns",
        json={"logical_date": None, "conf": {"business_date": DAY, "svod_run": "by-rest"}},
    )
    chain = (
        "collect_journals",
        "deliver_diary",
        "measure_quality",
        "district_reports",
        "approve_withdrawals",  # nothing waits: nobody is asked
    )
    for dag in chain:
        _wait(lambda dag=dag: airflow.newest_state(dag) in ("success", "failed"), f"{dag} hangs")
        assert airflow.newest_state(dag) == "success", dag
    done = place.svod("ledger", "--run-id", "by-rest", "--json")
    assert done.returncode == 0, done.stderr
    counters = {row["counter"] for row in json.loads(done.stdout)}
    assert {"read", "created", "due", "delivered"} <= counters
    assert (place.home / "reports" / DAY / f"otchet_region_{DAY}.html").exists()


def test_withdrawals_wait_until_a_person_presses_the_button(place: Place, airflow: Airflow) -> None:
    """The lessons of a school vanish: nothing is withdrawn unasked, nor after a refusal."""
    hub = connect(Settings(home=place.home), "owner")
    told = json.loads((place.home / "stack" / "sandbox.json").read_text())
    with hub.begin() as connection:
        school = connection.execute(text("SELECT min(school) FROM journal.lesson")).scalar_one()
        connection.execute(
            text("UPDATE journal.lesson SET vanished_at = now() WHERE school = :school"),
            {"school": school},
        )

    def standing() -> dict[str, int]:
        query = (
            "SELECT state, count(*) FROM outbox.desired WHERE target = 'diary'"
            " AND school = :school AND entity = 'lesson' GROUP BY state"
        )
        with hub.begin() as connection:
            return dict(connection.execute(text(query), {"school": school}).all())

    def at_the_portal() -> int:
        records = requests.get(f"{told['diary_url']}/_sandbox/state", timeout=30).json()
        return sum(r["institution"] == school and r["type"] == "lesson" for r in records)

    lessons = standing()["delivered"]
    assert lessons == at_the_portal() > 50
    run = airflow.start("deliver_diary", business_date=DAY, svod_run="holds")
    airflow.follow("deliver_diary", run)
    airflow.press("Reject")
    assert standing()["held"] == lessons
    again = airflow.start("approve_withdrawals", business_date=DAY)
    airflow.press("Approve")
    airflow.follow("approve_withdrawals", again)
    assert standing()["approved"] == lessons == at_the_portal()
    run = airflow.start("deliver_diary", business_date=DAY, svod_run="withdraws")
    airflow.follow("deliver_diary", run)
    assert standing()["gone"] >= lessons
    assert at_the_portal() == 0
    with hub.begin() as connection:
        query = "SELECT actor, count FROM ops.action_log WHERE action = 'approve_withdrawals'"
        assert connection.execute(text(query)).all() == [("Airflow", lessons)]
    hub.dispose()


def test_down_stops_what_up_started_and_nothing_else(
    place: Place, airflow: Airflow, bystander: subprocess.Popen[bytes]
) -> None:
    assert airflow.url
    parts = running(place.home / "stack")
    assert len(parts) == 7
    (pages,) = [part for part in parts if part.name == "dashboard"]
    assert psutil.Process(pages.pid).environ()["SVOD_AIRFLOW_URL"] == airflow.url
    done = place.svod("down")
    assert done.returncode == 0, done.stderr
    assert done.stdout.count("stopped") == 7
    assert running(place.home / "stack") == []
    assert bystander.poll() is None


def _known(airflow: Airflow) -> bool:
    return len(airflow.ask("GET", "dags")["dags"]) == 10


def _wait(ready: Any, complaint: str) -> None:
    deadline = time.monotonic() + LIMIT
    while not ready():
        assert time.monotonic() < deadline, complaint
        time.sleep(1)
