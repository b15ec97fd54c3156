"""A ``svod`` process that is killed at a given moment of its work: SIGKILL, by its own hand.

Its work is a row of events: a statement, a COPY, a commit, a file of the landing area, a part of a
request, a call of a step that only computes. Each is written to a log before the work goes on, so
that the log tells where the process died. It is forked from a process that has imported everything
and opened nothing (``multiprocessing``'s fork server), since a new one takes seconds to begin.
"""

from __future__ import annotations

import os
import select
import signal
import socket
import sys
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from importlib import import_module
from multiprocessing import get_context
from pathlib import Path
from types import FrameType
from typing import Any, NamedTuple

import psycopg
from fsspec.implementations.local import LocalFileSystem
from sqlalchemy import Engine, event
from sqlalchemy.engine.default import DefaultDialect

from pipeline.cli import main

# Where in the code an event happens: the innermost name on the stack that stands here, a function
# or else its module.
STEPS = {
    "pipeline.intake.landing": "land",
    "pipeline.intake.volumes": "judge",
    "pipeline.intake.judge": "judge",
    "privacy.vault": "vault",
    "privacy.merges": "vault",
    "privacy.persons": "match people",
    "pipeline.intake.identity": "match people",
    "pipeline.store._stage": "stage",
    "pipeline.store.upsert": "merge",
    "pipeline.store.mark_vanished": "vanish",
    "pipeline.store.live": "read facts",
    "pipeline.store.former_enrolment": "read facts",
    "pipeline.ledger": "ledger",
    "pipeline.intake.quarantine": "quarantine and findings",
    "pipeline.intake.collect._note_upload": "upload noted",
    "pipeline.runs.start": "run opened",
    "pipeline.runs.record": "verdict",
    "pipeline.runs.finish": "run closed",
    "pipeline.batches.close_run": "run closed",
    "privacy.actions": "action log",
    "pipeline.delivery.outbox": "desired state",
    "pipeline.delivery.plan.account_plan": "desired state",
    "pipeline.delivery.sending.write_batch": "batch written",
    "pipeline.delivery.sending.mark_attempt": "attempt noted",
    "pipeline.delivery.sending.settle": "answer settled",
    "pipeline.delivery.transmit.Sender._bring": "request",
    "pipeline.delivery.transmit.Sender.count_records": "compare",
    "pipeline.delivery.transmit.Sender.list_records": "compare",
    "pipeline.delivery.reconcile": "compare",
    "pipeline.delivery.pace": "pace",
}
FETCH = "fetch"  # a journal's own client, in threads of its own: only its room is on the stack
OTHER = "looked up"  # schools, settings, what is done already

# Steps that only compute, by the module that calls them.
COMPUTING = {
    ("pipeline.intake.collect", "translate"): "translate",
    ("pipeline.intake.judge", "check"): "check",
    ("pipeline.intake.judge", "separate"): "separate",
    ("pipeline.delivery.plan", "wanted_state"): "privacy gate",
}
ANSWER_WAIT = 30.0  # seconds an emulator may take; a test that waits so long has failed


class Event(NamedTuple):
    """What happened, within which step."""

    step: str
    kind: str


FINISHED = Event("", "finished")  # after it a kill proves nothing


@dataclass(frozen=True)
class Point:
    """The ``number``-th ``event`` of a process (from 1), of any kind if none is named. ``delay``:
    so many seconds later, the process dies in the midst of what the event begins."""

    event: Event | None
    number: int
    delay: float | None = None


def begin(
    arguments: Sequence[str], environment: Mapping[str, str], log: Path, point: Point | None = None
) -> Any:
    """``svod`` with ``arguments`` at work in a process of its own (``multiprocessing``'s), which
    dies at ``point``. Its events go to ``log``, what it says to ``log`` with ``.out``."""
    context = get_context("forkserver")
    context.set_forkserver_preload(["pytest", __name__])
    process = context.Process(target=_live, args=(arguments, dict(environment), log, point))
    process.start()
    return process


def events_of(log: Path) -> list[Event]:
    """What happened in a process, in order."""
    return [Event(*line.split("\t")) for line in log.read_text("utf-8").splitlines()]


