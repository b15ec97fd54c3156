"""Commands about the portals: plan, deliver, approve, reconcile, dead letters, pace."""

from __future__ import annotations

from dataclasses import asdict, replace
from typing import Annotated, Any

import polars as pl
import typer
from sqlalchemy import text

from pipeline import batches
from pipeline.cli.present import AsJson, show
from pipeline.cli.steps import BusinessDate, RunId, Schools, all_schools, do_step, named_run
from pipeline.delivery import held, outbox, pace
from pipeline.delivery.deliver import Mode
from pipeline.delivery.destinations import DESTINATIONS, DIARY, Destination
from pipeline.delivery.outbox import Box
from pipeline.delivery.plan import plan_school
from pipeline.delivery.reconcile import LISTED, differences
from pipeline.exits import Exit
from pipeline.hub import Hub
from pipeline.registry import target_names, target_settings
from pipeline.settings import expand
from privacy.actions import Action

TargetName = Annotated[
    str, typer.Option("--target", help=f"A portal: {', '.join(sorted(DESTINATIONS))}.")
]
AnyTarget = Annotated[str, typer.Option("--target", help="Only this portal; all by default.")]
By = Annotated[str, typer.Option("--by", help="Who decides; stands in the action log.")]


def register(app: typer.Typer) -> None:
    """Add these commands to ``app``."""
    app.command("plan")(plan)
    app.command("deliver")(deliver)
    app.command("approve")(approve)
    app.command("reconcile")(reconcile)
    app.command("dead")(dead)
    app.command("replay")(replay)
    app.command("portals")(portals)


def plan(
    business_date: BusinessDate,
    school: Schools = None,
    target: AnyTarget = "",
    as_json: AsJson = False,
) -> None:
    """Show what a delivery would create, update and withdraw; sends nothing."""
    hub = Hub.open()
    this = named_run(business_date, "")
    plans = [
        plan_school(hub, destination, code, this.business_date, f"plan-{this.run_id}")
        for destination in _chosen(hub, target)
        for code in school or all_schools(hub)
    ]
    show([asdict(one) for one in plans], as_json=as_json)


def deliver(
    business_date: BusinessDate,
    run_id: RunId = "",
    school: Schools = None,
    target: TargetName = DIARY.name,
    mode: Annotated[
        Mode,
        typer.Option(
            help="daily: what changed; full: the portal is asked for all it holds; rollover: after"
            " the year changed, every withdrawal waits for a person."
        ),
    ] = Mode.DAILY,
    as_json: AsJson = False,
) -> None:
    """Bring a portal to the desired state."""
    destination = _destination(target)
    do_step(
        destination.verb,
        lambda hub, schools, run: batches.deliver_batch(hub, schools, run, destination, mode),
        named_run(business_date, run_id),
        school,
        as_json,
    )


def approve(
    school: Annotated[str, typer.Option(help="The school whose withdrawals may go.")],
    target: TargetName = DIARY.name,
    by: By = "svod",
    as_json: AsJson = False,
) -> None:
    """Let withdrawals go that wait for a person, in the next delivery."""
    approved = held.approve(Hub.open(), Box(_destination(target).name, school), by)
    show([{"school": school, "target": target, "approved": approved}], as_json=as_json)


def reconcile(
    school: Schools = None, target: TargetName = DIARY.name, as_json: AsJson = False
) -> None:
    """Ask a portal what it holds and list what differs from what it confirmed; changes nothing.

    Exit code 3 if anything differs; `svod deliver --mode full` puts it right.
    """
    hub, destination = Hub.open(), _destination(target)
    with hub.engine.begin() as connection:
        client = destination.connect(expand(target_settings(connection, destination.name)))
    rows: list[dict[str, Any]] = []
    for code in school or all_schools(hub):
        listed = pl.concat([pl.DataFrame(schema=LISTED), *client.list_records(code)])
        with hub.engine.begin() as connection:
            found = differences(connection, Box(destination.name, code), listed)
        rows += [{"school": code, "target": target} | row for row in found.to_dicts()]
    show(rows, as_json=as_json)
    raise typer.Exit(Exit.PARTLY if rows else Exit.DONE)


def dead(school: Schools = None, target: AnyTarget = "", as_json: AsJson = False) -> None:
    """Dead letters: records a portal refused, with its own code and message."""
    query = (
        "SELECT DISTINCT ON (d.target, d.school, d.key) d.target, d.school, d.entity, d.key,"
        " d.reason AS code, r.message, r.received_at FROM outbox.desired d"
        " LEFT JOIN outbox.receipts r ON r.key = d.key AND r.status = 'rejected'"
        " WHERE d.state = 'rejected' AND (:target = '' OR d.target = :target)"
        " AND (cardinality(CAST(:schools AS text[])) = 0 OR d.school = ANY(:schools))"
        " ORDER BY d.target, d.school, d.key, r.id DESC"
    )
    with Hub.open().engine.begin() as connection:
        values = {"target": target, "schools": list(school or ())}
        rows = [dict(row) for row in connection.execute(text(query), values).mappings()]
    show(rows, as_json=as_json)


def replay(
    school: Annotated[str, typer.Option(help="The school whose dead letters are tried again.")],
    target: TargetName = DIARY.name,
    key: Annotated[
        list[str] | None, typer.Option("--key", help="Only this record; may be repeated.")
    ] = None,
    by: By = "svod",
    as_json: AsJson = False,
) -> None:
    """Offer dead letters to the portal again, in the next delivery."""
    hub = replace(Hub.open(), actor=by)
    with hub.engine.begin() as connection:
        count = outbox.replay(connection, Box(_destination(target).name, school), key or ())
    hub.log_action(Action("replay", school, held.GROUND, count, {"target": target}))
    show([{"school": school, "target": target, "replayed": count}], as_json=as_json)


def portals(
    wake: Annotated[
        str, typer.Option("--wake", help="A portal that works again: end its rest now.")
    ] = "",
    as_json: AsJson = False,
) -> None:
    """How the portals fare: failures in a row, and until when one rests."""
    with Hub.open().engine.begin() as connection:
        if wake:
            pace.wake(connection, _destination(wake).name)
        query = "SELECT target, failures, rests_until FROM outbox.portals ORDER BY target"
        rows = [dict(row) for row in connection.execute(text(query)).mappings()]
    show(rows, as_json=as_json)


def _destination(name: str) -> Destination:
    if name not in DESTINATIONS:
        known = ", ".join(sorted(DESTINATIONS))
        raise typer.BadParameter(f"no such target: {name}; there are: {known}")
    return DESTINATIONS[name]


def _chosen(hub: Hub, name: str) -> list[Destination]:
    """The one named, or all that the region delivers to."""
    if name:
        return [_destination(name)]
    with hub.engine.begin() as connection:
        there = target_names(connection)
    return [one for one in DESTINATIONS.values() if one.name in there]
