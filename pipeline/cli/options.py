"""Options that several commands read alike."""

from __future__ import annotations

from typing import Any

import typer


def day(name: str, what: str) -> Any:
    """An option that takes a date as 2026-09-18; ``what`` it means."""
    return typer.Option(name, formats=["%Y-%m-%d"], help=what)
