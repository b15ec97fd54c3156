"""A hub that has taken in every source, full of canaries, in health and in every kind of trouble.

The days: ``DAY`` as the systems should be; then a canary in every field; then around the fields and
in the names of files; then documents and answers that are something else; then a fault of the hub.
"""

from __future__ import annotations

import csv
import io
import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from datetime import date, timedelta
from itertools import count
from pathlib import Path
from typing import Any

import yaml

from connectors.base import Parsed, RawDocument, Source, SourceTable, Upload
from connectors.registry import make_source
from pipeline import batches, migrate
from pipeline.database import connect
from pipeline.delivery.deliver import Mode
from pipeline.intake.collect import Run, collect_school, open_registered
from pipeline.registry import SchoolSource, import_region, read_region
from pipeline.runs import RunState
from privacy.keys import KeyRing
from sandbox.consents import list_date
from sandbox.emulators.contingent import KEY, Contingent
from sandbox.emulators.diary import TOKEN, Diary
from sandbox.emulators.dnevnik import Dnevnik
from sandbox.emulators.netschool import NetSchool, account_of
from sandbox.emulators.web import HTML, Answer, Request, Responder, address, serve
from sandbox.generate import store_path, write_files, write_json
from sandbox.registry import registry
from sandbox.sources import dnevnik, lists, paragraf
from sandbox.sources.dnevnik_words import Ids, token
from sandbox.view import View
from tests.canaries import planting
from tests.canaries.schools import DAY, LIVE, PARAMS, Planted, schools
from tests.connectors.firebird import running
from tests.end_to_end.registry import OF_PACKETS
from tests.end_to_end.server import Server
from tests.end_to_end.world import World

FIELDS, FRAMES, BROKEN, FAULT = (DAY + timedelta(days=n) for n in (1, 3, 4, 5))
DAYS = (DAY, FIELDS, FRAMES, BROKEN, FAULT)
LONGEST = 15  # Cyrillic letters of a name in Firebird 3
NAMED = "журнал"  # begins the name of a file that is called after somebody


@dataclass(frozen=True)
class Read:
    """A table that the source of a school gave on a day."""

    planted: Planted
    kind: str
    day: date
    table: SourceTable


class CanaryWorld(World):
    """``schools_`` are what was planted, ``read`` what the sources made of it; the rest as in
    ``World``."""

    schools_: list[Planted]
    read: list[Read]

    @classmethod
    def prepare(cls, server: Server, name: str, folder: Path) -> CanaryWorld:
        """Write every upload and open an empty hub."""
        world = cls(server, name, folder)
        world.schools_, world.read = list(schools()), []
        world.home.mkdir(parents=True)
        world.region.mkdir()
        (world.region / "dnevnik").mkdir()
        for planted in world.schools_:
            _write(planted, world.region)
        server.create(name)
        server.create("airflow")
        KeyRing.create(world.settings.keys)
        owner = connect(world.settings, "owner")
        migrate.upgrade(owner)
        migrate.open_school_year(owner, DAY.year)
        return world

    @contextmanager
    def served(self, gate: Any = None) -> Iterator[None]:
        """The systems and the portals at work; the schools registered with their addresses."""
        before = dict(os.environ)
        with ExitStack() as stack:
            self.doors = _Doors(self, stack)
            os.environ.update(self.doors.addresses())
            region = _region(self)
            (self.region / "region.yml").write_text(region, "utf-8")
            with self.hub.engine.begin() as connection:
                import_region(connection, read_region(self.region / "region.yml"))
            try:
                yield
            finally:
                os.environ.clear()
                os.environ.update(before)

    def take(self, day: date, run_id: str, change: Callable[..., Source]) -> RunState:
        """Collect every school on ``day``; ``change`` makes of a planted school and its source the
        source that is read."""
        codes = frozenset(one.code for one in self.schools_)
        run = Run(run_id, day, accept_volumes=codes if day > DAY else frozenset())
        batches.open_run(self.hub, "collect", run)
        for planted in self.schools_:

            def opened(place: SchoolSource, planted: Planted = planted) -> Source:
                source = change(planted, place.kind, open_registered(place))
                return Noted(source, lambda t: self.read.append(Read(planted, place.kind, day, t)))

            collect_school(self.hub, planted.code, run, opened)
        return batches.close_run(self.hub, "collect", run)

    def deliver_everywhere(self, day: date, run_id: str, mode: Mode = Mode.DAILY) -> None:
        self.deliver(str(day), run_id)
        self.deliver_contingent(str(day), f"{run_id}-k", mode=mode)


