"""The ledger adds up, and when it does not it names the row."""

from __future__ import annotations

import pytest

from pipeline.hub import Hub
from pipeline.ledger import Counter, Entry, LedgerOpenError, add, clear, open_rows, require_closed

CLOSED = [
    Entry("mark", Counter.READ, 10),
    Entry("mark", Counter.ACCEPTED, 7),
    Entry("mark", Counter.QUARANTINED, 2),
    Entry("mark", Counter.DUPLICATE, 1),
    Entry("mark", Counter.CREATED, 5),
    Entry("mark", Counter.CHANGED, 1),
    Entry("mark", Counter.UNCHANGED, 1),
]


def put(hub: Hub, entries: list[Entry], school: str = "781001") -> None:
    with hub.engine.begin() as connection:
        add(connection, "r1", school, "paragraf", entries)


def test_a_closed_ledger_passes(hub: Hub) -> None:
    put(hub, CLOSED)
    with hub.engine.begin() as connection:
        require_closed(connection, "r1")


@pytest.mark.parametrize("lost", range(len(CLOSED)))
def test_losing_any_entry_is_seen(hub: Hub, lost: int) -> None:
    put(hub, [entry for number, entry in enumerate(CLOSED) if number != lost])
    with hub.engine.begin() as connection:
        assert open_rows(connection, "r1")


def test_the_error_names_the_row(hub: Hub) -> None:
    put(hub, CLOSED)
    put(hub, [Entry("lesson", Counter.READ, 3), Entry("lesson", Counter.ACCEPTED, 2)], "781002")
    with hub.engine.begin() as connection, pytest.raises(LedgerOpenError) as caught:
        require_closed(connection, "r1")
    message = str(caught.value)
    assert "781002 paragraf lesson: read 3 !=" in message
    assert "781001" not in message


def test_two_schools_do_not_cancel_out(hub: Hub) -> None:
    put(hub, [Entry("mark", Counter.READ, 1)], "781001")
    put(hub, [Entry("mark", Counter.ACCEPTED, 1), Entry("mark", Counter.CREATED, 1)], "781002")
    with hub.engine.begin() as connection:
        assert {row.school for row in open_rows(connection, "r1")} == {"781001", "781002"}


def test_entries_add_up_and_can_be_cleared(hub: Hub) -> None:
    put(hub, CLOSED)
    put(hub, CLOSED)
    with hub.engine.begin() as connection:
        require_closed(connection, "r1")
        clear(connection, "r1", "781001", "paragraf")
        assert open_rows(connection, "r1") == []


def test_a_reason_refines_without_counting_twice(hub: Hub) -> None:
    put(
        hub,
        [
            Entry("mark", Counter.DUE, 3),
            Entry("mark", Counter.WITHHELD, 2, "no_uid"),
            Entry("mark", Counter.WITHHELD, 1, "no_consent"),
        ],
    )
    with hub.engine.begin() as connection:
        require_closed(connection, "r1")
