"""The fewest cards: by teacher, by class where all of it is idle, by days where the school is."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import date, timedelta

import polars as pl
import pytest

from quality.remark_causes import LESSON, grouped
from quality.remarks import REMARK

Lesson = tuple[int, str, str]  # day of September, class, teacher


def cards(
    remarked: list[Lesson], in_order: Sequence[Lesson] = (), rule: str = "held"
) -> dict[tuple[str, str], int]:
    """(what a card is about, which) -> remarks on it."""
    plain = dict.fromkeys(REMARK)
    rows = [
        plain | {"rule": rule, "key": str(n), "day": _day(day), "class_key": c, "subject_key": "20",
                 "teacher": t}
        for n, (day, c, t) in enumerate(remarked)
    ]  # fmt: skip
    lessons = [(_day(day), class_, "20", teacher) for day, class_, teacher in in_order]
    found = grouped(
        pl.DataFrame(rows, schema=REMARK), pl.DataFrame(lessons, schema=LESSON, orient="row")
    )
    assert found.height == len(remarked)
    return dict(Counter(found.select("by", "unit").iter_rows()))  # type: ignore[arg-type]


def _day(number: int) -> date:
    return date(2026, 8, 31) + timedelta(days=number)


def test_a_teacher_who_stopped_is_one_card() -> None:
    remarked = [(day, class_, "t1") for day in (3, 4, 7) for class_ in ("7а", "7б")]
    others = [(day, class_, "t2") for day in (3, 4, 7) for class_ in ("7а", "7б")]
    assert cards(remarked, others) == {("teacher", "t1"): 6}


def test_two_teachers_who_stopped_are_two_though_their_classes_stand_idle() -> None:
    remarked = [(day, c, t) for day in (3, 4) for c in ("7а", "7б") for t in ("t1", "t2")]
    assert cards(remarked, [(day, "9а", "t3") for day in (3, 4)]) == {
        ("teacher", "t1"): 4,
        ("teacher", "t2"): 4,
    }


def test_a_class_that_all_its_teachers_left_is_one_card() -> None:
    remarked = [(day, "7а", teacher) for day in (3, 4) for teacher in ("t1", "t2", "t3")]
    others = [(day, "7б", teacher) for day in (3, 4) for teacher in ("t1", "t2", "t3")]
    assert cards(remarked, others) == {("class_", "7а"): 6}


def test_a_class_in_which_one_lesson_was_held_is_told_by_teacher() -> None:
    remarked = [(3, "7а", "t1"), (3, "7а", "t2"), (3, "7а", "t3")]
    assert cards(remarked, [(3, "7а", "t4")]) == {
        ("teacher", "t1"): 1,
        ("teacher", "t2"): 1,
        ("teacher", "t3"): 1,
    }


def test_two_idle_classes_of_the_same_teachers_are_two_cards() -> None:
    teachers = ("t1", "t2", "t3")
    remarked = [(3, class_, teacher) for class_ in ("7а", "7б") for teacher in teachers]
    assert cards(remarked, [(3, "9а", "t9")]) == {("class_", "7а"): 3, ("class_", "7б"): 3}


def test_a_day_without_any_lesson_is_one_card() -> None:
    remarked = [(4, class_, f"t{n}") for class_ in ("7а", "7б", "7в") for n in range(5)]
    others = [(day, "7а", "t0") for day in (3, 7)]
    assert cards(remarked, others) == {("days", "2026-09-04"): 15}


def test_days_side_by_side_are_one_card_a_weekend_between_them_too() -> None:
    remarked = [(day, "7а", f"t{n}") for day in (4, 7, 9) for n in range(5)]
    assert cards(remarked, [(8, "7а", "t0")]) == {
        ("days", "2026-09-04"): 10,
        ("days", "2026-09-09"): 5,
    }


def test_a_day_and_a_teacher_at_once_are_two_cards() -> None:
    idle = [(4, class_, f"t{n}") for class_ in ("7а", "7б") for n in range(5)]
    lazy = [(day, "7а", "t0") for day in (1, 2, 3)]
    others = [(day, "7б", "t1") for day in (1, 2, 3)]
    assert cards([*idle, *lazy], others) == {("days", "2026-09-04"): 10, ("teacher", "t0"): 3}


def test_a_teacher_a_class_and_a_day_at_once_are_three() -> None:
    idle_day = [(4, class_, f"t{n}") for class_ in ("7а", "7б", "8а") for n in range(6)]
    idle_class = [(7, "8а", f"t{n}") for n in range(6)]
    lazy = [(day, "7а", "t0") for day in (1, 2, 8)]
    others = [(day, "7б", f"t{n}") for day in (1, 2, 7, 8) for n in range(1, 6)]
    assert cards([*idle_day, *idle_class, *lazy], others) == {
        ("days", "2026-09-04"): 18,
        ("class_", "8а"): 6,
        ("teacher", "t0"): 3,
    }


def test_an_equal_number_is_told_by_teacher() -> None:
    remarked = [(3, "7а", "t1"), (3, "7а", "t2"), (4, "7б", "t2")]
    assert cards(remarked, [(4, "7б", "t3")]) == {("teacher", "t1"): 1, ("teacher", "t2"): 2}


def test_rules_are_told_apart() -> None:
    """And what is no lesson is told by teacher whatever its day."""
    remarked = [(3, "7а", "t1"), (3, "7а", "t2")]
    assert cards(remarked, rule="lesson_marks") == {("teacher", "t1"): 1, ("teacher", "t2"): 1}


@pytest.mark.parametrize(
    ("teacher", "class_", "unit"),
    [(None, "7а", ("class_", "7а")), (None, None, ("school", "")), ("t1", None, ("teacher", "t1"))],
)
def test_where_no_teacher_is_known(
    teacher: str | None, class_: str | None, unit: tuple[str, str]
) -> None:
    row = dict.fromkeys(REMARK) | {"rule": "term_marks", "teacher": teacher, "class_key": class_}
    remarks = pl.DataFrame([row], schema=REMARK)
    found = grouped(remarks, pl.DataFrame(schema=LESSON))
    assert found.select("by", "unit").rows() == [unit]


def test_no_remarks_no_cards() -> None:
    assert cards([]) == {}
