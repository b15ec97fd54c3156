"""``svod paper-diary``: families who asked for the week on paper, and its printing. No names."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

import typer

from pipeline.cli.consent import By, ClassName, LocalKeys, Paper, Pupils, School, Source, Uids
from pipeline.cli.options import day
from pipeline.cli.present import AsJson, show
from pipeline.cli.steps import named_run
from pipeline.consents.entries import Named, pupils_named
from pipeline.hub import Hub
from pipeline.paper.diaries import Request, ask, listed, stop
from pipeline.paper.printouts import print_diaries

paper_diary = typer.Typer(help="Families who asked for paper.", no_args_is_help=True)


def register(app: typer.Typer) -> None:
    """Add these commands to ``app``."""
    app.add_typer(paper_diary, name="paper-diary")


@paper_diary.command("ask")
def enter_request(
    school: School,
    asked_on: Annotated[datetime, day("--asked-on", "The day of the application.")],
    by: By,
    pupil: Pupils = None,
    uid: Uids = None,
    local_key: LocalKeys = None,
    source: Source = "",
    class_name: ClassName = "",
    paper: Paper = "",
    as_json: AsJson = False,
) -> None:
    """Enter that families asked for paper; from that day on their weeks are printed."""
    hub = Hub.open()
    named = Named(pupil or (), uid or (), local_key or (), source, class_name)
    request = Request(school, pupils_named(hub, school, named), by, paper)
    show([{"school": school, "entered": ask(hub, request, asked_on.date())}], as_json=as_json)


@paper_diary.command("stop")
def enter_end(
    school: School,
    stopped_on: Annotated[datetime, day("--stopped-on", "The first day without a printout.")],
    by: By,
    pupil: Pupils = None,
    uid: Uids = None,
    local_key: LocalKeys = None,
    source: Source = "",
    as_json: AsJson = False,
) -> None:
    """Enter that families want no paper any more."""
    hub = Hub.open()
    named = Named(pupil or (), uid or (), local_key or (), source)
    request = Request(school, pupils_named(hub, school, named), by)
    show([{"school": school, "stopped": stop(hub, request, stopped_on.date())}], as_json=as_json)


@paper_diary.command("list")
def list_requests(school: School, as_json: AsJson = False) -> None:
    """Who asked and who stopped: code, class, days, paper, by whom."""
    show(listed(Hub.open(), school), as_json=as_json)


@paper_diary.command("print")
def print_week(
    on: Annotated[datetime, day("--on", "A day of the week to print; what is known at its end.")],
    as_json: AsJson = False,
) -> None:
    """Write the week's pages into the private folders of the schools; shows how many."""
    show([print_diaries(Hub.open(), named_run(on, ""))], as_json=as_json)
