"""What is asked of the school itself: structure, uploads, guardians."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from quality.regulations import Asked, Growing
from quality.rules.activation import activation
from quality.rules.find import find, spans
from quality.rules.journal import Journal
from quality.rules.structure import structure_filled
from quality.rules.uploads import daily_upload
from quality.schedule import ScheduleBasis
from quality.uploads import Cause
from tests.quality.rules.a_journal import BEGUN, DAY, journal, keys

DUE = date(2026, 9, 5)
FULL: dict[str, Any] = {
    "holiday": [{"start": date(2026, 10, 26), "finish": date(2026, 11, 4)}],
    "subject": [{}],
    "staff_member": [{}],
    "timetable_slot": [{}],
    "basis": ScheduleBasis.TIMETABLE,
}


def _empty(on: date = DUE + DAY, **rows: Any) -> list[str]:
    return keys(structure_filled(journal(profile="tomsk", on=on, **(FULL | rows))))


@pytest.mark.parametrize(
    ("on", "found"), [(BEGUN, []), (DUE, []), (DUE + DAY, ["terms"]), (DUE + 90 * DAY, ["terms"])]
)
def test_the_structure_is_filled_by_a_day(on: date, found: list[str]) -> None:
    assert _empty(on, term=[]) == found


@pytest.mark.parametrize(
    ("rows", "found"),
    [
        ({}, []),
        ({"holiday": []}, ["holidays"]),
        ({"holiday": [], "basis": ScheduleBasis.LESSONS}, []),  # it publishes none
        ({"subject": []}, ["subjects"]),
        ({"staff_member": []}, ["staff"]),
        ({"class_": []}, ["classes"]),
        ({"curriculum_hours": []}, ["curriculum|7a"]),
        ({"curriculum_hours": [{"hours_per_week": None}]}, []),  # a subject is there
        ({"timetable_slot": []}, ["timetable|7a"]),
        ({"timetable_slot": [], "basis": ScheduleBasis.LESSONS}, []),  # it publishes none
        ({"timetable_slot": [{"valid_to": DUE - DAY}]}, ["timetable|7a"]),
        ({"timetable_slot": [{"valid_to": DUE}]}, []),
        ({"timetable_slot": [{"valid_from": DUE + DAY}]}, []),
        ({"class_": [{}, {"source_key": "8b"}]}, ["curriculum|8b", "timetable|8b"]),
        ({"class_": [], "subject": [], "timetable_slot": []}, ["classes", "subjects"]),
    ],
)
def test_which_parts_are_empty(rows: dict[str, Any], found: list[str]) -> None:
    assert _empty(**rows) == found


def test_a_regulation_without_a_day_asks_nothing() -> None:
    assert structure_filled(journal(profile="spb", on=DUE + DAY)).is_empty()


@pytest.mark.parametrize("cause", list(Cause))
def test_a_school_day_without_an_accepted_upload(cause: Cause) -> None:
    accepted = {
        Cause.UPLOADED, Cause.NOT_A_SCHOOL_DAY, Cause.PORTAL_UNAVAILABLE, Cause.PORTAL_REJECTED,
    }  # fmt: skip
    told = journal(profile="kogalym", causes={BEGUN: Cause.UPLOADED, DUE: cause})
    rows = daily_upload(told).to_dicts()
    expected = [] if cause in accepted else [("2026-09-05", DUE, cause.value)]
    assert [(row["key"], row["day"], row["detail"]) for row in rows] == expected


def _asked(steps: list[tuple[date, int]], on: date, active: int, of: int) -> Journal:
    profile = journal(profile="kogalym").profile
    (rule,) = (r for r in profile.rules if isinstance(r, Growing) and r.code is Asked.ACTIVATION)
    shares = [share.model_copy(update={"day": day, "least": least})
              for share, (day, least) in zip(rule.shares, steps, strict=False)]  # fmt: skip
    asks = profile.model_copy(update={"rules": [rule.model_copy(update={"shares": shares})]})
    people = [f"g{n}" for n in range(of)]
    return journal(
        profile=asks, on=on, guardian=[{"person": person} for person in people],
        with_uid=[*people[:active], "stranger"],
    )  # fmt: skip


def _activation(steps: list[tuple[date, int]], on: date, active: int, of: int) -> list[str]:
    return keys(activation(_asked(steps, on, active, of)))


STEPS = [(date(2026, 9, 20), 30), (date(2026, 10, 15), 41)]


@pytest.mark.parametrize(
    ("on", "active", "found"),
    [
        (date(2026, 9, 19), 0, []),
        (date(2026, 9, 20), 29, ["2026-09-20"]),
        (date(2026, 9, 20), 30, []),
        (date(2026, 10, 14), 30, []),
        (date(2026, 10, 15), 40, ["2026-10-15"]),  # only the last step that has come
        (date(2026, 10, 15), 41, []),
    ],
)
def test_guardians_by_the_step_in_force(on: date, active: int, found: list[str]) -> None:
    assert _activation(STEPS, on, active, 100) == found


@pytest.mark.parametrize(
    ("on", "begun"),
    [(date(2026, 9, 19), None), (date(2026, 10, 14), STEPS[0][0]), (STEPS[1][0], STEPS[1][0])],
)
def test_the_step_that_is_judged(on: date, begun: date | None) -> None:
    assert spans(_asked(STEPS, on, 0, 1))["activation"] == begun


def test_a_share_is_not_rounded() -> None:
    assert _activation(STEPS, STEPS[0][0], 2, 7) == ["2026-09-20"]  # 28.6 %
    assert _activation(STEPS, STEPS[0][0], 3, 10) == []
    assert _activation(STEPS, STEPS[0][0], 0, 0) == []  # nobody to be asked


def test_guardians_are_counted_once_and_only_of_pupils_who_are_there() -> None:
    rows = {
        "enrolment": [{}, {"pupil": "p2"}, {"pupil": "p3", "finish": BEGUN}],
        "guardian": [{}, {"pupil": "p2"}, {"pupil": "p3", "person": "g3"}],
    }
    (row,) = activation(journal(profile="kogalym", on=DUE, **rows)).to_dicts()
    assert row["detail"] == "0 из 1, к 01.01.2013 требуется 100 %"
    assert activation(journal(profile="kogalym", on=DUE, **rows, with_uid=["g1"])).is_empty()


def test_an_empty_journal_is_looked_at_by_every_rule() -> None:
    empty: dict[str, Any] = {name: [] for name in ("class_", "enrolment", "term")}
    found = find(journal(profile="tomsk", on=DUE, **empty, curriculum_hours=[]))
    assert found.is_empty()
