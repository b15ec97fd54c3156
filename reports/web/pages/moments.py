"""Moments as a person reads them, in the region's time."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from zoneinfo import ZoneInfo

from reports.web.visit import Visit


def moments(visit: Visit) -> Callable[[datetime | None], str]:
    """``28.11.2026 12:05``; a dash for what never was."""
    zone = ZoneInfo(visit.dashboard.hub.settings.zone)

    def said(at: datetime | None) -> str:
        return "—" if at is None else f"{at.astimezone(zone):%d.%m.%Y %H:%M}"

    return said
