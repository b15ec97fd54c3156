"""A pretend region and a real hub beside it: one folder, one database, one portal.

``copy`` gives a test its own world, so that no test sees what another one did.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import date
from functools import cached_property, partial
from pathlib import Path
from typing import Any
from urllib.request import Request, urlopen

import yaml
from sqlalchemy import text
from typer.testing import CliRunner

from pipeline import batches, figures, migrate
from pipeline.cli import app
from pipeline.database import connect
from pipeline.delivery.deliver import Mode
from pipeline.delivery.destinations import CONTINGENT, DIARY
from pipeline.hub import Hub
from pipeline.intake.collect import Run
from pipeline.intake.examine import examine
from pipeline.registry import import_region, read_region
from pipeline.runs import RunState
from pipeline.settings import Settings
from privacy.keys import KeyRing
from sandbox.emulators.web import Responder, address, serve
from sandbox.generate import generate
from sandbox.params import Params
from sandbox.serve import Running, start
from schemas.tables import metadata
from tests.end_to_end.server import Server

Json = dict[str, Any]
Row = dict[str, Any]
Gate = Callable[[Responder], Responder]
SVOD = str(Path(sys.executable).parent / "svod")
ATTEMPTS = 2  # a region's outages are tested, not the patience of the client


class World:
    """``region`` is the sandbox's folder, ``home`` the hub's; ``name`` the database."""

    def __init__(self, server: Server, name: str, folder: Path) -> None:
        self.server, self.name, self.folder = server, name, folder
        self.region, self.home = folder / "region", folder / "home"
        self._running: Running | None = None

    @classmethod
    def build(cls, server: Server, name: str, folder: Path, params: Params) -> World:
        """Generate the region and prepare a hub that has collected nothing yet."""
        world = cls(server, name, folder)
        generate(params, world.region)
        world.home.mkdir()
        server.create(name)
        KeyRing.create(world.settings.keys)
        owner = connect(world.settings, "owner")
        migrate.upgrade(owner)
        migrate.open_school_year(owner, params.first_business_date.year)
        world._register()
        return world

    def copy(self, name: str, folder: Path) -> World:
        """The same region, hub and portal at this moment; nothing may be served meanwhile."""
        assert self._running is None
        shutil.copytree(self.folder, folder, dirs_exist_ok=True)
        self.server.create(name, template=self.name)
        copied = World(self.server, name, folder)
        copied._register()
        return copied

    def _register(self) -> None:
        """Bind the schools to this world's drop folders."""
        path = self.region / "region.yml"
        content = yaml.safe_load(path.read_text("utf-8"))
        for school in content["schools"]:
            for source in school["sources"]:
                if "root" in source["settings"]:
                    source["settings"]["root"] = str(self.region / "drops")
                else:
                    source["settings"]["attempts"] = ATTEMPTS
        path.write_text(yaml.safe_dump(content, allow_unicode=True), "utf-8")
        with self.hub.engine.begin() as connection:
            import_region(connection, read_region(path))

    @cached_property
    def settings(self) -> Settings:
        return Settings(home=self.home, database_url=self.server.url(self.name))

    @cached_property
    def hub(self) -> Hub:
        return Hub.open(self.settings)

    @cached_property
    def truth(self) -> Json:
        found: Json = json.loads((self.region / "truth.json").read_text("utf-8"))
        return found

    @property
    def dates(self) -> list[str]:
        return list(self.truth["business_dates"])

    @property
    def last(self) -> str:
        return self.dates[-1]

    def schools(self, system: str = "", form: str = "") -> list[str]:
        """Codes of the schools of a system and a form of its documents, in order."""
        return [
            code
            for code, school in self.truth["schools"].items()
            if system in ("", school["system"]) and form in ("", school["format"])
        ]

    @contextmanager
    def served(self, gate: Gate | None = None) -> Iterator[None]:
        """The emulators at work and their addresses in the environment.

        ``gate`` stands between the hub and the diary service: it sees every request and may keep
        it waiting.
        """
        before = dict(os.environ)
        self._running = start(self.region)
        os.environ.update(self._addresses())
        door = serve(gate(self._running.service.respond)) if gate else None
        if door:
            os.environ["SANDBOX_DIARY_URL"] = address(door)
        try:
            yield
        finally:
            if door:
                door.shutdown()
                door.server_close()
            self._running.close()
            self._running = None
            os.environ.clear()
            os.environ.update(before)

    def _addresses(self) -> dict[str, str]:
        assert self._running is not None
        urls = self._running.urls
        return {
            f"SANDBOX_{key.upper()}": str(urls[key])
            for key in ("dnevnik_url", "diary_url", "diary_token")
        }

    def environment(self) -> dict[str, str]:
        """Of an ``svod`` process that works on this world."""
        kept = {name: value for name, value in os.environ.items() if not name.startswith("SVOD_")}
        return kept | self._ours() | {"COLUMNS": "200"}

    def _ours(self) -> dict[str, str]:
        return {"SVOD_HOME": str(self.home), "SVOD_DATABASE_URL": self.server.url(self.name)}

    def svod(self, *arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
        """The command to its end; ``variables`` go over the environment."""
        return subprocess.run(
            [SVOD, *arguments],
            env=self.environment() | variables,
            capture_output=True,
            text=True,
            check=False,
            timeout=300,
        )

    def asked(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """A command that only answers, in this process: a new one takes seconds to begin."""
        done = CliRunner(env=self._ours()).invoke(app, list(arguments))
        assert done.exception is None or isinstance(done.exception, SystemExit), done.exception
        return subprocess.CompletedProcess(arguments, done.exit_code, done.stdout, done.stderr)

    def svod_started(self, *arguments: str) -> subprocess.Popen[bytes]:
        """The command at work, in a process to be killed."""
        return subprocess.Popen(
            [SVOD, *arguments],
            env=self.environment(),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )

    def today(self, day: str) -> None:
        """Tell Dnevnik.ru which evening it is."""
        ask(f"{self.source_url}/_sandbox/today", {"date": day})

    @property
    def source_url(self) -> str:
        """Of Dnevnik.ru that is served now."""
        return self._addresses()["SANDBOX_DNEVNIK_URL"].removesuffix("/v2")

    @property
    def portal_url(self) -> str:
        """Of the diary service that is served now."""
        return self._addresses()["SANDBOX_DIARY_URL"]

    @property
    def registry_url(self) -> str:
        """Of the contingent registry that is served now."""
        assert self._running is not None
        return str(self._running.urls["contingent_url"])

    def portal(self, what: str) -> Any:
        """``stats`` or ``state`` of the diary service."""
        return ask(f"{self._addresses()['SANDBOX_DIARY_URL']}/_sandbox/{what}")

    def collect(self, day: str, run_id: str, schools: list[str] | None = None) -> RunState:
        """All schools, or those chosen."""
        return self.step("collect", batches.collect_batch, day, run_id, schools)

    def deliver(self, day: str, run_id: str, schools: list[str] | None = None) -> RunState:
        """All schools, or those chosen, to the diary service."""
        act = partial(batches.deliver_batch, destination=DIARY)
        return self.step("deliver", act, day, run_id, schools)

    def deliver_contingent(
        self,
        day: str,
        run_id: str,
        schools: list[str] | None = None,
        mode: Mode = Mode.DAILY,
    ) -> RunState:
        """All schools, or those chosen, to the contingent registry."""
        act = partial(batches.deliver_batch, destination=CONTINGENT, mode=mode)
        return self.step(CONTINGENT.verb, act, day, run_id, schools)

    def step(
        self, verb: str, act: Any, day: str, run_id: str, schools: list[str] | None = None
    ) -> RunState:
        """As a DAG does it: batches, then close; a ledger that does not close raises."""
        run = _run(day, run_id)
        every = batches.open_run(self.hub, verb, run)
        for batch in [schools] if schools else every:
            with suppress(
                batches.SchoolsWaitingError, batches.SchoolsLimitedError
            ):  # the verdict is kept, the run ends partly
                act(self.hub, batch, run)
        return batches.close_run(self.hub, verb, run, schools)

    def measure(self, day: str, run_id: str) -> list[Path]:
        """Examine, measure and report; the paths of the reports."""
        examine(self.hub, _run(day, run_id))
        return self.compute(day, run_id)

    def compute(self, day: str, run_id: str) -> list[Path]:
        """Measure and report, without the batch check, which takes longest."""
        run = _run(day, run_id)
        figures.compute(self.hub, run)
        return figures.render_reports(self.hub, run)

    def rows(self, query: str, **values: Any) -> list[Row]:
        with connect(self.settings, "owner").begin() as connection:
            return [dict(row) for row in connection.execute(text(query), values).mappings()]

    def write(self, statement: str, **values: Any) -> None:
        with connect(self.settings, "owner").begin() as connection:
            connection.execute(text(statement), values)

    def forget(self, *schemas: str) -> None:
        """Empty the tables of ``schemas``: the hub as it was before it filled them."""
        names = [str(t) for t in metadata.sorted_tables if t.schema in schemas]
        self.write(f"TRUNCATE {', '.join(names)} RESTART IDENTITY CASCADE")

    def empty_portal(self) -> None:
        """The diary service as it was before the first delivery; not while it is served."""
        assert self._running is None
        for path in self.region.glob("diary*"):
            path.unlink()

    def facts(self, school: str = "") -> dict[str, list[Row]]:
        """Live rows of the journal by entity, without the marks of the run that wrote them."""
        passing = {"recorded_run", "recorded_at", "first_seen_at", "origin_document"}
        query = (
            "SELECT * FROM {} WHERE vanished_at IS NULL AND (:school = '' OR school = :school)"
            " ORDER BY school, source, key"
        )
        return {
            table.name: [
                {name: value for name, value in row.items() if name not in passing}
                for row in self.rows(query.format(table), school=school)
            ]
            for table in metadata.sorted_tables
            if table.schema == "journal" and table.name != "history"
        }


def _run(day: str, run_id: str) -> Run:
    return Run(run_id, date.fromisoformat(day))


def ask(url: str, body: object = None) -> Any:
    """The JSON answer of a control call of an emulator."""
    data = None if body is None else json.dumps(body).encode()
    with urlopen(Request(url, data), timeout=20) as answer:
        return json.load(answer)
