"""Which entries a hub can accept, given the planted defects, and for whom it may deliver them."""

from __future__ import annotations

from datetime import date

from sandbox.members import Flaw, Pupil
from sandbox.model import Absence, Lesson, Mark
from sandbox.view import ShownLesson, View


def refused(flaw: Flaw | None) -> bool:
    return flaw is not None and flaw.kind == "quarantine"


def lesson_ok(lesson: Lesson) -> bool:
    return not refused(lesson.flaw)


def mark_ok(mark: Mark) -> bool:
    return not refused(mark.flaw)


def absence_ok(absence: Absence) -> bool:
    return not refused(absence.flaw)


def held_lessons(view: View) -> list[ShownLesson]:
    """Accepted lessons with the held sign."""
    return [s for s in view.lessons if s.held and lesson_ok(s.lesson)]


def logged(view: View, shown: ShownLesson) -> list[tuple[Pupil, Absence | None]]:
    """Attendance records a source shows for a lesson; Dnevnik.ru writes the present down too."""
    absences: dict[int, Absence] = {a.pupil.person.code: a for a in shown.absences}
    if view.school.system != "dnevnik_ru" or not shown.lesson.attendance_taken:
        return [(a.pupil, a) for a in shown.absences]
    if not shown.filled:
        return []
    pupils = view.school.lesson_pupils(shown.lesson)
    return [(pupil, absences.get(pupil.person.code)) for pupil in pupils]


def withheld_reason(pupil: Pupil, on: date) -> str | None:
    """Why nothing about ``pupil`` may be delivered, or None."""
    if pupil.person.usable_uid is None:
        return "no_uid"
    over = pupil.left is not None and pupil.left <= on
    if over or pupil.application is None or not pupil.application.active(on):
        return "no_consent"
    return None
