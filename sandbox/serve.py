"""Run the emulators of a region until told to stop."""

from __future__ import annotations

import json
import os
import signal
import sys
import threading
import time
from dataclasses import dataclass
from datetime import date
from http.server import ThreadingHTTPServer
from pathlib import Path

from sandbox.calendar import business_dates
from sandbox.emulators.diary import TOKEN, Diary
from sandbox.emulators.dnevnik import Dnevnik
from sandbox.emulators.web import address, serve
from sandbox.generate import load_params
from sandbox.region import codes


@dataclass(frozen=True)
class Running:
    """Two servers at work; ``close`` stops both."""

    dnevnik: ThreadingHTTPServer
    diary: ThreadingHTTPServer
    service: Diary

    @property
    def urls(self) -> dict[str, str | int]:
        """Base addresses as the hub's settings want them, and the diary's token."""
        return {
            "dnevnik_url": f"{address(self.dnevnik)}/v2",
            "diary_url": address(self.diary),
            "diary_token": TOKEN,
            "pid": os.getpid(),
        }

    def close(self) -> None:
        for server in (self.dnevnik, self.diary):
            server.shutdown()
            server.server_close()
        self.service.close()


def start(data: Path, dnevnik_port: int = 0, diary_port: int = 0) -> Running:
    """Start the emulators of the region in ``data``. Raises ``NotARegionError``."""
    params = load_params(data)
    today: date = business_dates(params.first_business_date, params.until)[-1]
    journal = Dnevnik(data / "dnevnik", today, time.sleep)
    service = Diary(data, codes(params))
    return Running(
        serve(journal.respond, dnevnik_port), serve(service.respond, diary_port), service
    )


def serve_until_stopped(
    data: Path, dnevnik_port: int, diary_port: int, ready_file: Path | None
) -> None:
    """Serve until SIGTERM or SIGINT; one JSON line with the addresses says when it is ready."""
    stopped = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stopped.set())
    running = start(data, dnevnik_port, diary_port)
    line = json.dumps(running.urls)
    sys.stdout.write(line + "\n")
    sys.stdout.flush()
    if ready_file is not None:
        beside = ready_file.with_suffix(".new")
        beside.write_text(line + "\n", encoding="utf-8")
        beside.replace(ready_file)
    stopped.wait()
    running.close()
