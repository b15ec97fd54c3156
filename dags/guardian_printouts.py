"""Распечатки для семей, которые просили бумагу, по субботам.

Для каждого ученика, чьё заявление на бумагу действует (`svod paper-diary list`): уроки недели,
темы, задания, отметки и пропуски, по странице на ученика, одним файлом на класс. В файлах есть
имена, поэтому они лежат только в закрытой папке школы и никуда не отправляются.

**Если задача красная.** Повторите: файлы будут сделаны заново.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from airflow.sdk import dag, task

from dags.retry import TASK
from dags.run_context import FORM, as_run, begin
from dags.schedule import at


@dag(
    dag_id="guardian_printouts",
    dag_display_name="Распечатки для семей",
    doc_md=__doc__,
    # After Saturday's collection; schools print on Monday.
    schedule=at("30 23 * * 6"),
    catchup=False,
    max_active_runs=1,
    dagrun_timeout=timedelta(hours=4),
    default_args=TASK,
    params=FORM,
    tags=["свод"],
)
def guardian_printouts() -> None:
    """Write the week's pages of the pupils whose families asked for paper."""

    @task(task_display_name="Сделать распечатки", multiple_outputs=False)
    def print_week(run: dict[str, str]) -> dict[str, int]:
        from pipeline.hub import Hub
        from pipeline.paper.printouts import print_diaries

        return print_diaries(Hub.open(), as_run(run))

    run: Any = begin()  # an XComArg while the DAG is wired
    print_week(run)


guardian_printouts()
