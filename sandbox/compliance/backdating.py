"""``no_backdating``: marks and term marks that changed or appeared too late."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime

from sandbox.compliance import deadlines
from sandbox.compliance.entries import tells
from sandbox.compliance.known import Known
from sandbox.compliance.looks import LATE, end_of
from sandbox.compliance.term_rules import shown_term_marks, term_mark_key
from sandbox.model import Lesson, Mark


def backdated(known: Known) -> Iterator[tuple[str, str]]:
    if not known.regulation.no_backdating:
        return
    for mark, shown in known.marks:
        if _appeared_late(known, mark) or _changed_late(known, mark):
            yield "no_backdating", known.keys.mark(mark, shown)
    for total in shown_term_marks(known):
        if _changed(known, total.corrected, total.entered, end_of(total.term.finish)):
            yield "no_backdating", term_mark_key(known, total)


def _limit(known: Known, mark: Mark, lesson: Lesson) -> datetime | None:
    """The mark's deadline or the end of its term, whichever comes first."""
    ends = [end_of(t.finish) for t in known.school.terms if t.start <= lesson.day <= t.finish]
    deadline = deadlines.of_mark(known, mark, lesson)
    return min((*ends, *([deadline] if deadline else [])), default=None)


def _appeared_late(known: Known, mark: Mark) -> bool:
    """By the day on which it stood when it was first seen."""
    seen = known.looks.shown_first(mark.entered.date()) or known.last
    limit = _limit(known, mark, mark.lesson_on(seen.date()))
    if limit is None:
        return False
    outcome = known.looks.judge(mark.entered, limit, known.last, tells=tells(known, "mark"))
    return outcome == LATE


def _changed_late(known: Known, mark: Mark) -> bool:
    """By the day on which it stands since the change."""
    for day in (mark.corrected, mark.moved):
        seen = known.looks.shown_first(day) if day else None
        limit = _limit(known, mark, mark.lesson_on(seen.date())) if seen else None
        if limit is not None and _changed(known, day, mark.entered, limit):
            return True
    return False


def _changed(known: Known, day: date | None, entered: datetime, limit: datetime) -> bool:
    """Whether the hub saw it before and after the change of ``day``, the first time after
    ``limit``."""
    if day is None or day <= entered.date():
        return False
    new = known.looks.shown_first(day)
    if new is None or new > known.last:
        return False
    old = known.looks.before(new)
    return old is not None and old.date() >= entered.date() and old >= limit
