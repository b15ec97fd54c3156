"""The shapes that DAGs share: work over schools in batches, a month's files, letters that wait."""

from __future__ import annotations

from typing import Any, Literal

from airflow.sdk import Asset, task

from dags.run_context import as_run, begin, begin_month, hand_over

Verb = Literal["collect", "deliver", "deliver_contingent"]


def over_schools(verb: Verb, asset: Asset, *, pool: str, title: str) -> None:
    """Wire ``pipeline.batches`` for ``verb``; a closed run is handed over with ``asset``.

    The mode of a delivery (``pipeline.delivery.deliver.Mode``) comes from the DAG's form. ``close``
    runs whatever became of the batches: the schools that did finish have to add up.
    """

    @task(task_display_name="Разделить школы на пачки")
    def batches(run: dict[str, str]) -> list[list[str]]:
        from pipeline.batches import open_run
        from pipeline.hub import Hub

        return open_run(Hub.open(), verb, as_run(run))

    @task(multiple_outputs=False, task_display_name=title, pool=pool)
    def work(schools: list[str], run: dict[str, str]) -> dict[str, int]:
        from pipeline.batches import work_batch
        from pipeline.delivery.deliver import Mode
        from pipeline.hub import Hub

        return work_batch(Hub.open(), verb, schools, as_run(run), Mode(run["mode"]))

    @task(task_display_name="Свести счёт", trigger_rule="all_done", outlets=[asset])
    def close(run: dict[str, str]) -> str:
        from pipeline.batches import close_run
        from pipeline.hub import Hub

        state = close_run(Hub.open(), verb, as_run(run))
        hand_over(asset, run)
        return state.value

    run: Any = begin()  # an XComArg while the DAG is wired
    work.partial(run=run).expand(schools=batches(run)) >> close(run)


@task.short_circuit(task_display_name="Настроена ли почта")
def mail_is_set() -> bool:
    """Whether a mail server is named; where none is, Airflow shows what is skipped."""
    from pipeline.settings import Settings

    return bool(Settings().smtp_url.get_secret_value())


def send_what_waits() -> None:
    """Wire the reminders to schools that no mail server took when an office sent them."""

    @task(multiple_outputs=False, task_display_name="Отправить напоминания, которые ждут")
    def send_reminders() -> dict[str, int]:
        from pipeline.forms.hand_out import Kind
        from pipeline.hub import Hub
        from pipeline.mail.post import send_letters

        return send_letters(Hub.open(), Kind.SCHOOL_REMINDERS)

    mail_is_set() >> send_reminders()


def for_the_month(**titles: str) -> None:
    """Wire a month's files: measure that day, make the files, send them by mail.

    ``titles``: of the task that sends, by what it sends (``pipeline.forms.hand_out.Kind``). Where
    no mail server is set nothing is sent, which Airflow shows; the files lie in the reports'
    folder.
    """

    @task(task_display_name="Посчитать показатели")
    def measure(run: dict[str, str]) -> int:
        from pipeline.figures import compute
        from pipeline.hub import Hub

        return compute(Hub.open(), as_run(run))

    @task(task_display_name="Сделать файлы")
    def render(run: dict[str, str]) -> int:
        from pipeline.figures import render_reports
        from pipeline.forms.hand_out import Kind
        from pipeline.forms.month_files import make_files
        from pipeline.hub import Hub

        hub, this = Hub.open(), as_run(run)
        chosen = [run["school"]] if run["school"] else None
        made = [make_files(hub, Kind(kind), this, chosen) for kind in titles]
        return len(render_reports(hub, this)) + sum(len(one.paths) for one in made)

    @task(multiple_outputs=False)
    def send(kind: str, run: dict[str, str]) -> dict[str, int]:
        from pipeline.forms.hand_out import Kind
        from pipeline.hub import Hub
        from pipeline.mail.post import post_letters

        chosen = [run["school"]] if run["school"] else None
        return post_letters(Hub.open(), Kind(kind), as_run(run), chosen)

    run: Any = begin_month()  # an XComArg while the DAG is wired
    mail = mail_is_set()
    measure(run) >> render(run) >> mail
    for kind, title in titles.items():
        mail >> send.override(task_id=f"send_{kind}", task_display_name=title)(kind, run)
