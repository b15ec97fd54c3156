"""Where processes are killed: a small region in the states that a piece of work begins in.

A state is a database to copy, the hub's folder with what has landed so far, and a backup at both
portals. So every piece of work begins anew within a fraction of a second.
"""

from __future__ import annotations

import os
import shutil
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date
from itertools import count
from pathlib import Path
from typing import Any

from sqlalchemy import Engine, text

from pipeline.database import connect
from pipeline.delivery import held
from pipeline.delivery.destinations import CONTINGENT
from pipeline.delivery.outbox import Box
from pipeline.delivery.plan import plan_school
from pipeline.ledger import open_rows
from pipeline.settings import Settings
from sandbox.params import Params
from schemas.tables import metadata
from tests.end_to_end.registry import tell_of_registry
from tests.end_to_end.server import Server
from tests.end_to_end.world import World, ask
from tests.reliability.victim import Event, Point, begin, events_of

# Three schools, one of each usual system. On the second day one of them does not answer.
PARAMS = Params(districts=2, schools_per_system=1, classes=1, connected_on=date(2026, 9, 15))
FIRST, SECOND, THIRD, LAST = (f"2026-09-{day}" for day in (15, 16, 17, 18))
PARAGRAF, DNEVNIK, NETSCHOOL = "781001", "781002", "781003"
# Of the hub, nothing collected; three days collected; four, nothing delivered; four, delivered on
# the third. Of the portals: nothing; as on the second day, so older than the hub's books.
NOTHING, THREE_DAYS, UNDELIVERED, DELIVERED = "nothing", "three_days", "undelivered", "delivered"
EMPTY, OLDER = "empty", "older"
# What is not the same twice: a run's name, the time, numbers given in order, a batch's key, what is
# sealed with a nonce.
PASSING = {
    *("id", "run_id", "recorded_run", "first_run", "last_run", "origin_document", "batch"),
    "documents",
    *("recorded_at", "first_seen_at", "vanished_at", "updated_at", "found_at", "made_at"),
    *("landed_at", "taken_at", "sealed", "payload", "delivered_payload", "before"),
}
EFFECTS = ("created", "updated", "unchanged", "withdrawn", "rejected")

Rows = list[tuple[Any, ...]]


@dataclass(frozen=True)
class Work:
    """``command`` on ``day`` in a ``state`` of the hub; at ``portal`` (diary, or the registry's way
    in), which begins as it was ``kept``."""

    name: str
    command: tuple[str, ...]
    day: str
    state: str
    portal: str = ""
    kept: str = ""


@dataclass(frozen=True)
class Outcome:
    """What stands after a run: rows of tables, documents landed, the portal's records and how often
    it did what; the run's state, its verdicts and the exit code."""

    tables: dict[str, Counter[tuple[Any, ...]]]
    landed: list[str]
    records: list[dict[str, Any]]
    effects: dict[str, int]
    state: str
    verdicts: Rows
    code: int


