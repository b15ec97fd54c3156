"""What a school's journal shows on the evening of a day.

An entry is seen from the day it was made on: a lesson filled in on Thursday for Monday is an
empty row in the uploads of Monday to Wednesday.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from functools import cached_property

from sandbox.members import Application, Guardian, Movement, Pupil
from sandbox.model import Absence, Lesson, Mark, School, TermMark


@dataclass(frozen=True)
class ShownLesson:
    """A lesson's row: ``filled`` tells whether the teacher's entry is there yet."""

    lesson: Lesson
    filled: bool
    marks: list[Mark]
    absences: list[Absence]

    @property
    def held(self) -> bool:
        return self.filled and self.lesson.held


class View:
    """One school on one evening."""

    def __init__(self, school: School, day: date) -> None:
        self.school = school
        self.day = day

    @cached_property
    def pupils(self) -> list[Pupil]:
        return [p for p in self.school.pupils if p.enrolled <= self.day]

    @cached_property
    def guardians(self) -> list[Guardian]:
        return [g for g in self.school.guardians if g.pupil.enrolled <= self.day]

    @cached_property
    def movements(self) -> list[Movement]:
        return [m for m in self.school.movements if m.day <= self.day]

    @cached_property
    def applications(self) -> list[tuple[Pupil, Application]]:
        return [
            (pupil, pupil.application)
            for pupil in self.pupils
            if pupil.application is not None and pupil.application.applied <= self.day
        ]

    @cached_property
    def lessons(self) -> list[ShownLesson]:
        shown = (self._shown(x) for x in self.school.lessons if x.day <= self.day)
        return [s for s in shown if s.filled or s.lesson.shown_empty]

    @cached_property
    def _moving(self) -> dict[int, list[Mark]]:
        """Marks that still stand at another lesson than they will, by that lesson."""
        found: dict[int, list[Mark]] = {}
        for mark in (m for lesson in self.school.lessons for m in lesson.marks if m.moved):
            standing = mark.lesson_on(self.day)
            if standing is not mark.lesson:
                found.setdefault(standing.code, []).append(mark)
        return found

    def _shown(self, lesson: Lesson) -> ShownLesson:
        filled = lesson.entered is not None and lesson.entered.date() <= self.day
        standing = [m for m in lesson.marks if m.lesson_on(self.day) is lesson]
        standing += self._moving.get(lesson.code, [])
        marks = [m for m in standing if m.entered.date() <= self.day] if filled else []
        return ShownLesson(lesson, filled, marks, lesson.absences if filled else [])

    @cached_property
    def term_marks(self) -> list[TermMark]:
        return [t for t in self.school.term_marks if t.entered.date() <= self.day]

    def since(self, day: date | None) -> date | None:
        """``day`` if it has come, else None: nobody writes down what has not happened."""
        return day if day is not None and day <= self.day else None
