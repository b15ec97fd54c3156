"""One small school that a test writes by hand, and both portals beside it over HTTP.

The journal is Paragraf's export, so that a record can be said, changed and left out by a line; a
portal is the sandbox's emulator behind a door that can be shut.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from datetime import date
from functools import partial
from pathlib import Path
from typing import Any
from urllib.request import urlopen

import polars as pl
import pytest
import yaml
from sqlalchemy import text
from typer.testing import CliRunner

from pipeline import batches, migrate
from pipeline.cli import app
from pipeline.database import connect
from pipeline.delivery.destinations import CONTINGENT, DIARY
from pipeline.delivery.pace import wake
from pipeline.hub import Hub
from pipeline.intake.collect import Run
from pipeline.registry import import_region, read_region
from pipeline.runs import RunState
from privacy.pseudonyms import pseudonym
from sandbox.emulators.contingent import KEY, Contingent
from sandbox.emulators.diary import TOKEN, Diary
from sandbox.emulators.web import Answer, Request, Responder, address, json_answer, serve

SCHOOL = "781001"
Row = dict[str, str]
Sent = dict[tuple[str, str], int]  # (type, what the portal did with it) -> records

COLUMNS = {
    "terms": "Код;Название;Вид;Номер;Начало;Окончание",
    "holidays": "Код;Название;Вид;Начало;Окончание",
    "classes": "Код;Название;Параллель;Литера",
    "subjects": "Код;Название",
    "groups": "Код;КодКласса;КодПредмета;Название",
    "curriculum": "КодКласса;КодПредмета;ЧасовВНеделю",
    "staff": "Код;Фамилия;Имя;ДоступКЖ",
    "pupils": (
        "Код;Фамилия;Имя;ДатаРождения;СНИЛС;Пол;КодКласса;ДатаЗачисления;ДатаВыбытия;UID"
    ),
    "guardians": "Код;КодУченика;Фамилия",
    "movements": (
        "Код;КодУченика;Вид;Дата;НомерПриказа;ДатаПриказа;ИзКласса;ВКласс;ДругаяШкола"
    ),
    "timetable": (
        "Код;КодКласса;КодГруппы;КодПредмета;КодУчителя;ДеньНедели;НомерУрока;ДействуетС;"
        "ДействуетПо"
    ),
    "lessons": (
        "Код;Дата;НомерУрока;КодКласса;КодГруппы;КодПредмета;КодУчителя;КодЗамены;Тема;БезДЗ;"
        "Проведен;Состояние;ПосещаемостьОтмечена;Внесено"
    ),
    "marks": "Код;КодУченика;КодУрока;КодПредмета;ДатаУрока;Отметка;Шкала;ВидРаботы",
    "attendance": "КодУченика;КодУрока;Причина",
    "term_marks": "КодУченика;КодПредмета;КодПериода;Отметка;Шкала",
    "applications": "Код;КодУченика;ДатаЗаявления;ДатаРегистрации;ДатаОтказа",
}  # fmt: skip


class Door:
    """Stands before an emulator; while it is ``shut`` the portal is down."""

    def __init__(self, respond: Responder) -> None:
        self._respond, self.shut = respond, False

    def __call__(self, request: Request) -> Answer:
        if self.shut and not request.path.startswith("/_sandbox/"):
            return json_answer({}, 503)
        return self._respond(request)


class Village:
    """The school, what its journal says now, and the two portals."""

    def __init__(self, hub: Hub, folder: Path) -> None:
        self.hub, self.folder = hub, folder
        self.drops = folder / "drops"
        self.said: dict[str, list[Row]] = {name: [] for name in COLUMNS}
        self.year = 2026
        self.closed_on: str | None = None
        self.profile = "spb"
        self.doors: dict[str, Door] = {}
        self._targets: dict[str, Any] = {}
        self._emulators: list[Any] = []

    def open(self) -> None:
        """Start the portals; to be closed by ``close``."""
        diary = Diary(self.folder, [SCHOOL])
        registry = Contingent(self.folder, [SCHOOL])
        doors = {"diary": Door(diary.respond), "contingent": Door(registry.respond)}
        servers = {name: serve(door) for name, door in doors.items()}
        self.doors = doors
        self.urls = {name: address(server) for name, server in servers.items()}
        self._targets = {
            "diary": {"base_url": self.urls["diary"], "token": TOKEN, "attempts": 1},
            "contingent": {
                "variant": "rest",
                "key": KEY,
                "base_url": f"{self.urls['contingent']}/rest",
                "attempts": 1,
            },
        }
        self._emulators = [*servers.values(), diary, registry]
        self.register()

    def close(self) -> None:
        for one in self._emulators:
            if hasattr(one, "shutdown"):
                one.shutdown()
                one.server_close()
            else:
                one.close()

    def register(self) -> None:
        """Import the region file as the operator would, with what is set here."""
        migrate.open_school_year(connect(self.hub.settings, "owner"), self.year)
        source = {"kind": "paragraf", "mapping": "paragraf/3.21"}
        school = {
            "code": SCHOOL, "name": "Школа № 1", "district": "d1", "profile": self.profile,
            "connected_on": "2026-09-01", "closed_on": self.closed_on,
            "sources": [source | {"settings": {"root": str(self.drops)}}],
        }  # fmt: skip
        region = {
            "region": "Область", "zone": "Europe/Moscow", "school_year": self.year,
            "year_start": f"{self.year}-09-01", "year_end": f"{self.year + 1}-05-31",
            "districts": [{"code": "d1", "name": "Район"}], "schools": [school],
            "targets": self._targets,
        }  # fmt: skip
        path = self.folder / "region.yml"
        path.write_text(yaml.safe_dump(region, allow_unicode=True), "utf-8")
        with self.hub.engine.begin() as connection:
            import_region(connection, read_region(path))

    # --- what the journal says

    def say(self, table: str, **cells: str) -> Row:
        """Add a row to a table of the journal; it may be changed and removed later."""
        self.said[table].append(cells)
        return cells

    def drop(self, table: str, **cells: str) -> int:
        """Remove the rows that have these cells; how many."""
        kept = [row for row in self.said[table] if not cells.items() <= row.items()]
        gone = len(self.said[table]) - len(kept)
        self.said[table] = kept
        return gone

    def export(self, day: str) -> None:
        """The journal as it is now, as the upload of ``day``."""
        folder = self.drops / SCHOOL / day
        folder.mkdir(parents=True)
        listed = ""
        for name, columns in COLUMNS.items():
            rows = [";".join(r.get(c, "") for c in columns.split(";")) for r in self.said[name]]
            content = "\r\n".join([columns, *rows, ""])
            (folder / f"{name}.csv").write_bytes(content.encode("cp1251"))
            listed += f'<Файл имя="{name}.csv" записей="{len(rows)}"/>'
        (folder / "manifest.xml").write_text(
            f'<Выгрузка система="Параграф" версия="3.21" школа="{SCHOOL}"'
            f' создана="{day}T17:40:00+03:00" с="{self.year}-09-01" по="{day}">{listed}</Выгрузка>',
            "utf-8",
        )

    # --- what the hub does

    def evening(self, day: str) -> dict[str, RunState]:
        """Collect what lies there and deliver to both portals; how each verb ended.

        Each ledger closes, or this raises.
        """
        ended = {"collect": self.collect(day)}
        for destination in (DIARY, CONTINGENT):
            act = partial(batches.deliver_batch, destination=destination)
            ended[destination.name] = self._step(destination.verb, act, day)
        return ended

    def collect(self, day: str) -> RunState:
        """Collect what lies there, and no more."""
        return self._step("collect", batches.collect_batch, day)

    def _step(self, verb: str, act: Any, day: str) -> RunState:
        run = Run(run_of(day), date.fromisoformat(day))
        for batch in batches.open_run(self.hub, verb, run):
            with suppress(batches.SchoolsWaitingError):
                act(self.hub, batch, run)
        return batches.close_run(self.hub, verb, run)

    def wake(self) -> None:
        """The portals rest no longer, as ``svod portals --wake`` ends it."""
        with self.hub.engine.begin() as connection:
            for name in self.doors:
                wake(connection, name)

    @contextmanager
    def down(self, portal: str) -> Iterator[None]:
        self.doors[portal].shut = True
        yield
        self.doors[portal].shut = False

    def svod(self, *words: str) -> Any:
        """The answer of the command, from JSON. Raises what the command raises."""
        done = CliRunner(env={"SVOD_HOME": str(self.hub.settings.home)}).invoke(
            app, [*words, "--json"], catch_exceptions=False
        )
        assert done.exit_code == 0, done.output
        return json.loads(done.stdout)

    # --- what there is to see

    def holds(self, portal: str, record_type: str = "") -> list[dict[str, Any]]:
        """The live records of a portal, as it keeps them."""
        with urlopen(f"{self.urls[portal]}/_sandbox/state", timeout=20) as answer:
            found: list[dict[str, Any]] = json.load(answer)
        return [one for one in found if record_type in ("", one["type"])]

    def held(self, portal: str) -> dict[str, int]:
        """How many live records of each type a portal keeps."""
        return dict(sorted(Counter(one["type"] for one in self.holds(portal)).items()))

    def went_out(self, portal: str, day: str) -> Sent:
        """What the portal did in an evening's delivery: by type, created, updated, withdrawn."""
        query = (
            "SELECT r.record->>'type', x.status, count(*) FROM outbox.batches b"
            " JOIN outbox.receipts x USING (batch)"
            " JOIN LATERAL jsonb_array_elements(b.records) AS r(record)"
            " ON r.record->>'key' = x.key"
            " WHERE b.target = :target AND b.run_id = :run GROUP BY 1, 2 ORDER BY 1, 2"
        )
        rows = self.rows(query, target=portal, run=run_of(day))
        return {(kind, status): n for kind, status, n in rows}

    def ledger(self, portal: str, day: str, *entities: str) -> dict[tuple[str, ...], int]:
        """(entity, counter, reason where there is one) -> count, of one evening."""
        query = (
            "SELECT entity, counter, reason, count FROM ops.ledger WHERE source = :target"
            " AND run_id = :run AND (cardinality(CAST(:only AS text[])) = 0 OR entity = ANY(:only))"
        )
        rows = self.rows(query, target=portal, run=run_of(day), only=list(entities))
        return {(*row[:2], *filter(None, row[2:3])): row[3] for row in rows}

    def findings(self, day: str) -> dict[str, str]:
        """Detail of each finding of an evening's deliveries, by rule."""
        query = "SELECT rule, detail FROM ops.findings WHERE run_id = :run AND source <> 'paragraf'"
        return dict(self.rows(query, run=run_of(day)))

    def verdict(self, verb: str, day: str) -> tuple[str, str | None, str]:
        """State, rule and detail."""
        query = (
            "SELECT state, rule, detail FROM ops.school_runs WHERE run_id = :run AND verb = :verb"
        )
        ((state, rule, detail),) = self.rows(query, run=run_of(day), verb=verb)
        return state, rule, detail

    def rows(self, query: str, **values: Any) -> list[tuple[Any, ...]]:
        with self.hub.engine.begin() as connection:
            return [tuple(row) for row in connection.execute(text(query), values)]

    def name_of(self, pupil: str) -> str:
        """The pseudonym of the pupil with this key in the journal."""
        key = pseudonym(
            self.hub.keys, role="pupil", school=SCHOOL, source="paragraf", local_key=pl.lit(pupil)
        )
        return str(pl.select(key).item())


