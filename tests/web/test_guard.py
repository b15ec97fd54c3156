"""What the guard lets through, and the headers of every answer, whatever it is."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from starlette.responses import PlainTextResponse
from starlette.types import Message

from reports.web.guard import A_YEAR, Guard, origin_of

OWN = "https://svod.example"


def ask(
    method: str = "GET", path: str = "/region", query: str = "", address: str = OWN,
    status: int = 200, **headers: str,
) -> tuple[int, dict[str, str]]:  # fmt: skip
    """The answer of a guard before an application that answers everything with ``status``."""
    said: list[Message] = []
    scope: dict[str, Any] = {
        "type": "http",
        "method": method,
        "path": path,
        "query_string": query.encode(),
        "headers": [(name.encode(), value.encode()) for name, value in headers.items()],
    }

    async def receive() -> Message:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: Message) -> None:
        said.append(message)

    inside = PlainTextResponse("inside", status, {"Cache-Control": "public"})
    asyncio.run(Guard(inside, address)(scope, receive, send))
    got = {name.decode(): value.decode() for name, value in said[0]["headers"]}
    return said[0]["status"], got


@pytest.mark.parametrize("status", [200, 303, 404, 500])
def test_every_answer_has_the_headers(status: int) -> None:
    told, headers = ask(status=status)
    assert told == status
    policy = dict(part.split(" ", 1) for part in headers["content-security-policy"].split("; "))
    assert policy["default-src"] == "'none'"
    assert policy["script-src"] == policy["style-src"] == "'self'"
    assert policy["frame-ancestors"] == policy["base-uri"] == "'none'"
    assert "unsafe" not in headers["content-security-policy"]
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "same-origin"
    assert headers["cross-origin-opener-policy"] == "same-origin"
    assert headers["cache-control"] == "no-store"


def test_a_refusal_has_them_too() -> None:
    status, headers = ask("POST")
    assert status == 403
    assert headers["content-security-policy"] == ask()[1]["content-security-policy"]
    assert headers["cache-control"] == "no-store"


def test_browsers_are_held_to_tls_where_there_is_some() -> None:
    assert "strict-transport-security" in ask()[1]
    assert "strict-transport-security" not in ask(address="http://127.0.0.1:8070")[1]


@pytest.mark.parametrize(
    ("path", "status", "kept"),
    [
        ("/static/svod-1.css", 200, A_YEAR),
        ("/static/none.css", 404, "no-store"),
        ("/static", 200, "no-store"),
    ],
)
def test_only_files_that_never_change_are_kept(path: str, status: int, kept: str) -> None:
    assert ask(path=path, status=status)[1]["cache-control"] == kept


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE", "OPTIONS"])
@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"origin": ""},
        {"origin": "null"},
        {"origin": "http://svod.example"},
        {"origin": "https://svod.example:8443"},
        {"origin": "https://svod.example.evil.example"},
        {"origin": "https://evil.example", "referer": "https://svod.example/region"},
    ],
)
def test_what_another_site_sends_is_refused(method: str, headers: dict[str, str]) -> None:
    assert ask(method, **headers)[0] == 403


@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_another_site_may_lead_here(method: str) -> None:
    assert ask(method, origin="https://evil.example")[0] == 200


@pytest.mark.parametrize("address", [OWN, OWN + "/", "http://127.0.0.1:8070"])
def test_what_our_own_page_sends_is_let_through(address: str) -> None:
    assert ask("POST", address=address, origin=origin_of(address))[0] == 200


@pytest.mark.parametrize(("path", "query"), [("/school/\0", ""), ("/region", "q=a%00b")])
def test_what_no_database_takes_is_refused(path: str, query: str) -> None:
    assert ask(path=path, query=query)[0] == 400
