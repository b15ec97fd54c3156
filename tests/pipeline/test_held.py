"""A person approves what was shown, and no more."""

from __future__ import annotations

import pytest
from sqlalchemy import text

from pipeline.delivery.held import approve, approve_held, held_by_kind, held_withdrawals
from pipeline.delivery.outbox import Box
from pipeline.hub import Hub
from tests.pipeline.portal import SCHOOL, Deliverer, Portal


@pytest.fixture
def waiting(hub: Hub, monkeypatch: pytest.MonkeyPatch) -> Deliverer:
    """Sixty withdrawals that wait."""
    one = Deliverer(hub, Portal(), monkeypatch)
    one(**{f"k{number}": "1" for number in range(60)}, kept="1", also="1")
    one(kept="1", also="1")
    return one


def test_what_waits_is_shown_by_school(hub: Hub, waiting: Deliverer) -> None:
    shown = held_withdrawals(hub)
    assert shown == [{"target": "diary", "school": SCHOOL, "count": 60}]
    assert approve_held(hub, shown, by="Airflow") == 60
    waiting(kept="1", also="1")
    assert waiting.portal.state == {"kept": "1", "also": "1"}
    assert held_withdrawals(hub) == []


def test_more_than_was_shown_is_shown_again(hub: Hub, waiting: Deliverer) -> None:
    shown = held_withdrawals(hub)
    waiting(kept="1")
    assert approve_held(hub, shown, by="Airflow") == 0
    assert held_withdrawals(hub)[0]["count"] == 61


def test_who_approved_stands_in_the_action_log(hub: Hub, waiting: Deliverer) -> None:
    approve_held(hub, held_withdrawals(hub), by="Airflow")
    with hub.engine.begin() as connection:
        said = connection.execute(text("SELECT actor, action FROM ops.action_log")).all()
    assert ("Airflow", "approve_withdrawals") in [tuple(row) for row in said]


def test_what_came_between_the_look_and_the_word_stays_held(hub: Hub, waiting: Deliverer) -> None:
    """Nothing is approved in part, and nothing is said to have been."""
    assert approve(hub, Box("diary", SCHOOL), "Петрова", most=59) == 0
    assert held_withdrawals(hub)[0]["count"] == 60
    with hub.engine.begin() as connection:
        query = "SELECT count(*) FROM ops.action_log WHERE action = 'approve_withdrawals'"
        assert connection.execute(text(query)).scalar_one() == 0
    assert approve(hub, Box("diary", SCHOOL), "Петрова", most=60) == 60


def test_what_waits_is_told_by_kind(hub: Hub, waiting: Deliverer) -> None:
    with hub.engine.begin() as connection:
        (one,) = held_by_kind(connection)
    assert (one.target, one.school, one.count) == ("diary", SCHOOL, 60)
    assert sum(one.counts.values()) == 60
