"""Whether the dashboard works, for programs: ``/health`` and ``/metrics`` (Prometheus).

A proxy must keep ``/metrics`` inside the region's network; it tells counts and times, no codes.
"""

from __future__ import annotations

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse, Response
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

from reports.web.visit import dashboard_of

router = APIRouter()


@router.get("/health")
def health(request: Request) -> Response:
    """200 while the database answers, else 503."""
    try:
        with dashboard_of(request).reader.connect() as connection:
            connection.execute(text("SELECT 1"))
    except SQLAlchemyError:
        return JSONResponse({"database": "down"}, 503)
    return JSONResponse({"database": "up"})


@router.get("/metrics")
def metrics() -> Response:
    """Counts and times of this process."""
    return Response(generate_latest(), media_type=CONTENT_TYPE_LATEST)
