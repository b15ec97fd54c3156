"""What the hub says of a delivery has words: each counter, state and reason of its own."""

from __future__ import annotations

import pytest

from pipeline.delivery.destinations import DESTINATIONS
from pipeline.delivery.outbox import NEVER_HELD, State
from pipeline.delivery.transmit import POISON, REFUSED_ALONE
from pipeline.ledger import OF_DELIVERY
from privacy import gate
from quality.kinds import kinds
from reports.explained import COUNTERS
from reports.portal_words import DELIVERED, DELIVERY_COUNTERS, STATES, TARGETS, reason_words


def test_counters_states_and_portals_have_words() -> None:
    assert DELIVERED.keys() == DELIVERY_COUNTERS.keys() == OF_DELIVERY
    assert not COUNTERS.keys() & DELIVERED.keys()
    assert STATES.keys() == set(State)
    assert TARGETS.keys() == DESTINATIONS.keys()


@pytest.mark.parametrize("name", DESTINATIONS)
def test_each_type_of_a_portal_has_a_word_and_is_made_of_something(name: str) -> None:
    destination = DESTINATIONS[name]
    assert set(destination.order) == destination.made_of.keys()
    assert set(destination.order) <= kinds().keys()
    made_of = {entity for parts in destination.made_of.values() for entity in parts}
    assert made_of <= set(destination.facts)


@pytest.mark.parametrize("reason", sorted({*gate._ORDER, *NEVER_HELD, POISON, REFUSED_ALONE}))
def test_each_reason_of_ours_has_words(reason: str) -> None:
    assert reason not in reason_words(reason)


def test_a_code_of_the_portal_is_told_as_it_is() -> None:
    assert reason_words("E42") == "код портала: E42"
    assert reason_words("") == ""
