"""Pupils without the marks that are asked for, in a term's course and at its end."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from quality.rules.enough_marks import accumulation, marks_to_grade
from quality.rules.find import spans
from tests.quality.rules.a_journal import BEGUN, DAY, TERM_END, WEEK, journal, keys, noon

PAIR = ["2026-09-01|p1|alg"]
GRADED = ["q1|alg|p1"]
FIRST = BEGUN + DAY
ONE_HOUR = [{"hours_per_week": 1.0}]


def _accumulated(on: date, marks: int = 0, **more: Any) -> list[str]:
    rows = {"lesson": [{"date": FIRST}], "mark": [{"date": FIRST}] * marks} | more
    return keys(accumulation(journal(on=on, **rows)))


@pytest.mark.parametrize(
    ("hours", "on", "marks", "found"),
    [
        (2.0, BEGUN + 2 * WEEK - DAY, 0, []),
        (2.0, BEGUN + 2 * WEEK, 0, []),  # free no more, but nothing is asked yet
        (2.0, BEGUN + 3 * WEEK - DAY, 0, []),
        (2.0, BEGUN + 3 * WEEK, 0, PAIR),
        (2.0, BEGUN + 3 * WEEK, 1, []),
        (2.0, BEGUN + 4 * WEEK - DAY, 1, []),
        (2.0, BEGUN + 4 * WEEK, 1, PAIR),
        (2.0, BEGUN + 4 * WEEK, 2, []),
        (1.0, BEGUN + 3 * WEEK - DAY, 0, []),
        (1.0, BEGUN + 3 * WEEK, 0, PAIR),
        (3.0, BEGUN + 4 * WEEK, 2, PAIR),
        (3.0, BEGUN + 4 * WEEK, 3, []),
        (2.0, TERM_END, 0, PAIR),
        (2.0, TERM_END + DAY, 0, []),  # between terms
    ],
)
def test_marks_in_the_course_of_a_term(
    hours: float, on: date, marks: int, found: list[str]
) -> None:
    assert _accumulated(on, marks, curriculum_hours=[{"hours_per_week": hours}]) == found


@pytest.mark.parametrize(
    ("on", "begun"), [(BEGUN, BEGUN), (TERM_END, BEGUN), (TERM_END + DAY, None)]
)
def test_the_term_that_is_judged(on: date, begun: date | None) -> None:
    assert spans(journal(on=on))["accumulation"] == begun


def test_the_term_is_in_the_key_and_the_counts_in_the_detail() -> None:
    rows = {"lesson": [{"date": FIRST, "teacher": "t1"}], "mark": [{"date": FIRST}]}
    (row,) = accumulation(journal(on=BEGUN + 4 * WEEK, **rows)).to_dicts()
    assert row["day"] == BEGUN
    assert (row["teacher"], row["detail"]) == ("t1", "отметок 1 из 2")


def _graded(marks: int, on: date = TERM_END, **more: Any) -> list[str]:
    rows = {"lesson": [{"date": FIRST}], "mark": [{"date": FIRST}] * marks} | more
    return keys(marks_to_grade(journal(on=on, **rows)))


@pytest.mark.parametrize(
    ("hours", "marks", "found"),
    [
        (1.0, 2, GRADED), (1.0, 3, []), (1.5, 2, GRADED), (1.5, 3, []),
        (2.0, 4, GRADED), (2.0, 5, []), (6.0, 4, GRADED), (6.0, 5, []),
    ],
)  # fmt: skip
def test_marks_to_be_graded(hours: float, marks: int, found: list[str]) -> None:
    assert _graded(marks, curriculum_hours=[{"hours_per_week": hours}]) == found


@pytest.mark.parametrize(
    ("on", "found"), [(TERM_END - DAY, []), (TERM_END, GRADED), (TERM_END + WEEK, GRADED)]
)
def test_from_the_last_day_of_the_term(on: date, found: list[str]) -> None:
    assert _graded(0, on) == found


@pytest.mark.parametrize(
    ("day", "counts"),
    [(BEGUN - DAY, False), (BEGUN, True), (TERM_END, True), (TERM_END + DAY, False)],
)
def test_marks_dated_within_the_term(day: date, counts: bool) -> None:
    found = _graded(0, TERM_END + WEEK, mark=[{"date": day}] * 3, curriculum_hours=ONE_HOUR)
    assert found == ([] if counts else GRADED)


@pytest.mark.parametrize(
    ("enrolment", "found"),
    [
        ({"start": None, "finish": None}, GRADED),
        ({"start": BEGUN}, GRADED),
        ({"start": BEGUN + DAY}, []),  # the number is for a whole term
        ({"finish": TERM_END + DAY}, GRADED),
        ({"finish": TERM_END}, []),
        ({"start": BEGUN + 3 * WEEK, "finish": BEGUN + 5 * WEEK}, []),
    ],
)
def test_pupils_of_the_whole_term(enrolment: dict[str, Any], found: list[str]) -> None:
    assert _graded(0, enrolment=[enrolment]) == found


@pytest.mark.parametrize(
    "rows",
    [
        {"lesson": []},
        {"lesson": [{"date": FIRST, "held": False}]},
        {"lesson": [{"date": FIRST, "status": "cancelled"}]},
        {"lesson": [{"date": FIRST, "status": "merged"}]},
        {"lesson": [{"date": BEGUN - DAY}]},  # attended before the term only
        {"lesson": [{"date": TERM_END + DAY}], "on": TERM_END + WEEK},
        {"lesson": [{"date": FIRST, "group_key": "g1"}]},  # nobody knows whose the lesson is
        {"lesson": [{"date": FIRST, "attendance_taken": None}]},
        {"attendance": [{"status": "ill"}]},
        {"attendance": [{"status": "absent"}]},
        {"attendance": [{"status": "exempt"}]},
        {"mark": [{"date": FIRST, "scale": "code", "value": "exempt"}]},
        {"curriculum_hours": [{"hours_per_week": None}]},
        {"curriculum_hours": []},  # an individual plan: the class has no hours of it
        {"term": [{"kind": "year"}]},
        {"term_marks": [{"seen_at": noon(TERM_END), "value": "not_assessed", "scale": "code"}]},
        {"profile": "tomsk"},
    ],
)
def test_who_is_not_counted(rows: dict[str, Any]) -> None:
    assert _graded(0, **rows) == []


@pytest.mark.parametrize(
    "rows",
    [
        {"attendance": [{"status": "late"}]},
        {"attendance": [{"status": "present"}]},
        {"lesson": [{"date": FIRST, "group_key": "g1"}], "attendance": [{"status": "late"}]},
        {"lesson": [{"date": FIRST, "group_key": "g1"}], "mark": [{"date": FIRST}]},
        {"lesson": [{"date": FIRST, "substitute": "t2"}]},
        {"mark": [{"date": FIRST, "scale": "code", "value": "debt"}] * 9},  # words are no marks
        {"mark": [{"date": FIRST, "subject_key": "geo"}] * 9},
        {"mark": [{"date": FIRST, "pupil": "p2"}] * 9},
        {"term_marks": [{"seen_at": noon(TERM_END), "value": "3"}]},  # graded on too few
        {"attendance": [{"lesson_key": "lesson1", "status": "exempt"}],
         "lesson": [{"date": FIRST}, {"date": TERM_END + DAY}]},  # exempt since
    ],
)  # fmt: skip
def test_who_is_counted(rows: dict[str, Any]) -> None:
    assert _graded(0, **rows) == GRADED


def test_each_term_counts_for_itself() -> None:
    second = {"source_key": "q2", "start": date(2026, 11, 5), "finish": date(2026, 12, 27)}
    lessons = [{"date": FIRST}, {"date": date(2026, 11, 9)}]
    marks = [{"date": FIRST}] * 4 + [{"date": date(2026, 11, 9)}] * 5
    rows = {"term": [{}, second], "lesson": lessons, "mark": marks}
    assert _graded(0, date(2026, 12, 27), **rows) == GRADED
    assert _graded(0, date(2026, 12, 27), **(rows | {"mark": marks[:8]})) == [
        "q1|alg|p1",
        "q2|alg|p1",
    ]


def test_a_class_graded_by_half_years_is_not_counted_by_quarters() -> None:
    half = {"source_key": "h1", "kind": "half_year", "start": BEGUN, "finish": date(2026, 12, 27)}
    rows = {"term": [{}, half], "term_marks": [{"term_key": "h1", "seen_at": noon(TERM_END)}]}
    assert _graded(0, TERM_END, **rows) == []
    assert _graded(4, date(2026, 12, 27), **rows) == ["h1|alg|p1"]


def test_what_is_said_of_each() -> None:
    lessons = [{"date": FIRST, "teacher": "t1", "substitute": "t9"}]
    told = journal(lesson=lessons, mark=[{"date": FIRST}] * 2)
    (row,) = marks_to_grade(told).to_dicts()
    assert row == {
        "rule": "marks_to_grade", "key": "q1|alg|p1", "day": TERM_END, "class_key": "7a",
        "subject_key": "alg", "teacher": "t1", "pupil": "p1", "lesson_key": None,
        "detail": "отметок 2 из 5",
    }  # fmt: skip
