"""Which run a DAG run belongs to: a business date and a run id.

The first of: the trigger form, the event of the DAG before, the data interval's end.
"""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

from airflow.sdk import Asset, Param, get_current_context, task

if TYPE_CHECKING:
    from pipeline.intake.collect import Run

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

# How a delivery goes: pipeline.delivery.deliver.Mode.
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
MONTH_FORM: dict[str, Param] = FORM | {
    "business_date": Param(
        None,
        type=["null", "string"],
        format="date",
        title="День, на который считать",
        description="Месяц — тот, в котором этот день; пусто — последний день прошлого месяца.",
    ),
}
SCHOOL_FORM: dict[str, Param] = MONTH_FORM | {
    "school": Param(
        None,
        type=["null", "string"],
        title="Школа",
        description="Код школы, если перечень нужен ей одной; пусто — всем школам.",
    ),
}


@task(multiple_outputs=False, task_display_name="Начать запуск")
def begin() -> dict[str, str]:
    """``{"run_id", "business_date", "mode"}`` of this DAG run. Raises ``ValueError`` without a
    date."""
    return resolve(dict(get_current_context()))


@task(multiple_outputs=False, task_display_name="Начать запуск")
def begin_month() -> dict[str, str]:
    """As ``begin``, with ``school`` (empty: all); by schedule the day is the one before: the last
    of a month on the first of the next."""
    context: dict[str, Any] = dict(get_current_context())
    return resolve(context, days_before=1) | {"school": context["params"].get("school") or ""}


def resolve(context: dict[str, Any], days_before: int = 0) -> dict[str, str]:
    """See ``begin``; ``context`` is Airflow's task context, ``days_before`` how long before the
    day of the schedule the business date is."""
    handed = _handed_over(context)
    params = context["params"]
    day = (
        params.get("business_date")
        or handed.get("business_date")
        or _interval_day(context, days_before)
    )
    if not day:
        raise ValueError("no business date: give one in the trigger form")
    run_id = params.get("svod_run") or handed.get("svod_run") or context["dag_run"].run_id
    return {"run_id": run_id, "business_date": day, "mode": params.get("mode") or "daily"}


def as_run(run: dict[str, str]) -> Run:
    """The run as the steps know it."""
    from pipeline.intake.collect import Run

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


def _interval_day(context: dict[str, Any], days_before: int) -> str:
    end = context.get("data_interval_end")
    if not end:
        return ""
    day: date = end.in_timezone(context["dag"].timezone).date()
    return (day - timedelta(days=days_before)).isoformat()
