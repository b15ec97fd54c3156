"""The client's patience, manners and silence."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from connectors.errors import AccessDenied, Misconfigured, RateLimited, Unavailable
from connectors.http import HttpClient, Policy, Question, open_session, retry_after

ASK = Question("GET", "/things", (("name", "Жмелеватов"),))
OK = {"fine": True}
SOON = "Sat, 19 Sep 2026 10:01:00 GMT"


@pytest.fixture
def client(server: Any, time_: Any, reply: Any) -> Callable[..., HttpClient]:
    server.replies[
        "GET /things?name=%D0%96%D0%BC%D0%B5%D0%BB%D0%B5%D0%B2%D0%B0%D1%82%D0%BE%D0%B2"
    ] = reply.json(OK)

    def make(jitter: float = 0.0, **policy: Any) -> HttpClient:
        return HttpClient(
            server.url,
            open_session(),
            headers={"Access-Token": "secret-token"},
            policy=Policy(**policy),
            sleep=time_.sleep,
            clock=time_.clock,
            jitter=lambda: jitter,
        )

    return make


def test_a_useful_answer_is_decoded(client: Any) -> None:
    assert client().ask(ASK).value == OK


@pytest.mark.parametrize("status", [429, 433, 500, 502, 503, 504, 408, 302])
def test_a_refusal_for_now_is_tried_again(
    client: Any, server: Any, reply: Any, status: int
) -> None:
    server.faults = [reply(b"", status), reply(b"", status)]
    assert client().ask(ASK).value == OK
    assert len(server.heard) == 3


@pytest.mark.parametrize(
    ("status", "error"),
    [(401, AccessDenied), (403, AccessDenied), (400, Misconfigured), (404, Misconfigured),
     (409, Misconfigured), (413, Misconfigured), (301, Misconfigured)],
)  # fmt: skip
def test_a_final_refusal_is_not_tried_again(
    client: Any, server: Any, reply: Any, status: int, error: type[Exception]
) -> None:
    server.faults = [reply(b"", status)]
    with pytest.raises(error):
        client().ask(ASK)
    assert len(server.heard) == 1


@pytest.mark.parametrize(
    "body",
    [b"<!DOCTYPE html><html>works</html>", b"", b"{", b"[1]", b"null", b"\xff\xfe", b"[" * 100_000],
)  # fmt: skip
def test_an_unusable_answer_is_tried_again_and_then_unavailable(
    client: Any, server: Any, reply: Any, body: bytes
) -> None:
    server.faults = [reply(body)] * 3
    with pytest.raises(Unavailable):
        client(attempts=3).ask(ASK)
    assert len(server.heard) == 3


def test_an_answer_cut_short_is_tried_again(client: Any, server: Any, reply: Any) -> None:
    server.faults = [reply(b'{"fine": true}', cut=True)]
    assert client().ask(ASK).value == OK


def test_nobody_there_is_unavailable(client: Any, server: Any) -> None:
    server.close()
    with pytest.raises(Unavailable):
        client(attempts=2).ask(ASK)


def test_pauses_grow_and_attempts_are_bounded(
    client: Any, server: Any, reply: Any, time_: Any
) -> None:
    server.faults = [reply(b"", 503)] * 9
    with pytest.raises(Unavailable):
        client(attempts=4, first_wait=1).ask(ASK)
    assert time_.slept == [1, 2, 4]
    assert len(server.heard) == 4


def test_chance_lengthens_a_pause_by_a_quarter_at_most(
    client: Any, server: Any, reply: Any, time_: Any
) -> None:
    server.faults = [reply(b"", 503), reply(b"", 503)]
    client(jitter=1.0, first_wait=8).ask(ASK)
    assert time_.slept == [10, 20]


def test_chance_does_not_shorten_what_was_asked_for(
    client: Any, server: Any, reply: Any, time_: Any
) -> None:
    server.faults = [reply(b"", 429, {"Retry-After": "40"})]
    client(jitter=0.5).ask(ASK)
    assert time_.now == pytest.approx(45)


def test_an_answer_that_does_not_come_in_time_is_unavailable(
    client: Any, server: Any, reply: Any
) -> None:
    late = threading.Event()

    def answer_late(_: Any) -> Any:
        late.wait(timeout=5)
        return reply.json(OK)

    server.replies[next(iter(server.replies))] = answer_late
    with pytest.raises(Unavailable, match="ReadTimeout"):
        client(attempts=2, read_timeout=0.05).ask(ASK)
    late.set()
    assert len(server.heard) == 2


def test_an_answer_that_trickles_in_is_unavailable(server: Any, reply: Any, time_: Any) -> None:
    """Every look at the clock costs a second."""

    def clock() -> float:
        time_.now += 1
        return float(time_.now)

    server.replies["GET /things"] = reply.json(["x"])
    slow = HttpClient(
        server.url,
        open_session(),
        policy=Policy(attempts=1, whole_timeout=0.5),
        sleep=time_.sleep,
        clock=clock,
    )
    with pytest.raises(Unavailable, match="slowly"):
        slow.ask(Question("GET", "/things", shape=list))


def test_retry_after_is_kept_to(client: Any, server: Any, reply: Any, time_: Any) -> None:
    server.faults = [reply(b"", 429, {"Retry-After": "17"})]
    client().ask(ASK)
    assert time_.now == pytest.approx(17)


def test_a_longer_pause_than_ours_is_the_callers(client: Any, server: Any, reply: Any) -> None:
    server.faults = [reply(b"", 433, {"Retry-After": "3600"})]
    with pytest.raises(RateLimited) as caught:
        client().ask(ASK)
    assert caught.value.retry_after == 3600
    assert len(server.heard) == 1


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"Retry-After": "5"}, 5.0),
        ({"Retry-After": SOON, "Date": "Sat, 19 Sep 2026 10:00:00 GMT"}, 60.0),
        ({"Retry-After": SOON}, None),
        ({"Retry-After": "soon"}, None),
        ({"Retry-After": "-5"}, None),
        ({}, None),
    ],
)  # fmt: skip
def test_retry_after_is_read(headers: dict[str, str], seconds: float | None) -> None:
    assert retry_after(headers) == seconds


def test_requests_are_spaced(client: Any, time_: Any) -> None:
    polite = client(spacing=0.5)
    for _ in range(4):
        polite.ask(ASK)
    assert time_.now == pytest.approx(1.5)


def test_no_more_than_the_agreed_number_at_once(client: Any, server: Any, reply: Any) -> None:
    most, now, lock, two = [0], [0], threading.Lock(), threading.Barrier(2, timeout=5)

    def slowly(_: Any) -> Any:
        with lock:
            now[0] += 1
            most[0] = max(most[0], now[0])
        two.wait()  # both seats are taken before either is given back
        with lock:
            now[0] -= 1
        return reply.json(OK)

    name = next(iter(server.replies))
    server.replies[name] = slowly
    shared = client(concurrency=2)
    with ThreadPoolExecutor(6) as pool:
        answers = list(pool.map(shared.ask, [ASK] * 6))
    assert len(answers) == 6
    assert most[0] == 2


@pytest.mark.parametrize("concurrency", [0, 11])
def test_the_limit_on_concurrency_is_fixed(concurrency: int) -> None:
    with pytest.raises(ValueError, match="concurrency"):
        Policy(concurrency=concurrency)


def test_an_answer_too_large_is_refused(client: Any, server: Any, reply: Any) -> None:
    server.faults = [reply(b'"' + b"x" * 5000 + b'"')]
    with pytest.raises(Misconfigured, match="larger"):
        client(largest_answer=1000).ask(ASK)


def test_a_redirect_does_not_carry_the_token_away(client: Any, server: Any, reply: Any) -> None:
    server.faults = [reply(b"", 302, {"Location": f"{server.url}/elsewhere"})]
    client().ask(ASK)
    assert not any("elsewhere" in heard.name for heard in server.heard)


def test_cookies_are_not_kept(client: Any, server: Any, reply: Any) -> None:
    server.faults = [reply.json(OK, Set_Cookie="session=of-another-school; Path=/")]
    one = client()
    one.ask(ASK)
    one.ask(ASK)
    assert not any("Cookie" in heard.headers for heard in server.heard)


def test_nothing_of_the_request_or_answer_is_logged(
    client: Any, server: Any, reply: Any, caplog: pytest.LogCaptureFixture
) -> None:
    server.faults = [reply(b'{"pupil": "Brjanchihina"}', 503), reply(b"", 429)]
    with caplog.at_level(logging.DEBUG):
        client().ask(ASK)
        server.close()
        with pytest.raises(Unavailable) as caught:
            client(attempts=2).ask(ASK)
    told = caplog.text + repr(caught.value) + repr(caught.value.__cause__) + caught.value.where
    assert "GET /things" in caplog.text
    for secret in ("secret-token", "Жмелеватов", "%D0%96", "Brjanchihina"):
        assert secret not in told
    assert caught.value.__suppress_context__


@pytest.mark.parametrize("address", ["", "host/v2", "ftp://host", "file:///etc/passwd", "http://"])
def test_an_address_that_is_none_is_told(address: str) -> None:
    with pytest.raises(Misconfigured):
        HttpClient(address, open_session())


def test_a_token_that_no_header_can_carry_is_told(server: Any) -> None:
    client = HttpClient(server.url, open_session(), headers={"Access-Token": "a\r\nb"})
    with pytest.raises(Misconfigured):
        client.ask(ASK)


def test_a_question_is_named_with_its_query_and_shown_without() -> None:
    question = Question("GET", "/log/1", (("from", "2026-09-01"), ("to", "2026-09-18")))
    assert question.name == "GET /log/1?from=2026-09-01&to=2026-09-18"
    assert question.where == "GET /log/1"
