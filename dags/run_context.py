"""Which run a DAG run belongs to: a business date and a run id.

The first of: the trigger form, the event of the DAG before, the data interval's end.
"""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Any

from airflow.sdk import Asset, Param, get_current_context, task

if TYPE_CHECKING:
    from pipeline.collect import Run

EVENING = "вечер"  # the tag of the DAGs that follow one another every evening, and of `svod run`

FORM: dict[str, Param] = {
    "business_date": Param(
        None,
        type=["null", "string"],
        format="date",
        title="Учебный день",
        description="За какой день выполнить; пусто — день по расписанию.",
    ),
    "svod_run": Param(
        None,
        type=["null", "string"],
        title="Номер запуска",
        description="Чтобы продолжить прежний запуск; обычно пусто.",
    ),
}

# How a delivery goes: pipeline.deliver.Mode.
MODES = {
    "daily": "за день: то, что изменилось",
    "full": "полностью: портал сверяется целиком",
    "rollover": "после перехода года: полностью, каждое удаление ждёт подтверждения",
}
DELIVERY_FORM: dict[str, Param] = FORM | {
    "mode": Param(
        "daily",
        type="string",
        enum=list(MODES),
        values_display=MODES,
        title="Режим доставки",
        description="Обычно за день; полная сверка раз в месяц идёт сама.",
    ),
}
COMPARISON_FORM: dict[str, Param] = FORM | {
    "mode": Param(
        "full",
        type="string",
        enum=["full"],
        values_display=MODES,
        title="Режим доставки",
        description="Сверка всегда полная.",
    ),
}


@task(multiple_outputs=False, task_display_name="Начать запуск")
def begin() -> dict[str, str]:
    """``{"run_id", "business_date", "mode"}`` of this DAG run. Raises ``ValueError`` without a
    date."""
    return resolve(dict(get_current_context()))


def resolve(context: dict[str, Any]) -> dict[str, str]:
    """See ``begin``; ``context`` is Airflow's task context."""
    handed = _handed_over(context)
    params = context["params"]
    day = params.get("business_date") or handed.get("business_date") or _interval_day(context)
    if not day:
        raise ValueError("no business date: give one in the trigger form")
    run_id = params.get("svod_run") or handed.get("svod_run") or context["dag_run"].run_id
    return {"run_id": run_id, "business_date": day, "mode": params.get("mode") or "daily"}


def as_run(run: dict[str, str]) -> Run:
    """The run as the steps know it."""
    from pipeline.collect import Run

    return Run(run["run_id"], date.fromisoformat(run["business_date"]))


def hand_over(asset: Asset, run: dict[str, str]) -> None:
    """Put the run into the event that ``asset`` is about to send to the next DAG."""
    extra: dict[str, Any] = {"svod_run": run["run_id"], "business_date": run["business_date"]}
    get_current_context()["outlet_events"][asset].extra = extra


def _handed_over(context: dict[str, Any]) -> dict[str, str]:
    """The newest asset event that triggered this DAG run, if one did."""
    extras = [
        event.extra
        for events in (context.get("triggering_asset_events") or {}).values()
        for event in events
        if event.extra
    ]
    return dict(extras[-1]) if extras else {}


def _interval_day(context: dict[str, Any]) -> str:
    end = context.get("data_interval_end")
    return end.in_timezone(context["dag"].timezone).date().isoformat() if end else ""
