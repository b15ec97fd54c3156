"""Доставка в электронный дневник.

Запускается, когда собраны новые данные. Для каждой школы: решить, что портал должен хранить
(только UID и факты, только с действующим согласием), сравнить с тем, что он хранит, и отправить
разницу. Потерянный ответ портала улаживается повтором той же пачки с тем же ключом.

**Если удалений слишком много,** они ждут: `svod approve --school КОД`.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from airflow.sdk import dag, task

from dags.assets import DELIVERED, JOURNAL
from dags.retry import TASK
from dags.run_context import FORM, as_run, begin, hand_over


@dag(
    dag_id="deliver_diary",
    dag_display_name="2. Доставка в дневник",
    doc_md=__doc__,
    schedule=[JOURNAL],
    catchup=False,
    max_active_runs=1,
    dagrun_timeout=timedelta(hours=8),
    default_args=TASK,
    params=FORM,
    tags=["свод"],
)
def deliver_diary() -> None:
    """Wire ``pipeline.batches``: open, deliver each batch, close."""

    @task(task_display_name="Разделить школы на пачки")
    def batches(run: dict[str, str]) -> list[list[str]]:
        from pipeline.batches import open_run
        from pipeline.hub import Hub

        return open_run(Hub.open(), "deliver", as_run(run))

    @task(multiple_outputs=False, task_display_name="Доставить пачку школ", pool="diary")
    def deliver(schools: list[str], run: dict[str, str]) -> dict[str, int]:
        from pipeline.batches import deliver_batch
        from pipeline.hub import Hub

        return deliver_batch(Hub.open(), schools, as_run(run))

    @task(task_display_name="Свести счёт", trigger_rule="all_done", outlets=[DELIVERED])
    def close(run: dict[str, str]) -> str:
        from pipeline.batches import close_run
        from pipeline.hub import Hub

        state = close_run(Hub.open(), "deliver", as_run(run))
        hand_over(DELIVERED, run)
        return state.value

    run: Any = begin()  # an XComArg while the DAG is wired
    deliver.partial(run=run).expand(schools=batches(run)) >> close(run)


deliver_diary()
