"""``kill -9`` at any moment loses nothing and does nothing twice.

The moments are made, not hoped for: the portal keeps a request waiting, or a lock keeps a
statement waiting, until the process is dead. Which request it is comes from a seed.
"""

from __future__ import annotations

import random
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest
from sqlalchemy import text

from pipeline.database import connect
from pipeline.ledger import open_rows
from pipeline.runs import RunState
from sandbox.emulators.diary_store import DiaryStore
from sandbox.emulators.web import Answer, Request, Responder
from tests.end_to_end.conftest import CopyOf
from tests.end_to_end.world import World

SEED = random.Random(20260918)
PATIENCE = 60.0  # seconds for a process to come to the moment
# What became of the request that was under way when the process died.
FATES = ("lost", "applied", "late", "answered")
POINTS = [(fate, SEED.randint(1, 6)) for fate in FATES]
# Where collecting stops, and whether the very run goes on, as Airflow does it, or the next one.
TABLES = [("journal.mark", "killed"), ("ops.quarantine", "next"), ("ops.uploads", "killed")]


class Gate:
    """Stops at the ``number``-th batch: ``lost`` never reaches the portal's books, ``applied`` does
    and its answer is never read, ``late`` does after the hub is dead, ``answered`` is answered."""

    def __init__(self, fate: str, number: int) -> None:
        self.reached, self.dead = threading.Event(), threading.Event()
        self._fate, self._left = fate, number

    def __call__(self, respond: Responder) -> Responder:
        def gated(request: Request) -> Answer:
            if request.method != "POST" or self.reached.is_set():
                return respond(request)
            self._left -= 1
            return respond(request) if self._left else self._stop(respond, request)

        return gated

    def _stop(self, respond: Responder, request: Request) -> Answer:
        if self._fate == "applied":
            respond(request)
        self.reached.set()
        if self._fate != "answered":
            self.dead.wait(PATIENCE)
        return Answer(cut=True) if self._fate in ("lost", "applied") else respond(request)


@pytest.fixture
def undelivered(evening: World, copy_of: CopyOf) -> World:
    """Everything collected, nothing delivered, the portal empty."""
    world = copy_of(evening)
    world.forget("outbox")
    world.write("DELETE FROM ops.ledger WHERE source = 'diary'")
    world.write("DELETE FROM ops.runs WHERE verb = 'deliver'")
    world.empty_portal()
    return world


@pytest.fixture
def uncollected(evening: World, copy_of: CopyOf) -> World:
    """The same schools and keys, nothing known."""
    world = copy_of(evening)
    world.forget("journal", "vault", "ops", "outbox", "quality")
    world.empty_portal()
    return world


@pytest.mark.parametrize(("fate", "number"), POINTS)
def test_delivery_killed_at_a_request(
    evening: World, undelivered: World, fate: str, number: int
) -> None:
    world, gate = undelivered, Gate(fate, number)
    with world.served(gate):
        process = world.svod_started("deliver", "--business-date", world.last, "--run-id", "killed")
        assert gate.reached.wait(PATIENCE)
        _kill(process)
        gate.dead.set()
        again = "killed" if number % 2 else "next"
        _settles_as_if_nothing_happened(world, evening, again)


def test_delivery_killed_before_it_takes_the_answer_into_the_books(
    evening: World, undelivered: World
) -> None:
    world = undelivered
    with world.served():
        with _locked(world, "outbox.receipts") as awaited:
            process = world.svod_started("deliver", "--business-date", world.last)
            awaited()
            _kill(process)
        _settles_as_if_nothing_happened(world, evening, again="next")
        assert world.portal("stats")["replays"] == 1


def test_delivery_killed_while_the_portal_does_not_answer(
    evening: World, undelivered: World
) -> None:
    """The portal applies every batch and answers none: the first stays unknown, and is asked."""
    world = undelivered
    with world.served():
        world.portal_fault("cut_after", -1)
        process = world.svod_started("deliver", "--business-date", world.last)
        _until(lambda: world.portal("stats")["replays"] >= 1)
        _kill(process)
        world.portal_fault("cut_after", 0)
        states = {row["state"] for row in world.rows("SELECT state FROM outbox.batches")}
        assert states == {"unknown"}
        _settles_as_if_nothing_happened(world, evening, again="next")


@pytest.mark.parametrize(("table", "again"), TABLES)
def test_collecting_killed_within_a_transaction(
    evening: World, uncollected: World, table: str, again: str
) -> None:
    world = uncollected
    with world.served():
        with _locked(world, table) as awaited:
            process = world.svod_started(
                "collect", "--business-date", world.last, "--run-id", "killed"
            )
            awaited()
            _kill(process)
        assert world.collect(world.last, again) is RunState.CLOSED
        _equals(world, evening, again)


