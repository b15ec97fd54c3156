"""Every sealed place is counted, sealed anew beside a working hub, opened by the new key alone."""

from __future__ import annotations

import ast
import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial
from itertools import count
from pathlib import Path
from typing import Any

import polars as pl
import pyotp
import pytest
from sqlalchemy import text
from typer.testing import CliRunner

from pipeline import rotation
from pipeline.access import accounts, second_factor
from pipeline.access.accounts import AccountRole, Level
from pipeline.cli import app
from pipeline.database import connect
from pipeline.delivery.destinations import DIARY
from pipeline.hub import Hub
from pipeline.intake.quarantine import REFUSED, keep_refusals
from pipeline.passports.versions import Declared, keep_passport, passports_on
from pipeline.store import Batch
from privacy.keyfile import KeyChangeRefusedError
from privacy.keys import KeyRing
from privacy.outgoing import wrap
from privacy.passports import release_contacts
from privacy.people import people_of
from privacy.sealing import unseal
from schemas.frames import REFUSAL_SCHEMA, WAITS
from tests.pipeline.portal import Deliverer, Portal
from tests.privacy.samples import SCHOOL, journal
from tests.privacy.test_vault import claims

ROOT = Path(__file__).parents[2]
NOON = datetime(2026, 11, 28, 12, tzinfo=UTC)
LATER = NOON + timedelta(hours=1)
LOGIN = "operator"
RESPONSIBLE = "Жмелеватова Роза Львовна"
NAMED = '{"lastname": "Жмелеватов"}'
DOCUMENT, RECORD = "Жмелеватов;Лев".encode(), '{"full_name": "Жмелеватов Лев"}'

EVERYWHERE = {
    "vault.people.sealed": 4,
    "vault.uids.sealed": 1,
    "ops.quarantine.sealed": 1,
    "outbox.desired.payload": 1,
    "outbox.desired.delivered_payload": 1,
    "outbox.batches.records": 2,
    "registry.passports.sealed": 1,
    "access.accounts.factor": 1,
    "landing": 2,
}
TOTAL = sum(EVERYWHERE.values())


@pytest.fixture
def portal() -> Portal:
    return Portal()


@pytest.fixture
def filled(
    hub: Hub, portal: Portal, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Hub]:
    """A hub with a key file and a landing area of its own; each place holds something of ``k1``."""
    monkeypatch.setenv("SVOD_HOME", str(hub.settings.home))
    monkeypatch.setenv("SVOD_KEY_FILE", str(tmp_path / "keys.json"))
    monkeypatch.setenv("SVOD_LANDING_URL", f"file://{tmp_path / 'landing'}")
    KeyRing.create(tmp_path / "keys.json")
    own = Hub.open()
    own.vault.store_people(SCHOOL, people_of(SCHOOL, "paragraf", journal(), own.keys))
    own.vault.store_uids(SCHOOL, "paragraf", claims(("p1", "781234567")))
    refusal = {"entity": "pupil", "_document": "d", "_line": 1, "field": "f", "rule": "r"}
    refusals = pl.DataFrame([refusal | {"record": RECORD}], schema=REFUSAL_SCHEMA | WAITS)
    with own.engine.begin() as connection:
        batch = Batch(SCHOOL, "paragraf", 2026, "run", NOON)
        keep_refusals(connection, own.keys, batch, "u", refusals, complete=True)
    own.landing.put(DOCUMENT)
    own.landing.put(b"another")
    declare(own)
    enrol(own)
    one = deliver(own, portal, monkeypatch)
    one(a="1")
    portal.refuses = {"a"}
    one(a="2")  # what was confirmed is kept beside what is wanted
    portal.refuses = set()
    yield own
    own.engine.dispose()


def declare(hub: Hub) -> None:
    """A passport that names somebody."""
    with hub.engine.begin() as connection:
        connection.execute(text("INSERT INTO registry.districts VALUES ('d1', 'Район')"))
        connection.execute(
            text(
                "INSERT INTO registry.schools (code, name, district, profile, school_year,"
                " connected_on) VALUES (:code, 'Школа', 'd1', 'spb', 2026, '2026-09-01')"
            ),
            {"code": SCHOOL},
        )
    contacts = {"responsible_name": RESPONSIBLE}
    keep_passport(hub, Declared(SCHOOL, NOON.date(), {}, contacts, {}), "svod")


def enrol(hub: Hub) -> None:
    """An account with a second factor."""
    with connect(hub.settings, "svod_access").begin() as connection:
        accounts.create(
            connection, login=LOGIN, role=AccountRole.OPERATOR, level=Level.REGION, unit="region",
            by="tests", at=NOON,
        )  # fmt: skip
        account = accounts.find(connection, LOGIN)
        assert account is not None
        second_factor.begin(connection, hub.keys, account)


def code_is_taken(hub: Hub) -> bool:
    """Whether the account's secret still opens."""
    with connect(hub.settings, "svod_access").begin() as connection:
        account = accounts.find(connection, LOGIN)
        assert account is not None
        told = second_factor.begun(connection, hub.keys, account)
        assert told is not None
        code = pyotp.TOTP(pyotp.parse_uri(told).secret).at(NOON)
        return second_factor.take(connection, hub.keys, account, code, NOON)


