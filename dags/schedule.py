"""When DAGs start by themselves: by the region's clock, and never for a moment that is past."""

from __future__ import annotations

import os
from datetime import timedelta

from airflow.sdk import CronTriggerTimetable

ZONE = os.environ.get("SVOD_ZONE", "Europe/Moscow")  # as pipeline.settings.Settings.zone

# Airflow 3.3 takes False, its default, for None: a DAG that is unpaused within a tenth of its
# interval (of a month: three days) would make up for the last run unasked, and send its letters.
NEVER_BACK = timedelta(0)


def at(cron: str) -> CronTriggerTimetable:
    """``cron`` in the region's zone, from the next time on."""
    return CronTriggerTimetable(cron, timezone=ZONE, run_immediately=NEVER_BACK)
