"""The portal that lightbeam is measured against counts what reaches it."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from http.client import RemoteDisconnected
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import pytest

from sandbox.emulators.fault_plan import parse
from tests.beside.edfi import MARKS, Door
from tests.beside.lightbeam import CASES, Outcome, Sending, row

Opened = Callable[[str], Door]


@pytest.fixture
def opened() -> Iterator[Opened]:
    doors: list[Door] = []

    def made(plan: str) -> Door:
        doors.append(Door(parse(plan)))
        return doors[-1]

    yield made
    for door in doors:
        door.close()


def put(door: Door, pupil: str, value: str) -> int:
    body = json.dumps({"pupil": pupil, "lesson": "1", "value": value}).encode()
    try:
        with urlopen(Request(door.url + MARKS, body), timeout=5) as answer:
            return int(answer.status)
    except HTTPError as refused:
        return refused.code


def test_writings_are_counted_by_record(opened: Opened) -> None:
    door = opened("")
    assert [put(door, "1", "3"), put(door, "1", "4"), put(door, "2", "5")] == [201, 200, 201]
    assert door.portal.marks == {"1|1": "4", "2|1": "5"}
    assert door.portal.writings == {"1|1": 2, "2|1": 1}


def test_faults_hit_the_data_and_nothing_else(opened: Opened) -> None:
    door = opened("429,cut_after")
    with urlopen(f"{door.url}/dependencies", timeout=5) as answer:
        assert json.load(answer)[0]["resource"] == "/ed-fi/marks"
    assert put(door, "1", "3") == 429
    with pytest.raises(RemoteDisconnected):
        put(door, "1", "3")
    assert door.portal.marks == {"1|1": "3"}


def test_an_outage_ends(opened: Opened) -> None:
    door = opened("refused:0.3")
    door.await_listening()
    assert put(door, "1", "3") == 201


def test_plans_of_all_cases_are_plans() -> None:
    for _, plan, _ in CASES:
        parse(plan.format(tenth=40))


def test_a_line_of_the_table() -> None:
    sendings = [Sending(0, "1 sent", 2, 0.1), Sending(99, "no totals", 0, 0.1)]
    told = row("cut", Outcome(sendings, [1, 0], surplus=1, played=4))
    assert told == "| cut | 4 | 1, 0 | 1 | 0, 99 | 1 sent (2 error lines); no totals |"
