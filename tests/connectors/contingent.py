"""The registry's emulator on a real HTTP server, with answers twisted on the way, and records."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib.resources import files
from pathlib import Path
from typing import Any

from connectors.contingent import Codes, ContingentClient, read_codes
from connectors.registry import Link, make_contingent
from sandbox.emulators.contingent import Contingent
from sandbox.emulators.web import Answer, Request, address, serve

SCHOOL = "781001"
KEY = "hub-key"
SECRETS = (
    "Жмелеватов",
    "Артемий",
    "Ипполитович",
    "112-233-445 95",
    "2015-03-04",
    "II-АК",
    "504913",
)
Twist = Callable[[Answer], Answer]
Record = dict[str, Any]

KLASS = {
    "name": "5 а",
    "grade_level": 5,
    "letter": "а",
    "academic_year": "2026/2027",
    "program": "13",
    "open_at": "2026-09-01",
    "close_at": None,
}
PERSON = {
    "lastname": "Жмелеватов",
    "firstname": "Артемий",
    "patronymic": "Ипполитович",
    "birthdate": "2015-03-04",
    "gender": "1",
    "snils": "112-233-445 95",
    "citizenship": "1",
    "document_type": "11",
    "document_series": "II-АК",
    "document_number": "504913",
    "document_issued": "2015-03-20",
}
EDUCATION = {
    "person": "p1",
    "class": "c1",
    "education_form": "11",
    "program": "13",
    "training_begin_at": "2026-09-01",
    "training_end_at": None,
    "deduction_reason": None,
    "begin_order_number": "17-у",
    "begin_order_date": "2026-08-28",
    "end_order_number": None,
    "end_order_date": None,
}
MOVEMENT = {
    "person": "p1",
    "kind": "enrolment",
    "date": "2026-09-01",
    "order_number": "17-у",
    "order_date": "2026-08-28",
    "from_class": None,
    "to_class": "c1",
    "other_school": None,
}
DATA: dict[str, Record] = {
    "class": KLASS,
    "person": PERSON,
    "education": EDUCATION,
    "movement": MOVEMENT,
}
KEYS = {"class": "c1", "person": "p1", "education": "e1", "movement": "m1"}


def upsert(kind: str, key: str = "", /, **changed: Any) -> Record:
    """A record of ``kind`` with some of its data changed; its hash follows the data."""
    data = {**DATA[kind], **changed}
    digest = hashlib.sha256(repr(sorted(data.items())).encode()).hexdigest()[:32]
    return {"key": key or KEYS[kind], "op": "upsert", "type": kind, "hash": digest, "data": data}


def withdraw(record: Record) -> Record:
    """The correction that takes ``record`` back."""
    return {"key": record["key"], "op": "withdraw", "type": record["type"], "was": record["data"]}


def everything() -> list[Record]:
    """One record of each type; each points at those before it."""
    return [upsert(kind) for kind in DATA]


def codes() -> Codes:
    """The lists that are shipped."""
    text = files("mappings").joinpath("targets/contingent.yml").read_text("utf-8")
    return read_codes(text)


class Registry:
    """The emulator, whose answers ``twists`` change one after the other; a twist that is None
    leaves its answer alone."""

    def __init__(self, folder: Path) -> None:
        self.emulator = Contingent(folder, [SCHOOL], KEY)
        self.twists: list[Twist | None] = []
        self.heard: list[Request] = []
        self.log = folder / "contingent-received.log"
        self.url = ""

    def respond(self, request: Request) -> Answer:
        self.heard.append(request)
        answer = self.emulator.respond(request)
        twist = self.twists.pop(0) if self.twists else None
        return twist(answer) if twist else answer

    def control(self, call: str, body: bytes = b"") -> Any:
        """What the emulator's control answers."""
        method = "POST" if body else "GET"
        request = Request(method, f"/_sandbox/{call}", {}, {}, body, body)
        answer = self.emulator.respond(request)
        assert answer.status == 200, answer.body
        return json.loads(answer.body)

    def state(self) -> dict[str, Record]:
        """Live records by uid."""
        return {record["uid"]: record for record in self.control("state")}

    def settings(self, variant: str, **more: Any) -> dict[str, Any]:
        shared = {
            "variant": variant,
            "key": KEY,
            "base_url": f"{self.url}/{variant}",
            "attempts": 3,
        }
        if variant == "packet":
            shared |= {
                "source_system_id": "svod",
                "destination_system_id": "contingent",
                "ais_guid": "4bca0dd5-3a2c-4f6c-8e0e-0a3c7f9a1b11",
            }
        return shared | more

    def client(self, variant: str, link: Link, **more: Any) -> ContingentClient:
        return make_contingent(self.settings(variant, **more), codes(), link)


@contextmanager
def running(folder: Path) -> Iterator[Registry]:
    """A registry that answers on loopback."""
    registry = Registry(folder)
    server = serve(registry.respond)
    registry.url = address(server)
    try:
        yield registry
    finally:
        server.shutdown()
        server.server_close()
        registry.emulator.close()
