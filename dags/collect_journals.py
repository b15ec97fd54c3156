"""Вечерний сбор журналов школ.

Для каждой пачки школ: получить выгрузки, сохранить их как есть, перевести, проверить, отделить
личные данные и записать. Одна плохая школа не останавливает остальных. Задача «Свести счёт»
проверяет, что ни одна запись не потеряна: иначе запуск неудачен и строка названа.

**Если задача красная.** В её журнале названы школы, которые не ответили. Повтор той же задачи
соберёт только их.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from airflow.sdk import CronDataIntervalTimetable, dag, task

from dags.assets import JOURNAL
from dags.retry import TASK
from dags.run_context import FORM, as_run, begin, hand_over


@dag(
    dag_id="collect_journals",
    dag_display_name="1. Сбор журналов",
    doc_md=__doc__,
    schedule=CronDataIntervalTimetable("0 20 * * 1-6", timezone="Europe/Moscow"),
    catchup=False,
    max_active_runs=1,
    dagrun_timeout=timedelta(hours=8),
    default_args=TASK,
    params=FORM,
    tags=["свод"],
)
def collect_journals() -> None:
    """Wire ``pipeline.batches``: open, collect each batch, close."""

    @task(task_display_name="Разделить школы на пачки")
    def batches(run: dict[str, str]) -> list[list[str]]:
        from pipeline.batches import open_run
        from pipeline.hub import Hub

        return open_run(Hub.open(), "collect", as_run(run))

    @task(multiple_outputs=False, task_display_name="Собрать пачку школ", pool="journals")
    def collect(schools: list[str], run: dict[str, str]) -> dict[str, int]:
        from pipeline.batches import collect_batch
        from pipeline.hub import Hub

        return collect_batch(Hub.open(), schools, as_run(run))

    @task(task_display_name="Свести счёт", trigger_rule="all_done", outlets=[JOURNAL])
    def close(run: dict[str, str]) -> str:
        from pipeline.batches import close_run
        from pipeline.hub import Hub

        state = close_run(Hub.open(), "collect", as_run(run))
        hand_over(JOURNAL, run)
        return state.value

    run: Any = begin()  # an XComArg while the DAG is wired
    collect.partial(run=run).expand(schools=batches(run)) >> close(run)


collect_journals()