@dataclass
class Ground:
    """The region, served; ``at`` is a hub of one's own."""

    server: Server
    world: World
    folder: Path
    _numbers: Iterator[int] = field(default_factory=lambda: count(1))

    @classmethod
    @contextmanager
    def ready(cls, server: Server, folder: Path) -> Iterator[Ground]:
        """Three schools over four days, and their states on the way."""
        (folder / "world").mkdir()
        world = World.build(server, "kill", folder / "world", PARAMS)
        ground = cls(server, world, folder)
        with world.served():
            tell_of_registry(world.hub.engine, "rest", world.registry_url)
            ground._live()
            begin(["--help"], world.environment(), folder / "warm").join()
            yield ground

    def _live(self) -> None:
        world = self.world
        self._keep(NOTHING, EMPTY)
        for day in (FIRST, SECOND, THIRD):
            world.today(day)
            world.collect(day, f"collect-{day}")
            world.deliver(day, f"deliver-{day}")
            if day == SECOND:
                world.deliver_contingent(day, f"deliver-{day}", schools=[PARAGRAF])
                self._back_up(OLDER)
        world.deliver_contingent(THIRD, f"deliver-{THIRD}")
        self._twist_facts()
        self._keep(THREE_DAYS)
        world.today(LAST)
        world.collect(LAST, f"collect-{LAST}")
        self._lose_facts()
        self._keep(DELIVERED)
        world.forget("outbox")
        self._keep(UNDELIVERED)

    def _keep(self, state: str, backup: str = "") -> None:
        self.server.create(f"{self.world.name}_{state}", template=self.world.name)
        shutil.copytree(self.world.home, self.folder / state)
        if backup:
            self._back_up(backup)

    def _back_up(self, name: str) -> None:
        for url in (self.world.portal_url, self.world.registry_url):
            ask(f"{url}/_sandbox/backup", {"name": name})

    def _twist_facts(self) -> None:
        """So that the next upload changes, removes and brings back some in each school."""
        for school in (PARAGRAF, DNEVNIK, NETSCHOOL):
            for change in (
                "UPDATE journal.lesson t SET content_hash = 'other' FROM picked p"
                " WHERE t.key = p.key AND t.school = :school",
                "UPDATE journal.mark t SET vanished_at = now() FROM picked p"
                " WHERE t.key = p.key AND t.school = :school",
            ):
                table = change.split()[1]
                self.world.write(
                    f"WITH picked AS (SELECT key FROM {table} WHERE school = :school"
                    f" ORDER BY date DESC, key LIMIT 3) {change}",
                    school=school,
                )
            columns = [c.name for c in metadata.tables["journal.mark"].columns if c.name != "key"]
            named = ", ".join(columns)
            self.world.write(
                f"INSERT INTO journal.mark (key, {named}) SELECT key || '-gone', {named}"
                " FROM journal.mark WHERE school = :school AND vanished_at IS NULL"
                " ORDER BY date DESC, key LIMIT 3",
                school=school,
            )

    def _lose_facts(self) -> None:
        """So that a delivery updates and withdraws: a few records, which a person lets go where
        need be, and more than go without one."""
        write = self.world.write
        first = "UPDATE journal.{0} SET vanished_at = now() WHERE school = :school AND key IN"
        first += " (SELECT key FROM journal.{0} WHERE school = :school"
        first += " ORDER BY origin_line, key LIMIT {1})"
        write(first.format("mark", 5), school=PARAGRAF)
        write("UPDATE journal.mark SET vanished_at = now() WHERE school = :s", s=NETSCHOOL)
        write("UPDATE journal.enrolment SET start = start + 1 WHERE school = :s", s=PARAGRAF)
        for school in (PARAGRAF, DNEVNIK):
            write(first.format("enrolment", 4), school=school)
        hub = self.world.hub
        plan = plan_school(hub, CONTINGENT, PARAGRAF, date.fromisoformat(LAST), "plan")
        assert plan.held == held.approve(hub, Box(CONTINGENT.name, PARAGRAF), "operator") > 0

    @contextmanager
    def at(self, work: Work) -> Iterator[Site]:
        """A hub and a portal in the state that ``work`` begins in."""
        name = f"{self.world.name}_{next(self._numbers)}"
        self.server.create(name, template=f"{self.world.name}_{work.state}")
        # Landed documents are never changed: a link is as good as a copy.
        shutil.copytree(self.folder / work.state, self.folder / name, copy_function=os.link)
        self.world.today(work.day)
        settings = Settings(home=self.folder / name, database_url=self.server.url(name))
        site = Site(self.world, work, settings, connect(settings, "owner"))
        site.arrange()
        try:
            yield site
        finally:
            site.engine.dispose()
            self.server.drop(name)


