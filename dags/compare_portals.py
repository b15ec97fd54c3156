"""Полная сверка с порталом, раз в месяц.

Портал спрашивают обо всём, что он хранит по каждой школе; отличия от подтверждённого исправляются
той же доставкой и остаются замечанием (`svod findings`). Так находится и то, чего не видно по
числу записей: портал, восстановленный из копии, чужие правки.

**Если удалений слишком много,** они ждут: `svod approve --school КОД`.
"""

from __future__ import annotations

import os
from datetime import timedelta

from airflow.sdk import CronTriggerTimetable, dag

from dags.assets import COMPARED
from dags.retry import TASK
from dags.run_context import COMPARISON_FORM
from dags.wiring import over_schools

ZONE = os.environ.get("SVOD_ZONE", "Europe/Moscow")  # as pipeline.settings.Settings.zone


@dag(
    dag_id="compare_portals",
    dag_display_name="Сверка с порталом",
    doc_md=__doc__,
    schedule=CronTriggerTimetable("0 3 1 * *", timezone=ZONE),
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
