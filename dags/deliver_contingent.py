"""Доставка в АИС «Контингент», ночью.

Для каждой школы: классы, ученики с личными данными, обучение и движение — то, что требует регистр,
и ничего из журнала. Личные данные уходят только целиком: ученик без пола, даты рождения, СНИЛС или
документа остаётся (`incomplete_identity` в счёте). Отчисление — дата окончания, а не удаление;
удаление записи как ошибочной всегда ждёт решения человека.

**Если регистр не настроен** в файле региона, школ в запуске нет и делать нечего.
"""

from __future__ import annotations

from datetime import timedelta

from airflow.sdk import dag

from dags.assets import CONTINGENT_DELIVERED
from dags.retry import TASK
from dags.run_context import DELIVERY_FORM
from dags.schedule import at
from dags.wiring import over_schools


@dag(
    dag_id="deliver_contingent",
    dag_display_name="Доставка в «Контингент»",
    doc_md=__doc__,
    # The hour at which the registry's own clients send.
    schedule=at("30 2 * * *"),
    catchup=False,
    max_active_runs=1,
    dagrun_timeout=timedelta(hours=8),
    default_args=TASK,
    params=DELIVERY_FORM,
    tags=["свод"],
)
def deliver_contingent() -> None:
    """Open, deliver each batch of schools, close."""
    over_schools(
        "deliver_contingent", CONTINGENT_DELIVERED, pool="contingent", title="Доставить пачку школ"
    )


deliver_contingent()
