"""The lines above a table: whose it is, and the days that give its dates their year."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from connectors.drops.opening import Opened
from schemas.layout import Caption

Period = tuple[date, date]


@dataclass(frozen=True)
class Above:
    """``columns``: values of the caption by name, None for an empty optional one."""

    columns: dict[str, str | None]
    period: Period | None


def read_caption(layout: Caption, opened: Opened) -> Above | str:
    """The caption of ``opened``, or the name of the line that is missing or cannot be read."""
    said = dict(opened.above)
    for name in layout.required:
        if not said.get(name):
            return name
    columns = {name: said.get(name) or None for name in (*layout.required, *layout.optional)}
    if layout.period is None:
        return Above(columns, None)
    period = _period(said.get(layout.period, ""))
    return Above(columns, period) if period else layout.period


def _period(text: str) -> Period | None:
    first, _, last = text.partition("-")
    days = _day(first), _day(last)
    if days[0] is None or days[1] is None or days[1] < days[0]:
        return None
    return days[0], days[1]


def _day(text: str) -> date | None:
    try:
        return datetime.strptime(text.strip(), "%d.%m.%Y").date()  # noqa: DTZ007  # a day
    except ValueError:
        return None
