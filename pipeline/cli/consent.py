"""``svod consent``: what was said on paper, how consents stand, who must act. No names."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Any

import typer

from pipeline.cli.options import day
from pipeline.cli.present import AsJson, show
from pipeline.cli.steps import all_schools
from pipeline.consents.entries import Named, Said, enter, pupils_named, shown, undo
from pipeline.consents.standing import everybody_on
from pipeline.delivery.consent_dues import dues_on
from pipeline.hub import Hub
from pipeline.intake.identity import places_of
from pipeline.registry import schools_of

consent = typer.Typer(help="Consents for the diary service.", no_args_is_help=True)

School = Annotated[str, typer.Option("--school", help="The school's code.")]
Pupils = Annotated[
    list[str] | None, typer.Option("--pupil", help="A pseudonym, from 'svod consent list'.")
]
Uids = Annotated[list[str] | None, typer.Option("--uid", help="The portal's code of a pupil.")]
LocalKeys = Annotated[
    list[str] | None, typer.Option("--local-key", help="The key in the school's own journal.")
]
Source = Annotated[str, typer.Option("--source", help="Whose key; the one journal by default.")]
ClassName = Annotated[str, typer.Option("--class", help="The class all of them must be in.")]
Paper = Annotated[str, typer.Option("--paper", help="Its number and date, without names.")]
By = Annotated[str, typer.Option("--by", help="Who enters it; kept with the entry.")]
On = Annotated[datetime, day("--on", "The day it is asked of.")]


def register(app: typer.Typer) -> None:
    """Add these commands to ``app``."""
    app.add_typer(consent, name="consent")


@consent.command("enter")
def enter_application(
    school: School,
    applied_on: Annotated[datetime, day("--applied-on", "The day of the application.")],
    by: By,
    registered_on: Annotated[
        datetime | None, day("--registered-on", "The day it was registered, if it was.")
    ] = None,
    pupil: Pupils = None,
    uid: Uids = None,
    local_key: LocalKeys = None,
    source: Source = "",
    class_name: ClassName = "",
    paper: Paper = "",
    as_json: AsJson = False,
) -> None:
    """Enter applications on paper; shows how the consents stand then."""
    registered = registered_on.date() if registered_on else None
    said = Said(applied_on=applied_on.date(), registered_on=registered, paper=paper)
    named = Named(pupil or (), uid or (), local_key or (), source, class_name)
    _enter(school, named, said, by, registered or applied_on.date(), as_json=as_json)


@consent.command("refuse")
def enter_refusal(
    school: School,
    refused_on: Annotated[datetime, day("--refused-on", "The day of the refusal.")],
    by: By,
    pupil: Pupils = None,
    uid: Uids = None,
    local_key: LocalKeys = None,
    source: Source = "",
    class_name: ClassName = "",
    paper: Paper = "",
    as_json: AsJson = False,
) -> None:
    """Enter refusals on paper; each beats every application made until its day."""
    said = Said(refused_on=refused_on.date(), paper=paper)
    named = Named(pupil or (), uid or (), local_key or (), source, class_name)
    _enter(school, named, said, by, refused_on.date(), as_json=as_json)


def _enter(school: str, named: Named, said: Said, by: str, on: date, *, as_json: bool) -> None:
    hub = Hub.open()
    pupils = pupils_named(hub, school, named)
    entries = enter(hub, school, pupils, said, by)
    rows = shown(hub, school, pupils, on)
    show(
        [{"entry": entry} | row for entry, row in zip(entries, rows, strict=True)],
        as_json=as_json,
        title=f"{school}, {on}",
    )


@consent.command("list")
def list_consents(
    school: School,
    on: On,
    state: Annotated[list[str] | None, typer.Option("--state", help="Only this state.")] = None,
    as_json: AsJson = False,
) -> None:
    """How each pupil's consent stands on a day, since when, and where that comes from."""
    hub = Hub.open()
    with hub.engine.begin() as connection:
        states = everybody_on(connection, school, on.date()).to_dicts()
        dues = dues_on(connection, hub.keys, school, on.date())
        places = places_of(connection, [row["pupil"] for row in states])
    earliest = dues.unique("pupil", keep="first", maintain_order=True)
    open_dues = dict(earliest.select("pupil", "due_on").iter_rows())
    rows = [
        {
            "school": school,
            "pupil": row["pupil"],
            **places.get(row["pupil"], {}),
            "state": row["state"],
            "since": row["since"],
            "due_on": open_dues.get(row["pupil"]),
            "origin": row["origin"],
        }
        for row in states
        if not state or row["state"] in state
    ]
    show(rows, as_json=as_json)


@consent.command("due")
def list_dues(
    on: On,
    school: Annotated[list[str] | None, typer.Option("--school", help="Only this school.")] = None,
    district: Annotated[str, typer.Option("--district", help="Only schools of it.")] = "",
    as_json: AsJson = False,
) -> None:
    """Who must act: the school registers, the service starts or stops; the latest first."""
    hub = Hub.open()
    rows: list[dict[str, Any]] = []
    with hub.engine.begin() as connection:
        chosen = schools_of(connection, district) if district else school or all_schools(hub)
        for code in chosen:
            dues = dues_on(connection, hub.keys, code, on.date()).to_dicts()
            places = places_of(connection, [row["pupil"] for row in dues])
            nowhere = {"class": None}
            rows += [
                {
                    "school": code,
                    "pupil": row["pupil"],
                    "class": places.get(row["pupil"], nowhere)["class"],
                }
                | row
                for row in dues
            ]
    show(sorted(rows, key=lambda row: row["due_on"]), as_json=as_json)


@consent.command("undo")
def undo_entry(
    entry: Annotated[int, typer.Argument(help="From 'svod consent enter' or 'refuse'.")],
    by: By,
    reason: Annotated[str, typer.Option("--reason", help="Why, without anybody's name.")],
    as_json: AsJson = False,
) -> None:
    """Take an entry back; it stays in the books as undone."""
    show([{"entry": entry, "undone": undo(Hub.open(), entry, by, reason)}], as_json=as_json)
