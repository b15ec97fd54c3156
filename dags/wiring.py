"""The shape that the DAGs over schools share: open, one mapped task per batch, close."""

from __future__ import annotations

from typing import Any, Literal

from airflow.sdk import Asset, task

from dags.run_context import as_run, begin, hand_over

Verb = Literal["collect", "deliver", "deliver_contingent"]


def over_schools(verb: Verb, asset: Asset, *, pool: str, title: str) -> None:
    """Wire ``pipeline.batches`` for ``verb``; a closed run is handed over with ``asset``.

    The mode of a delivery (``pipeline.deliver.Mode``) comes from the DAG's form. ``close`` runs
    whatever became of the batches: the schools that did finish have to add up.
    """

    @task(task_display_name="Разделить школы на пачки")
    def batches(run: dict[str, str]) -> list[list[str]]:
        from pipeline.batches import open_run
        from pipeline.hub import Hub

        return open_run(Hub.open(), verb, as_run(run))

    @task(multiple_outputs=False, task_display_name=title, pool=pool)
    def work(schools: list[str], run: dict[str, str]) -> dict[str, int]:
        from pipeline.batches import work_batch
        from pipeline.deliver import Mode
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