def test_collecting_killed_between_schools(evening: World, uncollected: World) -> None:
    world, schools = uncollected, SEED.randint(2, 5)
    query = "SELECT count(*)::int AS n FROM ops.school_runs"
    with world.served():
        process = world.svod_started("collect", "--business-date", world.last, "--run-id", "killed")
        _until(lambda: world.rows(query)[0]["n"] >= schools)
        _kill(process)
        assert world.collect(world.last, "killed") is RunState.CLOSED
        _equals(world, evening, "killed")


def test_collecting_killed_between_the_sources_of_a_school(
    evening: World, uncollected: World
) -> None:
    """The journal is done, the typed lists are not: the same run must not take it for finished."""
    world, school = uncollected, evening.schools("netschool")[0]
    with world.served():
        with _locked(world, "vault.uids") as awaited:
            process = world.svod_started(
                *("collect", "--business-date", world.last, "--run-id", "killed"),
                *("--school", school),
            )
            awaited()
            _kill(process)
        assert world.collect(world.last, "killed") is RunState.CLOSED
        _equals(world, evening, "killed")


def _settles_as_if_nothing_happened(world: World, undisturbed: World, again: str) -> None:
    """A second delivery brings the portal to where an undisturbed one did, each effect once."""
    assert world.deliver(world.last, again) is RunState.CLOSED
    stats = world.portal("stats")
    state = world.portal("state")
    assert {name: stats[name] for name in ("updated", "withdrawn", "rejected", "unchanged")} == {
        "updated": 0,
        "withdrawn": 0,
        "rejected": 0,
        "unchanged": 0,
    }
    assert stats["created"] == stats["records"] == len(state)
    with world.hub.engine.begin() as connection:
        assert open_rows(connection, again) == []
    assert not world.rows("SELECT batch FROM outbox.batches WHERE state <> 'settled'")
    assert {row["state"] for row in world.rows("SELECT state FROM outbox.desired")} == {
        "delivered",
        "withheld",
    }
    assert state == _state(undisturbed)


def _state(world: World) -> object:
    """What an undisturbed delivery left at the portal."""
    store = DiaryStore(world.region / "diary.sqlite")
    try:
        return store.live()
    finally:
        store.close()


def _equals(world: World, undisturbed: World, run_id: str) -> None:
    """Facts, what waits and what is landed are those of an undisturbed run; the ledger closes."""
    facts, expected = world.facts(), undisturbed.facts()
    assert facts.keys() == expected.keys()
    for entity, rows in facts.items():
        assert [r for r, e in zip(rows, expected[entity], strict=False) if r != e] == [], entity
        assert len(rows) == len(expected[entity]), entity
    for query in (
        "SELECT school, source, entity, document, line, field, rule, record_lookup"
        " FROM ops.quarantine WHERE state = 'open' ORDER BY 1, 2, 3, 4, 5, 6, 7, 8",
        "SELECT school, source, name, sha256 FROM ops.landing ORDER BY 1, 2, 3, 4",
        "SELECT school, source, ref, accepted FROM ops.uploads ORDER BY 1, 2, 3",
        "SELECT pseudonym, school, role, content_hash FROM vault.people ORDER BY 1",
        "SELECT pseudonym, school, source, lookup FROM vault.uids ORDER BY 1",
    ):
        assert world.rows(query) == undisturbed.rows(query), query
    assert world.rows("SELECT * FROM journal.history") == []
    with world.hub.engine.begin() as connection:
        assert open_rows(connection, run_id) == []


@contextmanager
def _locked(world: World, table: str) -> Iterator[Callable[[], None]]:
    """Keep every writer of ``table`` waiting; yields what returns when one waits."""
    waiting = (
        "SELECT count(*)::int AS n FROM pg_locks WHERE NOT granted"
        f" AND relation = '{table}'::regclass"
        " AND database = (SELECT oid FROM pg_database WHERE datname = current_database())"
    )
    with connect(world.settings, "owner").begin() as connection:
        # Readers pass: the process comes as far as it would.
        connection.execute(text(f"LOCK TABLE {table} IN EXCLUSIVE MODE"))
        yield lambda: _until(lambda: world.rows(waiting)[0]["n"] > 0)


def _until(come: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE
    while not come():
        assert time.monotonic() < deadline, "the process did not come to the moment"
        time.sleep(0.01)


def _kill(process: subprocess.Popen[bytes]) -> None:
    """It must be alive: a process that has done its work proves nothing."""
    assert process.poll() is None, f"it had ended with {process.returncode}"
    process.kill()
    process.wait(PATIENCE)
