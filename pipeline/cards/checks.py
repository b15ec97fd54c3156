"""When a school was looked at: its runs by source, in order, up to a day."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import Connection, select

from pipeline.intake.collect import COLLECT
from pipeline.runs import SchoolState
from schemas.tables import school_runs


@dataclass(frozen=True)
class Check:
    """One run of a verb on a school's source or target, and how it ended."""

    run_id: str
    day: date
    state: SchoolState
    rule: str
    detail: str

    @property
    def read(self) -> bool:
        """Whether documents were read, if not all of them."""
        return self.state in (SchoolState.DONE, SchoolState.PARTLY)


@dataclass(frozen=True)
class Line:
    """The checks of one verb and source, oldest first; ``now`` of them were made by the day."""

    verb: str
    source: str
    every: Sequence[Check]
    now: int

    @property
    def collects(self) -> bool:
        return self.verb == COLLECT

    @property
    def known(self) -> Sequence[Check]:
        """Those made by the day."""
        return self.every[: self.now]

    def heard(self) -> list[Check]:
        """Of those, the ones whose findings count: a collect that failed read nothing, a delivery
        that failed tells what is late all the same."""
        return [check for check in self.known if check.read or not self.collects]


def lines(connection: Connection, school: str, on: date) -> list[Line]:
    """The checks of ``school``, each line with some by ``on``; by verb and source."""
    runs = school_runs.c
    columns = (runs.run_id, runs.business_date, runs.state, runs.rule, runs.detail)
    rows = connection.execute(
        select(runs.verb, runs.source, *columns)
        .where(runs.school == school)
        .order_by(runs.verb, runs.source, runs.business_date, runs.finished_at, runs.run_id)
    )
    found: dict[tuple[str, str], list[Check]] = {}
    for verb, source, run_id, day, state, rule, detail in rows:
        check = Check(run_id, day, SchoolState(state), rule or "", detail)
        found.setdefault((verb, source), []).append(check)
    made = {key: sum(check.day <= on for check in every) for key, every in found.items()}
    return [Line(*key, every, made[key]) for key, every in found.items() if made[key]]