def deliver(hub: Hub, portal: Portal, monkeypatch: pytest.MonkeyPatch, first: int = 0) -> Deliverer:
    """Deliveries of a record that names somebody, to a target that asks what was confirmed.

    Runs and batches are numbered from ``first``.
    """
    monkeypatch.setattr("tests.pipeline.portal.PAYLOAD", wrap(hub.keys, "a", NAMED))
    destination = replace(DIARY, names_people=True, asks_former=True)
    made = Deliverer(hub, portal, monkeypatch, destination=destination)
    made.runs = count(first)
    made.delivery = replace(made.delivery, new_key=lambda: f"batch-{next(numbers)}")
    numbers = count(first)
    return made


def sealed(hub: Hub) -> dict[str, dict[str, int]]:
    return {place.name: place.counts() for place in rotation.places(hub)}


def every(key_id: str) -> dict[str, dict[str, int]]:
    return {name: {key_id: count} for name, count in EVERYWHERE.items()}


def ignore(_place: str, _count: int) -> None: ...


def test_every_sealed_place_survives_its_key(
    filled: Hub, portal: Portal, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert sealed(filled) == every("k1")
    people = filled.vault.identities(SCHOOL)
    assert rotation.rotate(filled, NOON) == "k2"
    done = rotation.reseal(filled, ignore)
    assert {one.place: one.resealed for one in done} == EVERYWHERE
    assert sum(one.left for one in done) == 0
    assert sealed(filled) == every("k2")
    rotation.retire(filled, "k1", LATER)

    fresh = Hub.open()
    assert set(fresh.keys.sealing) == {"k2"}
    assert fresh.vault.identities(SCHOOL).equals(people)
    assert dict(fresh.vault.uids_of(SCHOOL).iter_rows()) == {"p1": "781234567"}
    assert fresh.landing.get(fresh.landing.put(DOCUMENT)) == DOCUMENT
    with fresh.engine.begin() as connection:
        refused = connection.execute(text("SELECT sealed FROM ops.quarantine")).scalar_one()
    assert unseal(fresh.keys, refused, REFUSED).decode() == RECORD
    with fresh.engine.begin() as connection:
        passport = passports_on(connection, NOON.date())[SCHOOL]
    place, fields = (SCHOOL, 1, passport.sealed), ["responsible_name"]
    asked = {"purpose": "form2", "ground": "g", "log": fresh.log_action}
    told = release_contacts(fresh.keys, *place, fields, **asked)
    assert told == {"responsible_name": RESPONSIBLE}
    assert code_is_taken(fresh)
    deliver(fresh, portal, monkeypatch, first=7)()  # a withdrawal tells what was confirmed
    assert portal.sent[-1][0]["was"] == json.loads(NAMED)


def test_a_batch_that_waits_is_sent_after_its_key_is_gone(
    filled: Hub, portal: Portal, monkeypatch: pytest.MonkeyPatch
) -> None:
    one = deliver(filled, portal, monkeypatch, first=7)
    portal.down = True
    one(a="3")
    rotation.rotate(filled, NOON)
    rotation.reseal(filled, ignore)
    rotation.retire(filled, "k1", LATER)
    portal.down, one.hub = False, Hub.open()
    one(a="3")
    assert portal.sent[-1][0]["data"] == json.loads(NAMED)
    assert one.states() == {"a": "delivered"}


def test_a_process_that_began_before_works_through_a_rotation(
    filled: Hub, portal: Portal, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It reads and writes after each step; nothing it wrote is lost with the old key."""
    old, operator = filled, Hub.open()
    assert set(old.keys.sealing) == {"k1"}
    one = deliver(old, portal, monkeypatch, first=7)
    steps = (
        lambda: rotation.rotate(operator, NOON),
        lambda: rotation.reseal(operator, ignore),
        lambda: rotation.retire(operator, "k1", LATER),
    )
    for number, step in enumerate(steps):
        step()
        assert old.vault.uids_of(SCHOOL).height == 1
        assert old.landing.get(old.landing.put(DOCUMENT)) == DOCUMENT
        school = f"78200{number}"
        old.vault.store_people(school, people_of(school, "paragraf", journal(), old.keys))
        written = old.landing.put(school.encode())
        monkeypatch.setattr("tests.pipeline.portal.PAYLOAD", wrap(old.keys, "a", NAMED))
        one(a=f"new {number}")
        fresh = Hub.open()
        assert fresh.vault.identities(school).height == 4
        assert fresh.landing.get(written) == school.encode()
        assert portal.sent[-1][0]["data"] == json.loads(NAMED)
    assert {key_id for counts in sealed(old).values() for key_id in counts} == {"k2"}


def test_killed_in_any_place_it_goes_on(filled: Hub) -> None:
    rotation.rotate(filled, NOON)
    for name in EVERYWHERE:
        with pytest.raises(KeyboardInterrupt):
            rotation.reseal(filled, partial(dies_in, name))
        assert sum(sum(counts.values()) for counts in sealed(filled).values()) == TOTAL
    rotation.reseal(filled, ignore)
    assert sealed(filled) == every("k2")


def dies_in(name: str, place: str, _count: int) -> None:
    if place == name:
        raise KeyboardInterrupt


@pytest.mark.parametrize("place", EVERYWHERE)
def test_a_key_that_seals_anything_anywhere_is_kept(
    filled: Hub, monkeypatch: pytest.MonkeyPatch, place: str
) -> None:
    rotation.rotate(filled, NOON)
    every_place = rotation.places(filled)
    (kept,) = (one for one in every_place if one.name == place)
    monkeypatch.setattr(rotation, "places", lambda _: [p for p in every_place if p is not kept])
    rotation.reseal(filled, ignore)
    monkeypatch.setattr(rotation, "places", lambda _: every_place)
    with pytest.raises(KeyChangeRefusedError, match=f"still seals {EVERYWHERE[place]} contents"):
        rotation.retire(filled, "k1", LATER)
    assert set(KeyRing.load(filled.settings.keys).sealing) == {"k1", "k2"}


def test_two_do_not_reseal_at_once(filled: Hub) -> None:
    rotation.rotate(filled, NOON)
    refused: list[str] = []

    def second(_place: str, _count: int) -> None:
        if not refused:
            with pytest.raises(KeyChangeRefusedError) as caught:
                rotation.reseal(Hub.open(), ignore)
            refused.append(str(caught.value))

    rotation.reseal(filled, second)
    assert refused == ["another process is resealing; wait for its end"]


def test_what_is_lost_or_broken_is_told_and_left(filled: Hub, tmp_path: Path) -> None:
    (document,) = list((tmp_path / "landing").rglob("*.sealed"))[:1]
    document.write_bytes(b"torn")
    with filled.engine.begin() as connection:
        connection.execute(
            text("UPDATE ops.quarantine SET sealed = overlay(sealed PLACING '9' FROM 4)")
        )
    rotation.rotate(filled, NOON)
    done = {one.place: (one.resealed, one.left) for one in rotation.reseal(filled, ignore)}
    assert done["landing"] == (1, 1)
    assert done["ops.quarantine.sealed"] == (0, 1)
    states = {(row["place"], row["key"]): row["state"] for row in rotation.status(filled)}
    assert states["landing", ""] == "broken"
    assert states["ops.quarantine.sealed", "k9"] == "lost"
    assert states["", "k1"] == "old"


def test_the_commands(filled: Hub) -> None:
    def svod(*arguments: str) -> tuple[int, list[dict[str, Any]]]:
        done = CliRunner().invoke(app, ["keys", *arguments, "--json"])
        if isinstance(done.exception, KeyChangeRefusedError):
            raise done.exception
        assert not any(key in done.output for key in secrets(filled))
        return done.exit_code, json.loads(done.stdout)

    by = ("--by", "Петрова")
    _, rows = svod("status")
    assert {(row["key"], row["state"]) for row in rows} == {("k1", "active")}
    assert sum(row["contents"] for row in rows) == TOTAL
    assert svod("rotate", *by) == (0, [{"active": "k2"}])
    code, rows = svod("reseal", *by)
    assert (code, sum(row["resealed"] for row in rows)) == (0, TOTAL)
    with pytest.raises(KeyChangeRefusedError, match="retire it after"):
        svod("retire", "k1", *by)
    assert svod("retire", "k1", *by, "--idle") == (0, [{"retired": "k1"}])
    assert {row["key"] for row in svod("status")[1]} == {"k2"}
    with filled.engine.begin() as connection:
        log = connection.execute(
            text(
                "SELECT actor, action, ground, count, details FROM ops.action_log"
                " WHERE actor <> 'svod' ORDER BY id"
            )
        ).all()
    assert [(row.action, row.count, row.details["key"]) for row in log] == [
        ("rotate_key", 1, "k2"),
        ("reseal", 0, "k2"),
        ("reseal", TOTAL, "k2"),
        ("retire_key", 1, "k1"),
    ]
    assert {(row.actor, row.ground) for row in log} == {("Петрова", rotation.GROUND)}


def secrets(hub: Hub) -> list[str]:
    content = json.loads(hub.settings.keys.read_text())
    return [*content["sealing"].values(), content["pseudonym"], content["lookup"]]


def test_what_seals_is_known() -> None:
    """Who calls a function that seals has its place in ``rotation.places``."""
    sealing = {"seal", "seal_column", "seal_document", "wrap"}
    callers = {
        str(path.relative_to(ROOT))
        for room in ("connectors", "dags", "mappings", "pipeline", "privacy", "quality", "reports")
        for path in (ROOT / room).rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.ImportFrom)
        and node.module in ("privacy.sealing", "privacy.outgoing")
        and sealing & {alias.name for alias in node.names}
    }
    assert callers == {
        "pipeline/access/second_factor.py",
        "pipeline/intake/landing.py",
        "pipeline/intake/quarantine.py",
        "pipeline/delivery/wanted.py",
        "privacy/dossiers.py",
        "privacy/outgoing.py",
        "privacy/passports.py",
    }
