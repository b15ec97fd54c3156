"""Desired-state delivery against a portal that keeps state and misbehaves on demand."""

from __future__ import annotations

from dataclasses import replace
from itertools import count

import pytest
from sqlalchemy import text

from pipeline.delivery import deliver, outbox
from pipeline.delivery.deliver import Mode, deliver_schools
from pipeline.delivery.destinations import DIARY
from pipeline.delivery.pace import Pace, wake
from pipeline.delivery.transmit import BATCH_SIZE
from pipeline.hub import Hub
from pipeline.intake.collect import Run
from pipeline.ledger import open_rows
from pipeline.runs import SchoolState
from tests.pipeline.portal import BOX, DAY, Deliverer, Portal, by_school


@pytest.fixture
def portal() -> Portal:
    return Portal()


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
    portal.down = True
    deliver_state(a="2")  # written, not applied, answer lost
    portal.down = False
    deliver_state(a="1")
    assert portal.state == {"a": "1"}


@pytest.mark.parametrize("fault", ["down", "dies"])
def test_a_lost_answer_is_settled(deliver_state: Deliverer, portal: Portal, fault: str) -> None:
    portal.down, portal.faults = fault == "down", [fault]
    assert deliver_state(a="1", b="2") is SchoolState.FAILED
    assert set(deliver_state.states().values()) == {"in_flight"}
    portal.down, portal.faults = False, []
    assert deliver_state(a="1", b="2") is SchoolState.DONE
    assert portal.state == {"a": "1", "b": "2"}
    assert portal.applied == 2


@pytest.mark.parametrize("fault", ["before", "after"])
def test_a_lost_answer_is_asked_for_at_once(
    deliver_state: Deliverer, portal: Portal, fault: str
) -> None:
    portal.faults = [fault]
    assert deliver_state(a="1", b="2") is SchoolState.DONE
    assert portal.state == {"a": "1", "b": "2"}
    assert portal.applied == 2


@pytest.mark.parametrize("fault", ["down", "dies"])
def test_content_that_changes_while_the_answer_is_lost(
    deliver_state: Deliverer, portal: Portal, fault: str
) -> None:
    portal.down, portal.faults = fault == "down", [fault]
    deliver_state(a="1")
    portal.down, portal.faults = False, []
    deliver_state(a="2")
    assert portal.state == {"a": "2"}
    assert deliver_state.states() == {"a": "delivered"}


def test_what_must_not_leave_is_not_sent_to_settle_a_batch(
    deliver_state: Deliverer, portal: Portal
) -> None:
    """The batch was written and never applied; the consent for ``a`` is refused meanwhile."""
    portal.down = True
    deliver_state(a="1", b="2")
    portal.down = False
    portal.sent.clear()
    deliver_state(a=None, b="2")
    assert [record["key"] for batch in portal.sent for record in batch] == ["b"]
    assert portal.state == {"b": "2"}
    assert deliver_state.states() == {"a": "withheld", "b": "delivered"}


def test_what_must_not_leave_and_has_left_is_withdrawn(
    deliver_state: Deliverer, portal: Portal
) -> None:
    """The batch was applied, its answer lost: the portal says so when it is asked."""
    portal.faults = ["dies"]
    deliver_state(a="1", b="2")
    portal.down = False
    portal.sent.clear()
    deliver_state(a=None, b="2")
    assert [(r["key"], r["op"]) for batch in portal.sent for r in batch] == [("a", "withdraw")]
    assert portal.state == {"b": "2"}


def test_a_withdrawal_whose_answer_was_lost_is_sent_again(
    deliver_state: Deliverer, portal: Portal
) -> None:
    deliver_state(a="1")
    portal.down = True
    deliver_state(a=None)
    portal.down = False
    assert deliver_state(a=None) is SchoolState.DONE
    assert portal.state == {}
    assert len(portal.answers) == 2, "one batch for the record, one for its withdrawal"


def test_a_fact_that_vanishes_while_the_answer_is_lost(
    deliver_state: Deliverer, portal: Portal
) -> None:
    portal.faults = ["dies"]
    deliver_state(a="1")
    portal.down = False
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
        assert outbox.approve(connection, BOX) == 100
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
    deliver_state(**{f"k{number}": "1" for number in range(BATCH_SIZE * 2 + 1)})
    assert sorted(len(answers) for answers in portal.answers.values()) == [1, 200, 200]


