"""``kill -9`` at 200 points of collecting and delivering, and again: nothing lost, nothing twice.

The points are drawn, by a seed, from what an undisturbed process does, every step as often as the
others: within a statement, a commit, a file, a request. Some come from outside, at any instant.
After each the command is given again, by the same run or the next one, as an operator or Airflow
does it.
"""

from __future__ import annotations

import random
import signal
import time
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, fields

import pytest

from tests.end_to_end.server import Server
from tests.reliability.ground import (
    DELIVERED,
    DNEVNIK,
    EMPTY,
    FIRST,
    LAST,
    NETSCHOOL,
    NOTHING,
    OLDER,
    PARAGRAF,
    THREE_DAYS,
    UNDELIVERED,
    Ground,
    Outcome,
    Site,
    Work,
)
from tests.reliability.victim import (
    COMPUTING,
    FETCH,
    FINISHED,
    STEPS,
    Event,
    Point,
    events_of,
)

SEED = 20260918
KILLED, NEXT = "killed", "next"
CONTINGENT = ("deliver", "--target", "contingent")
FULL = ("--mode", "full")
# How many points in each piece of work: 200.
POINTS = {
    Work("first-paragraf", ("collect", "--school", PARAGRAF), FIRST, NOTHING): 12,
    Work("first-dnevnik", ("collect", "--school", DNEVNIK), FIRST, NOTHING): 12,
    Work("first-netschool", ("collect", "--school", NETSCHOOL), FIRST, NOTHING): 12,
    Work("next-paragraf", ("collect", "--school", PARAGRAF), LAST, THREE_DAYS): 12,
    Work("next-dnevnik", ("collect", "--school", DNEVNIK), LAST, THREE_DAYS): 12,
    Work("next-all", ("collect",), LAST, THREE_DAYS): 20,
    Work("diary-first", ("deliver",), LAST, UNDELIVERED, "diary", EMPTY): 30,
    Work("diary-restored", ("deliver", *FULL), LAST, DELIVERED, "diary", OLDER): 30,
    Work("rest-first", CONTINGENT, LAST, UNDELIVERED, "rest", EMPTY): 15,
    Work("rest-restored", (*CONTINGENT, *FULL), LAST, DELIVERED, "rest", OLDER): 15,
    Work("packet-first", CONTINGENT, LAST, UNDELIVERED, "packet", EMPTY): 15,
    Work("packet-restored", (*CONTINGENT, *FULL), LAST, DELIVERED, "packet", OLDER): 15,
}
CASES = [pytest.param(w, n, id=f"{w.name}-{n}") for w, most in POINTS.items() for n in range(most)]
OUTSIDE = 8  # every so many points the process is killed from outside, at any instant
TWICE = 4  # after every so many the next process is killed too
LONGEST_DELAY = 0.003  # seconds; a statement of so small a school takes as long
TAIL = 30  # events at the end that no delay may follow, lest the process finish before
FEWEST = 2  # points within each step
SELDOM = (FETCH, "stage", "check")  # steps that turns alone would leave with fewer
REQUEST = Point(Event("request", "after send"), 2)  # its head and its body have left


@dataclass(frozen=True)
class Undisturbed:
    """What a piece of work comes to, and where it is to be killed; None: from outside."""

    outcome: Outcome
    events: list[Event]
    points: list[Point | None]


@pytest.fixture(scope="module")
def ground(server: Server, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ground]:
    with Ground.ready(server, tmp_path_factory.mktemp("kill")) as made:
        yield made


@pytest.fixture(scope="module")
def undisturbed(ground: Ground) -> dict[Work, Undisturbed]:
    found = {}
    for work, number in POINTS.items():
        with ground.at(work) as site:
            code, events = site.run(NEXT)
            outcome = site.outcome(NEXT, code)
        found[work] = Undisturbed(outcome, events, _drawn(work, events, number))
    return found


