"""Отчёты районам.

Запускается после расчёта показателей: отчёт о ведении журналов по каждому району и по региону,
страницей и книгой Excel, с формой 1 (приложение 4 к письму Комитета). Заодно уходят напоминания
школам, которые почтовый сервер не принял, когда их отправлял район («Напомнить школам» панели).

**Если напоминания не ушли.** Отчёты сделаны; причина и что сделать — в `svod letters`.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from airflow.sdk import dag, task

from dags.assets import MEASURES, REPORTS
from dags.retry import TASK
from dags.run_context import EVENING, FORM, as_run, begin, hand_over
from dags.wiring import send_what_waits


@dag(
    dag_id="district_reports",
    dag_display_name="4. Отчёты районам",
    doc_md=__doc__,
    schedule=[MEASURES],
    catchup=False,
    max_active_runs=1,
    dagrun_timeout=timedelta(hours=2),
    default_args=TASK,
    params=FORM,
    tags=["свод", EVENING],
)
def district_reports() -> None:
    """Render the reports of all districts and of the region; send the reminders that wait."""

    @task(task_display_name="Сделать отчёты", outlets=[REPORTS])
    def render(run: dict[str, str]) -> list[str]:
        from pipeline.figures import render_reports
        from pipeline.hub import Hub

        paths = render_reports(Hub.open(), as_run(run))
        hand_over(REPORTS, run)
        return [str(path) for path in paths]

    run: Any = begin()  # an XComArg while the DAG is wired
    render(run)
    send_what_waits()


district_reports()