def test_ended_consents_wait_for_nobody(deliver_state: Deliverer, portal: Portal) -> None:
    many = {f"k{number}": "1" for number in range(100)}
    deliver_state(**many)
    deliver_state(**dict.fromkeys(many))
    assert portal.state == {}
    assert set(deliver_state.states().values()) == {"withheld"}


def test_an_ended_consent_frees_what_waits_for_a_person(
    deliver_state: Deliverer, portal: Portal
) -> None:
    """Sixty records of two children vanished at once; the consent for one of them ends."""
    children = {f"k{number}": "anna" if number < 20 else "boris" for number in range(60)}
    deliver_state.persons = children | {"kept": "boris"}
    deliver_state.agreed = ["anna", "boris"]
    deliver_state(**dict.fromkeys(children, "1"), kept="1")
    deliver_state(kept="1")
    assert set(deliver_state.states().values()) == {"held", "delivered"}
    deliver_state.agreed = ["boris"]
    deliver_state(kept="1")
    states = deliver_state.states()
    assert {states[key] for key, child in children.items() if child == "anna"} == {"withheld"}
    assert len(portal.state) == 41, "those of the other child still wait, or are wanted"
    deliver_state(kept="1")
    assert {deliver_state.states()[key] for key in ("k0", "k19")} == {"gone"}


