"""Вечерний сбор журналов школ.

Для каждой пачки школ: получить выгрузки, сохранить их как есть, перевести, проверить, отделить
личные данные и записать. Одна плохая школа не останавливает остальных. Задача «Свести счёт»
проверяет, что ни одна запись не потеряна: иначе запуск неудачен и строка названа.

**Если задача красная.** В её журнале названы школы, которые не ответили. Повтор той же задачи
соберёт только их.
"""

from __future__ import annotations

from datetime import timedelta

from airflow.sdk import dag

from dags.assets import JOURNAL
from dags.retry import TASK
from dags.run_context import EVENING, FORM
from dags.schedule import at
from dags.wiring import over_schools


@dag(
    dag_id="collect_journals",
    dag_display_name="1. Сбор журналов",
    doc_md=__doc__,
    schedule=at("0 20 * * 1-6"),
    catchup=False,
    max_active_runs=1,
    dagrun_timeout=timedelta(hours=8),
    default_args=TASK,
    params=FORM,
    tags=["свод", EVENING],
)
def collect_journals() -> None:
    """Open, collect each batch of schools, close."""
    over_schools("collect", JOURNAL, pool="journals", title="Собрать пачку школ")


collect_journals()