class _Doors:
    """Emulators behind doors that may answer with something else."""

    def __init__(self, world: CanaryWorld, stack: ExitStack) -> None:
        self._stack = stack
        self.trouble: Callable[[str, Request], Answer | None] | None = None
        codes = [one.code for one in world.schools_]
        web = [one.school for one in world.schools_ if one.name == "netschool_web"]
        self.contingent = Contingent(world.region, codes)
        self.diary = Diary(world.region, codes)
        stack.callback(self.contingent.close)
        stack.callback(self.diary.close)
        journal = Dnevnik(world.region / "dnevnik", FAULT, _no_pause)
        self._urls = {
            "DNEVNIK": self._open("dnevnik_ru", journal.respond) + "/v2",
            "NETSCHOOL": self._open("netschool_web", NetSchool(web, FAULT, _no_pause).respond),
            "DIARY": self._open("diary", self.diary.respond),
            "CONTINGENT": self._open("contingent", self.contingent.respond),
        }
        self.firebird = stack.enter_context(_firebird(world))

    def _open(self, name: str, respond: Responder) -> str:
        def answer(request: Request) -> Answer:
            told = self.trouble(name, request) if self.trouble else None
            return told or respond(request)

        server = serve(answer)
        self._stack.callback(server.server_close)
        self._stack.callback(server.shutdown)
        return address(server)

    def addresses(self) -> dict[str, str]:
        urls = {f"SANDBOX_{name}_URL": url for name, url in self._urls.items()}
        return {**urls, "SANDBOX_DIARY_TOKEN": TOKEN, "CANARY_DATABASE_URL": self.firebird(DAY)}


def healthy(planted: Planted, kind: str, source: Source) -> Source:
    return source


def changed_documents(day: date, firebird: Callable[[date], str]) -> Callable[..., Source]:
    """Live systems say on ``day`` what files were written to say, the database is another one."""
    ways = {FIELDS: planting.in_fields, FRAMES: planting.in_frames}

    def change(planted: Planted, kind: str, source: Source) -> Source:
        if kind == "database":
            settings = {"url": firebird(day), "queries": _queries(planted, day)}
            return make_source(
                kind, planted.code, settings, zone="Europe/Moscow", year_start=date(2026, 9, 1)
            )
        if kind not in LIVE:
            return source
        number = count()
        return Changed(
            source,
            lambda d: replace(
                d,
                content=(
                    planting.broken(d.name, d.content, planted.text, next(number))
                    if day == BROKEN
                    else ways[day](d.name, d.content, planted.text)
                ),
            ),
        )

    return change


class Noted:
    """A source whose tables are kept."""

    def __init__(self, source: Source, note: Callable[[SourceTable], None]) -> None:
        self._source, self._note = source, note
        self.kind = source.kind
        self.pending, self.fetch = source.pending, source.fetch

    def parse(self, upload: Upload, documents: Sequence[RawDocument]) -> Parsed:
        parsed = self._source.parse(upload, documents)
        for table in parsed.tables:
            self._note(table)
        return parsed


class Changed:
    """A source whose documents went through ``change``."""

    def __init__(self, source: Source, change: Callable[[RawDocument], RawDocument]) -> None:
        self._source, self._change = source, change
        self.kind = source.kind

    def pending(self, until: date) -> list[Upload]:
        return self._source.pending(until)

    def fetch(self, upload: Upload) -> list[RawDocument]:
        return [self._change(document) for document in self._source.fetch(upload)]

    def parse(self, upload: Upload, documents: Sequence[RawDocument]) -> Parsed:
        return self._source.parse(upload, documents)


