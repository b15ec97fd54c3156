"""A person approves what was shown, and no more."""

from __future__ import annotations

import pytest
from sqlalchemy import text

from pipeline.held import approve_held, held_withdrawals
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
