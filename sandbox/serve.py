"""Run the emulators of a region until told to stop, with faults if asked."""

from __future__ import annotations

import json
import os
import signal
import sys
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from sandbox.emulators import contingent, diary
from sandbox.emulators.contingent import Contingent
from sandbox.emulators.diary import Diary
from sandbox.emulators.dnevnik import Dnevnik
from sandbox.emulators.fault_plan import Plan
from sandbox.emulators.faults import Faulty, Manner, serve_with_faults
from sandbox.emulators.netschool import NetSchool
from sandbox.emulators.web import Responder, Server, address
from sandbox.generate import load_params
from sandbox.params import Params
from sandbox.region import build, codes

EMULATORS = ("dnevnik", "diary", "contingent", "netschool")
_PATHS = {"dnevnik": "/v2"}  # of the API below the address


@dataclass(frozen=True)
class Running:
    """Servers at work, by the names of ``EMULATORS``; ``close`` stops them. ``service`` is the
    diary, ``contingent`` the registry behind its faults."""

    servers: dict[str, Server]
    faults: dict[str, Faulty]
    service: Diary
    contingent: Contingent

    @property
    def urls(self) -> dict[str, str | int]:
        """Base addresses as the hub's settings want them, and the portals' keys."""
        urls = {
            f"{name}_url": address(server) + _PATHS.get(name, "")
            for name, server in self.servers.items()
        }
        keys = {"diary_token": diary.TOKEN, "contingent_key": contingent.KEY}
        return {**urls, **keys, "pid": os.getpid()}

    def close(self) -> None:
        for faulty in self.faults.values():
            faulty.close()
        for server in self.servers.values():
            server.shutdown()
            server.server_close()
        self.service.close()
        self.contingent.close()


def start(
    data: Path,
    ports: Mapping[str, int] | None = None,
    faults: Mapping[str, Plan] | None = None,
) -> Running:
    """Start the emulators of the region in ``data``; NetSchool's where it has such schools.

    ``ports`` and ``faults`` by emulator; ``faults[""]`` for those that have none of their own.
    Raises ``NotARegionError``, ``ValueError`` for an emulator that the region does not have.
    """
    params = load_params(data)
    service, registry = Diary(data, codes(params)), Contingent(data, codes(params))
    doors = _journals(data, params) | {
        "diary": (service.respond, diary.MANNER),
        "contingent": (registry.respond, contingent.MANNER),
    }
    plans = dict(faults or {})
    for name in {*plans, *(ports or {})} - {"", *doors}:
        raise ValueError(f"no emulator {name!r} in this region; it has {', '.join(doors)}")
    every = plans.get("", Plan())
    faulty = {
        name: Faulty(respond, plans.get(name, every), manner, name)
        for name, (respond, manner) in doors.items()
    }
    servers = {
        name: serve_with_faults(one, (ports or {}).get(name, 0)) for name, one in faulty.items()
    }
    return Running(servers, faulty, service, registry)


def _journals(data: Path, params: Params) -> dict[str, tuple[Responder, Manner]]:
    today: date = params.dates[-1]
    journal = Dnevnik(data / "dnevnik", today, time.sleep)
    doors: dict[str, tuple[Responder, Manner]] = {"dnevnik": (journal.respond, Manner())}
    if "netschool" in params.systems:
        first = params.systems.index("netschool") * params.schools_per_system
        numbers = range(first, first + params.schools_per_system)
        web = NetSchool([build(params, number) for number in numbers], today, time.sleep)
        doors["netschool"] = (web.respond, Manner())
    return doors


def serve_until_stopped(
    data: Path, ports: Mapping[str, int], faults: Mapping[str, Plan], ready_file: Path | None
) -> None:
    """Serve until SIGTERM or SIGINT; one JSON line with the addresses says when it is ready."""
    stopped = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stopped.set())
    running = start(data, ports, faults)
    line = json.dumps(running.urls)
    sys.stdout.write(line + "\n")
    sys.stdout.flush()
    if ready_file is not None:
        beside = ready_file.with_suffix(".new")
        beside.write_text(line + "\n", encoding="utf-8")
        beside.replace(ready_file)
    stopped.wait()
    running.close()
