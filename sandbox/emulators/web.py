"""What the emulators share: a quiet threaded server that can go away, and JSON answers."""

from __future__ import annotations

import json
import socket
import sys
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, urlsplit

HTML = "text/html; charset=utf-8"
MAINTENANCE = (
    '<html><head><title>Технические работы</title></head><body><div class="error__description">'
    "<p>Ведутся технические работы</p></div></body></html>"
).encode()
PIECES = 20  # of an answer that trickles in


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
    """``cut``: close the connection, after half the body if there is one. ``trickle``: seconds
    the body takes. ``away``: seconds for which nobody listens once this is answered."""

    status: int = 200
    body: bytes = b""
    content_type: str = "application/json; charset=utf-8"
    headers: dict[str, str] = field(default_factory=dict)
    cut: bool = False
    trickle: float = 0.0
    away: float = 0.0


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


class Server(ThreadingHTTPServer):
    """A server on the loopback address, answering in threads of its own until ``shutdown``."""

    daemon_threads = True

    def __init__(self, respond: Responder, port: int) -> None:
        super().__init__(("127.0.0.1", port), _Handler)
        self.respond = respond
        self.stopped = threading.Event()
        self._connections: set[socket.socket] = set()
        self._door = threading.RLock()  # held while the server comes or goes
        self._listen()

    def _listen(self) -> None:
        threading.Thread(
            target=self.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True
        ).start()

    def go_away(self, seconds: float) -> None:
        """Refuse connections for so long, and end those that are open; returns at once."""
        with self._door:
            if self.stopped.is_set():
                return
            super().shutdown()
            self.socket.close()
            for connection in list(self._connections):
                with suppress(OSError):
                    connection.shutdown(socket.SHUT_RDWR)
            # Bound and not listening: the port refuses, and stays ours.
            self.socket = socket.socket(self.address_family, self.socket_type)
            self.server_bind()
        threading.Thread(target=self._come_back, args=(seconds,), daemon=True).start()

    def _come_back(self, seconds: float) -> None:
        self.stopped.wait(seconds)
        with self._door:
            if not self.stopped.is_set():
                self.server_activate()
                self._listen()

    def shutdown(self) -> None:
        self.stopped.set()
        with self._door:
            super().shutdown()

    def process_request_thread(self, request: Any, client_address: Any) -> None:
        self._connections.add(request)
        try:
            super().process_request_thread(request, client_address)
        finally:
            self._connections.discard(request)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Only mistakes of ours are told: a caller that went away is what faults are for."""
        if not isinstance(sys.exception(), OSError):
            super().handle_error(request, client_address)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: Server

    def _handle(self) -> None:
        answer = self.server.respond(self._request())
        if answer.cut and not answer.body:
            self.close_connection = True
        else:
            self._send(answer)
        if answer.away:
            self.wfile.flush()
            self.server.go_away(answer.away)

    def _send(self, answer: Answer) -> None:
        self.send_response(answer.status)
        self.send_header("Content-Type", answer.content_type)
        self.send_header("Content-Length", str(len(answer.body)))
        for name, value in answer.headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()
        body = answer.body[: len(answer.body) // 2] if answer.cut else answer.body
        if answer.trickle:
            self._trickle(body, answer.trickle)
        else:
            self.wfile.write(body)
        self.close_connection = self.close_connection or answer.cut

    def _trickle(self, body: bytes, seconds: float) -> None:
        step = max(1, -(-len(body) // PIECES))
        for start in range(0, len(body), step):
            self.server.stopped.wait(seconds / PIECES)
            self.wfile.write(body[start : start + step])
            self.wfile.flush()

    def _request(self) -> Request:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        parts = urlsplit(self.path)
        headers = {name.lower(): value for name, value in self.headers.items()}
        first = self.requestline.encode("latin-1") + b"\r\n"
        raw = first + self.headers.as_bytes() + body
        return Request(self.command, parts.path, dict(parse_qsl(parts.query)), headers, body, raw)

    do_GET = do_POST = do_PUT = do_DELETE = _handle  # noqa: N815  # names of the standard library

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        """Nothing: the caller knows what it asked."""


def serve(respond: Responder, port: int = 0) -> Server:
    """A server at work. ``port`` 0: any free one."""
    return Server(respond, port)


def address(server: ThreadingHTTPServer) -> str:
    return f"http://127.0.0.1:{server.server_port}"
