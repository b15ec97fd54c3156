"""Проверка собранного и показатели.

Запускается, когда собраны новые данные. Great Expectations судит о партии в целом (объёмы,
уникальность, полнота ссылок); затем считаются полнота, её части и периодичность выгрузки по
школам, районам и региону. Определения показателей печатаются в отчёте.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from airflow.sdk import dag, task

from dags.assets import JOURNAL, MEASURES
from dags.retry import TASK
from dags.run_context import EVENING, FORM, as_run, begin, hand_over


@dag(
    dag_id="measure_quality",
    dag_display_name="3. Проверки и показатели",
    doc_md=__doc__,
    schedule=[JOURNAL],
    catchup=False,
    max_active_runs=1,
    dagrun_timeout=timedelta(hours=4),
    default_args=TASK,
    params=FORM,
    tags=["свод", EVENING],
)
def measure_quality() -> None:
    """Judge the batch with Great Expectations, then compute the measures."""

    @task(task_display_name="Судить о партии")
    def judge(run: dict[str, str]) -> int:
        from pipeline.hub import Hub
        from pipeline.intake.examine import examine

        return examine(Hub.open(), as_run(run))

    @task(task_display_name="Посчитать показатели", outlets=[MEASURES])
    def measure(run: dict[str, str]) -> int:
        from pipeline.figures import compute
        from pipeline.hub import Hub

        figures = compute(Hub.open(), as_run(run))
        hand_over(MEASURES, run)
        return figures

    run: Any = begin()  # an XComArg while the DAG is wired
    judge(run) >> measure(run)


measure_quality()
