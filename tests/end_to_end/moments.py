"""Moments that are made, not hoped for: a process of the hub waits until a test goes on."""

from __future__ import annotations

import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from sqlalchemy import text

from pipeline.database import connect
from sandbox.emulators.web import Answer, Request, Responder
from tests.end_to_end.world import World

PATIENCE = 60.0  # seconds for a process to come to the moment


class Gate:
    """Keeps the first batch that is sent waiting, before the portal reads it, until ``open``."""

    def __init__(self) -> None:
        self.reached, self.open = threading.Event(), threading.Event()

    def __call__(self, respond: Responder) -> Responder:
        def gated(request: Request) -> Answer:
            if request.method == "POST" and not self.reached.is_set():
                self.reached.set()
                self.open.wait(PATIENCE)
            return respond(request)

        return gated


@contextmanager
def locked(world: World, table: str) -> Iterator[Callable[[], None]]:
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


def kill(process: subprocess.Popen[bytes]) -> None:
    """It must be alive: a process that has done its work proves nothing."""
    assert process.poll() is None, f"it had ended with {process.returncode}"
    process.kill()
    process.wait(PATIENCE)


def _until(come: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE
    while not come():
        assert time.monotonic() < deadline, "the process did not come to the moment"
        time.sleep(0.01)