class Faulty(Changed):
    """A source that meets a fault of the hub's own while it reads a document about somebody."""

    def __init__(self, source: Source, said: str) -> None:
        super().__init__(source, lambda document: document)
        self._said = said

    def parse(self, upload: Upload, documents: Sequence[RawDocument]) -> Parsed:
        raise ValueError(f"cannot read {self._said} in {documents[0].name}")


def trouble_with(world: CanaryWorld) -> Callable[[str, Request], Answer | None]:
    """Live systems and portals that answer with pages and errors about somebody."""
    canaries = {one.name: one for one in world.schools_}
    statuses = {name: iter((403, 500, 400, 200) * 500) for name in (*LIVE, "contingent", "diary")}

    def trouble(name: str, request: Request) -> Answer | None:
        if request.path.startswith("/_sandbox"):
            return None
        planted = canaries.get(name, world.schools_[0])
        status = next(statuses[name])
        said = planted.text()
        if status == 400:
            body = f'{{"type": "apiServerError", "description": "{said}", "message": "{said}"}}'
            return Answer(status, body.encode())
        page = f"<html><body><h1>{said}</h1><p>{planted.text()}</p></body></html>"
        return Answer(status, page.encode(), HTML)

    return trouble


# --- what is written before anything is read -----------------------------------------------------


def _write(planted: Planted, region: Path) -> None:
    drops = region / "drops" / planted.code
    school = planted.school
    if planted.form.render is not None:
        finish = planted.form.finish
        write_files(drops / str(DAY), finish(planted.documents(DAY)))
        for day in (FIELDS, FRAMES, FAULT):
            write_files(drops / str(day), finish(_spoilt(planted, planted.documents(day), day)))
        whole = finish(planted.documents(BROKEN))
        write_files(drops / str(BROKEN), _spoilt(planted, whole, BROKEN))
    if planted.name == "dnevnik_ru":
        write_json(store_path(region, school.code), dnevnik.store(school, PARAMS))
    if school.system != "paragraf":
        typed = lists.documents(school, PARAMS)
        write_files(drops / "lists", typed)
        newest = {n: c for n, c in typed.items() if str(list_date(PARAMS)) in n}
        for day in (FIELDS, FRAMES, BROKEN):
            dated = {n.replace(str(list_date(PARAMS)), str(day)): c for n, c in newest.items()}
            write_files(drops / "lists", _spoilt(planted, dated, day))


def _spoilt(planted: Planted, files: dict[str, bytes], day: date) -> dict[str, bytes]:
    """``files`` as they lie in the folder on ``day``; the note is left as it is until the end, for
    nothing is read without it."""
    notes = ("manifest.xml", "export.txt", "готово.txt", "klassinfo.xml")
    text = planted.text
    match day:
        case d if d == FIELDS:
            return {
                name: content if name in notes else planting.in_fields(name, content, text)
                for name, content in files.items()
            }
        case d if d == FRAMES:
            spoilt = {
                name: content if name in notes else planting.in_frames(name, content, text)
                for name, content in files.items()
            }
            called = next(name for name in files if name not in notes)
            return spoilt | {_called(planted, called): files[called]}
        case d if d == BROKEN:
            return {
                name: content
                if name in notes
                else planting.broken(name, content, text, way + planted.school.number)
                for way, (name, content) in enumerate(files.items())
            }
    return {
        name: planting.in_fields(name, content, text) if name in notes else content
        for name, content in files.items()
    }


def _called(planted: Planted, name: str) -> str:
    return f"{NAMED} {planted.text()}.{name.rpartition('.')[2]}".replace("/", " ").replace(":", "")


@contextmanager
def _firebird(world: CanaryWorld) -> Iterator[Callable[[date], str]]:
    """The school's database as it is on each day: a table of texts for each table of Paragraf."""
    [planted] = [one for one in world.schools_ if one.name == "database"]
    folder = world.folder / "firebird"
    folder.mkdir(exist_ok=True)
    with running(folder) as server:
        for day in (DAY, FIELDS, FRAMES):
            server.create(f"{day}.fdb", list(_statements(_tables(planted, day))))
        yield lambda day: server.url(f"{min(day, FRAMES)}.fdb")


