"""Перечни замечаний школам, 1-го числа и по просьбе.

За прошлый месяц: показатели и замечания на его последний день, перечень каждой школы, затем письма
с ними. Чтобы сделать перечень раньше или одной школе, запустите DAG вручную: день и код школы
указываются в форме. В письме люди названы кодами: почта не защищена. Перечень с именами лежит в
закрытой папке школы.

**Если письмо не ушло.** Причина и что сделать стоят рядом с письмом в `svod letters`.
"""

from __future__ import annotations

from datetime import timedelta

from airflow.sdk import dag

from dags.retry import TASK
from dags.run_context import SCHOOL_FORM
from dags.schedule import at
from dags.wiring import for_the_month


@dag(
    dag_id="school_remarks",
    dag_display_name="Перечни замечаний школам",
    doc_md=__doc__,
    schedule=at("0 6 1 * *"),  # an hour after the forms
    catchup=False,
    max_active_runs=1,
    dagrun_timeout=timedelta(hours=8),
    default_args=TASK,
    params=SCHOOL_FORM,
    tags=["свод"],
)
def school_remarks() -> None:
    """Measure, render, send its list of remarks to each school, or to one."""
    for_the_month(school_remarks="Отправить перечни")


school_remarks()
