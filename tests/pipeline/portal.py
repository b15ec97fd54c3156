"""A portal that keeps state and misbehaves on demand, and a hub that delivers to it.

Written from docs/outbox.md and docs/diary-contract.md alone; the HTTP emulators have their own
tests.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from itertools import count

import polars as pl
import pytest
from sqlalchemy import text
from sqlalchemy.dialects.postgresql import insert

from connectors.base import Receipt
from connectors.errors import BatchRefused, RateLimited, Unavailable
from pipeline.delivery import deliver
from pipeline.delivery.deliver import Delivery, Mode, deliver_schools
from pipeline.delivery.destinations import DIARY, Destination
from pipeline.delivery.outbox import Box, Guard
from pipeline.delivery.pace import Gatekeeper, Pace
from pipeline.delivery.plan import Plan, Wish, account_plan
from pipeline.hub import Hub
from pipeline.intake.collect import Run
from pipeline.ledger import open_rows
from pipeline.runs import SchoolState, Verdict
from schemas.tables import districts, school_years, schools

SCHOOL = "781001"
BOX = Box("diary", SCHOOL)
YEAR = 2026
DAY = date(2026, 9, 18)
PAYLOAD = '{"v": 1}'


class Portal:
    """Applies a batch once per key; ``faults`` are consumed one per batch sent.

    ``refuses``: records refused one by one. ``spoils``: records that no batch may hold: it is
    refused whole (``whole``) or never answered.
    """

    kind = "diary"
    most_records = 500

    def __init__(self) -> None:
        self.state: dict[str, str] = {}
        self.homes: dict[str, str] = {}  # whose record it is; a stranger's is anybody's
        self.answers: dict[str, list[Receipt]] = {}
        self.sent: list[list[dict[str, object]]] = []
        self.applied = 0
        self.faults: list[str] = []
        self.refuses: set[str] = set()
        self.spoils: set[str] = set()
        self.whole = False
        self.down = False
        self.listed = 0

    def send(
        self, school: str, batch_key: str, records: Sequence[dict[str, object]]
    ) -> list[Receipt]:
        self._answers()
        fault = self.faults.pop(0) if self.faults else ""
        self.sent.append([*records])
        if fault == "before":
            raise Unavailable("cut before it was applied")
        if fault == "limit":
            raise RateLimited("too many requests")
        if self.spoils & {str(record["key"]) for record in records}:
            raise BatchRefused("refused_422") if self.whole else Unavailable("500")
        self.homes |= dict.fromkeys((str(record["key"]) for record in records), school)
        if batch_key not in self.answers:
            self.answers[batch_key] = [self._apply(record) for record in records]
        if fault == "after":
            raise Unavailable("cut after it was applied")
        if fault == "dies":  # applied, and from then on nobody answers
            self.down = True
            raise Unavailable("cut after it was applied")
        if fault == "kill":
            raise KeyboardInterrupt
        return list(reversed(self.answers[batch_key]))

    def fetch_batch(
        self, batch_key: str, records: Sequence[dict[str, object]]
    ) -> list[Receipt] | None:
        self._answers()
        return self.answers.get(batch_key)

    def count_records(self, school: str) -> int | None:
        self._answers()
        return len(self._of(school))

    def list_records(self, school: str) -> Iterator[pl.DataFrame]:
        self._answers()
        self.listed += 1
        rows = [(key, "mark", value, f"id-{key}") for key, value in self._of(school).items()]
        schema = dict.fromkeys(("key", "type", "hash", "id"), pl.String)
        for start in range(0, len(rows), 2):
            yield pl.DataFrame(rows[start : start + 2], schema=schema, orient="row")

    def backup(self) -> dict[str, str]:
        return dict(self.state)

    def restore(self, state: dict[str, str]) -> None:
        """The portal as it was, without a memory of the batches since."""
        self.state, self.answers = dict(state), {}

    def _of(self, school: str) -> dict[str, str]:
        return {k: v for k, v in self.state.items() if self.homes.get(k, school) == school}

    def _answers(self) -> None:
        if self.down:
            raise Unavailable("nobody answers")

    def _apply(self, record: dict[str, object]) -> Receipt:
        key = str(record["key"])
        if key in self.refuses:
            return Receipt(key, "rejected", None, "bad_record")
        self.applied += 1
        if record["op"] == "withdraw":
            self.state.pop(key, None)
            return Receipt(key, "withdrawn", f"id-{key}")
        self.state[key] = str(record["hash"])
        return Receipt(key, "created", f"id-{key}")


class Clock:
    """Time that passes when somebody waits; and all that was waited, in seconds."""

    def __init__(self) -> None:
        self.now = datetime(2026, 9, 18, 20, 0, tzinfo=UTC)
        self.waited: list[float] = []

    def __call__(self) -> datetime:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.waited.append(seconds)
        self.pass_by(seconds)

    def pass_by(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)


class Deliverer:
    """Delivers a desired state given as key -> hash; a withheld key as key -> None."""

    def __init__(
        self,
        hub: Hub,
        portal: Portal,
        patch: pytest.MonkeyPatch,
        *,
        destination: Destination = DIARY,
        pace: Pace | None = None,
        school: str = SCHOOL,
    ) -> None:
        self.hub, self.portal, self.patch, self.school = hub, portal, patch, school
        self.clock = Clock()
        self.year = YEAR
        self.agreed: list[str] | None = None
        self.persons: dict[str, str] = {}
        self.priorities: dict[str, int] = {}
        numbers = count()
        keeper = Gatekeeper(
            hub.engine, destination.name, pace or Pace(), self.clock, self.clock.sleep
        )
        self.delivery = Delivery(
            destination, portal, keeper, new_key=lambda: f"{school}-batch-{next(numbers)}"
        )
        self.runs = count()
        self.last: Verdict | None = None
        register(hub, school, YEAR)

    def __call__(self, mode: Mode = Mode.DAILY, /, **wanted: str | None) -> SchoolState:
        run = Run(f"run-{next(self.runs)}", DAY)
        self.patch.setattr(deliver, "plan_school", self._planner(self.frame(**wanted)))
        this = replace(self.delivery, mode=mode)
        (self.last,) = deliver_schools(self.hub, [self.school], run, this)
        with self.hub.engine.begin() as connection:
            assert open_rows(connection, run.run_id) == []
        return self.last.state

    def frame(self, **wanted: str | None) -> pl.DataFrame:
        """The desired state ``wanted`` as the outbox takes it."""
        return pl.DataFrame(
            {
                "key": list(wanted),
                "entity": ["mark"] * len(wanted),
                "desired_hash": list(wanted.values()),
                "payload": [None if h is None else PAYLOAD for h in wanted.values()],
                "reason": ["no_consent" if h is None else "" for h in wanted.values()],
                "person": [self.persons.get(key) for key in wanted],
                "priority": [self.priorities.get(key, 1) for key in wanted],
            },
            schema_overrides={
                "desired_hash": pl.String,
                "payload": pl.String,
                "person": pl.String,
            },
        )

    def _planner(self, frame: pl.DataFrame):  # type: ignore[no-untyped-def]  # a test double
        def plan(
            hub: Hub,
            destination: Destination,
            school: str,
            on: date,
            run_id: str,
            guard: Guard | None,
        ) -> Plan:
            wish = Wish(self.year, frame, {"mark": frame.height}, self.agreed)
            return account_plan(hub, Box(destination.name, school), run_id, wish, guard)

        return plan

    def states(self) -> dict[str, str]:
        with self.hub.engine.begin() as connection:
            return dict(connection.execute(text("SELECT key, state FROM outbox.desired")).all())

    def findings(self) -> list[str]:
        with self.hub.engine.begin() as connection:
            return list(
                connection.execute(
                    text("SELECT rule FROM ops.findings ORDER BY run_id, rule")
                ).scalars()
            )


def by_school(frames: dict[str, pl.DataFrame]):  # type: ignore[no-untyped-def]  # a test double
    """A planner of several schools: each wants the frame under its code."""

    def plan(
        hub: Hub,
        destination: Destination,
        school: str,
        on: date,
        run_id: str,
        guard: Guard | None,
    ) -> Plan:
        wish = Wish(YEAR, frames[school], {"mark": frames[school].height})
        return account_plan(hub, Box(destination.name, school), run_id, wish, guard)

    return plan


def register(hub: Hub, school: str, year: int) -> None:
    """Make ``school`` known, with the school year ``year`` open."""
    with hub.engine.begin() as connection:
        opened = {
            "school_year": year,
            "zone": "Europe/Moscow",
            "start": date(year, 9, 1),
            "finish": date(year + 1, 5, 31),
        }
        connection.execute(insert(school_years).values(**opened).on_conflict_do_nothing())
        district = insert(districts).values(code="d", name="Район")
        connection.execute(district.on_conflict_do_nothing())
        row = insert(schools).values(
            code=school,
            name="Школа",
            district="d",
            profile="spb",
            school_year=year,
            connected_on=DAY,
        )
        connection.execute(
            row.on_conflict_do_update(index_elements=["code"], set_={"school_year": year})
        )