@dataclass
class Site:
    """One piece of work in a hub of its own."""

    world: World
    work: Work
    settings: Settings
    engine: Engine
    _before: dict[str, int] = field(default_factory=dict)
    _logs: Iterator[int] = field(default_factory=lambda: count(1))

    def arrange(self) -> None:
        """The portal as it was kept, and the hub told where it is."""
        if self.work.portal:
            self.control("restore", name=self.work.kept)
            self._before = self.control("stats")
        if self.work.portal not in ("", "diary"):
            tell_of_registry(self.engine, self.work.portal, self.world.registry_url)

    def start(self, run_id: str, point: Point | None = None) -> tuple[Any, Path]:
        """The command at work as run ``run_id``, and the log of its events."""
        log = self.settings.home / f"events-{next(self._logs)}"
        arguments = [*self.work.command, "--business-date", self.work.day, "--run-id", run_id]
        ours = {
            "SVOD_HOME": str(self.settings.home),
            "SVOD_DATABASE_URL": self.settings.database_url,
        }
        return begin(arguments, self.world.environment() | ours, log, point), log

    def run(self, run_id: str, point: Point | None = None) -> tuple[int, list[Event]]:
        """The command to its end: how it ended (negative: the signal) and what happened."""
        process, log = self.start(run_id, point)
        process.join()
        return process.exitcode, events_of(log)

    def outcome(self, run_id: str, code: int) -> Outcome:
        """What stands when ``run_id`` has ended with ``code``; its ledger must close."""
        with self.engine.begin() as connection:
            assert open_rows(connection, run_id) == []
            tables = {
                name: Counter(tuple(row) for row in connection.execute(text(query)))
                for name, query in _TABLES.items()
            }
        landed = (path for path in (self.settings.home / "landing").rglob("*") if path.is_file())
        verdicts = "SELECT school, source, state, rule, detail FROM ops.school_runs"
        at_portal = bool(self.work.portal)
        stats = self.control("stats") if at_portal else {}
        return Outcome(
            tables=tables,
            landed=sorted(path.name for path in landed),
            records=self.control("state") if at_portal else [],
            effects={name: stats[name] - self._before[name] for name in EFFECTS if at_portal},
            state=self.state(run_id),
            verdicts=self.rows(f"{verdicts} WHERE run_id = :run ORDER BY 1, 2", run=run_id),
            code=code,
        )

    def state(self, run_id: str) -> str:
        """Of the run; empty before it has begun."""
        rows = self.rows("SELECT state FROM ops.runs WHERE run_id = :run", run=run_id)
        return rows[0][0] if rows else ""

    def waiting(self) -> Rows:
        """Batches without a settled answer."""
        query = "SELECT batch, state FROM outbox.batches WHERE state IN ('written', 'unknown')"
        return self.rows(query)

    def rows(self, query: str, **values: Any) -> Rows:
        with self.engine.begin() as connection:
            return [tuple(row) for row in connection.execute(text(query), values)]

    def control(self, call: str, **body: Any) -> Any:
        """A control call of the portal of the work."""
        diary = self.work.portal == "diary"
        url = self.world.portal_url if diary else self.world.registry_url
        return ask(f"{url}/_sandbox/{call}", body or None)


def _queries() -> dict[str, str]:
    """By table, what of it must be the same whatever happened on the way."""
    compared = {"journal", "vault"}
    named = {"ops.landing", "ops.uploads", "ops.quarantine", "ops.findings", "outbox.desired"}
    found = {}
    for table in metadata.sorted_tables:
        if table.schema not in compared and str(table) not in named:
            continue
        columns = [f'"{c.name}"' for c in table.columns if c.name not in PASSING]
        if "vanished_at" in table.columns:
            columns.append("vanished_at IS NULL")
        # A finding of a run that was killed is told again by the run that goes on.
        once = "DISTINCT " if table.name == "findings" else ""
        found[str(table)] = f"SELECT {once}{', '.join(columns)} FROM {table}"
    return found


_TABLES = _queries()
