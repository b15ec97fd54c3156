"""A portal with the little of an Ed-Fi interface that lightbeam needs to send marks.

Records are kept by their natural key; each writing of one is counted. Faults hit the writing of
data only, never the calls by which lightbeam learns what there is.
"""

from __future__ import annotations

import json
import socket
import threading
import time
from collections import Counter
from dataclasses import dataclass, field

from sandbox.emulators.fault_plan import Plan
from sandbox.emulators.faults import Faulty, Manner
from sandbox.emulators.web import Answer, Request, Server, address, json_answer, serve

MARKS = "/data/v3/ed-fi/marks"


def said(status: int, message: str) -> Answer:
    return json_answer({"message": message}, status)


@dataclass
class Portal:
    """``marks`` by natural key; ``writings`` counts how often each record was applied."""

    marks: dict[str, str] = field(default_factory=dict)
    writings: Counter[str] = field(default_factory=Counter)
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _backups: dict[str, dict[str, str]] = field(default_factory=dict)

    def respond(self, request: Request) -> Answer:
        body = json.loads(request.body) if request.body else {}
        with self._lock:
            match request.path:
                case "/_sandbox/backup":
                    self._backups[body["name"]] = dict(self.marks)
                    return json_answer(body)
                case "/_sandbox/restore":
                    self.marks = dict(self._backups[body["name"]])
                    return json_answer(body)
            return self._write(body)

    def _write(self, body: dict[str, str]) -> Answer:
        key = f"{body['pupil']}|{body['lesson']}"
        new = key not in self.marks
        self.marks[key] = body["value"]
        self.writings[key] += 1
        return json_answer({}, 201 if new else 200)


class Door:
    """The portal's server: ``faulty`` is where faults are ordered."""

    def __init__(self, plan: Plan) -> None:
        self.portal = Portal()
        self.faulty = Faulty(self.portal.respond, plan, Manner(said), "edfi")
        self._server: Server = serve(self._respond)
        away = self.faulty.outage()
        if away:
            self._server.go_away(away)

    @property
    def url(self) -> str:
        return address(self._server)

    def _respond(self, request: Request) -> Answer:
        own = f"{self.url}{{}}".format
        match request.method, request.path:
            case _, path if path == MARKS:
                return self.faulty.respond(request)
            case "POST", "/oauth":
                return json_answer({"access_token": "sandbox", "expires_in": 1800})
            case "GET", "/dependencies":
                create = {"resource": "/ed-fi/marks", "order": 1, "operations": ["Create"]}
                return json_answer([create])
        urls = {"oauth": own("/oauth"), "dependencies": own("/dependencies")}
        return json_answer({"urls": {**urls, "openApiMetadata": own("/metadata")}})

    def control(self, **body: object) -> None:
        """Order a fault, as ``POST /_sandbox/fault`` does."""
        content = json.dumps(body).encode()
        path = "/_sandbox/fault"
        self.faulty.respond(Request("POST", path, {}, {}, content, content))

    def await_listening(self) -> None:
        """Returns when an outage is over."""
        while True:
            try:
                socket.create_connection(("127.0.0.1", self._server.server_port)).close()
            except ConnectionRefusedError:
                time.sleep(0.05)
            else:
                return

    def close(self) -> None:
        self.faulty.close()
        self._server.shutdown()
        self._server.server_close()
