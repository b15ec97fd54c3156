"""Формы за месяц, 1-го числа.

За прошлый месяц: показатели на его последний день, отчёты и формы каждого района и региона, затем
письма с ними. Адреса берутся из файла региона (`contacts`). Дважды одно и то же не отправляется;
что стало с письмами, показывает `svod letters`.

**Если письмо не ушло.** Причина и что сделать стоят рядом с письмом в `svod letters`. Если почта не
настроена (`SVOD_SMTP_URL`), письма пропускаются, а файлы лежат в папке отчётов.
"""

from __future__ import annotations

from datetime import timedelta

from airflow.sdk import dag

from dags.retry import TASK
from dags.run_context import MONTH_FORM
from dags.schedule import at
from dags.wiring import for_the_month


@dag(
    dag_id="monthly_forms",
    dag_display_name="Формы за месяц",
    doc_md=__doc__,
    # After the comparison with the portal, before the office opens.
    schedule=at("0 5 1 * *"),
    catchup=False,
    max_active_runs=1,
    dagrun_timeout=timedelta(hours=8),
    default_args=TASK,
    params=MONTH_FORM,
    tags=["свод"],
)
def monthly_forms() -> None:
    """Measure, render, send the forms to the districts and to the region."""
    for_the_month(district_forms="Отправить формы районам", region_forms="Отправить формы региону")


monthly_forms()
