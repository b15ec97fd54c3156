"""Timeliness as docs/sandbox-truth.md defines it, counted from the model.

Every part of a lesson has until midnight of the lesson's day. A journal that tells when a part was
entered is believed; of the others the hub knows the evenings on which it looked.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import date

from sandbox.accepted import held_lessons, mark_ok
from sandbox.measures import Ratio, attendance_taken, scheduled
from sandbox.model import Lesson
from sandbox.view import ShownLesson, View

# Which parts a system dates: rows of lessons, absences, marks.
_DATES = {
    "paragraf": {"lesson", "attendance", "mark"},
    "eschool": {"lesson", "attendance", "mark"},
    "eljur": {"lesson", "attendance", "mark"},
    "dnevnik_ru": {"attendance", "mark"},
}


def timeliness(view: View, looks: Sequence[date]) -> Ratio:
    """Parts entered in time, of those of which one can say so; ``looks``: days of uploads."""
    counts = Counter(outcome for outcome in _outcomes(view, sorted(looks)) if outcome)
    return counts["in_time"], counts.total()


def _outcomes(view: View, looks: list[date]) -> Iterator[str | None]:
    """What became of each part that is due; None where nobody can say."""
    held = {s.lesson.code: s for s in held_lessons(view) if not s.lesson.status}
    for lesson in view.school.lessons:
        if lesson.day <= view.day and scheduled(view, lesson):
            shown = held.get(lesson.code)
            entered = lesson.entered.date() if shown and lesson.entered else None
            written = entered if lesson.topic is not None else None
            yield _judged(lesson, written, looks, tells=_tells(view, "lesson"))
            if shown is not None and entered is not None:
                yield from _parts(view, shown, entered, looks)


def _parts(
    view: View, shown: ShownLesson, entered: date, looks: list[date]
) -> Iterator[str | None]:
    lesson, by_row = shown.lesson, _tells(view, "lesson")
    taken = entered if attendance_taken(view, shown) else None
    yield _judged(lesson, taken, looks, tells=_tells(view, "attendance"))
    if lesson.substitute is not None:
        yield _judged(lesson, entered, looks, tells=by_row)
    if not lesson.not_set:
        yield _judged(lesson, entered if lesson.homework else None, looks, tells=by_row)
    for mark in filter(mark_ok, shown.marks):
        yield _judged(lesson, mark.entered.date(), looks, tells=_tells(view, "mark"))


def _tells(view: View, part: str) -> bool:
    return part in _DATES.get(view.school.system, set())


def _judged(lesson: Lesson, entered: date | None, looks: list[date], *, tells: bool) -> str | None:
    seen = next((day for day in looks if entered and day >= entered), None)
    if entered is None or seen is None:
        return "missing" if looks and looks[-1] > lesson.day else None
    if tells:
        return "in_time" if entered <= lesson.day else "late"
    if seen <= lesson.day:
        return "in_time"
    return "late" if any(lesson.day < day < seen for day in looks) else None
