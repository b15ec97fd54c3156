"""How answers look: a table for a person, JSON for a machine."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

AsJson = Annotated[bool, typer.Option("--json", help="Answer in JSON, for machines.")]


def show(rows: Sequence[dict[str, Any]], *, as_json: bool, title: str = "") -> None:
    """Print ``rows`` (all with the same keys) as JSON or as a table."""
    if as_json:
        typer.echo(json.dumps(list(rows), ensure_ascii=False, default=str))
        return
    if not rows:
        typer.echo("nothing to show")
        return
    table = Table(title=title or None, header_style="bold", box=None, pad_edge=False)
    for name, value in rows[0].items():
        table.add_column(name.replace("_", " "), justify="right" if _number(value) else "left")
    for row in rows:
        table.add_row(*("" if value is None else str(value) for value in row.values()))
    console().print(table)


def console() -> Console:
    """Where tables go; wide enough not to break a school's line when nobody watches."""
    made = Console()
    return made if made.is_terminal else Console(width=180)


def _number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
