"""The service on a real server, and a client that asks it."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import requests
import uvicorn

from reports.public.app import Service, create_app


@contextmanager
def serving(service: Service) -> Iterator[str]:
    """The address of ``service`` at work."""
    config = uvicorn.Config(
        create_app(service), host="127.0.0.1", port=0, access_log=False, log_level="warning"
    )
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run)
    thread.start()
    deadline = time.monotonic() + 20
    while not server.started:
        assert time.monotonic() < deadline
        time.sleep(0.01)
    try:
        yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join()


@dataclass(frozen=True)
class Asker:
    """A client with a token."""

    url: str
    token: str

    def __call__(
        self, uid: str, start: str = "2026-09-14", end: str = "2026-09-25", **headers: str
    ) -> requests.Response:
        signed = {"Authorization": f"Bearer {self.token}"} | headers
        period = {"start": start, "end": end}
        return requests.get(
            f"{self.url}/Schedule/{uid}", period, headers=signed, timeout=20, allow_redirects=False
        )

    def lessons(self, uid: str, *period: str) -> list[dict[str, Any]]:
        answer = self(uid, *period)
        assert answer.status_code == 200, answer.text
        found: list[dict[str, Any]] = answer.json()["lessons"]
        return found

    def subjects(self, uid: str, *period: str) -> list[tuple[str, int, str, str]]:
        """Date, number, subject and state of each lesson."""
        return [
            (one["date"], one["number"], one["subject"], one["state"])
            for one in self.lessons(uid, *period)
        ]
