"""Where Airflow shows the run that collected a journal."""

from __future__ import annotations

import re
from urllib.parse import quote

COLLECTS = "collect_journals"  # the DAG whose runs read the journals
# Runs that Airflow named (its DagRunType); those of ``svod run`` and ``svod collect`` it never saw.
_ITS_OWN = re.compile(
    r"(backfill|scheduled|manual|operator_triggered|asset_triggered|asset_materialization)__.+"
)


def run_page(airflow: str, run_id: str) -> str:
    """The page of a DAG run, or nothing where ``airflow`` (``Settings.airflow_url``) is not known,
    or the run is none of Airflow's."""
    if not airflow or not _ITS_OWN.fullmatch(run_id):
        return ""
    return f"{airflow.rstrip('/')}/dags/{COLLECTS}/runs/{quote(run_id, safe='')}"
