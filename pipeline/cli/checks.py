"""``svod checks`` and ``svod paper``: what a school has checked itself, and its paper journal."""

from __future__ import annotations

from datetime import date, datetime
from pathlib import Path
from typing import Annotated

import typer

from pipeline.cli.options import day
from pipeline.cli.present import AsJson, show
from pipeline.consents.entries import journal_of
from pipeline.hub import Hub
from pipeline.measuring.paper_counts import keep_sheets
from pipeline.measuring.school_checks import Check, CheckKind, enter, listed, undo
from pipeline.paper.file import Names, names_of, read_sheets, write_template
from pipeline.registry import open_year

checks = typer.Typer(help="The school's own monthly checks.", no_args_is_help=True)
paper = typer.Typer(help="Counts of the paper journal, to be compared.", no_args_is_help=True)

School = Annotated[str, typer.Option("--school", help="The school's code.")]
By = Annotated[str, typer.Option("--by", help="Who enters it; kept with the entry.")]
Source = Annotated[str, typer.Option("--source", help="Which journal; the only one by default.")]


def register(app: typer.Typer) -> None:
    """Add these commands to ``app``."""
    app.add_typer(checks, name="checks")
    app.add_typer(paper, name="paper")


@checks.command("enter")
def enter_check(
    school: School,
    kind: Annotated[CheckKind, typer.Option("--kind", help="What was checked.")],
    month: Annotated[
        datetime, typer.Option("--month", formats=["%Y-%m"], help="The month it is about.")
    ],
    done_on: Annotated[datetime, day("--done-on", "The day it was done.")],
    author: Annotated[str, typer.Option("--author", help="Post of who checked, without a name.")],
    remarks: Annotated[int, typer.Option("--remarks", help="How many remarks were made.")],
    by: By,
    note: Annotated[str, typer.Option("--note", help="What else there is to say; no names.")] = "",
    as_json: AsJson = False,
) -> None:
    """Enter a check that the school has made."""
    made = Check(kind, month.date(), done_on.date(), author, remarks, note)
    show([{"check": enter(Hub.open(), school, made, by)}], as_json=as_json)


@checks.command("list")
def list_checks(school: School, as_json: AsJson = False) -> None:
    """The checks of a school, the latest month first; those taken back too."""
    show(listed(Hub.open(), school), as_json=as_json)


@checks.command("undo")
def undo_check(
    check: Annotated[int, typer.Argument(help="Its number, from 'svod checks list'.")],
    by: By,
    reason: Annotated[str, typer.Option("--reason", help="Why, without anybody's name.")],
    as_json: AsJson = False,
) -> None:
    """Take a check back; it stays in the books as undone."""
    show([{"check": check, "undone": undo(Hub.open(), check, by, reason)}], as_json=as_json)


@paper.command("template")
def template(
    path: Annotated[Path, typer.Argument(help="The workbook to write.")],
    school: School,
    source: Source = "",
) -> None:
    """Write an empty workbook for counting, with the names of the school's classes and subjects."""
    _, names = _journal(Hub.open(), school, source)
    write_template(path, names)
    typer.echo(str(path))


@paper.command("import")
def import_counts(
    path: Annotated[Path, typer.Argument(help="A filled template.")],
    school: School,
    counted_on: Annotated[datetime, day("--counted-on", "The day it was counted.")],
    by: By,
    source: Source = "",
    as_json: AsJson = False,
) -> None:
    """Take the counts of a workbook, or none of them and say by cell what is wrong."""
    hub = Hub.open()
    journal, names = _journal(hub, school, source)
    counted: date = counted_on.date()
    sheets = read_sheets(path, names)
    with hub.engine.begin() as connection:
        keep_sheets(connection, (school, journal), sheets, counted_on=counted, by=by)
    show([{"school": school, "source": journal, "sheets": len(sheets)}], as_json=as_json)


def _journal(hub: Hub, school: str, source: str) -> tuple[str, Names]:
    """Kind of the journal that is meant, and its names."""
    with hub.engine.begin() as connection:
        year, _ = open_year(connection, school)
    kind = journal_of(hub, school, source)
    with hub.engine.begin() as connection:
        return kind, names_of(connection, school, kind, year)