def _live(
    arguments: Sequence[str], environment: Mapping[str, str], log: Path, point: Point | None
) -> None:
    os.environ.clear()
    os.environ.update(environment)
    said = os.open(log.with_suffix(".out"), os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
    for stream in (1, 2):
        os.dup2(said, stream)
    watch = _Watch(os.open(log, os.O_WRONLY | os.O_CREAT | os.O_TRUNC), point)
    watch.look_on()
    sys.argv = ["svod", *arguments]
    try:
        main()
    finally:
        watch.note(FINISHED)


class _Watch:
    """Notes every event and dies at ``point``."""

    def __init__(self, log: int, point: Point | None) -> None:
        self._log = log
        self._point = point
        self._seen = 0  # events like the point's
        self._steps: dict[int, str] = {}  # of the last statement of a connection
        self._asked: set[int] = set()  # sockets with a request and no answer yet

    def note(self, one: Event, dying: Callable[[], object] | None = None) -> None:
        """``one`` happens now; ``dying`` is done before death, to leave something half done."""
        os.write(self._log, ("\t".join(one) + "\n").encode())
        if self._point is None or self._point.event not in (one, None):
            return
        self._seen += 1
        if self._seen != self._point.number:
            return
        if self._point.delay is not None:
            threading.Timer(self._point.delay, _die).start()
            return
        if dying is not None:
            dying()
        _die()

    def at(self, kind: str, dying: Callable[[], object] | None = None) -> None:
        """An event of ``kind`` in the step that the stack tells."""
        self.note(Event(_step(), kind), dying)

    def look_on(self) -> None:
        """Notice what the process does from now on."""
        self._statements()
        self._copies()
        self._commits()
        self._files()
        self._requests()
        for (module, name), step in COMPUTING.items():
            self._calls(import_module(module), name, step)

    def _statements(self) -> None:
        def before(connection: Any, *_: Any) -> None:
            step = _step()
            self._steps[id(connection.connection.dbapi_connection)] = step
            self.note(Event(step, "before statement"))

        def after(*_: Any) -> None:
            self.at("after statement")

        event.listen(Engine, "before_cursor_execute", before)
        event.listen(Engine, "after_cursor_execute", after)

    def _copies(self) -> None:
        copy = psycopg.Cursor.copy

        @contextmanager
        def noted(cursor: Any, *arguments: Any, **named: Any) -> Iterator[Any]:
            with copy(cursor, *arguments, **named) as copying:
                self.at("before copy")
                yield copying
                self.at("within copy")
            self.at("after copy")

        psycopg.Cursor.copy = noted  # type: ignore[method-assign]

    def _commits(self) -> None:
        commit = DefaultDialect.do_commit

        def noted(dialect: Any, connection: Any) -> None:
            step = self._steps.get(id(connection.dbapi_connection), OTHER)
            self.note(Event(step, "before commit"))
            commit(dialect, connection)
            self.note(Event(step, "after commit"))

        DefaultDialect.do_commit = noted  # type: ignore[method-assign]

    def _files(self) -> None:
        write, move = LocalFileSystem.pipe_file, LocalFileSystem.mv

        def written(files: Any, path: str, value: bytes, *rest: Any, **named: Any) -> None:
            self.at("before file")
            self.at("half file", lambda: Path(path).write_bytes(value[: len(value) // 2]))
            write(files, path, value, *rest, **named)

        def moved(files: Any, *paths: str, **named: Any) -> None:
            self.at("before rename")
            move(files, *paths, **named)
            self.at("after rename")

        LocalFileSystem.pipe_file = written
        LocalFileSystem.mv = moved

    def _requests(self) -> None:
        send, receive = socket.socket.sendall, socket.socket.recv_into

        def sent(here: socket.socket, data: Any, *flags: int) -> None:
            self.at("before send")
            self.at("half sent", lambda: send(here, bytes(data)[: len(data) // 2]))
            send(here, data, *flags)
            self._asked.add(here.fileno())
            self.at("after send")

        def received(here: socket.socket, *where: Any) -> int:
            if here.fileno() not in self._asked:
                return receive(here, *where)
            self._asked.discard(here.fileno())
            select.select([here], [], [], ANSWER_WAIT)
            self.at("before answer")  # it has come and is not read
            count = receive(here, *where)
            self.at("after answer")
            return count

        socket.socket.sendall = sent  # type: ignore[method-assign]
        socket.socket.recv_into = received  # type: ignore[method-assign]

    def _calls(self, module: Any, name: str, step: str) -> None:
        call = getattr(module, name)

        def noted(*arguments: Any, **named: Any) -> Any:
            self.note(Event(step, "before call"))
            result = call(*arguments, **named)
            self.note(Event(step, "after call"))
            return result

        setattr(module, name, noted)


def _step() -> str:
    frame: FrameType | None = sys._getframe(1)
    step = OTHER
    while frame is not None:
        module = frame.f_globals.get("__name__", "")
        found = STEPS.get(f"{module}.{frame.f_code.co_qualname}") or STEPS.get(module)
        if found:
            return found
        if module.startswith("connectors."):
            step = FETCH
        frame = frame.f_back
    return step


def _die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)
