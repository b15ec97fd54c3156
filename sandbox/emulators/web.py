"""What the emulators share: a quiet threaded server, JSON answers, and faults with a count."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, urlsplit

MAINTENANCE = (
    '<html><head><title>Технические работы</title></head><body><div class="error__description">'
    "<p>Ведутся технические работы</p></div></body></html>"
).encode()


@dataclass(frozen=True)
class Request:
    """One request: ``path`` without the query, header names in lower case."""

    method: str
    path: str
    query: dict[str, str]
    headers: dict[str, str]
    body: bytes
    raw: bytes  # every byte received

    def json(self) -> Any:
        """The body as JSON. Raises ``ValueError``."""
        return json.loads(self.body)


@dataclass(frozen=True)
class Answer:
    """``cut``: close the connection, after half the body if there is one."""

    status: int = 200
    body: bytes = b""
    content_type: str = "application/json; charset=utf-8"
    headers: dict[str, str] = field(default_factory=dict)
    cut: bool = False


def json_answer(value: Any, status: int = 200, **headers: str) -> Answer:
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    return Answer(status, text.encode(), headers=headers)


class Faults:
    """Faults to play: each hits ``count`` requests, or all of them when it is -1."""

    def __init__(self) -> None:
        self._left: dict[tuple[str, str], int] = {}
        self._wait: dict[tuple[str, str], int] = {}
        self._lock = threading.Lock()

    def add(self, kind: str, count: int, school: str = "", after: int = 0) -> None:
        """``count`` 0 takes the fault away; ``after`` requests go well before it begins."""
        with self._lock:
            self._left[school, kind] = count
            self._wait[school, kind] = after

    def take(self, *kinds: str, school: str = "") -> str | None:
        """The first of ``kinds`` that is due for ``school``, counted down."""
        with self._lock:
            for kind in kinds:
                left = self._left.get((school, kind), 0)
                if left and self._wait[school, kind]:
                    self._wait[school, kind] -= 1
                elif left:
                    self._left[school, kind] = left if left < 0 else left - 1
                    return kind
        return None


Responder = Callable[[Request], Answer]


def serve(respond: Responder, port: int = 0) -> ThreadingHTTPServer:
    """A server on the loopback address, answering in threads of its own until ``shutdown``."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True

        def _handle(self) -> None:
            answer = respond(self._request())
            if answer.cut and not answer.body:
                self.close_connection = True
                return
            self.send_response(answer.status)
            self.send_header("Content-Type", answer.content_type)
            self.send_header("Content-Length", str(len(answer.body)))
            for name, value in answer.headers.items():
                self.send_header(name.replace("_", "-"), value)
            self.end_headers()
            half = len(answer.body) // 2
            self.wfile.write(answer.body[:half] if answer.cut else answer.body)
            self.close_connection = self.close_connection or answer.cut

        def _request(self) -> Request:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            parts = urlsplit(self.path)
            headers = {name.lower(): value for name, value in self.headers.items()}
            first = self.requestline.encode("latin-1") + b"\r\n"
            raw = first + self.headers.as_bytes() + body
            return Request(
                self.command, parts.path, dict(parse_qsl(parts.query)), headers, body, raw
            )

        do_GET = do_POST = _handle  # noqa: N815  # names given by the standard library

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002
            """Nothing: the caller knows what it asked."""

    server = ThreadingHTTPServer(("127.0.0.1", port), Handler)
    server.daemon_threads = True
    threading.Thread(
        target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True
    ).start()
    return server


def address(server: ThreadingHTTPServer) -> str:
    return f"http://127.0.0.1:{server.server_port}"
