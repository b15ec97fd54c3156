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
        limit = _limit(known, mark, shown.lesson)
        if limit is not None and _too_late(known, mark, limit):
            yield "no_backdating", known.keys.mark(mark, shown)
    for total in shown_term_marks(known):
        if _changed(known, total.corrected, total.entered, end_of(total.term.finish)):
            yield "no_backdating", term_mark_key(known, total)


def _limit(known: Known, mark: Mark, lesson: Lesson) -> datetime | None:
    """The mark's deadline or the end of its term, whichever comes first."""
    ends = [end_of(t.finish) for t in known.school.terms if t.start <= lesson.day <= t.finish]
    deadline = deadlines.of_mark(known, mark, lesson)
    return min((*ends, *([deadline] if deadline else [])), default=None)


def _too_late(known: Known, mark: Mark, limit: datetime) -> bool:
    dated = tells(known, "mark")
    if known.looks.judge(mark.entered, limit, known.last, tells=dated) == LATE:
        return True
    return any(_changed(known, day, mark.entered, limit) for day in (mark.corrected, mark.moved))


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