def run_of(day: str) -> str:
    return f"run-{day}"


def ru(day: str) -> str:
    """``2026-09-18`` as the journal writes it."""
    return f"{date.fromisoformat(day):%d.%m.%Y}"


# Surname, given name, birth date, SNILS and gender of the pupils 100, 101 and 102.
PUPILS: Sequence[tuple[str, ...]] = (
    ("Жмелеватов", "Лев", "02.04.2013", "101-000-074 34", "М"),
    ("Брянчихина", "Алёна", "11.05.2013", "101-000-037 29", "Ж"),
    ("Аргуняхина", "Зоя", "23.07.2013", "101-000-111 22", "Ж"),
)


def settle_in(village: Village) -> None:
    """Two pupils of 7а and one of 7б, all with UID and consent; a lesson of each class on
    2026-09-16, with a mark for each pupil and an absence of the first."""
    say = village.say
    say("terms", Код="1", Название="I четверть", Вид="Четверть", Номер="1",
        Начало="01.09.2026", Окончание="25.10.2026")  # fmt: skip
    for code, name, letter in (("10", "7а", "а"), ("11", "7б", "б")):
        say("classes", Код=code, Название=name, Параллель="7", Литера=letter)
        say("lessons", **lesson(f"5{code}", "2026-09-16", code))
    say("subjects", Код="20", Название="Алгебра")
    for place, who in enumerate(PUPILS):
        code = str(100 + place)
        enrol(village, code, who, "11" if place == 2 else "10")
        apply_for(village, code, "2026-08-20")
        say("marks", **mark(f"9{code}", code, "511" if place == 2 else "510", "2026-09-16"))
    say("attendance", КодУченика="100", КодУрока="510", Причина="Опз")


