"""How a process of ours answers over HTTP: the dashboard, the schedule for public services."""

from __future__ import annotations

import uvicorn
from fastapi import FastAPI


def serve(app: FastAPI, host: str, port: int) -> None:
    """Answer until told to stop.

    No access log: its lines would hold codes of people.
    """
    uvicorn.run(
        app, host=host, port=port, access_log=False, server_header=False, log_level="warning"
    )
