"""What programs ask: whether the dashboard works, and how much it does."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest
import requests
from prometheus_client import REGISTRY
from prometheus_client.parser import text_string_to_metric_families
from sqlalchemy import create_engine
from starlette.testclient import TestClient
from starlette.types import Receive, Scope, Send

from reports.web import watch
from reports.web.visit import Dashboard
from tests.web.conftest import free_port, served
from tests.web.people import Browser

Labels = frozenset[tuple[str, str]]


def _samples(url: str) -> dict[tuple[str, Labels], float]:
    answer = requests.get(url + "/metrics", timeout=60)
    assert answer.headers["content-type"].startswith("text/plain")
    return {
        (one.name, frozenset(one.labels.items())): one.value
        for family in text_string_to_metric_families(answer.text)
        for one in family.samples
    }


def _key(name: str, **labels: str) -> tuple[str, Labels]:
    return name, frozenset(labels.items())


def test_it_works_while_the_database_answers(url: str) -> None:
    answer = requests.get(url + "/health", timeout=60)
    assert (answer.status_code, answer.json()) == (200, {"database": "up"})


def test_it_does_not_without_the_database(dashboard: Dashboard) -> None:
    nowhere = create_engine(f"postgresql+psycopg://nobody@127.0.0.1:{free_port()}/nowhere")
    address = f"http://127.0.0.1:{free_port()}"
    with served(replace(dashboard, reader=nowhere, address=address)):
        answer = requests.get(address + "/health", timeout=60)
    assert (answer.status_code, answer.json()) == (503, {"database": "down"})


def test_requests_are_counted_and_timed_by_route(browser: Callable[[str], Browser]) -> None:
    opened = browser("d1-officer")
    before = _samples(opened.url)
    for path in ("/district/d1", "/district/d2", "/district/d1?q=Школа", "/нет/такой"):
        opened.get(path)
    opened.session.request("PURGE", opened.url + "/health", timeout=60)
    after = _samples(opened.url)

    def more(name: str, **labels: str) -> float:
        key = _key(name, **labels)
        return after.get(key, 0) - before.get(key, 0)

    route = "/district/{code}"
    assert more("svod_web_requests_total", route=route, method="GET", status="200") == 2
    assert more("svod_web_requests_total", route=route, method="GET", status="404") == 1
    assert more("svod_web_requests_total", route="none", method="GET", status="404") == 1
    assert more("svod_web_requests_total", route="none", method="other", status="403") == 1
    assert more("svod_web_request_seconds_count", route=route) == 3
    assert 0 < more("svod_web_request_seconds_sum", route=route) < 60


def test_what_is_done_after_an_answer_is_not_part_of_its_time(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """An answer in two parts that ends in the third second; the work goes on after it."""
    now = iter((0.0, 3.0, 9.0))
    monkeypatch.setattr(watch, "perf_counter", lambda: next(now))

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"a", "more_body": True})
        await send({"type": "http.response.body", "body": b"b"})
        next(now)  # it works on

    before = REGISTRY.get_sample_value("svod_web_request_seconds_sum", {"route": "none"}) or 0
    assert TestClient(watch.Watch(app)).get("/").text == "ab"
    after = REGISTRY.get_sample_value("svod_web_request_seconds_sum", {"route": "none"})
    assert after == before + 3


def test_no_label_holds_what_stood_in_an_address(browser: Callable[[str], Browser]) -> None:
    opened = browser("d1-officer")
    for path in ("/district/d1?q=Иванов", "/district/d2", "/school/781001", "/static/781001"):
        opened.get(path)
    told = requests.get(opened.url + "/metrics", timeout=60).text
    labels = {
        value
        for family in text_string_to_metric_families(told)
        if family.name.startswith("svod_web")
        for one in family.samples
        for value in one.labels.values()
    }
    assert "/district/{code}" in labels
    assert not any(code in one for one in labels for code in ("781001", "d1", "d2", "Иванов"))
