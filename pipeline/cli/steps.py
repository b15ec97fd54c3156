"""Commands that do a step: run, collect, measure, report. Those of portals: ``delivery``."""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import asdict, replace
from datetime import date, datetime
from typing import Annotated

import typer

from connectors.errors import Retriable
from pipeline import batches, figures
from pipeline.airflow_env import airflow_environment, prepare_airflow
from pipeline.cli.follow import follow
from pipeline.cli.options import day
from pipeline.cli.present import AsJson, show
from pipeline.exits import MEANING, Exit
from pipeline.hub import Hub
from pipeline.intake.collect import Run
from pipeline.intake.examine import examine
from pipeline.registry import school_codes
from pipeline.runs import RunState, SchoolState, states, verdicts
from pipeline.settings import Settings
from pipeline.summary import summary

BusinessDate = Annotated[
    datetime,
    day("--business-date", "The school day to work for."),
]
RunId = Annotated[str, typer.Option("--run-id", help="Go on with a run; a new one by default.")]
Schools = Annotated[
    list[str] | None, typer.Option("--school", help="Only this school; may be repeated.")
]

SETTINGS_AT_FAULT = frozenset({"misconfigured", "access_denied"})


def register(app: typer.Typer) -> None:
    """Add these commands to ``app``."""
    app.command("run")(run)
    app.command("collect")(collect)
    app.command("measure")(measure)
    app.command("report")(report)


def run(business_date: BusinessDate, run_id: RunId = "", as_json: AsJson = False) -> None:
    """Run the DAGs in this process for one day: collect, deliver, measure, report."""
    settings = Settings()
    prepare_airflow(settings)
    this = named_run(business_date, run_id)
    environment = airflow_environment(settings) | {
        "SVOD_TASK_RETRIES": "0",  # nobody waits a quarter of an hour at a terminal
    }
    log = settings.home.absolute() / "logs" / f"{this.run_id}.log"
    command = [
        sys.executable,
        "-m",
        "dags.inprocess",
        f"--business-date={this.business_date}",
        f"--run-id={this.run_id}",
    ]
    returned = follow(command, environment, log, lambda line: typer.echo(line, err=True))
    hub = Hub.open(settings)
    _report_run(hub, this, as_json=as_json)
    code = _exit_code(hub, this, returned)
    if not as_json:
        typer.echo(f"ledger {'OPEN' if code is Exit.LEDGER_OPEN else 'closed'}, run {this.run_id}")
        for path in sorted((settings.reports / this.business_date.isoformat()).glob("*")):
            typer.echo(f"report {path}")
    typer.echo(f"log {log}; exit {int(code)}: {MEANING[code]}", err=True)
    raise typer.Exit(code)


def collect(
    business_date: BusinessDate,
    run_id: RunId = "",
    school: Schools = None,
    accept_volumes: Annotated[
        list[str] | None,
        typer.Option(
            "--accept-volumes",
            help="Take this school's upload though it holds far fewer records; may be repeated.",
        ),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Collect the journals: land, check, separate, store."""
    this = named_run(business_date, run_id)
    accepting = replace(this, accept_volumes=frozenset(accept_volumes or ()))
    do_step("collect", batches.collect_batch, accepting, school, as_json)


def measure(business_date: BusinessDate, run_id: RunId = "", as_json: AsJson = False) -> None:
    """Judge the batch and compute the measures."""
    hub = Hub.open()
    this = named_run(business_date, run_id)
    failed = examine(hub, this)
    count = figures.compute(hub, this)
    show([{"failed_expectations": failed, "figures": count}], as_json=as_json)


def report(business_date: BusinessDate, run_id: RunId = "", as_json: AsJson = False) -> None:
    """Render the reports of the districts and of the region."""
    paths = figures.render_reports(Hub.open(), named_run(business_date, run_id))
    show([{"report": str(path)} for path in paths], as_json=as_json)


def do_step(
    verb: str,
    act: Callable[[Hub, list[str], Run], dict[str, int]],
    this: Run,
    chosen: list[str] | None,
    as_json: bool,
) -> None:
    """Do ``verb`` for the schools ``chosen``, or all, and close it; exits with its code."""
    hub = Hub.open()
    todo = batches.open_run(hub, verb, this)
    for batch in [chosen] if chosen else todo:
        try:
            act(hub, batch, this)
        except Retriable as error:
            typer.echo(str(error), err=True)
    state = batches.close_run(hub, verb, this, chosen)
    _report_run(hub, this, as_json=as_json)
    raise typer.Exit(Exit.DONE if state is RunState.CLOSED else partly(hub, this, [verb]))


def named_run(business_date: datetime, run_id: str) -> Run:
    """The run of that name, or a new one."""
    day: date = business_date.date()
    made = f"run-{day:%Y%m%d}-{datetime.now().astimezone():%Y%m%dT%H%M%S%f}"
    return Run(run_id or made, day)


def all_schools(hub: Hub) -> list[str]:
    """Codes of the region's schools."""
    with hub.engine.begin() as connection:
        return school_codes(connection)


def _report_run(hub: Hub, this: Run, *, as_json: bool) -> None:
    with hub.engine.begin() as connection:
        lines = summary(connection, this.run_id)
    show([asdict(line) for line in lines], as_json=as_json, title=f"run {this.run_id}")


def _exit_code(hub: Hub, this: Run, returned: int) -> Exit:
    """What the operator must do, from the states of the run's verbs."""
    with hub.engine.begin() as connection:
        verbs = states(connection, this.run_id)
    found = set(verbs.values())
    if RunState.FAILED in found:
        return Exit.LEDGER_OPEN
    if RunState.PARTLY in found:
        return partly(hub, this, list(verbs))
    if returned or RunState.RUNNING in found or not found:
        return Exit.FAULT
    return Exit.DONE


def partly(hub: Hub, this: Run, verbs: list[str]) -> Exit:
    """Name the schools that failed and why; running again does not mend wrong settings."""
    with hub.engine.begin() as connection:
        failed = [
            verdict
            for verb in verbs
            for verdict in verdicts(connection, this.run_id, verb)
            if verdict.state is SchoolState.FAILED
        ]
    for one in failed:
        typer.echo(f"{one.school} {one.source}: {one.rule}: {one.detail}", err=True)
    wrong = any(one.rule in SETTINGS_AT_FAULT for one in failed)
    return Exit.MISCONFIGURED if wrong else Exit.PARTLY
