"""Run the DAGs of an evening in this process for one business date (``svod run``), or those named.

Not a DAG: the very DAGs of this folder are loaded and run with ``dag.test``, each after the DAG
whose asset it waits for. Prints a line of JSON per DAG; exits with a code of ``pipeline.exits``.
"""

from __future__ import annotations

import argparse
import json
import logging
import sys
import time
from pathlib import Path
from typing import Any

from dags.run_context import EVENING

ORDER_LIMIT = 100  # assets cannot chain longer than there are DAGs


def main(arguments: list[str] | None = None) -> int:
    """Run the DAGs named, or those of the evening, in the order of their assets."""
    parser = argparse.ArgumentParser(prog="python -m dags.inprocess", description=__doc__)
    parser.add_argument("--business-date", required=True)
    parser.add_argument("--run-id", required=True)
    parser.add_argument("--only", action="append", default=[], help="a DAG id; may be repeated")
    options = parser.parse_args(arguments)
    logging.getLogger("airflow").setLevel(logging.WARNING)
    conf = {"business_date": options.business_date, "svod_run": options.run_id}
    failed = False
    every = sorted(load(), key=lambda dag: dag.dag_display_name)
    named = [dag for dag in every if dag.dag_id in options.only]
    for dag in named or in_order(of_the_evening(every)):
        _tell(dag=dag.dag_id, state="started")
        started = time.monotonic()
        state = dag.test(run_conf=conf).state
        _tell(dag=dag.dag_id, state=str(state), seconds=f"{time.monotonic() - started:.0f} s")
        failed = failed or str(state) != "success"
    return 1 if failed else 0


def _tell(**event: str) -> None:
    sys.stdout.write(json.dumps(event) + "\n")
    sys.stdout.flush()


def load() -> list[Any]:
    """The DAGs of this folder. Raises ``RuntimeError`` with Airflow's own import errors."""
    from airflow.dag_processing.dagbag import DagBag

    bag = DagBag(dag_folder=str(Path(__file__).parent))
    if bag.import_errors:
        raise RuntimeError(f"DAGs that do not import: {bag.import_errors}")
    return list(bag.dags.values())


def of_the_evening(dags: list[Any]) -> list[Any]:
    """Those that follow one another every evening; the others wait for their day or a person."""
    return [dag for dag in dags if EVENING in dag.tags]


def in_order(dags: list[Any]) -> list[Any]:
    """``dags`` so that each comes after the ones whose assets it waits for."""
    made = {asset for dag in dags for asset in _outlets(dag)}
    ready: set[str] = set()
    ordered: list[Any] = []
    left = list(dags)
    for _ in range(ORDER_LIMIT):
        for dag in [d for d in left if _inlets(d) & made <= ready]:
            ordered.append(dag)
            left.remove(dag)
        ready = {asset for dag in ordered for asset in _outlets(dag)}
        if not left:
            return ordered
    raise RuntimeError(f"DAGs wait for one another: {[dag.dag_id for dag in left]}")


def _outlets(dag: Any) -> set[str]:
    return {asset.uri for task in dag.tasks for asset in task.outlets}


def _inlets(dag: Any) -> set[str]:
    condition = getattr(dag.timetable, "asset_condition", None)
    return {asset.uri for asset in getattr(condition, "objects", [])}


if __name__ == "__main__":
    sys.exit(main())
