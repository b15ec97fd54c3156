"""How many requests came and how long they took, by route: what ``/metrics`` tells.

A label is a route as it is written in the code, ``/school/{code}``: what stands in an address (a
code, a name that was looked for) never becomes one.
"""

from __future__ import annotations

from time import perf_counter

from prometheus_client import Counter, Histogram
from starlette.types import ASGIApp, Message, Receive, Scope, Send

REQUESTS = Counter(
    "svod_web_requests", "Requests that were answered.", ("route", "method", "status")
)
SECONDS = Histogram(
    "svod_web_request_seconds",
    "From a request to the end of its answer.",
    ("route",),
    buckets=(0.01, 0.025, 0.05, 0.1, 0.2, 0.5, 1, 2.5, 5),
)
STATIC, NO_ROUTE, OTHER = "/static", "none", "other"
_METHODS = frozenset({"GET", "HEAD", "POST"})  # a browser's; anybody may send any word


class Watch:
    """ASGI middleware around all others."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        status = 500  # of an answer that never began
        ended = None

        async def watched(message: Message) -> None:
            nonlocal status, ended
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)
            if message["type"] == "http.response.body" and not message.get("more_body"):
                ended = perf_counter()  # what is done after the answer keeps nobody waiting

        begun = perf_counter()
        try:
            await self._app(scope, receive, watched)
        finally:
            route, method = _route(scope), scope["method"]
            SECONDS.labels(route).observe((ended or perf_counter()) - begun)
            REQUESTS.labels(route, method if method in _METHODS else OTHER, str(status)).inc()


def _route(scope: Scope) -> str:
    """The route as it is written; routing has left it in ``scope``."""
    if path := getattr(scope.get("route"), "path", ""):
        return str(path)
    return STATIC if scope["path"].startswith(f"{STATIC}/") else NO_ROUTE
