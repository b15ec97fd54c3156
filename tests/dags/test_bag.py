"""The DAGs import, say in Russian what they are, and wait for one another by assets."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from connectors.errors import AccessDenied, Misconfigured, RateLimited, Unavailable
from pipeline.batches import SchoolsWaitingError
from pipeline.ledger import LedgerOpenError

CYRILLIC = re.compile("[а-яё]", re.IGNORECASE)


@pytest.fixture(scope="module", autouse=True)
def _airflow_home(tmp_path_factory: pytest.TempPathFactory) -> None:
    """Airflow reads its settings when it is first imported."""
    os.environ.setdefault("AIRFLOW_HOME", str(tmp_path_factory.mktemp("airflow")))
    os.environ.setdefault("AIRFLOW__CORE__LOAD_EXAMPLES", "False")


def test_the_bag_holds_the_four_dags_in_order() -> None:
    from dags.inprocess import in_order, load, of_the_evening

    every = load()
    assert {
        *("approve_withdrawals", "compare_portals", "deliver_contingent"),
        *("monthly_forms", "school_remarks", "guardian_printouts"),
    } <= {dag.dag_id for dag in every}
    order = [dag.dag_id for dag in in_order(of_the_evening(every))]
    assert order[0] == "collect_journals"
    assert set(order) == {
        "collect_journals",
        "deliver_diary",
        "measure_quality",
        "district_reports",
    }
    assert order.index("measure_quality") < order.index("district_reports")


@pytest.mark.parametrize(
    ("name", "passed", "upcoming"),
    [
        ("collect_journals", "2026-11-28T17:01:00+00:00", "2026-11-30T17:00:00+00:00"),
        ("compare_portals", "2026-11-01T00:01:00+00:00", "2026-12-01T00:00:00+00:00"),
        ("deliver_contingent", "2026-11-28T23:31:00+00:00", "2026-11-29T23:30:00+00:00"),
        ("monthly_forms", "2026-11-01T02:01:00+00:00", "2026-12-01T02:00:00+00:00"),
        ("school_remarks", "2026-11-01T03:01:00+00:00", "2026-12-01T03:00:00+00:00"),
        ("guardian_printouts", "2026-11-28T20:31:00+00:00", "2026-12-05T20:30:00+00:00"),
    ],
)
def test_who_is_unpaused_a_minute_late_waits_for_the_next_time(
    name: str, passed: str, upcoming: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As the scheduler reads the DAG: by its serialized timetable."""
    import pendulum
    from airflow.serialization.decoders import decode_timetable
    from airflow.serialization.encoders import encode_timetable
    from airflow.timetables import trigger
    from airflow.timetables.base import TimeRestriction

    from dags.inprocess import load

    dag = next(dag for dag in load() if dag.dag_id == name)
    monkeypatch.setattr(trigger, "utcnow", lambda: pendulum.parse(passed))
    timetable = decode_timetable(encode_timetable(dag.timetable))
    first = timetable.next_dagrun_info(
        last_automated_data_interval=None,
        restriction=TimeRestriction(earliest=None, latest=None, catchup=False),
    )
    assert first is not None
    assert first.run_after == pendulum.parse(upcoming)


@pytest.mark.parametrize(
    ("interval_end", "day"),
    [
        ("2026-10-01T02:00:00+00:00", "2026-09-30"),  # 05:00 in Moscow
        ("2027-01-01T03:00:00+00:00", "2026-12-31"),
    ],
)
def test_on_the_first_the_month_before_is_handed_out(interval_end: str, day: str) -> None:
    import pendulum

    from dags.inprocess import load
    from dags.run_context import resolve

    dags = {dag.dag_id: dag for dag in load()}
    for name in ("monthly_forms", "school_remarks"):
        context = {
            "params": {},
            "dag": dags[name],
            "dag_run": type("Run", (), {"run_id": "scheduled"}),
            "data_interval_end": pendulum.parse(interval_end),
        }
        assert resolve(context, days_before=1)["business_date"] == day
        asked = context | {"params": {"business_date": "2026-09-18"}}
        assert resolve(asked, days_before=1)["business_date"] == "2026-09-18"


def test_letters_are_sent_after_the_files_are_made_and_where_mail_is_set() -> None:
    from dags.inprocess import load

    dags = {dag.dag_id: dag for dag in load()}
    sends = {
        "monthly_forms": {"send_district_forms", "send_region_forms"},
        "school_remarks": {"send_school_remarks"},
    }
    for name, tasks in sends.items():
        dag = dags[name]
        assert {one.task_id for one in dag.tasks} == tasks | {
            *("begin_month", "measure", "render", "mail_is_set")
        }
        for task in tasks:
            above = dag.get_task(task).upstream_task_ids
            assert "mail_is_set" in above
        assert dag.get_task("mail_is_set").upstream_task_ids == {"render"}
        assert dag.get_task("render").upstream_task_ids >= {"measure"}
    assert "school" in dags["school_remarks"].params


def test_operators_read_russian() -> None:
    from dags.inprocess import load

    for dag in load():
        assert CYRILLIC.search(dag.dag_display_name), dag.dag_id
        assert CYRILLIC.search(dag.doc_md or ""), dag.dag_id
        for name in dag.params:
            form = dag.params.get_param(name)
            assert CYRILLIC.search(form.schema["title"]), (dag.dag_id, name)
            assert CYRILLIC.search(form.description or ""), (dag.dag_id, name)
        for task in dag.tasks:
            assert CYRILLIC.search(task.task_display_name), (dag.dag_id, task.task_id)


def test_no_dag_runs_twice_at_once_or_catches_up() -> None:
    from dags.inprocess import load

    for dag in load():
        assert dag.max_active_runs == 1
        assert dag.catchup is False
        for task in dag.tasks:  # a person is given time to answer, a machine to work
            assert getattr(task, "response_timeout", task.execution_timeout), task.task_id


@pytest.mark.parametrize(
    ("error", "action"),
    [
        (Unavailable("x"), "retry"),
        (RateLimited("x"), "retry"),
        (SchoolsWaitingError("x"), "retry"),
        (AccessDenied("x"), "fail"),
        (Misconfigured("x"), "fail"),
        (LedgerOpenError([]), "fail"),
        (ValueError("x"), "default"),
    ],
)
def test_retries_follow_the_error_tree(error: Exception, action: str) -> None:
    from dags.retry import POLICY

    assert POLICY.evaluate(error, 1, 3, None).action.value == action


def test_airflow_is_imported_by_the_dags_alone() -> None:
    """The steps must run, and be tested, without Airflow."""
    code = (
        "import sys, pipeline.cli; sys.exit(any(m.split('.')[0] == 'airflow' for m in sys.modules))"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_heavy_imports_wait_until_a_task_runs() -> None:
    """A DAG file is parsed every half minute; Great Expectations takes ten seconds to import."""
    folder = Path(__file__).parents[2] / "dags"
    for path in folder.glob("*.py"):
        top = [line for line in path.read_text().splitlines() if re.match(r"(from|import) ", line)]
        for line in top:
            assert not re.match(
                r"(from|import) (polars|great_expectations|pandas|pipeline)", line
            ), line
