"""Marks and term marks that appeared or changed too late, as far as that is certain."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any

import pytest

from quality.rules.backdating import backdating
from tests.quality.rules.a_journal import (
    BEGUN,
    BERLIN,
    DAY,
    MICROSECOND,
    MINUTE,
    MOSCOW,
    TERM_END,
    at,
    journal,
    keys,
    noon,
)

MONDAY = date(2026, 9, 14)
DUE = at(MONDAY + 8 * DAY)  # a written work waits a week
CLOSED = at(TERM_END + DAY)
TERM_MARK = ["q1|alg|p1"]


def _found(*marks: dict[str, Any], looks: tuple[datetime, ...] = (), **more: Any) -> list[str]:
    versions = [{"date": MONDAY, "seen_at": noon(MONDAY)} | mark for mark in marks]
    lesson = [{"date": MONDAY}]
    return keys(backdating(journal(lesson=lesson, marks=versions, looks=looks, **more)))


def _entered(moment: datetime, **more: Any) -> dict[str, Any]:
    """A version of which the journal tells when it was entered, seen days later."""
    return {"entered_at": moment, "seen_at": moment + 3 * DAY} | more


@pytest.mark.parametrize("zone", [MOSCOW, BERLIN])
@pytest.mark.parametrize(
    ("day", "after", "is_late"),
    [
        (MONDAY, -MINUTE, False),
        (MONDAY, -MICROSECOND, False),
        (MONDAY, timedelta(0), True),
        (MONDAY, MINUTE, True),
        (date(2026, 10, 17), -MICROSECOND, False),  # a week later summer time ends in Berlin
        (date(2026, 10, 17), timedelta(0), True),
    ],
)
def test_a_mark_appears_by_its_deadline(
    zone: str, day: date, after: timedelta, is_late: bool
) -> None:
    mark = _entered(at(day + 8 * DAY, zone) + after, date=day)
    assert _found(mark, zone=zone) == (["m1"] if is_late else [])


@pytest.mark.parametrize(
    ("day", "after", "is_late"),
    [
        # The term closes before the week of a written work is over.
        (TERM_END - DAY, -MINUTE, False),
        (TERM_END - DAY, -MICROSECOND, False),
        (TERM_END - DAY, timedelta(0), True),
        (TERM_END - DAY, MINUTE, True),
        (TERM_END, -MICROSECOND, False),
        (TERM_END, timedelta(0), True),
    ],
)
def test_nothing_appears_once_the_term_is_closed(
    day: date, after: timedelta, is_late: bool
) -> None:
    assert _found(_entered(CLOSED + after, date=day)) == (["m1"] if is_late else [])


def test_work_without_a_deadline_of_its_own_waits_for_the_end_of_the_term() -> None:
    # Velikie Luki asks nothing of marks for answers.
    assert _found(_entered(CLOSED - MICROSECOND, work_type="oral")) == []
    assert _found(_entered(CLOSED, work_type="oral")) == ["m1"]
    assert _found(_entered(CLOSED, work_type="oral"), term=[]) == []


def test_of_two_terms_the_latest_counts_and_of_these_the_longest_but_never_the_year() -> None:
    half = {"source_key": "h1", "kind": "half_year", "finish": date(2026, 12, 27)}
    year = {"source_key": "y", "kind": "year", "finish": date(2027, 5, 31)}
    oral = _entered(CLOSED, work_type="oral")
    assert _found(oral, term=[{}, half]) == []  # both begin on the first of September
    assert _found(oral, term=[{}, half | {"start": BEGUN - DAY}]) == ["m1"]
    assert _found(oral, term=[{}, year]) == ["m1"]


@pytest.mark.parametrize(
    ("looks", "seen", "found"),
    [
        ((), DUE + 9 * DAY, []),  # nobody looked before
        ((DUE - MINUTE,), DUE + MINUTE, []),  # in between: nobody knows
        ((DUE - MICROSECOND,), DUE + MINUTE, ["m1"]),  # not there at the last allowed instant
        ((DUE,), DUE + DAY, ["m1"]),
        ((DUE - DAY,), DUE - MICROSECOND, []),
    ],
)
def test_by_the_hubs_clock_only_what_a_look_did_not_show(
    looks: tuple[datetime, ...], seen: datetime, found: list[str]
) -> None:
    assert _found({"seen_at": seen}, looks=looks) == found


LATE = DUE + DAY
LOOKS = (noon(MONDAY), DUE, LATE, LATE + DAY, LATE + 2 * DAY)


@pytest.mark.parametrize(
    ("versions", "found"),
    [
        ([{"value": "3"}, {"value": "5", "seen_at": LATE}], ["m1"]),
        ([{"value": "3"}, {"value": "5", "seen_at": DUE - MINUTE}], []),
        # A -> B -> A: it was changed twice, though it says again what it said.
        ([{"value": "3"}, {"value": "5", "seen_at": LATE}, {"value": "3", "seen_at": LATE + DAY}],
         ["m1"]),
        ([{}, {"lesson_key": None, "seen_at": LATE}], []),  # neither value nor date
        ([{}, {"work_type": "control", "seen_at": LATE}], []),
        ([{}, {"gone": True, "seen_at": LATE}], []),  # that a mark vanished is no remark
        ([{}, {"gone": True, "seen_at": LATE}, {"seen_at": LATE + DAY}], []),  # back as it was
        ([{"value": "3"}, {"gone": True, "seen_at": LATE},
          {"value": "5", "seen_at": LATE + DAY}], ["m1"]),
        ([{"value": "3"}, {"value": "5", "seen_at": LATE},
          {"value": "5", "gone": True, "seen_at": LATE + DAY}], []),
        # Moved: judged by the day to which it was moved.
        ([{"date": MONDAY + 8 * DAY, "seen_at": DUE}, {"date": MONDAY, "seen_at": LATE}], ["m1"]),
        ([{}, {"date": MONDAY + 8 * DAY, "seen_at": LATE}], []),
        ([{}, {"date": MONDAY - 7 * DAY, "seen_at": DUE - MINUTE}], []),  # looks leave it open
    ],
)  # fmt: skip
def test_what_a_change_is(versions: list[dict[str, Any]], found: list[str]) -> None:
    assert _found(*versions, looks=LOOKS) == found


def test_the_journals_word_counts_only_if_it_can_be_true() -> None:
    first, changed = {"value": "3"}, {"value": "5", "seen_at": LATE}
    entered = MONDAY + 7 * DAY
    # Entered again between the two versions, in time, though the hub saw it late.
    assert _found(first, changed | {"entered_at": noon(entered)}, looks=LOOKS) == []
    # The first entry's time says nothing of the change.
    assert _found(first, changed | {"entered_at": noon(MONDAY)}, looks=LOOKS) == ["m1"]


def test_each_mark_is_one_remark_with_its_last_change() -> None:
    versions = [
        {"value": "3", "date": MONDAY, "seen_at": noon(MONDAY)},
        {"value": "5", "date": MONDAY, "seen_at": LATE},
        {"value": "4", "date": MONDAY, "seen_at": LATE + DAY},
    ]
    lesson = [{"date": MONDAY, "substitute": "t2"}]
    (row,) = backdating(journal(lesson=lesson, marks=versions, looks=LOOKS)).to_dicts()
    assert row == {
        "rule": "no_backdating", "key": "m1", "day": MONDAY, "class_key": "7a",
        "subject_key": "alg", "teacher": "t2", "pupil": "p1", "lesson_key": "lesson0",
        "detail": "изменена: после 23.09.2026 00:00, срок 21.09.2026 23:59,"
        " всего изменений после срока: 2",
    }  # fmt: skip


def test_a_regulation_that_does_not_forbid_it() -> None:
    assert _found(_entered(CLOSED), profile="spb") == []


def _term_marks(*versions: dict[str, Any], **more: Any) -> list[str]:
    rows = [{"seen_at": noon(TERM_END)} | version for version in versions]
    return keys(backdating(journal(term_marks=rows, on=TERM_END + 7 * DAY, **more)))


@pytest.mark.parametrize("zone", [MOSCOW, BERLIN])
@pytest.mark.parametrize(
    ("after", "is_late"),
    [(-MINUTE, False), (-MICROSECOND, False), (timedelta(0), True), (MINUTE, True)],
)
def test_a_term_mark_is_not_changed_after_the_term(
    zone: str, after: timedelta, is_late: bool
) -> None:
    moment = at(TERM_END + DAY, zone) + after
    changed = {"value": "5", "entered_at": moment, "seen_at": moment + DAY}
    assert _term_marks({}, changed, zone=zone) == (TERM_MARK if is_late else [])


def test_changed_term_marks_by_the_hubs_clock() -> None:
    first = {"seen_at": at(TERM_END)}
    changed = {"value": "5", "seen_at": CLOSED + DAY}
    assert _term_marks(first, changed, looks=(CLOSED - MINUTE,)) == []
    assert _term_marks(first, changed, looks=(CLOSED - MICROSECOND,)) == TERM_MARK
    # A term mark that appears late is a remark of the rule on term marks.
    assert _term_marks(changed, looks=(CLOSED,)) == []
    assert _term_marks(first, changed | {"value": "4"}, looks=(CLOSED,)) == []
