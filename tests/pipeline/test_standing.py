"""A counter of a delivery opens to the records it counted, whatever became of them, until the books
move on."""

from __future__ import annotations

from itertools import count

import pytest

from pipeline.delivery import outbox
from pipeline.delivery.deliver import Mode
from pipeline.delivery.standing import counted
from pipeline.explain.addresses import LedgerCounter
from pipeline.explain.ledger import NotOpenableError, account, explain_counter
from pipeline.hub import Hub
from pipeline.ledger import Counter
from pipeline.runs import SchoolState
from tests.pipeline.portal import BOX, SCHOOL, Deliverer, Portal

Opened = dict[str, set[str]]


@pytest.fixture
def portal() -> Portal:
    return Portal()


@pytest.fixture
def deliver_state(hub: Hub, portal: Portal, monkeypatch: pytest.MonkeyPatch) -> Deliverer:
    return Deliverer(hub, portal, monkeypatch)


def counter(name: str, run: str, reason: str = "") -> LedgerCounter:
    return LedgerCounter(Counter(name), SCHOOL, run, "mark", BOX.target, reason)


def opened(hub: Hub, run: str) -> Opened:
    """The keys of the records that each counter of the account of ``run`` opens to."""
    found: Opened = {}
    with hub.engine.begin() as connection:
        counts = account(connection, counter("due", run))
        for name, n in counts.items():
            told = explain_counter(connection, counter(name, run))
            keys = told.records["key"].to_list()
            assert told.count == n == len(keys)
            found[name] = set(keys)
    return found


def test_what_arrived_what_stayed_and_what_was_there(
    deliver_state: Deliverer, portal: Portal
) -> None:
    hub = deliver_state.hub
    deliver_state(a="1", b="1", c=None)
    assert opened(hub, "run-0") == {
        "due": {"a", "b", "c"},
        "delivered": {"a", "b"},
        "withheld": {"c"},
    }
    portal.refuses = {"d"}
    deliver_state(a="2", b="1", c=None, d="1")
    assert opened(hub, "run-1") == {
        "due": {"a", "b", "c", "d"},
        "delivered": {"a"},
        "already": {"b"},
        "withheld": {"c"},
        "rejected": {"d"},
    }


def test_a_withdrawal_that_the_delivery_confirmed_is_delivered_in_it_and_due_in_no_other(
    deliver_state: Deliverer,
) -> None:
    hub = deliver_state.hub
    deliver_state(a="1", b="1")
    deliver_state(a="1")
    assert opened(hub, "run-1") == {
        "due": {"a", "b"},
        "delivered": {"b"},
        "already": {"a"},
    }
    deliver_state(a="1")
    assert opened(hub, "run-2") == {"due": {"a"}, "already": {"a"}}


def test_a_batch_counts_for_the_run_that_settled_it(
    deliver_state: Deliverer, portal: Portal
) -> None:
    """Not for the one that wrote it, whose answer was lost."""
    hub = deliver_state.hub
    portal.down = True
    assert deliver_state(a="1") is SchoolState.FAILED
    assert opened(hub, "run-0") == {"due": {"a"}, "unknown": {"a"}}
    portal.down = False
    deliver_state(a="1")
    assert opened(hub, "run-1") == {"due": {"a"}, "delivered": {"a"}}


def test_a_run_that_is_done_again_counts_afresh(deliver_state: Deliverer) -> None:
    hub = deliver_state.hub
    deliver_state(a="1", b="1")
    deliver_state.runs = count()
    deliver_state(a="1", b="1")
    assert opened(hub, "run-0") == {"due": {"a", "b"}, "already": {"a", "b"}}


def test_a_reason_narrows_a_counter(deliver_state: Deliverer, portal: Portal) -> None:
    hub = deliver_state.hub
    portal.refuses = {"d"}
    deliver_state(a="1", b=None, c=None, d="1")
    with hub.engine.begin() as connection:
        told = explain_counter(connection, counter("withheld", "run-0", "no_consent"))
        assert (told.count, set(told.records["key"])) == (2, {"b", "c"})
        every = counted(connection, BOX, "run-0", Counter.DUE)
        some = counted(connection, BOX, "run-0", Counter.DUE, reason="no_consent")
        assert (set(every["key"]), set(some["key"])) == ({"a", "b", "c", "d"}, {"b", "c"})
        with pytest.raises(NotOpenableError, match="её число — 0"):
            explain_counter(connection, counter("withheld", "run-0", "no_uid"))


def test_an_older_delivery_is_not_opened(deliver_state: Deliverer) -> None:
    deliver_state(a="1")
    deliver_state(a="1")
    with (
        deliver_state.hub.engine.begin() as connection,
        pytest.raises(NotOpenableError, match="после этой доставки были другие"),
    ):
        explain_counter(connection, counter("delivered", "run-0"))


def test_what_moved_on_after_the_last_delivery_is_not_opened(deliver_state: Deliverer) -> None:
    hub = deliver_state.hub
    deliver_state(a="1", b="1")
    deliver_state(Mode.ROLLOVER, a="1")
    assert opened(hub, "run-1")["held"] == {"b"}
    with hub.engine.begin() as connection:
        assert outbox.approve(connection, BOX) == 1
    with hub.engine.begin() as connection:
        with pytest.raises(NotOpenableError, match="в книгах 1, а записей теперь 0"):
            explain_counter(connection, counter("held", "run-1"))
        # As many as the account says, and yet not all of them as it left them.
        with pytest.raises(NotOpenableError, match="из них 1 изменились"):
            explain_counter(connection, counter("due", "run-1"))
        assert explain_counter(connection, counter("already", "run-1")).count == 1
