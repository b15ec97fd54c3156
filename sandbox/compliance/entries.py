"""Whether each part of a lesson was entered by its deadline: timeliness, and what is late."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from sandbox.accepted import mark_ok
from sandbox.compliance import deadlines
from sandbox.compliance.known import Known
from sandbox.model import Lesson, Mark
from sandbox.view import ShownLesson

# Which parts a system dates: rows of lessons, absences, marks.
_DATES = {
    "paragraf": {"lesson", "attendance", "mark"},
    "eschool": {"lesson", "attendance", "mark"},
    "eljur": {"lesson", "attendance", "mark"},
    "dnevnik_ru": {"attendance", "mark"},
}


@dataclass(frozen=True)
class Entry:
    """A part that is due; ``rule`` asks for it in time. ``outcome``: of ``Looks.judge``."""

    rule: str
    lesson: Lesson
    outcome: str | None
    mark: Mark | None = None
    shown: ShownLesson | None = None


def tells(known: Known, part: str) -> bool:
    return part in _DATES.get(known.school.system, set())


def entries(known: Known) -> Iterator[Entry]:
    for lesson, shown in known.scheduled:
        held = shown if shown is not None and shown.held else None
        entered = lesson.entered if held is not None else None
        yield _part(known, lesson, "lesson", entered if lesson.topic is not None else None)
        if held is not None and entered is not None:
            yield from _of_held(known, held, entered)


def _of_held(known: Known, shown: ShownLesson, entered: datetime) -> Iterator[Entry]:
    lesson = shown.lesson
    taken = entered if lesson.code in known.attendance else None
    yield _part(known, lesson, "attendance", taken)
    if lesson.substitute is not None:
        yield _part(known, lesson, "substitution", entered)
    if not lesson.not_set:
        yield _part(known, lesson, "homework", entered if lesson.homework else None)
    for mark in filter(mark_ok, shown.marks):
        rule, deadline = known.regulation.marks_rule(mark), deadlines.of_mark(known, mark, lesson)
        if rule is not None and deadline is not None:
            dated = tells(known, "mark")
            outcome = known.looks.judge(mark.entered, deadline, known.last, tells=dated)
            yield Entry(rule, lesson, outcome, mark, shown)


def _part(known: Known, lesson: Lesson, part: str, entered: datetime | None) -> Entry:
    deadline = deadlines.of_part(known, lesson, part)
    dated = tells(known, "attendance" if part == "attendance" else "lesson")
    outcome = known.looks.judge(entered, deadline, known.last, tells=dated)
    return Entry(f"{part}_entered", lesson, outcome)
