"""How days and moments are written in the detail of a remark."""

from __future__ import annotations

import polars as pl


def day_words(day: pl.Expr) -> pl.Expr:
    """``2026-09-14`` as 14.09.2026."""
    return day.dt.strftime("%d.%m.%Y")


def moment_words(moment: pl.Expr, zone: str) -> pl.Expr:
    """An instant as 14.09.2026 16:30 in ``zone``."""
    return moment.dt.convert_time_zone(zone).dt.strftime("%d.%m.%Y %H:%M")