class TestPoison:
    @pytest.mark.parametrize("whole", [True, False])
    def test_a_record_that_spoils_its_batch_stands_alone_in_the_end(
        self, deliver_state: Deliverer, portal: Portal, whole: bool
    ) -> None:
        wanted = {f"k{number:02}": "1" for number in range(20)}
        portal.spoils, portal.whole = {"k07"}, whole
        assert deliver_state(**wanted) is SchoolState.DONE
        assert portal.state == {key: "1" for key in wanted if key != "k07"}
        assert deliver_state.states()["k07"] == "rejected"
        assert deliver_state.findings() == ([] if whole else ["poison_record"])
        sizes = [len(batch) for batch in portal.sent]
        assert sizes[:2] == [20, 10]

    def test_a_kill_after_a_record_was_set_aside_hides_it_from_nobody(
        self, deliver_state: Deliverer, portal: Portal
    ) -> None:
        portal.spoils = {"a"}
        # a b c, a, b c, b, c; then a again, which is set aside, and b.
        portal.faults = ["", "", "before", "before", "", "", "kill"]
        with pytest.raises(KeyboardInterrupt):
            deliver_state(a="1", b="1", c="1")
        deliver_state.runs = count()  # the same run goes on
        assert deliver_state(a="1", b="1", c="1") is SchoolState.DONE
        assert deliver_state.states() == {"a": "rejected", "b": "delivered", "c": "delivered"}
        assert deliver_state.findings() == ["poison_record"]

    def test_a_dead_letter_is_replayed(
        self, hub: Hub, deliver_state: Deliverer, portal: Portal
    ) -> None:
        portal.spoils = {"a"}
        deliver_state(a="1", b="1")
        deliver_state(a="1", b="1")
        assert deliver_state.states()["a"] == "rejected"
        portal.spoils = set()
        with hub.engine.begin() as connection:
            assert outbox.replay(connection, BOX, ["b"]) == 0
            assert outbox.replay(connection, BOX) == 1
        deliver_state(a="1", b="1")
        assert portal.state == {"a": "1", "b": "1"}

    def test_an_outage_is_not_blamed_on_a_record(
        self, deliver_state: Deliverer, portal: Portal
    ) -> None:
        portal.spoils = {"a", "b"}  # the portal takes nothing, though it answers questions
        assert deliver_state(a="1", b="1") is SchoolState.FAILED
        assert set(deliver_state.states().values()) == {"in_flight"}
        portal.spoils = set()
        assert deliver_state(a="1", b="1") is SchoolState.DONE
        assert portal.state == {"a": "1", "b": "1"}

    def test_what_another_school_got_through_proves_that_the_portal_works(
        self, hub: Hub, portal: Portal, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        portal.spoils = {"a"}
        first = Deliverer(hub, portal, monkeypatch)
        assert first(a="1") is SchoolState.FAILED
        portal.state.clear()
        assert Deliverer(hub, portal, monkeypatch, school="781002")(z="1") is SchoolState.DONE
        portal.state.clear()
        assert first(a="1") is SchoolState.DONE
        assert first.states()["a"] == "rejected"


class TestOrder:
    def test_the_urgent_goes_first_and_withdrawals_before_all(
        self, deliver_state: Deliverer, portal: Portal
    ) -> None:
        portal.most_records = 1
        deliver_state(gone="1")
        portal.sent.clear()
        deliver_state.priorities = {"old": 2, "today": 0, "week": 1}
        deliver_state(old="1", today="1", week="1")
        assert [batch[0]["key"] for batch in portal.sent] == ["gone", "today", "week", "old"]


class TestReconcile:
    def test_a_portal_restored_from_a_backup_is_found_by_its_count(
        self, deliver_state: Deliverer, portal: Portal
    ) -> None:
        deliver_state(a="1", b="1")
        yesterday = portal.backup()
        deliver_state(a="1", b="1", c="1")
        portal.restore(yesterday)
        assert deliver_state(a="1", b="1", c="1") is SchoolState.DONE
        assert portal.state == {"a": "1", "b": "1", "c": "1"}
        assert deliver_state.findings() == ["portal_differs"]

    def test_a_kill_after_the_portal_was_asked_hides_nothing(
        self, deliver_state: Deliverer, portal: Portal
    ) -> None:
        deliver_state(a="1", b="1")
        portal.restore({"a": "1"})
        portal.faults = ["kill"]
        with pytest.raises(KeyboardInterrupt):
            deliver_state(a="1", b="1")
        deliver_state.runs = count(1)  # the same run goes on
        assert deliver_state(a="1", b="1") is SchoolState.DONE
        assert portal.state == {"a": "1", "b": "1"}
        assert deliver_state.findings() == ["portal_differs"]

    def test_other_content_is_found_by_a_full_delivery(
        self, deliver_state: Deliverer, portal: Portal
    ) -> None:
        deliver_state(a="1", b="1")
        yesterday = portal.backup()
        deliver_state(a="2", b="1")
        portal.restore(yesterday)
        deliver_state(a="2", b="1")
        assert portal.state["a"] == "1", "the count does not show it"
        deliver_state(Mode.FULL, a="2", b="1")
        assert portal.state == {"a": "2", "b": "1"}
        assert portal.listed == 1

    def test_what_nobody_sent_is_withdrawn(self, deliver_state: Deliverer, portal: Portal) -> None:
        deliver_state(a="1")
        portal.state["stranger"] = "9"
        deliver_state(a="1")
        assert portal.state == {"a": "1"}
        assert deliver_state.states() == {"a": "delivered", "stranger": "gone"}

    def test_many_strangers_wait_for_a_person(
        self, deliver_state: Deliverer, portal: Portal
    ) -> None:
        deliver_state(a="1")
        portal.state |= {f"s{number}": "9" for number in range(60)}
        assert deliver_state(a="1") is SchoolState.PARTLY
        assert len(portal.state) == 61

    def test_withdrawn_records_that_came_back_are_withdrawn_again(
        self, deliver_state: Deliverer, portal: Portal
    ) -> None:
        deliver_state(a="1", b="1", c="1")
        yesterday = portal.backup()
        deliver_state(a="1", b=None)  # no consent for b; c is no longer a fact
        assert portal.state == {"a": "1"}
        portal.restore(yesterday)
        deliver_state(a="1", b=None)
        assert portal.state == {"a": "1"}
        assert deliver_state.states() == {"a": "delivered", "b": "withheld", "c": "gone"}

    def test_a_lost_batch_and_a_restored_portal(
        self, deliver_state: Deliverer, portal: Portal
    ) -> None:
        deliver_state(a="1")
        yesterday = portal.backup()
        portal.faults = ["dies"]
        deliver_state(a="2", b="1")
        portal.down = False
        portal.restore(yesterday)
        deliver_state(Mode.FULL, a="2", b="1")
        assert portal.state == {"a": "2", "b": "1"}

    def test_a_rollover_holds_every_withdrawal(
        self, deliver_state: Deliverer, portal: Portal
    ) -> None:
        deliver_state(a="1", b="1")
        assert deliver_state(Mode.ROLLOVER, a="1") is SchoolState.PARTLY
        assert portal.state == {"a": "1", "b": "1"}


class TestYears:
    def test_a_closed_year_stays_as_it_was_sent(
        self, deliver_state: Deliverer, portal: Portal
    ) -> None:
        deliver_state(a="1", b="1")
        deliver_state.year += 1
        deliver_state(c="1")
        deliver_state(Mode.FULL, c="1")
        assert portal.state == {"a": "1", "b": "1", "c": "1"}
        assert portal.applied == 3

    def test_an_ended_consent_reaches_closed_years(
        self, deliver_state: Deliverer, portal: Portal
    ) -> None:
        deliver_state.persons = {"a": "anna", "b": "boris"}
        deliver_state(a="1", b="1", lesson="1")
        deliver_state.year += 1
        deliver_state.agreed = ["boris"]
        deliver_state()
        assert portal.state == {"b": "1", "lesson": "1"}
        assert deliver_state.states()["a"] == "withheld"


class TestPace:
    def test_a_portal_that_fails_often_rests_and_then_one_tries(
        self, hub: Hub, portal: Portal, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        pace = Pace(most_failures=2, first_rest=60)
        one = Deliverer(hub, portal, monkeypatch, pace=pace)
        portal.down = True
        for _ in range(2):
            one(a="1")
            assert one.last is not None
            assert one.last.rule == "source_unavailable"
        portal.down = False
        asked = len(portal.sent)
        one(a="1")
        assert (one.last.rule, len(portal.sent)) == ("portal_resting", asked)
        one.clock.pass_by(61)
        assert one(a="1") is SchoolState.DONE
        assert one(a="2") is SchoolState.DONE

    def test_who_tries_may_ask_more_than_once(
        self, hub: Hub, portal: Portal, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        one = Deliverer(hub, portal, monkeypatch, pace=Pace(most_failures=1, first_rest=60))
        one(a="1")
        portal.down = True
        one(a="1")  # the count cannot be asked
        portal.down = False
        one.clock.pass_by(61)
        assert one(a="1", b="1") is SchoolState.DONE

    def test_while_one_tries_the_others_wait(
        self, hub: Hub, portal: Portal, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        one = Deliverer(hub, portal, monkeypatch, pace=Pace(most_failures=1, first_rest=60))
        portal.down = True
        one(a="1")
        one.clock.pass_by(61)
        one(a="1")  # the one that tries fails: the rest is longer now
        one.clock.pass_by(61)
        portal.down = False
        one(a="1")
        assert one.last is not None
        assert one.last.rule == "portal_resting"
        with hub.engine.begin() as connection:
            assert wake(connection, "diary")
        assert one(a="1") is SchoolState.DONE

    def test_the_bucket_holds_back_what_is_too_fast(
        self, hub: Hub, portal: Portal, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        portal.most_records = 1
        one = Deliverer(hub, portal, monkeypatch, pace=Pace(rate=2.0, burst=3))
        one(**{f"k{number}": "1" for number in range(7)})
        assert sum(one.clock.waited) == pytest.approx(2.0)  # seven requests, three of them at once


def test_a_withdrawal_carries_the_record_as_it_was_where_asked(
    hub: Hub, portal: Portal, monkeypatch: pytest.MonkeyPatch
) -> None:
    for asks, expected in ((True, {"v": 1}), (False, None)):
        destination = replace(DIARY, asks_former=asks)
        one = Deliverer(hub, portal, monkeypatch, destination=destination, school=f"s{asks}")
        one(a="1")
        one()
        (record,) = portal.sent[-1]
        assert record.get("was") == expected
        portal.state.clear()


def test_names_wait_sealed_and_leave_open(
    hub: Hub, portal: Portal, monkeypatch: pytest.MonkeyPatch
) -> None:
    from privacy.outgoing import wrap

    destination = replace(DIARY, names_people=True, asks_former=True)
    one = Deliverer(hub, portal, monkeypatch, destination=destination)
    name = '{"lastname": "Жмелеватов"}'
    sealed = wrap(hub.keys, "a", name)
    monkeypatch.setattr("tests.pipeline.portal.PAYLOAD", sealed)
    one(a="1")
    one()
    assert portal.sent[0][0]["data"] == {"lastname": "Жмелеватов"}
    assert portal.sent[1][0]["was"] == {"lastname": "Жмелеватов"}
    with hub.engine.begin() as connection:
        kept = connection.execute(
            text("SELECT string_agg(records::text, '') FROM outbox.batches")
        ).scalar_one()
    assert "Жмелеватов" not in kept
    assert "lastname" not in kept


def test_what_the_portal_holds_is_known_until_it_holds_something_else(
    deliver_state: Deliverer, portal: Portal, monkeypatch: pytest.MonkeyPatch
) -> None:
    def told(content: str) -> None:
        monkeypatch.setattr("tests.pipeline.portal.PAYLOAD", f'{{"v": "{content}"}}')

    told("first")
    portal.down = True
    deliver_state(a="1")
    assert held_there(deliver_state.hub) == {"a": None}
    portal.down = False
    deliver_state(a="1")
    assert held_there(deliver_state.hub) == {"a": "first"}
    told("second")
    portal.down = True
    deliver_state(a="2")
    deliver_state(a="2")
    assert held_there(deliver_state.hub) == {"a": "first"}
    portal.down, portal.refuses = False, {"a"}
    deliver_state(a="2")
    assert held_there(deliver_state.hub) == {"a": "first"}
    portal.refuses = set()
    told("third")
    deliver_state(a="3")
    assert held_there(deliver_state.hub) == {"a": "third"}
    portal.down = True
    deliver_state()
    assert held_there(deliver_state.hub) == {"a": "third"}
    portal.down = False
    deliver_state()
    assert held_there(deliver_state.hub) == {"a": None}


def held_there(hub: Hub) -> dict[str, str | None]:
    query = f"SELECT key, ({outbox.DELIVERED_CONTENT})->>'v' FROM outbox.desired d"
    with hub.engine.begin() as connection:
        return dict(connection.execute(text(query)).all())


def test_a_school_that_fails_in_the_first_round_stops_no_other(
    hub: Hub, portal: Portal, monkeypatch: pytest.MonkeyPatch
) -> None:
    portal.most_records = 1
    one = Deliverer(hub, portal, monkeypatch, school="781001")
    two = Deliverer(hub, portal, monkeypatch, school="781002")
    for deliverer in (one, two):
        deliverer.priorities = {"a1": 0, "a2": 2, "b1": 0, "b2": 2}
    frames = {"781001": one.frame(a1="1", a2="1"), "781002": two.frame(b1="1", b2="1")}
    portal.faults = ["limit"]
    monkeypatch.setattr(deliver, "plan_school", by_school(frames))
    run = Run("both", DAY)
    verdicts = list(deliver_schools(hub, list(frames), run, one.delivery))
    assert [(v.school, v.state, v.rule) for v in verdicts] == [
        ("781001", SchoolState.FAILED, "rate_limited"),
        ("781002", SchoolState.DONE, None),
    ]
    assert [batch[0]["key"] for batch in portal.sent] == ["a1", "b1", "b2"]
    list(deliver_schools(hub, list(frames), Run("again", DAY), one.delivery))
    assert [batch[0]["key"] for batch in portal.sent[3:]] == ["a1", "a2"]
    with hub.engine.begin() as connection:
        assert open_rows(connection, "both") == open_rows(connection, "again") == []


def test_the_urgent_of_all_schools_goes_before_the_rest_of_any(
    hub: Hub, portal: Portal, monkeypatch: pytest.MonkeyPatch
) -> None:
    portal.most_records = 1
    one = Deliverer(hub, portal, monkeypatch, school="781001")
    two = Deliverer(hub, portal, monkeypatch, school="781002")
    two(gone="1")
    portal.sent.clear()
    for deliverer in (one, two):
        deliverer.priorities = {"a1": 0, "a2": 1, "a3": 2, "b1": 0, "b2": 1, "b3": 2}
    frames = {
        "781001": one.frame(a3="1", a2="1", a1="1"),
        "781002": two.frame(b3="1", b2="1", b1="1"),
    }
    monkeypatch.setattr(deliver, "plan_school", by_school(frames))
    verdicts = list(deliver_schools(hub, list(frames), Run("both", DAY), one.delivery))
    assert {verdict.state for verdict in verdicts} == {SchoolState.DONE}
    told = [str(batch[0]["key"]) for batch in portal.sent]
    assert told == ["a1", "gone", "b1", "a2", "a3", "b2", "b3"]
