"""A scripted server on loopback."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


@dataclass(frozen=True)
class Reply:
    """What the scripted server says; ``cut`` promises more bytes than it sends."""

    body: bytes
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    cut: bool = False

    @classmethod
    def json(cls, value: Any, status: int = 200, **headers: str) -> Reply:
        return cls(json.dumps(value).encode(), status, headers)


@dataclass(frozen=True)
class Heard:
    """A request as the server heard it."""

    name: str  # method, path and query
    headers: Mapping[str, str]
    body: bytes


class Server:
    """Answers by name; replies in ``faults`` come first, one per request."""

    def __init__(self) -> None:
        self.replies: dict[str, Reply | Callable[[Heard], Reply]] = {}
        self.faults: list[Reply] = []
        self.heard: list[Heard] = []
        self._lock = threading.Lock()
        self._http = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._http.daemon_threads = True
        threading.Thread(target=self._http.serve_forever, args=(0.01,), daemon=True).start()
        self.url = f"http://127.0.0.1:{self._http.server_port}"

    def close(self) -> None:
        self._http.shutdown()
        self._http.server_close()

    def reply(self, heard: Heard) -> Reply:
        with self._lock:
            self.heard.append(heard)
            if self.faults:
                return self.faults.pop(0)
        found = self.replies.get(heard.name, Reply.json({"no": "such route"}, 404))
        return found if isinstance(found, Reply) else found(heard)

    def _handler(server) -> type[BaseHTTPRequestHandler]:  # noqa: N805  # closed over below
        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def answer(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
                heard = Heard(f"{self.command} {self.path}", dict(self.headers), body)
                reply = server.reply(heard)
                length = len(reply.body) + (100 if reply.cut else 0)
                lines = [f"HTTP/1.1 {reply.status} -", f"Content-Length: {length}"]
                lines += [f"{name.replace('_', '-')}: {v}" for name, v in reply.headers.items()]
                self.wfile.write("\r\n".join([*lines, "", ""]).encode() + reply.body)
                self.close_connection = reply.cut

            do_GET = do_POST = answer  # noqa: N815

            def log_message(self, *args: object) -> None:
                """Keeps the test output clean."""

        return Handler
