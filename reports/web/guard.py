"""Every answer's headers, and the refusal of what another site sends (OWASP ASVS 4.0, V4, V14)."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import urlsplit

from starlette.datastructures import MutableHeaders
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

# No inline script or style anywhere: what is injected into a page does nothing.
POLICY = "; ".join(
    [
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self' data:",
        "connect-src 'self'",
        "form-action 'self'",
        "frame-ancestors 'none'",
        "base-uri 'none'",
    ]
)
HEADERS = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
}
OVER_TLS = {"Strict-Transport-Security": "max-age=31536000"}
STATIC = "/static/"
A_YEAR = "public, max-age=31536000, immutable"  # the names of these files hold their versions
FOREIGN = "Запрос пришёл с чужой страницы. Откройте нужную страницу Свода и повторите."
MALFORMED = "Адрес записан неверно."
_ASKING = frozenset({"GET", "HEAD"})


class Guard:
    """ASGI middleware; ``address``: what the browser calls the dashboard."""

    def __init__(self, app: ASGIApp, address: str) -> None:
        self._app = app
        self._origin = origin_of(address)
        self._headers = HEADERS | (OVER_TLS if self._origin.startswith("https:") else {})

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def guarded(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in self._headers.items():
                    headers[name] = value
                fixed = scope["path"].startswith(STATIC) and message["status"] == 200
                headers["Cache-Control"] = A_YEAR if fixed else "no-store"
            await send(message)

        answer = self._app
        if "\0" in scope["path"] or b"%00" in scope["query_string"]:
            answer = PlainTextResponse(MALFORMED, 400)  # PostgreSQL takes no such text
        elif scope["method"] not in _ASKING and not self._is_ours(dict(scope["headers"])):
            answer = PlainTextResponse(FOREIGN, 403)
        await answer(scope, receive, guarded)

    def _is_ours(self, headers: Mapping[bytes, bytes]) -> bool:
        """Browsers name the origin of what they post; who names none is no browser of ours."""
        return headers.get(b"origin", b"").decode("latin-1") == self._origin


def origin_of(address: str) -> str:
    """Scheme, host and port of ``address``."""
    parts = urlsplit(address)
    return f"{parts.scheme}://{parts.netloc}"
