"""The last allowed instants of a lesson's parts and of marks."""

from __future__ import annotations

from datetime import datetime, timedelta

from sandbox.compliance.keys import teacher_of
from sandbox.compliance.known import Known
from sandbox.compliance.looks import end_of
from sandbox.model import Lesson, Mark
from sandbox.regulations import Deadline


def of_part(known: Known, lesson: Lesson, part: str) -> datetime:
    deadline = known.regulation.parts[part]
    # Only Dnevnik.ru shows bells.
    if deadline.minutes is None or known.school.system != "dnevnik_ru":
        return end_of(lesson.day + timedelta(days=deadline.days))
    return _after_last(known, lesson, deadline, deadline.minutes)


def of_mark(known: Known, mark: Mark, lesson: Lesson) -> datetime | None:
    """None where the regulation gives no deadline."""
    rule = known.regulation.marks_rule(mark)
    if rule is None:
        return None
    return end_of(lesson.day + timedelta(days=known.regulation.marks[rule].days))


def _after_last(known: Known, lesson: Lesson, deadline: Deadline, minutes: int) -> datetime:
    """After the bell that ends the day's last lesson of who gave this one, or of the class."""
    giver = teacher_of(lesson.slot, known.rows.get(lesson.code))
    numbers = [
        other.slot.number
        for other, shown in known.of_day[lesson.day]
        if (
            other.slot.class_ is lesson.slot.class_
            if deadline.whose == "class"
            else teacher_of(other.slot, shown) is giver
        )
    ]
    bell = next(b for b in known.school.bells if b.number == max(numbers))
    return datetime.combine(lesson.day, bell.finish) + timedelta(minutes=minutes)
