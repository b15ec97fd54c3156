"""Runs and the verdict on each school: what an operator looks at in the morning."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from sqlalchemy import Connection, func, select, update
from sqlalchemy.dialects.postgresql import insert

from pipeline import ledger
from schemas.tables import runs, school_runs


class SchoolState(StrEnum):
    DONE = "done"
    NOTHING_NEW = "nothing_new"
    PARTLY = "partly"  # some documents could not be read, or some records wait
    FAILED = "failed"


class RunState(StrEnum):
    RUNNING = "running"
    CLOSED = "closed"  # ledger closes, every school answered
    PARTLY = "partly"  # ledger closes, some schools did not finish
    FAILED = "failed"  # ledger does not close


@dataclass(frozen=True)
class Verdict:
    """How one school fared; ``rule`` is a key of schemas/rules.yml, ``detail`` says more."""

    school: str
    source: str
    state: SchoolState
    rule: str | None = None
    detail: str = ""


def start(connection: Connection, run_id: str, verb: str, business_date: date) -> None:
    """Note that ``verb`` of ``run_id`` has begun; a repeated start begins it again."""
    statement = insert(runs).values(
        run_id=run_id, verb=verb, business_date=business_date, state=RunState.RUNNING.value
    )
    connection.execute(
        statement.on_conflict_do_update(
            constraint=runs.primary_key,
            set_={"state": RunState.RUNNING.value, "finished_at": None},
        )
    )


def note_mode(connection: Connection, run_id: str, verb: str, mode: str) -> None:
    """Note how ``verb`` of ``run_id`` delivers: a value of ``pipeline.delivery.deliver.Mode``."""
    of_run = (runs.c.run_id == run_id) & (runs.c.verb == verb)
    connection.execute(
        update(runs).where(of_run, runs.c.mode.is_distinct_from(mode)).values(mode=mode)
    )


def record(
    connection: Connection, run_id: str, verb: str, business_date: date, verdict: Verdict
) -> None:
    """Keep the verdict on one school and source; the newest one of a run counts."""
    values = {
        "business_date": business_date,
        "state": verdict.state.value,
        "rule": verdict.rule,
        "detail": verdict.detail,
        "finished_at": func.now(),
    }
    statement = insert(school_runs).values(
        run_id=run_id, verb=verb, school=verdict.school, source=verdict.source, **values
    )
    connection.execute(
        statement.on_conflict_do_update(constraint=school_runs.primary_key, set_=values)
    )


def verdicts(connection: Connection, run_id: str, verb: str) -> list[Verdict]:
    """The verdicts of ``run_id``, by school and source."""
    rows = connection.execute(
        select(
            school_runs.c.school,
            school_runs.c.source,
            school_runs.c.state,
            school_runs.c.rule,
            school_runs.c.detail,
        )
        .where(school_runs.c.run_id == run_id, school_runs.c.verb == verb)
        .order_by(school_runs.c.school, school_runs.c.source)
    )
    return [Verdict(s, o, SchoolState(state), rule, detail) for s, o, state, rule, detail in rows]


def finish(connection: Connection, run_id: str, verb: str) -> RunState:
    """Close ``verb`` of ``run_id``: the ledger must close; says whether all schools finished."""
    unfinished = {SchoolState.PARTLY, SchoolState.FAILED}
    state = RunState.CLOSED
    if any(v.state in unfinished for v in verdicts(connection, run_id, verb)):
        state = RunState.PARTLY
    if ledger.open_rows(connection, run_id):
        state = RunState.FAILED
    connection.execute(
        update(runs)
        .where(runs.c.run_id == run_id, runs.c.verb == verb)
        .values(state=state.value, finished_at=func.now())
    )
    return state


def states(connection: Connection, run_id: str) -> dict[str, RunState]:
    """How each verb of ``run_id`` stands."""
    rows = connection.execute(select(runs.c.verb, runs.c.state).where(runs.c.run_id == run_id))
    return {verb: RunState(state) for verb, state in rows}
