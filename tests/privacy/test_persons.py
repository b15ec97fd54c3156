"""The same child in two schools, on a real vault."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any

import pytest
from sqlalchemy import Engine, text

from privacy.actions import Action
from privacy.candidates import CROWD
from privacy.keyfile import add_key
from privacy.keys import KeyRing
from privacy.persons import DecisionRefusedError, Matched
from privacy.uids import UidCounts
from privacy.vault import Vault
from tests.privacy.children import (
    BORN,
    NAME,
    SNILS,
    SNILS_OF_ANOTHER,
    TWIN,
    A,
    B,
    C,
    Region,
    one_person,
    pairs,
)
from tests.privacy.samples import PEOPLE
from tests.support.leaks import find_people

UID = "781234567"
OTHER_UID = "789999999"


@pytest.fixture
def region(vault: Vault, keys: KeyRing, engine: Engine) -> Region:
    return Region(vault, keys, engine, moves=[], actions=[])


def held(region: Region, school: str) -> dict[str, str]:
    return dict(region.vault.uids_of(school).iter_rows())


# Matching by UID


def test_a_uid_follows_a_child_to_another_school(region: Region) -> None:
    old = region.pupil(A)
    region.uids(A, (old, UID))
    new = region.pupil(B, full_name="БРЯНЧИХИНА  Алена Петровна")
    filing = region.uids(B, (new, UID))
    assert filing.counts == UidCounts(created=1)
    assert filing.refused.is_empty()
    assert held(region, A) == {old: UID}
    assert held(region, B) == {new: UID}
    assert region.together() == one_person(old, new)
    assert region.uids(B, (new, UID)).counts == UidCounts(unchanged=1)


@pytest.mark.parametrize(
    "differing",
    [
        {"full_name": "Жмелеватова Алёна Петровна"},
        {"full_name": TWIN},
        {"birth_date": date(2013, 4, 3)},
        {"snils": SNILS_OF_ANOTHER},
    ],
)
def test_a_uid_of_somebody_else_is_refused_and_listed(
    region: Region, differing: dict[str, Any]
) -> None:
    old = region.pupil(A, snils=SNILS)
    region.uids(A, (old, UID))
    new = region.pupil(B, **differing)
    filing = region.uids(B, (new, UID))
    assert filing.refused.rows() == [(0, "uid_taken")]
    assert region.together() == set()
    assert region.doubts() == {frozenset((old, new)): ("uid", "identity_differs")}
    assert held(region, B) == {}


@pytest.mark.parametrize(
    "agreeing", [{"birth_date": None}, {"full_name": "Брянчихина Алёна"}, {"snils": SNILS}]
)
def test_what_is_not_known_contradicts_nothing(region: Region, agreeing: dict[str, Any]) -> None:
    old = region.pupil(A)
    region.uids(A, (old, UID))
    new = region.pupil(B, **agreeing)
    assert region.uids(B, (new, UID)).refused.is_empty()
    assert region.together() == one_person(old, new)


def test_another_child_of_the_same_school_keeps_the_uid(region: Region) -> None:
    one, twin = region.pupils(A, {"person": "1"}, {"person": "2", "full_name": TWIN})
    region.uids(A, (one, UID))
    assert region.uids(A, (one, UID), (twin, UID)).refused.rows() == [(1, "uid_taken")]
    assert region.doubts() == {frozenset((one, twin)): ("uid", "identity_differs")}


def test_within_a_school_a_name_alone_proves_nothing(region: Region) -> None:
    unknown = {"birth_date": None}
    one, same = region.pupils(A, {"person": "1"} | unknown, {"person": "2"} | unknown)
    region.uids(A, (one, UID))
    assert region.uids(A, (same, UID)).refused.rows() == [(0, "uid_taken")]


def test_a_doubt_about_a_uid_ends_with_the_claim(region: Region) -> None:
    old, new = region.pupil(A), region.pupil(B, full_name=TWIN)
    region.uids(A, (old, UID))
    region.uids(B, (new, UID))
    assert region.doubts()
    region.uids(B, (new, OTHER_UID))
    assert region.doubts() == {}


def test_a_corrected_name_lets_the_uid_in(region: Region) -> None:
    old, new = region.pupil(A), region.pupil(B, full_name="Брянчихена Алёна Петровна")
    region.uids(A, (old, UID))
    region.uids(B, (new, UID))
    region.pupil(B)
    assert region.uids(B, (new, UID)).counts == UidCounts(created=1)
    assert region.doubts() == {}


def test_a_stranger_cannot_take_the_uid_of_a_child_who_moved(region: Region) -> None:
    old = region.pupil(A)
    region.uids(A, (old, UID))
    new, stranger = region.pupils(B, {"person": "1"}, {"person": "2", "full_name": TWIN})
    filing = region.uids(B, (stranger, UID), (new, UID))
    assert filing.refused.rows() == [(0, "uid_taken")]
    assert held(region, B) == {new: UID}


def test_a_teacher_of_two_schools_has_one_uid(region: Region) -> None:
    (one,) = region.pupils(A, {}, role="staff")
    region.uids(A, (one, UID))
    (other,) = region.pupils(B, {}, role="staff")
    assert region.uids(B, (other, UID)).refused.is_empty()
    assert region.together() == one_person(one, other)


def test_a_pupil_is_never_a_teacher(region: Region) -> None:
    pupil = region.pupil(A)
    region.uids(A, (pupil, UID))
    (teacher,) = region.pupils(B, {}, role="staff")
    assert region.uids(B, (teacher, UID)).refused.rows() == [(0, "uid_taken")]
    with pytest.raises(DecisionRefusedError, match="never one person"):
        region.merge(pupil, teacher)


# Matching by SNILS


def test_a_snils_tells_a_child(region: Region) -> None:
    old, new = region.pupil(A, snils=SNILS), region.pupil(B, snils=SNILS)
    assert region.match() == Matched(compared=2, merged=1, doubts=0, crowded=0)
    assert region.together() == one_person(old, new)


def test_a_changed_surname_waits_for_a_person(region: Region) -> None:
    old = region.pupil(A, snils=SNILS)
    new = region.pupil(B, snils=SNILS, full_name="Жмелеватова Алёна Петровна")
    region.match()
    assert region.together() == set()
    assert region.doubts() == {frozenset((old, new)): ("snils", "identity_differs")}
    merge = region.merge(old, new)
    assert merge is not None
    assert region.together() == one_person(old, new)
    assert region.doubts() == {}


def test_a_surname_that_changes_later_parts_nobody(region: Region) -> None:
    old, new = region.pupil(A, snils=SNILS), region.pupil(B, snils=SNILS)
    region.match()
    region.pupil(B, snils=SNILS, full_name="Жмелеватова Алёна Петровна")
    region.match()
    assert region.together() == one_person(old, new)
    assert region.doubts() == {}


@pytest.mark.parametrize("snils", ["101-000-037 21", "000-000-000 00", "001-001-998 99"])
def test_a_snils_without_a_control_number_that_holds_tells_nobody(
    region: Region, snils: str
) -> None:
    region.pupil(A, snils=snils)
    region.pupil(B, snils=snils, full_name=TWIN)
    assert region.match() == Matched(0, 0, 0, 0)


def test_twins_with_one_snils_are_two(region: Region) -> None:
    one, twin = region.pupils(
        A, {"person": "1", "snils": SNILS}, {"person": "2", "snils": SNILS, "full_name": TWIN}
    )
    region.match()
    assert region.together() == set()
    assert region.doubts() == {frozenset((one, twin)): ("snils", "identity_differs")}


def test_a_snils_that_contradicts_a_merge_is_listed_and_settled(region: Region) -> None:
    old, new = region.pupil(A, snils=SNILS), region.pupil(B, snils=SNILS)
    region.match()
    region.pupil(B, snils=SNILS_OF_ANOTHER)
    assert region.match().merged == 0
    assert region.together() == one_person(old, new)
    assert region.doubts() == {frozenset((old, new)): ("snils", "merge_in_doubt")}
    assert region.merge(old, new) is None  # they are; now a person has said so
    assert region.doubts() == {}


def test_a_filler_joins_nobody_and_is_counted(region: Region) -> None:
    for number in range(CROWD + 1):
        region.pupil(f"79{number}", snils=SNILS)
    assert region.match() == Matched(compared=0, merged=0, doubts=0, crowded=2)


# Matching by name, birth date and departure


def test_a_child_who_left_and_came(region: Region) -> None:
    old, new = region.pupil(A), region.pupil(B, full_name="Брянчихина Алена  Петровна")
    region.moved(old, new)
    region.match()
    assert region.together() == one_person(old, new)


def test_namesakes_are_not_joined_without_a_departure(region: Region) -> None:
    one, other = region.pupil(A), region.pupil(B)
    region.match()
    assert region.together() == set()
    assert region.doubts() == {frozenset((one, other)): ("name", "no_departure")}


def test_twins_are_never_compared(region: Region) -> None:
    one, twin = region.pupils(A, {"person": "1"}, {"person": "2", "full_name": TWIN})
    new, new_twin = region.pupils(B, {"person": "1"}, {"person": "2", "full_name": TWIN})
    for old, moved in ((one, new), (twin, new_twin)):
        region.went(old, to=B)
        region.came(moved, of=A)
    assert region.match().compared == 2
    assert region.together() == pairs([(one, new), (twin, new_twin)])
    assert region.doubts() == {}


def test_a_departure_told_later_settles_a_doubt(region: Region) -> None:
    old, new = region.pupil(A), region.pupil(B)
    region.match()
    region.moved(old, new)
    assert region.match().merged == 1
    assert region.together() == one_person(old, new)
    assert region.doubts() == {}


def test_three_schools_in_a_year(region: Region) -> None:
    first, second, third = region.pupil(A), region.pupil(B), region.pupil(C)
    region.went(first, day=date(2026, 9, 20))
    region.came(second, day=date(2026, 9, 22))
    region.went(second, day=date(2026, 11, 10))
    region.came(third, day=date(2026, 11, 12))
    assert region.match().merged == 2
    assert region.together() == one_person(first, second, third)
    assert region.doubts() == {}


@pytest.mark.parametrize("named", [True, False])
def test_a_child_who_returns(region: Region, named: bool) -> None:
    first, again = region.pupils(A, {"person": "1"}, {"person": "9"})
    away = region.pupil(B)
    region.went(first, B if named else None, date(2026, 9, 20))
    region.came(away, A if named else None, date(2026, 9, 22))
    region.went(away, A if named else None, date(2026, 11, 10))
    region.came(again, B if named else None, date(2026, 11, 12))
    region.match()
    assert region.together() == one_person(first, again, away)
    assert region.doubts() == {}


def test_a_child_who_returns_to_the_old_card_is_whom_it_was(region: Region) -> None:
    old = region.pupil(A)
    away = region.pupil(B)
    region.moved(old, away)
    region.match()
    before = region.state()["persons"]
    assert region.pupil(A, phone="+7 900 000-00-01") == old
    region.came(old, of=B, day=date(2026, 12, 1))
    region.went(away, to=A, day=date(2026, 11, 30))
    assert region.match().merged == 0
    assert region.state()["persons"] == before


def test_two_candidates_are_ambiguous(region: Region) -> None:
    one, namesake = region.pupil(A), region.pupil(C)
    new = region.pupil(B)
    region.went(one)
    region.went(namesake)
    region.came(new)
    region.match()
    assert region.together() == set()
    assert set(region.doubts().values()) == {
        ("name", "several_candidates"),
        ("name", "no_departure"),
    }
    region.differ(namesake, new)  # a person rules one out: the other is sure
    region.match()
    assert region.together() == one_person(one, new)


def test_different_snils_are_two_children(region: Region) -> None:
    region.pupil(A, snils=SNILS)
    region.pupil(B, snils=SNILS_OF_ANOTHER)
    assert region.match() == Matched(compared=1, merged=0, doubts=0, crowded=0)


def test_different_snils_of_one_who_left_and_came_are_a_doubt(region: Region) -> None:
    old, new = region.pupil(A, snils=SNILS), region.pupil(B, snils=SNILS_OF_ANOTHER)
    region.moved(old, new)
    region.match()
    assert region.doubts() == {frozenset((old, new)): ("name", "evidence_conflicts")}


def test_staff_are_not_matched_by_name(region: Region) -> None:
    for school in (A, B):
        region.pupils(school, {"birth_date": BORN}, role="staff")
    assert region.match().compared == 0


# Decisions and undoing


def test_an_undone_merge_stays_undone(region: Region) -> None:
    old = region.pupil(A, snils=SNILS)
    region.uids(A, (old, UID))
    new = region.pupil(B, snils=SNILS)
    before = region.state()
    region.uids(B, (new, UID))
    assert region.undo(merge_ids(region)[0])
    assert region.state() == before
    for _ in range(2):  # the next collects
        region.pupil(B, snils=SNILS, phone="+7 900 000-00-02")
        assert region.uids(B, (new, UID)).refused.rows() == [(0, "uid_taken")]
        assert region.match(everybody=True).merged == 0
    assert region.together() == set()
    assert region.doubts() == {}


def merge_ids(region: Region) -> list[int]:
    return [row[0] for row in region.rows("merges", "id")]


def test_undoing_one_of_two_merges_leaves_the_other(region: Region) -> None:
    first, second, third = (region.pupil(s, snils=SNILS) for s in (A, B, C))
    made = region.merge(first, second)
    region.merge(second, third)
    assert made is not None
    region.undo(made)
    assert region.together() == one_person(second, third)
    # The first agrees with the third too; but that would join it with the second again.
    assert region.match(everybody=True).merged == 0
    assert region.together() == one_person(second, third)


def test_a_merge_undone_twice_is_undone_once(region: Region) -> None:
    made = region.merge(region.pupil(A), region.pupil(B))
    assert made is not None
    assert region.undo(made)
    rows = region.rows("decisions")
    assert not region.undo(made)
    assert region.rows("decisions") == rows


def test_a_person_may_change_a_decision(region: Region) -> None:
    one, other = region.pupil(A), region.pupil(B)
    region.differ(one, other)
    region.moved(one, other)
    region.match()
    assert region.together() == set()
    made = region.merge(one, other)
    assert made is not None
    assert region.together() == one_person(one, other)
    with pytest.raises(DecisionRefusedError, match="undo"):
        region.differ(one, other)
    assert len(region.rows("decisions")) == 2


def test_people_told_apart_are_not_joined_through_a_third(region: Region) -> None:
    one, other, third = (region.pupil(school, snils=SNILS) for school in (A, B, C))
    region.differ(one, other)
    region.match()
    assert region.together() == set()
    assert set(region.doubts()) == pairs([(one, third), (other, third)])
    region.merge(one, third)
    with pytest.raises(DecisionRefusedError, match="told apart"):
        region.merge(other, third)
    assert region.together() == one_person(one, third)
    assert region.match(everybody=True).merged == 0


@pytest.mark.parametrize(
    "act",
    [
        lambda region, one: region.merge(one, one),
        lambda region, one: region.merge(one, "p" + "0" * 32),
        lambda region, one: region.differ("p" + "0" * 32, one),
        lambda region, one: region.undo(4711),
    ],
)
def test_what_makes_no_sense_is_refused(region: Region, act: Callable[[Region, str], Any]) -> None:
    one = region.pupil(A)
    with pytest.raises(DecisionRefusedError):
        act(region, one)
    assert region.actions == []


@pytest.mark.parametrize("reason", ["", "  ", "мать Брянчихиной звонила"])
def test_a_reason_is_given_and_names_nobody(region: Region, reason: str) -> None:
    one, other = region.pupil(A), region.pupil(B)
    with pytest.raises(DecisionRefusedError, match="reason") as caught:
        region.vault.persons.merge(one, other, "operator", reason, region.actions.append)
    assert "рянчих" not in str(caught.value)
    assert region.rows("decisions") == []


def test_every_act_is_in_the_action_log_without_names(region: Region) -> None:
    old = region.pupil(A, snils=SNILS)
    region.uids(A, (old, UID))
    new, third = region.pupil(B), region.pupil(C, full_name=TWIN)
    region.uids(B, (new, UID))
    region.match()
    region.undo(merge_ids(region)[0])
    region.differ(old, third)
    region.merge(new, third)
    acts = [action.action for action in region.actions]
    assert acts.count("merge_people") == 3  # by UID; by a person, for both schools
    assert acts.count("undo_merge") == acts.count("tell_people_apart") == 2
    assert acts.count("match_people") == 1
    written = json.dumps([repr(action) for action in region.actions], ensure_ascii=False)
    assert find_people(written.encode(), PEOPLE) == []
    assert UID not in written


def test_what_cannot_be_logged_does_not_happen(region: Region) -> None:
    """The process dies before the end: nothing is matched, and the next one does it."""
    old, new = region.pupil(A, snils=SNILS), region.pupil(B, snils=SNILS)
    before = region.state() | {"to_match": region.rows("to_match")}

    def dies(_action: Action) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        region.vault.persons.match(region.moves_of, dies)
    assert region.state() | {"to_match": region.rows("to_match")} == before
    assert region.match().merged == 1
    assert region.match() == Matched(0, 0, 0, 0)
    assert region.together() == one_person(old, new)


# Keys


def test_rotation_of_the_sealing_key_changes_nobody(region: Region) -> None:
    old, new = region.pupil(A, snils=SNILS), region.pupil(B, snils=SNILS)
    region.match()
    assert region.keys.path
    add_key(region.keys.path, datetime.now(UTC), lambda _: None)
    people, _uids = region.vault.sealed_places()
    assert people.reseal(region.keys, lambda _: None) == 2
    region.pupil(C, snils=SNILS)
    assert region.match().merged == 1
    assert frozenset((old, new)) < region.together().pop()


def test_another_lookup_key_makes_the_lookups_anew(region: Region) -> None:
    old = region.pupil(A, snils=SNILS)
    region.uids(A, (old, UID))
    region.match()
    lookups = region.rows("people", "snils_lookup, name_lookup")
    keys = replace(region.keys, lookup=b"3" * 32, path=None)
    rekeyed = replace(region, vault=Vault(region.engine, keys), keys=keys)
    new = rekeyed.pupil(B)
    rekeyed.match()
    assert region.rows("people", "snils_lookup, name_lookup") != lookups
    assert rekeyed.doubts() == {frozenset((old, new)): ("name", "no_departure")}
    assert rekeyed.uids(B, (new, UID)).counts == UidCounts(created=1)
    assert rekeyed.together() == one_person(old, new)


def test_people_of_before_the_lookups_are_matched_too(region: Region) -> None:
    old, new = region.pupil(A, snils=SNILS), region.pupil(B, snils=SNILS)
    with region.engine.begin() as connection:
        connection.execute(
            text(
                "UPDATE vault.people SET snils_lookup = NULL, name_lookup = NULL, index_key = NULL"
            )
        )
        connection.execute(text("TRUNCATE vault.to_match"))
    region.match()
    assert region.together() == one_person(old, new)


def test_the_lookups_say_nothing_without_the_key(region: Region) -> None:
    region.pupil(A, snils=SNILS)
    (row,) = region.rows("people", "snils_lookup, name_lookup, index_key")
    assert [len(value) for value in row] == [64, 64, 16]
    assert NAME not in str(row)