def _drawn(work: Work, events: list[Event], number: int) -> list[Point | None]:
    """``number`` points: the steps by turns, anywhere within a step."""
    chance = random.Random(f"{SEED}/{work.name}")
    steps: dict[str, list[tuple[Event, int, bool]]] = defaultdict(list)
    seen: Counter[Event] = Counter()
    for place, one in enumerate(events[: events.index(FINISHED)]):
        seen[one] += 1
        steps[one.step].append((one, seen[one], place < len(events) - TAIL))
    points: list[Point | None] = []
    turns = iter([step for step in SELDOM if step in steps])
    while len(points) < number:
        if len(points) % OUTSIDE == OUTSIDE - 1:
            points.append(None)
            continue
        step = next(turns, None)
        if step is None:
            turns = iter(chance.sample(sorted(steps), len(steps)))
            continue
        event, ordinal, early = chance.choice(steps[step])
        begins = early and event.kind.startswith("before")
        delay = chance.uniform(0, LONGEST_DELAY) if begins and chance.random() < 0.5 else None
        points.append(Point(event, ordinal, delay))
    return points


@pytest.mark.parametrize(("work", "number"), CASES)
def test_killed_at_any_moment(
    ground: Ground, undisturbed: dict[Work, Undisturbed], work: Work, number: int
) -> None:
    expected = undisturbed[work]
    chance = random.Random(f"{SEED}/{work.name}/{number}")
    again = (KILLED, NEXT)[number % 2]
    with ground.at(work) as site:
        events = _kill(site, expected, expected.points[number], chance)
        closing = Event("run closed", "before commit") in events
        assert closing or site.state(KILLED) in ("", "running")
        if number % TWICE == 0:
            left = len(expected.events) - len(events)
            code, _ = site.run(again, Point(None, chance.randint(1, max(20, left))))
            assert code == -signal.SIGKILL
        code, _ = site.run(again)
        assert site.waiting() == []
        _same(site.outcome(again, code), expected.outcome)


@pytest.mark.parametrize("work", [w for w in POINTS if w.kept == EMPTY], ids=lambda w: w.portal)
@pytest.mark.parametrize("fault", ["late", "cut_after"])
def test_killed_while_the_portal_does_not_answer(
    ground: Ground, undisturbed: dict[Work, Undisturbed], work: Work, fault: str
) -> None:
    """``late``: the portal applies the first batch when the process is dead and the next one has
    asked for it; ``cut_after``: it has applied every batch, and the process has asked in vain."""
    count, point = (1, REQUEST) if fault == "late" else (-1, Point(REQUEST.event, 4))
    with ground.at(work) as site:
        site.control("fault", plan="hold=2")
        site.control("fault", kind=fault, count=count)
        code, _ = site.run(KILLED, point)
        assert code == -signal.SIGKILL
        assert [state for _, state in site.waiting()] == ["unknown"]
        site.control("fault", kind="all", count=0)
        code, _ = site.run(KILLED)
        assert site.waiting() == []
        assert fault in [one["kind"] for one in site.control("faults")["played"]]
        time.sleep(2)
        _same(site.outcome(KILLED, code), undisturbed[work].outcome)


def _kill(
    site: Site, expected: Undisturbed, point: Point | None, chance: random.Random
) -> list[Event]:
    """What happened until the process died; it must have been at work."""
    if point is None:
        process, log = site.start(KILLED)
        least = chance.randint(1, len(expected.events) * 4 // 5)
        while not log.exists() or len(events_of(log)) < least:
            assert process.is_alive()
            time.sleep(0.002)
        time.sleep(chance.uniform(0, LONGEST_DELAY))
        process.kill()
        process.join()
        code, events = process.exitcode, events_of(log)
    else:
        code, events = site.run(KILLED, point)
    assert code == -signal.SIGKILL
    assert FINISHED not in events
    return events


def _same(outcome: Outcome, expected: Outcome) -> None:
    for table, rows in outcome.tables.items():
        lost, more = expected.tables[table] - rows, rows - expected.tables[table]
        assert (table, list(lost), list(more)) == (table, [], [])
    for part in fields(Outcome):
        if part.name != "tables":
            assert getattr(outcome, part.name) == getattr(expected, part.name), part.name


def test_every_step_is_killed(undisturbed: dict[Work, Undisturbed]) -> None:
    planned = [point for one in undisturbed.values() for point in one.points]
    assert len(planned) == 200
    hit = Counter(point.event.step for point in planned if point is not None and point.event)
    steps = {*STEPS.values(), *COMPUTING.values(), FETCH}
    assert {step: hit[step] for step in steps if hit[step] < FEWEST} == {}
