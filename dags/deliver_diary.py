"""Доставка в электронный дневник.

Запускается, когда собраны новые данные. Для каждой школы: решить, что портал должен хранить
(только UID и факты, только с действующим согласием), сравнить с тем, что он хранит, и отправить
разницу. Потерянный ответ портала улаживается повтором той же пачки с тем же ключом.

**Если удалений слишком много,** они ждут: `svod approve --school КОД`.
"""

from __future__ import annotations

from datetime import timedelta

from airflow.sdk import dag

from dags.assets import DELIVERED, JOURNAL
from dags.retry import TASK
from dags.run_context import DELIVERY_FORM, EVENING
from dags.wiring import over_schools


@dag(
    dag_id="deliver_diary",
    dag_display_name="2. Доставка в дневник",
    doc_md=__doc__,
    schedule=[JOURNAL],
    catchup=False,
    max_active_runs=1,
    dagrun_timeout=timedelta(hours=8),
    default_args=TASK,
    params=DELIVERY_FORM,
    tags=["свод", EVENING],
)
def deliver_diary() -> None:
    """Open, deliver each batch of schools, close."""
    over_schools("deliver", DELIVERED, pool="diary", title="Доставить пачку школ")


deliver_diary()
