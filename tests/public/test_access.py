"""Who may ask: tokens, refusals, limits."""

from __future__ import annotations

import time
from dataclasses import replace

import pytest
import requests

from pipeline.clients import Clients, ClientsError, new_client
from pipeline.hub import Hub
from reports.public.app import Service
from reports.public.limits import Limits
from reports.public.tokens import LIFETIME, Tokens
from tests.public.asking import Asker, serving
from tests.public.conftest import Clock
from tests.public.school import AGREES, REFUSES, School

GRANT = {"grant_type": "client_credentials"}


def test_a_client_takes_a_token_and_asks(service: Service, school: School) -> None:
    secret, entry = new_client("epgu")
    with serving(replace(service, clients=Clients.read(entry))) as url:
        in_form = GRANT | {"client_id": "epgu", "client_secret": secret}
        answers = [
            requests.post(f"{url}/token", data=GRANT, auth=("epgu", secret), timeout=20),
            requests.post(f"{url}/token", data=in_form, timeout=20),
        ]
        for answer in answers:
            assert answer.status_code == 200
            assert answer.headers["Cache-Control"] == "no-store"
            said = answer.json()
            assert (said["token_type"], said["expires_in"]) == ("Bearer", LIFETIME)
            assert Asker(url, said["access_token"])(AGREES).status_code == 200


@pytest.mark.parametrize(
    ("client", "secret", "form", "expected"),
    [
        ("epgu", "wrong", GRANT, (401, "invalid_client")),
        ("epgu", "", GRANT, (401, "invalid_client")),
        ("nobody", "", GRANT, (401, "invalid_client")),
        ("nobody", "right", GRANT, (401, "invalid_client")),
        ("epgu", "right", {}, (400, "unsupported_grant_type")),
        ("epgu", "right", {"grant_type": "password"}, (400, "unsupported_grant_type")),
        ("epgu", "right", GRANT | {"x": "y" * 5000}, (400, "invalid_request")),
    ],
)
def test_no_token(
    service: Service, client: str, secret: str, form: dict[str, str], expected: tuple[int, str]
) -> None:
    right, entry = new_client("epgu")
    given = right if secret == "right" else secret
    with serving(replace(service, clients=Clients.read(entry))) as url:
        answer = requests.post(f"{url}/token", data=form, auth=(client, given), timeout=20)
    assert (answer.status_code, answer.json()["error"]) == expected
    assert right not in answer.text


def test_a_token_ends(ask: Asker, school: School, clock: Clock) -> None:
    clock.seconds += LIFETIME - 1
    assert ask(AGREES).status_code == 200
    clock.seconds += 1
    answer = ask(AGREES)
    assert answer.status_code == 401
    assert answer.headers["WWW-Authenticate"] == 'Bearer error="invalid_token"'


@pytest.mark.parametrize(
    "header", ["", "Bearer", "Bearer x", "Bearer x.y", "Basic eDp5", "Bearer ы"]
)
def test_no_token_no_answer(ask: Asker, header: str) -> None:
    answer = ask(AGREES, Authorization=header.encode())  # type: ignore[arg-type]  # bytes go too
    assert answer.status_code == 401
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert answer.json()["status"] == 401


def test_an_altered_token_and_one_of_another_hub_are_none(
    hub: Hub, ask: Asker, clock: Clock
) -> None:
    body, _, signature = ask.token.partition(".")
    longer = Tokens(hub, lambda: clock() + 10**6).issue("epgu").partition(".")[0]
    foreign = Tokens(replace(hub, keys=replace(hub.keys, lookup=b"k" * 32)), clock).issue("epgu")
    for token in (f"{body}.{signature[:-1]}", f"{longer}.{signature}", foreign, f".{signature}"):
        assert Asker(ask.url, token)(AGREES).status_code == 401


def test_who_lost_the_access_is_refused_though_the_token_holds(
    service: Service, school: School
) -> None:
    token = service.tokens.issue("former")
    with serving(service) as url:
        answer = Asker(url, token)(AGREES)
    assert answer.status_code == 403


@pytest.mark.parametrize(
    ("start", "end", "status"),
    [
        ("2026-09-18", "2026-09-18", 200),
        ("2026-09-01", "2026-10-01", 200),  # 31 days
        ("2026-09-01", "2026-10-02", 400),
        ("2026-09-18", "2026-09-17", 400),
        ("2026-02-30", "2026-03-01", 400),
        ("18.09.2026", "20.09.2026", 400),
        ("2026-W38-5", "2026-09-25", 400),
        ("", "2026-09-25", 400),
        ("0001-01-01", "9999-12-31", 400),
        ("9999-12-31", "9999-12-31", 200),
    ],
)
def test_the_period(school: School, ask: Asker, start: str, end: str, status: int) -> None:
    answer = ask(AGREES, start, end)
    assert answer.status_code == status, answer.text
    if status == 400:
        assert answer.headers["Content-Type"] == "application/problem+json"


def test_other_addresses_say_which_there_are(ask: Asker) -> None:
    for method, path in (("GET", "/docs"), ("GET", "/openapi.json"), ("PUT", "/token")):
        answer = requests.request(method, ask.url + path, timeout=20)
        assert answer.status_code in (404, 405)
        assert "GET /Schedule/" in answer.json()["detail"]
    assert requests.get(f"{ask.url}/alive", timeout=20).status_code == 200


def test_who_asks_too_often_waits(school: School, service: Service, clock: Clock) -> None:
    limits = Limits(rate=2.0, burst=2, now=clock)
    with serving(replace(service, limits=limits)) as url:
        ask = Asker(url, service.tokens.issue("epgu"))
        assert [ask(AGREES).status_code for _ in range(3)] == [200, 200, 429]
        answer = ask(AGREES)
        assert answer.headers["Retry-After"] == "1"
        clock.seconds += 0.5
        assert [ask(AGREES).status_code for _ in range(2)] == [200, 429]
        wrong = {"data": GRANT, "auth": ("epgu", "guess"), "timeout": 20}
        said = [requests.post(f"{url}/token", **wrong).status_code for _ in range(3)]
        assert said == [401, 401, 429]


def test_a_refusal_takes_its_time_whatever_the_reason(school: School, service: Service) -> None:
    with serving(replace(service, refusal=0.7)) as url:
        ask = Asker(url, service.tokens.issue("epgu"))
        for uid in (REFUSES, "999999"):
            began = time.monotonic()
            assert ask(uid).status_code == 404
            assert 0.7 <= time.monotonic() - began < 5


@pytest.mark.parametrize("listed", ["", "epgu", "epgu:x", "a b", ":" + "0" * 64])
def test_a_list_of_clients_that_cannot_be_used(listed: str) -> None:
    with pytest.raises(ClientsError, match="SVOD_SCHEDULE_CLIENTS"):
        Clients.read(listed)


def test_one_client_twice_is_a_slip() -> None:
    entries = [new_client("epgu")[1] for _ in range(2)]
    with pytest.raises(ClientsError, match="entry 2"):
        Clients.read("\n".join(entries))
    with pytest.raises(ClientsError):
        new_client("two words")
