"""``svod cards``: what is wrong with a school, by cause; and the last upload judged again."""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime
from typing import Annotated

import typer

from pipeline.cards.of_school import cards, district_counts, last_day
from pipeline.cards.text import summed, told
from pipeline.cli.answers import School, quarantine
from pipeline.cli.options import day
from pipeline.cli.present import AsJson, console, show
from pipeline.cli.steps import partly
from pipeline.exits import Exit
from pipeline.explain.addresses import CardAddress
from pipeline.hub import Hub
from pipeline.intake.collect import COLLECT
from pipeline.registry import open_year, schools_of
from pipeline.reread import reread
from pipeline.runs import RunState


def register(app: typer.Typer) -> None:
    """Add these commands to ``app``."""
    app.command("cards")(list_cards)


@quarantine.command("replay")
def replay(
    school: Annotated[str, typer.Option("--school", help="The school's code.")],
    of_rule: Annotated[str, typer.Option("--rule", help="Tell of this rule only.")] = "",
    run_id: Annotated[str, typer.Option("--run-id", help="A name; a new one by default.")] = "",
    as_json: AsJson = False,
) -> None:
    """Judge the last upload again, from landing: after a mapping was corrected, no new upload is
    needed. What waited, what was accepted now, and what waits still."""
    made = f"replay-{school}-{datetime.now().astimezone():%Y%m%dT%H%M%S%f}"
    hub, this = Hub.open(), run_id or made
    done = reread(hub, school, this, of_rule)
    show([asdict(one) for one in done.told], as_json=as_json, title=f"{school}: {this}")
    closed = done.state is RunState.CLOSED
    raise typer.Exit(Exit.DONE if closed else partly(hub, done.run, [COLLECT]))


def list_cards(
    school: School = "",
    district: Annotated[str, typer.Option("--district", help="Counts of its schools.")] = "",
    on: Annotated[
        datetime | None,
        day("--on", "A day; the last one worked by default."),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """What is wrong with a school, by cause, worst first: what it holds up, who mends it, how."""
    if bool(school) == bool(district):
        raise typer.BadParameter("name a school or a district")
    with Hub.open().engine.begin() as connection:
        if school:
            open_year(connection, school)  # raises if there is no such school
        schools = [school] if school else schools_of(connection, district)
        day = on.date() if on else last_day(connection, schools)
        found = cards(connection, school, day) if school and day else []
        rows = district_counts(connection, district, day) if district and day else []
    if district:
        show(rows, as_json=as_json, title=f"{district}, {day}")
        return
    addressed = [(card, CardAddress(card.rule, school, card.ref, day)) for card in found if day]
    if as_json:
        rows = [asdict(card) | {"new": card.new, "address": f"{at}"} for card, at in addressed]
        show(rows, as_json=True)
    else:
        for card, at in addressed:
            lines = f"{told(card)}    построчно: svod explain {at}\n"
            console().print(lines, markup=False, highlight=False, soft_wrap=True)
        typer.echo(summed(found))
