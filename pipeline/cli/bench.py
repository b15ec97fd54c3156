"""``svod bench``: how fast, on this machine, in figures."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated

import typer
from rich.progress import Progress

from pipeline import migrate
from pipeline.bench import cells, web
from pipeline.bench import explain as explanations
from pipeline.bench import ingest as work
from pipeline.cli.present import AsJson, show
from pipeline.database import connect, stop_embedded
from pipeline.hub import Hub
from pipeline.settings import Settings
from privacy.keys import KeyRing

SCHOOL_DAYS = 200  # of a year, for the region that is read
UNTIL_MAY = 195  # of which the last month is a whole one: what the dashboard shows first

bench = typer.Typer(help="Benchmarks, on a database of their own.", no_args_is_help=True)


def register(app: typer.Typer) -> None:
    """Add these commands to ``app``."""
    app.add_typer(bench, name="bench")


@bench.callback()
def benchmarks() -> None:
    """Benchmarks, on a database of their own."""


@bench.command("ingest")
def ingest(
    rows: Annotated[int, typer.Option(help="Marks to write and ingest.")] = 1_000_000,
    as_json: AsJson = False,
) -> None:
    """Marks from a CSV through a mapping into the journal, beside a bare COPY and MERGE."""
    with TemporaryDirectory(prefix="svod-bench-") as folder:
        hub = _fresh_hub(Path(folder))
        path = Path(folder) / "marks.csv"
        work.write_marks(path, rows)
        with Progress(transient=True, disable=as_json) as progress:
            task = progress.add_task("ingest", total=rows)
            full = work.ingest(hub, path, lambda done: progress.update(task, completed=done))
        rates = [full, work.bare(hub, Path(folder), path)]
        hub.engine.dispose()
        stop_embedded(hub.settings)
    show([asdict(rate) for rate in rates], as_json=as_json)


@bench.command("measure")
def measure(
    days: Annotated[
        int, typer.Option(help="Days of the school that is measured.")
    ] = 109,  # the next one is a Saturday, with lessons
    schools: Annotated[int, typer.Option(help="Schools of the region that is read.")] = 700,
    as_json: AsJson = False,
) -> None:
    """A school measured from scratch and after one more day; figures of a region's year."""
    with TemporaryDirectory(prefix="svod-bench-") as folder:
        hub = _fresh_hub(Path(folder))
        took = cells.measuring(hub, days)
        took += cells.reading(hub, schools, SCHOOL_DAYS)
        hub.engine.dispose()
        stop_embedded(hub.settings)
    show([asdict(one) for one in took], as_json=as_json)


@bench.command("explain")
def explain(
    weeks: Annotated[int, typer.Option(help="Weeks of the school's lessons.")] = 34,
    as_json: AsJson = False,
) -> None:
    """Figures of a school's whole year opened down to the lines of their first rows."""
    with TemporaryDirectory(prefix="svod-bench-") as folder:
        hub = _fresh_hub(Path(folder))
        took = explanations.explaining(hub, weeks)
        hub.engine.dispose()
        stop_embedded(hub.settings)
    show([asdict(one) for one in took], as_json=as_json)


@bench.command("dashboard")
def dashboard(
    users: Annotated[int, typer.Option(help="People who read at the same time.")] = 50,
    seconds: Annotated[float, typer.Option(help="For how long.")] = 60,
    pause: Annotated[float, typer.Option(help="Seconds a person reads a page, on average.")] = 5,
    schools: Annotated[int, typer.Option(help="Schools of the region.")] = 700,
    records: Annotated[int, typer.Option(help="Records of each school for the diary.")] = 3000,
    as_json: AsJson = False,
) -> None:
    """Pages of a region while many people read them: milliseconds, and the server's memory."""
    with TemporaryDirectory(prefix="svod-bench-") as folder:
        hub = _fresh_hub(Path(folder))
        load = web.Load(users, seconds, pause)
        took = web.dashboard(hub, schools, UNTIL_MAY, records, load)
        hub.engine.dispose()
        stop_embedded(hub.settings)
    show([asdict(one) for one in took], as_json=as_json)


def _fresh_hub(folder: Path) -> Hub:
    """An empty hub with its own embedded server: a benchmark never touches real data."""
    settings = Settings(home=folder / "home", database_url="", key_file=None, landing_url="")
    settings.home.mkdir()
    KeyRing.create(settings.keys)
    owner = connect(settings, "owner")
    migrate.upgrade(owner)
    migrate.open_school_year(owner, work.SCHOOL_YEAR)
    return Hub.open(settings)
