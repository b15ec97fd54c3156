"""``svod keys``: the sealing key is replaced while the hub works. No key is ever shown."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, replace
from datetime import UTC, datetime
from typing import Annotated

import typer
from rich.progress import Progress, SpinnerColumn, TaskID, TextColumn, TimeElapsedColumn

from pipeline import rotation
from pipeline.cli.present import AsJson, console, show
from pipeline.exits import Exit
from pipeline.hub import Hub

keys = typer.Typer(help="The keys that seal personal data.", no_args_is_help=True)

By = Annotated[str, typer.Option("--by", help="Who does it; stands in the action log.")]


def register(app: typer.Typer) -> None:
    """Add these commands to ``app``."""
    app.add_typer(keys, name="keys")


@keys.command("status")
def status(as_json: AsJson = False) -> None:
    """How much each key seals, and where; exit 5 if something is sealed by a key that is lost."""
    rows = rotation.status(Hub.open())
    show(rows, as_json=as_json)
    lost = any(row["state"] in ("lost", "broken") for row in rows)
    raise typer.Exit(Exit.MISCONFIGURED if lost else Exit.DONE)


@keys.command("rotate")
def rotate(by: By, as_json: AsJson = False) -> None:
    """Add a sealing key and make it active; the old one goes on opening what it sealed."""
    active = rotation.rotate(_hub(by), datetime.now(UTC))
    show([{"active": active}], as_json=as_json)


@keys.command("reseal")
def reseal(by: By, as_json: AsJson = False) -> None:
    """Seal everything by the active key, while the hub works; exit 3 if something is left."""
    with _progress(hidden=as_json) as tell:
        done = rotation.reseal(_hub(by), tell)
    show([asdict(one) for one in done], as_json=as_json)
    raise typer.Exit(Exit.PARTLY if any(one.left for one in done) else Exit.DONE)


@keys.command("retire")
def retire(
    key: Annotated[str, typer.Argument(help="A key, from 'svod keys status'.")],
    by: By,
    idle: Annotated[
        bool, typer.Option("--idle", help="Nothing of the hub runs: do not wait out the hour.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Throw away a key that seals nothing any more; refused before."""
    rotation.retire(_hub(by), key, datetime.now(UTC), idle=idle)
    show([{"retired": key}], as_json=as_json)


def _hub(by: str) -> Hub:
    return replace(Hub.open(), actor=by)


@contextmanager
def _progress(*, hidden: bool) -> Iterator[Callable[[str, int], None]]:
    columns = (SpinnerColumn(), TextColumn("{task.description} {task.completed}"))
    with Progress(
        *columns, TimeElapsedColumn(), console=console(), transient=True, disable=hidden
    ) as progress:
        tasks: dict[str, TaskID] = {}

        def tell(place: str, count: int) -> None:
            if place not in tasks:
                tasks[place] = progress.add_task(place, total=None)
            progress.advance(tasks[place], count)

        yield tell