def enrol(village: Village, code: str, who: Sequence[str], class_: str, since: str = "") -> Row:
    surname, given, born, snils, gender = who
    return village.say(
        "pupils", Код=code, Фамилия=surname, Имя=given, ДатаРождения=born, СНИЛС=snils, Пол=gender,
        КодКласса=class_, ДатаЗачисления=since or "01.09.2026", UID=f"70000{code}",
    )  # fmt: skip


def apply_for(village: Village, pupil: str, day: str) -> Row:
    """An application that was registered on its day."""
    code = str(len(village.said["applications"]) + 1)
    return village.say(
        "applications", Код=code, КодУченика=pupil, ДатаЗаявления=ru(day), ДатаРегистрации=ru(day)
    )


def lesson(code: str, day: str, class_: str) -> Row:
    return {
        "Код": code, "Дата": ru(day), "НомерУрока": "1", "КодКласса": class_, "КодПредмета": "20",
        "Тема": "Дроби", "БезДЗ": "да", "Проведен": "да", "Состояние": "План",
        "ПосещаемостьОтмечена": "да",
    }  # fmt: skip


def mark(code: str, pupil: str, lesson_code: str, day: str, value: str = "5") -> Row:
    return {
        "Код": code, "КодУченика": pupil, "КодУрока": lesson_code, "КодПредмета": "20",
        "ДатаУрока": ru(day), "Отметка": value, "Шкала": "5", "ВидРаботы": "Урок",
    }  # fmt: skip


def order(village: Village, code: str, pupil: str, kind: str, day: str, **more: str) -> Row:
    return village.say(
        "movements", Код=code, КодУченика=pupil, Вид=kind, Дата=ru(day), НомерПриказа=f"{code}-к",
        ДатаПриказа=ru(day), **more,
    )  # fmt: skip


@pytest.fixture
def village(hub: Hub, tmp_path: Path) -> Iterator[Village]:
    """The school after its first evening, 2026-09-16."""
    one = Village(hub, tmp_path)
    settle_in(one)
    one.open()
    one.export("2026-09-16")
    assert set(one.evening("2026-09-16").values()) == {RunState.CLOSED}
    yield one
    one.close()
