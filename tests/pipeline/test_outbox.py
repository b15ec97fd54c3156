"""Desired-state delivery against a portal that keeps state and misbehaves on demand.

``Portal`` here is written from docs/diary-contract.md alone; the HTTP emulator has its own tests.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date
from itertools import count

import polars as pl
import pytest
from sqlalchemy import text

from connectors.base import Receipt
from connectors.errors import Unavailable
from pipeline import deliver, outbox
from pipeline.collect import Run
from pipeline.deliver import Delivery, deliver_school
from pipeline.hub import Hub
from pipeline.ledger import open_rows
from pipeline.plan import Plan
from pipeline.runs import SchoolState

SCHOOL = "781001"


class Portal:
    """Applies a batch once per key; ``faults`` are consumed one per call."""

    kind = "diary"

    def __init__(self) -> None:
        self.state: dict[str, str] = {}
        self.answers: dict[str, list[Receipt]] = {}
        self.applied = 0
        self.faults: list[str] = []
        self.refuses: set[str] = set()

    def send(
        self, school: str, batch_key: str, records: Sequence[dict[str, object]]
    ) -> list[Receipt]:
        fault = self.faults.pop(0) if self.faults else ""
        if fault == "before":
            raise Unavailable("cut before it was applied")
        if batch_key not in self.answers:
            self.answers[batch_key] = [self._apply(record) for record in records]
        if fault == "after":
            raise Unavailable("cut after it was applied")
        if fault == "kill":
            raise KeyboardInterrupt
        return list(reversed(self.answers[batch_key]))

    def _apply(self, record: dict[str, object]) -> Receipt:
        key = str(record["key"])
        if key in self.refuses:
            return Receipt(key, "rejected", None, "bad_record")
        self.applied += 1
        if record["op"] == "withdraw":
            self.state.pop(key, None)
            return Receipt(key, "withdrawn", f"id-{key}")
        self.state[key] = str(record["hash"])
        return Receipt(key, "created", f"id-{key}")


@pytest.fixture
def portal() -> Portal:
    return Portal()


@pytest.fixture
def keys() -> Iterator[int]:
    return count()


class Deliverer:
    """Delivers a desired state given as key -> hash; a withheld key as key -> None."""

    def __init__(self, hub: Hub, portal: Portal, patch: pytest.MonkeyPatch) -> None:
        self.hub, self.portal, self.patch = hub, portal, patch
        numbers = count()
        self.delivery = Delivery(portal, lambda: f"batch-{next(numbers)}")
        self.runs = count()

    def __call__(self, **wanted: str | None) -> SchoolState:
        run = Run(f"run-{next(self.runs)}", date(2026, 9, 18))
        frame = pl.DataFrame(
            {
                "key": list(wanted),
                "entity": ["mark"] * len(wanted),
                "desired_hash": list(wanted.values()),
                "payload": [None if h is None else '{"v": 1}' for h in wanted.values()],
                "reason": ["no_consent" if h is None else "" for h in wanted.values()],
            },
            schema_overrides={"desired_hash": pl.String, "payload": pl.String},
        )
        self.patch.setattr(deliver, "plan_school", self._planner(frame))
        state = deliver_school(self.hub, SCHOOL, run, self.delivery).state
        with self.hub.engine.begin() as connection:
            assert open_rows(connection, run.run_id) == []
        return state

    def _planner(self, frame: pl.DataFrame):  # type: ignore[no-untyped-def]  # a test double
        from pipeline.plan import account_plan

        def plan(hub: Hub, school: str, on: date, run_id: str) -> Plan:
            return account_plan(hub, school, run_id, frame, {"mark": frame.height})

        return plan

    def states(self) -> dict[str, str]:
        with self.hub.engine.begin() as connection:
            return dict(connection.execute(text("SELECT key, state FROM outbox.desired")).all())


@pytest.fixture
def deliver_state(hub: Hub, portal: Portal, monkeypatch: pytest.MonkeyPatch) -> Deliverer:
    return Deliverer(hub, portal, monkeypatch)


def test_what_is_wanted_arrives_and_is_not_sent_twice(
    deliver_state: Deliverer, portal: Portal
) -> None:
    assert deliver_state(a="1", b="2") is SchoolState.DONE
    assert portal.state == {"a": "1", "b": "2"}
    deliver_state(a="1", b="2")
    assert portal.applied == 2


def test_a_b_a_ends_at_a(deliver_state: Deliverer, portal: Portal) -> None:
    for value in ("1", "2", "1"):
        deliver_state(a=value)
    assert portal.state == {"a": "1"}
    assert portal.applied == 3


def test_a_b_a_between_deliveries_sends_nothing(deliver_state: Deliverer, portal: Portal) -> None:
    deliver_state(a="1")
    portal.faults = ["before"]
    deliver_state(a="2")  # written, not applied, answer lost
    deliver_state(a="1")
    assert portal.state == {"a": "1"}


@pytest.mark.parametrize("fault", ["before", "after"])
def test_a_lost_answer_is_settled(deliver_state: Deliverer, portal: Portal, fault: str) -> None:
    portal.faults = [fault]
    assert deliver_state(a="1", b="2") is SchoolState.FAILED
    assert set(deliver_state.states().values()) == {"in_flight"}
    assert deliver_state(a="1", b="2") is SchoolState.DONE
    assert portal.state == {"a": "1", "b": "2"}
    assert portal.applied == 2


@pytest.mark.parametrize("fault", ["before", "after"])
def test_content_that_changes_while_the_answer_is_lost(
    deliver_state: Deliverer, portal: Portal, fault: str
) -> None:
    portal.faults = [fault]
    deliver_state(a="1")
    deliver_state(a="2")
    assert portal.state == {"a": "2"}
    assert deliver_state.states() == {"a": "delivered"}


def test_a_fact_that_vanishes_while_the_answer_is_lost(
    deliver_state: Deliverer, portal: Portal
) -> None:
    portal.faults = ["after"]
    deliver_state(a="1")
    deliver_state()
    assert portal.state == {}
    assert deliver_state.states() == {"a": "gone"}


def test_a_killed_delivery_goes_on(deliver_state: Deliverer, portal: Portal) -> None:
    portal.faults = ["kill"]
    with pytest.raises(KeyboardInterrupt):
        deliver_state(a="1", b="2")
    deliver_state(a="1", b="2")
    assert portal.state == {"a": "1", "b": "2"}
    assert portal.applied == 2


def test_a_refused_record_waits_until_it_changes(deliver_state: Deliverer, portal: Portal) -> None:
    portal.refuses = {"a"}
    deliver_state(a="1", b="2")
    assert deliver_state.states() == {"a": "rejected", "b": "delivered"}
    portal.refuses = set()
    deliver_state(a="1", b="2")
    assert portal.state == {"b": "2"}, "the same content is not sent again"
    deliver_state(a="3", b="2")
    assert portal.state == {"a": "3", "b": "2"}


def test_ended_consent_withdraws(deliver_state: Deliverer, portal: Portal) -> None:
    deliver_state(a="1", b="2")
    deliver_state(a=None, b="2")
    assert portal.state == {"b": "2"}
    assert deliver_state.states() == {"a": "withheld", "b": "delivered"}
    deliver_state(a="1", b="2")
    assert portal.state == {"a": "1", "b": "2"}


def test_never_consented_is_never_sent(deliver_state: Deliverer, portal: Portal) -> None:
    deliver_state(a=None)
    assert portal.answers == {}
    assert deliver_state.states() == {"a": "withheld"}


def test_a_vanished_fact_is_withdrawn_and_may_return(
    deliver_state: Deliverer, portal: Portal
) -> None:
    deliver_state(a="1", b="2")
    deliver_state(b="2")
    assert portal.state == {"b": "2"}
    deliver_state(a="1", b="2")
    assert portal.state == {"a": "1", "b": "2"}


def test_many_withdrawals_wait_for_a_person(
    hub: Hub, deliver_state: Deliverer, portal: Portal
) -> None:
    many = {f"k{number}": "1" for number in range(100)}
    deliver_state(**many)
    deliver_state()
    assert len(portal.state) == 100
    assert set(deliver_state.states().values()) == {"held"}
    with hub.engine.begin() as connection:
        assert outbox.approve(connection, "diary", SCHOOL) == 100
    deliver_state()
    assert portal.state == {}
    assert set(deliver_state.states().values()) == {"gone"}


def test_held_records_that_return_are_not_withdrawn(
    deliver_state: Deliverer, portal: Portal
) -> None:
    many = {f"k{number}": "1" for number in range(100)}
    deliver_state(**many)
    deliver_state()
    deliver_state(**many)
    assert set(deliver_state.states().values()) == {"delivered"}
    assert portal.applied == 100


def test_batches_are_bounded(deliver_state: Deliverer, portal: Portal) -> None:
    deliver_state(**{f"k{number}": "1" for number in range(deliver.BATCH_SIZE * 2 + 1)})
    assert sorted(len(answers) for answers in portal.answers.values()) == [1, 200, 200]


def test_ended_consents_wait_for_nobody(deliver_state: Deliverer, portal: Portal) -> None:
    many = {f"k{number}": "1" for number in range(100)}
    deliver_state(**many)
    deliver_state(**dict.fromkeys(many))
    assert portal.state == {}
    assert set(deliver_state.states().values()) == {"withheld"}
