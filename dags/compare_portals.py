"""Полная сверка с порталом, раз в месяц.

Портал спрашивают обо всём, что он хранит по каждой школе; отличия от подтверждённого исправляются
той же доставкой и остаются замечанием (`svod findings`). Так находится и то, чего не видно по
числу записей: портал, восстановленный из копии, чужие правки.

**Если удалений слишком много,** они ждут: `svod approve --school КОД`.
"""

from __future__ import annotations

from datetime import timedelta

from airflow.sdk import dag

from dags.assets import COMPARED
from dags.retry import TASK
from dags.run_context import COMPARISON_FORM
from dags.schedule import at
from dags.wiring import over_schools


@dag(
    dag_id="compare_portals",
    dag_display_name="Сверка с порталом",
    doc_md=__doc__,
    schedule=at("0 3 1 * *"),
    catchup=False,
    max_active_runs=1,
    dagrun_timeout=timedelta(hours=12),
    default_args=TASK,
    params=COMPARISON_FORM,
    tags=["свод"],
)
def compare_portals() -> None:
    """Open, deliver each batch of schools in full, close."""
    over_schools("deliver", COMPARED, pool="diary", title="Сверить пачку школ")


compare_portals()
