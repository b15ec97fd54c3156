"""Term marks that are missing or came after the term."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any

import pytest

from quality.rules.term_marks import term_marks
from tests.quality.rules.a_journal import (
    BEGUN,
    BERLIN,
    DAY,
    MICROSECOND,
    MINUTE,
    MOSCOW,
    TERM_END,
    WEEK,
    at,
    journal,
    keys,
    noon,
)

CLOSED = at(TERM_END + DAY)
WANTED = ["q1|alg|p1"]
GIVEN: dict[str, Any] = {"seen_at": noon(TERM_END)}


def _found(*marks: dict[str, Any], on: date = TERM_END, **more: Any) -> list[str]:
    return keys(term_marks(journal(profile="tomsk", on=on, term_marks=marks, **more)))


@pytest.mark.parametrize(
    ("on", "found"), [(TERM_END - DAY, []), (TERM_END, WANTED), (TERM_END + 9 * DAY, WANTED)]
)
def test_a_term_mark_is_missed_from_the_terms_last_day(on: date, found: list[str]) -> None:
    assert _found(on=on) == found
    assert _found(GIVEN, on=on) == []


@pytest.mark.parametrize("value", ["exempt", "not_assessed", "no_marks", "debt"])
def test_any_value_does(value: str) -> None:
    assert _found(GIVEN | {"value": value, "scale": "code"}) == []


@pytest.mark.parametrize("zone", [MOSCOW, BERLIN])
@pytest.mark.parametrize(
    ("after", "is_late"),
    [
        (-9 * WEEK, False),  # before the last week is no remark
        (-MINUTE, False),
        (-MICROSECOND, False),
        (timedelta(0), True),
        (MICROSECOND, True),
        (MINUTE, True),
    ],
)
def test_late_is_what_was_entered_after_midnight_that_ends_the_term(
    zone: str, after: timedelta, is_late: bool
) -> None:
    moment = at(TERM_END + DAY, zone) + after
    mark = {"entered_at": moment, "seen_at": moment + DAY}
    assert _found(mark, zone=zone, on=TERM_END + WEEK) == (WANTED if is_late else [])


@pytest.mark.parametrize(
    ("looks", "is_late"),
    [
        ((), False),
        ((CLOSED - MINUTE,), False),
        ((CLOSED - MICROSECOND,), True),
        ((CLOSED + MINUTE,), True),
    ],
)
def test_by_the_hubs_clock_late_is_what_a_look_after_the_term_did_not_show(
    looks: tuple[datetime, ...], is_late: bool
) -> None:
    mark = {"seen_at": CLOSED + DAY}
    assert _found(mark, looks=looks, on=TERM_END + WEEK) == (WANTED if is_late else [])


def test_a_change_after_the_term_makes_no_term_mark_late() -> None:
    changed = {"value": "5", "seen_at": CLOSED + DAY}
    assert _found(GIVEN, changed, looks=(noon(TERM_END), CLOSED), on=TERM_END + WEEK) == []


def test_what_the_journal_holds_no_more_is_missing() -> None:
    gone = {"gone": True, "seen_at": CLOSED + DAY}
    assert _found(GIVEN, gone, on=TERM_END + WEEK) == WANTED


@pytest.mark.parametrize(
    ("enrolment", "found"),
    [
        ({"start": BEGUN}, WANTED),
        ({"start": TERM_END - WEEK}, WANTED),  # who joined inside the term has a term mark too
        ({"start": TERM_END}, WANTED),
        ({"start": TERM_END + DAY}, []),
        ({"finish": TERM_END + DAY}, WANTED),
        ({"finish": TERM_END}, []),  # the day of leaving is no day in the class
        ({"finish": TERM_END - WEEK}, []),
    ],
)
def test_of_pupils_in_the_class_on_the_last_day(
    enrolment: dict[str, Any], found: list[str]
) -> None:
    assert _found(enrolment=[enrolment], on=TERM_END + WEEK) == found


def test_each_subject_of_the_curriculum_whatever_its_hours() -> None:
    hours = [{}, {"subject_key": "geo", "hours_per_week": None}]
    assert _found(curriculum_hours=hours) == [*WANTED, "q1|geo|p1"]
    assert _found(GIVEN, curriculum_hours=hours) == ["q1|geo|p1"]
    # A subject that only one pupil has, by an individual plan, is none of the class's curriculum.
    assert _found(GIVEN, lesson=[{"subject_key": "lat"}], mark=[{"subject_key": "lat"}]) == []


def test_an_exempt_pupil_needs_the_word() -> None:
    assert _found(attendance=[{"status": "exempt"}], lesson=[{}]) == WANTED


HALF = {"source_key": "h1", "kind": "half_year", "start": BEGUN, "finish": date(2026, 12, 27)}
QUARTER2 = {"source_key": "q2", "start": date(2026, 11, 5), "finish": date(2026, 12, 27)}
YEAR = {"source_key": "y", "kind": "year", "start": BEGUN, "finish": TERM_END}


def test_the_kinds_of_terms_are_those_the_class_is_graded_by() -> None:
    terms = {"term": [{}, QUARTER2, HALF, YEAR], "on": date(2026, 12, 27)}
    half_year = {"term_key": "h1", "seen_at": noon(TERM_END)}
    # Nothing is known of the class: the shortest terms.
    assert _found(**terms) == ["q1|alg|p1", "q2|alg|p1"]
    assert _found(GIVEN, **terms) == ["q2|alg|p1"]
    assert _found(half_year, **terms) == []
    assert _found(half_year, GIVEN, **terms) == ["q2|alg|p1"]
    year = {"term_key": "y", "seen_at": noon(TERM_END)}
    assert _found(year, **terms) == ["q1|alg|p1", "q2|alg|p1"]


def test_a_class_beside_it_is_graded_otherwise() -> None:
    rows = {
        "class_": [{}, {"source_key": "10a", "grade_level": 10}],
        "enrolment": [{}, {"pupil": "p2", "class_key": "10a"}],
        "curriculum_hours": [{}, {"class_key": "10a"}],
        "term": [{}, HALF],
    }
    half_year = {"term_key": "h1", "pupil": "p2", "seen_at": noon(TERM_END)}
    assert _found(half_year, **rows) == WANTED
    assert _found(half_year | {"subject_key": "geo"}, **rows, on=date(2026, 12, 27)) == [
        "h1|alg|p2",
        "q1|alg|p1",
    ]


def test_what_is_said_of_each() -> None:
    lessons = [{"teacher": "t1"}, {"teacher": "t2", "number": 2}, {"teacher": None, "number": 3}]
    mark = {"entered_at": CLOSED, "seen_at": CLOSED + DAY}
    hours = [{}, {"subject_key": "geo"}]
    told = journal(
        profile="tomsk", on=TERM_END + WEEK, term_marks=[mark], lesson=lessons,
        curriculum_hours=hours,
    )  # fmt: skip
    rows = {row["subject_key"]: row for row in term_marks(told).iter_rows(named=True)}
    assert rows["alg"] == {
        "rule": "term_marks", "key": "q1|alg|p1", "day": TERM_END, "class_key": "7a",
        "subject_key": "alg", "teacher": "t2", "pupil": "p1", "lesson_key": None,
        "detail": "срок 25.10.2026 23:59",
    }  # fmt: skip
    assert (rows["geo"]["teacher"], rows["geo"]["detail"]) == (None, "не выставлена")


def test_the_teacher_is_that_of_the_pupils_own_group() -> None:
    groups = [{"group_key": "g1", "teacher": "t1"}, {"group_key": "g2", "teacher": "t2"}]
    rows = {"lesson": groups, "attendance": [{"lesson_key": "lesson0"}]}
    (row,) = term_marks(journal(profile="tomsk", **rows)).to_dicts()
    assert row["teacher"] == "t1"


def test_a_regulation_that_does_not_ask() -> None:
    assert keys(term_marks(journal(profile="velikie_luki"))) == []