def _tables(planted: Planted, day: date) -> dict[str, list[list[str]]]:
    files = paragraf.documents(View(planted.school, day), "csv-utf8")
    files.pop("manifest.xml")
    if day in (FIELDS, FRAMES):  # headings are the words of the administrator's own query
        files = {n: planting.in_fields(n, c, planted.text) for n, c in files.items()}
    return {
        name.removesuffix(".csv"): list(csv.reader(io.StringIO(content.decode()), delimiter=";"))
        for name, content in files.items()
    }


def _queries(planted: Planted, day: date) -> dict[str, str]:
    """What the school's administrator would ask: Paragraf's words for the columns."""
    return {
        name: "SELECT "
        + ", ".join(f'C{place} AS "{_short(column)}"' for place, column in enumerate(header))
        + f' FROM "{name}"'
        for name, (header, *_) in _tables(planted, day).items()
    }


def _short(column: str) -> str:
    return column if len(column) <= LONGEST else column.split()[-1][:LONGEST]


def _statements(tables: dict[str, list[list[str]]]) -> Iterator[str]:
    for name, (header, *rows) in tables.items():
        columns = ", ".join(f"C{place} VARCHAR(400)" for place in range(len(header)))
        yield f'CREATE TABLE "{name}" ({columns})'
        for start in range(0, len(rows), 40):
            lines = (_insert(name, header, row) for row in rows[start : start + 40])
            yield f"EXECUTE BLOCK AS BEGIN {' '.join(lines)} END"


def _insert(name: str, header: list[str], row: list[str]) -> str:
    cells = (*row, *[""] * (len(header) - len(row)))
    values = ", ".join("'" + c.replace("'", "''") + "'" if c else "NULL" for c in cells)
    return f'INSERT INTO "{name}" VALUES ({values});'


def _region(world: CanaryWorld) -> str:
    entries = [_entry(planted, world) for planted in world.schools_]
    made = yaml.safe_load(registry(PARAMS, entries))
    made["targets"]["contingent"] = {
        "variant": "rest", "key": KEY, "base_url": "${SANDBOX_CONTINGENT_URL}/rest", "attempts": 2,
    }  # fmt: skip
    made["targets"]["diary"]["attempts"] = 2
    return yaml.safe_dump(made, allow_unicode=True, sort_keys=False)


PACKET = {"variant": "packet", "key": KEY, "attempts": 2} | OF_PACKETS


def _entry(planted: Planted, world: CanaryWorld) -> dict[str, Any]:
    school = planted.school
    files = {"root": str((world.region / "drops").resolve())}
    account = account_of(school)
    settings: dict[str, dict[str, Any]] = {
        "dnevnik_ru": {
            "base_url": "${SANDBOX_DNEVNIK_URL}",
            "token": token(school, PARAMS.seed),
            "school_id": str(Ids(school.number)("school", 0)),
            "spacing": 0,
            "attempts": 2,
        },
        "netschool_web": {
            "base_url": "${SANDBOX_NETSCHOOL_URL}",
            "login": account.login,
            "password": account.password,
            "school_id": account.school_id,
            "spacing": 0,
            "attempts": 2,
        },
        "database": {
            "url": "${CANARY_DATABASE_URL}",
            "queries": _queries(planted, DAY) if planted.name == "database" else {},
        },
    }
    own = settings.get(planted.form.kind, files)
    sources = [{"kind": planted.form.kind, "mapping": planted.form.mapping, "settings": own}]
    if school.system != "paragraf":
        sources.append({"kind": "lists", "mapping": "lists/1", "settings": files})
    return {
        "code": school.code,
        "name": school.name,
        "district": f"d{school.number % 3 + 1}",
        "profile": "spb",
        "connected_on": str(DAY - timedelta(days=4)),
        "sources": sources,
    }


def _no_pause(_: float) -> None:
    """The emulators have nobody to wait for."""
