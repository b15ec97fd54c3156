"""Удаления, которые ждут решения.

Запускается после доставки. Если из журналов пропало сразу слишком много записей, здесь видно, у
каких школ и сколько, и можно разрешить удаление кнопкой «Approve»; удалит следующая доставка.
«Reject» ничего не меняет: записи остаются на портале, а решение можно принять и позже, в том
числе по одной школе: `svod approve --school КОД`.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from airflow.providers.standard.operators.hitl import ApprovalOperator
from airflow.sdk import dag, task

from dags.assets import COMPARED, CONTINGENT_DELIVERED, DELIVERED
from dags.retry import TASK
from dags.run_context import FORM

# Until the next delivery: then the question is asked anew, with new figures.
ANSWER_WITHIN = timedelta(hours=20)
SHOWN = "{{ task_instance.xcom_pull(task_ids='held') }}"


@dag(
    dag_id="approve_withdrawals",
    dag_display_name="Разрешить удаления",
    doc_md=__doc__,
    schedule=(DELIVERED | COMPARED | CONTINGENT_DELIVERED),
    catchup=False,
    max_active_runs=1,
    dagrun_timeout=timedelta(hours=21),
    default_args=TASK,
    params=FORM,
    tags=["свод"],
)
def approve_withdrawals() -> None:
    """Ask a person about withdrawals that wait, if any do, and let them go."""

    @task.short_circuit(task_display_name="Есть ли что решать", multiple_outputs=False)
    def held() -> list[dict[str, Any]]:
        from pipeline.delivery.held import held_withdrawals
        from pipeline.hub import Hub

        return held_withdrawals(Hub.open())

    @task(task_display_name="Разрешить")
    def approve(waiting: list[dict[str, Any]]) -> int:
        from pipeline.delivery.held import approve_held
        from pipeline.hub import Hub

        return approve_held(Hub.open(), waiting, by="Airflow")

    waiting: Any = held()
    ask = ApprovalOperator(
        task_id="ask",
        task_display_name="Спросить человека",
        subject="Свод: разрешить удаление записей с портала?",
        body=f"Школы и число записей, которые ждут: {SHOWN}",
        response_timeout=ANSWER_WITHIN,
        defaults=ApprovalOperator.REJECT,  # no answer: nothing is deleted
        execution_timeout=None,
    )
    waiting >> ask >> approve(waiting)


approve_withdrawals()
