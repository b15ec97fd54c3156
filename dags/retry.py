"""Airflow's retries, bound to the error tree of ``connectors.errors``."""

from __future__ import annotations

import os
from datetime import timedelta
from typing import Any

from airflow.sdk import ExceptionRetryPolicy, RetryAction, RetryRule

# RateLimited is Retriable and so obeys the second rule with a longer pause.
POLICY = ExceptionRetryPolicy(
    rules=[
        RetryRule(
            exception="connectors.errors.RateLimited",
            action=RetryAction.RETRY,
            retry_delay=timedelta(minutes=15),
            reason="the outside system asks for fewer requests",
        ),
        RetryRule(
            exception="connectors.errors.Retriable",
            action=RetryAction.RETRY,
            retry_delay=timedelta(minutes=5),
            reason="the outside system did not answer",
        ),
        RetryRule(
            exception="connectors.errors.Fatal",
            action=RetryAction.FAIL,
            reason="a person has to change something first",
        ),
        RetryRule(
            exception="pipeline.ledger.LedgerOpenError",
            action=RetryAction.FAIL,
            reason="the ledger does not close: trying again would hide it",
        ),
    ],
)

# Three tries span a quarter of an hour; a run in this process (svod run) does not wait.
TASK: dict[str, Any] = {
    "retries": int(os.environ.get("SVOD_TASK_RETRIES", "3")),
    "retry_delay": timedelta(minutes=5),
    "retry_policy": POLICY,
    "execution_timeout": timedelta(hours=2),
}
