"""``svod waive``: what a school need not mend for a time, with a reason and a last day."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

import typer

from pipeline.cards.waivers import Scope, enter, key_of, listed, undo
from pipeline.cli.options import day
from pipeline.cli.present import AsJson, show
from pipeline.entries import EntryRefusedError
from pipeline.hub import Hub

waive = typer.Typer(help="What need not be mended for a time.", invoke_without_command=True)

By = Annotated[str, typer.Option("--by", help="Who enters it; kept with the waiver.")]
Reason = Annotated[str, typer.Option("--reason", help="Why, without anybody's name.")]
School = Annotated[str, typer.Option("--school", help="The school's code.")]


def register(app: typer.Typer) -> None:
    """Add these commands to ``app``."""
    app.add_typer(waive, name="waive")


@waive.callback()
def enter_waiver(
    context: typer.Context,
    school: School = "",
    rule: Annotated[str, typer.Option("--rule", help="The rule on the card.")] = "",
    class_name: Annotated[str, typer.Option("--class", help="Only this class.")] = "",
    subject: Annotated[str, typer.Option("--subject", help="Only this subject.")] = "",
    teacher: Annotated[str, typer.Option("--teacher", help="Only this pseudonym.")] = "",
    key: Annotated[
        str, typer.Option("--key", help="Only this remark, or what is missing: its key.")
    ] = "",
    reason: Reason = "",
    by: By = "",
    until: Annotated[datetime | None, day("--until", "The last day.")] = None,
    as_json: AsJson = False,
) -> None:
    """Waive what a rule asks of a school, until a day; the card stays, with the reason on it."""
    if context.invoked_subcommand is not None:
        return
    if until is None:
        raise EntryRefusedError("say until when (--until)")
    hub = Hub.open()
    with hub.engine.begin() as connection:
        class_key = key_of(connection, "class_", school, class_name) if class_name else None
        subject_key = key_of(connection, "subject", school, subject) if subject else None
    scope = Scope(rule, class_key, subject_key, teacher or None, key or None)
    made = enter(hub, school, scope, reason, by, until.date())
    show([{"waiver": made, "school": school, "rule": rule, "until": until.date()}], as_json=as_json)


@waive.command("list")
def list_waivers(
    school: School,
    on: Annotated[datetime, day("--on", "The day it is asked of.")],
    as_json: AsJson = False,
) -> None:
    """Every waiver of a school: what holds on a day, what is over, what was undone."""
    with Hub.open().engine.begin() as connection:
        show(listed(connection, school, on.date()), as_json=as_json)


@waive.command("undo")
def undo_waiver(
    waiver: Annotated[int, typer.Argument(help="Its number, from 'svod waive list'.")],
    by: By,
    reason: Reason,
    as_json: AsJson = False,
) -> None:
    """Take a waiver back; it stays in the books as undone."""
    show([{"waiver": waiver, "undone": undo(Hub.open(), waiver, by, reason)}], as_json=as_json)
