"""Planting what breaks a regulation: late, changed, moved, missing.

Each is something a school could have done. What may still change is planted on the evenings on
which the hub looks; what a journal dates itself also on days before, within seconds of a deadline.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime, time, timedelta
from random import Random
from typing import TypeVar

from sandbox.marking import WORKS
from sandbox.members import Class
from sandbox.model import Lesson, Mark, School, TermMark
from sandbox.params import Params
from sandbox.school import random_for

T = TypeVar("T")

_DATED = frozenset({"paragraf", "dnevnik_ru"})  # their marks tell when they were entered
_SAID = {"paragraf": "exempt", "dnevnik_ru": "exempt", "netschool": "not_assessed"}
# Days that some regulation gives for the marks of some kinds of work.
_WORKS_BY_DAYS = {
    0: frozenset({"lesson", "oral", "homework"}),
    3: frozenset({"control", "test"}),
    7: frozenset({"written", "independent", "project"}),
}
_UNFURNISHED_PLACE = 3  # of every four schools of a system
_NO_HOLIDAYS_PLACE = 9  # of every ten
_UNREADABLE_PLACE = 4  # of the schools of Paragraf, this one


def violate(school: School, params: Params, place: int) -> None:
    """Plant violations; ``place`` counts the schools of a system from 0."""
    planter = _Planter(school, params)
    planter.around_deadlines()
    planter.late_marks()
    planter.corrections()
    planter.moves()
    planter.term_marks()
    if place % 4 == _UNFURNISHED_PLACE:
        planter.unfurnished_class()
    school.lists_holidays = place % 10 != _NO_HOLIDAYS_PLACE
    if school.system == "paragraf" and place == _UNREADABLE_PLACE:
        came = [day for day in planter.evenings[1:-1] if day not in school.missing_uploads]
        school.unreadable_uploads = came[:1]


class _Planter:
    """Takes marks and lessons of one school, each at most once."""

    def __init__(self, school: School, params: Params) -> None:
        self._school = school
        self.evenings = params.dates
        self._rng: Random = random_for(params.seed, school.code, "violations")
        # Nothing of these was entered or changed once the hub had begun to look.
        before = self._before = self.evenings[0] - timedelta(days=1)
        self._lessons = self._shuffled(
            x
            for x in school.lessons
            if x.flaw is None and x.named is None and x.held and not x.status and x.entered
            and x.entered.date() < before and all(m.entered.date() < before for m in x.marks)
        )  # fmt: skip
        self._marks = self._shuffled(
            m for x in self._lessons for m in x.marks if _plain(m) and m.scale == "5"
        )
        self._codes = max((m.code for x in school.lessons for m in x.marks), default=0)

    def _shuffled(self, things: Iterable[T]) -> list[T]:
        found = list(things)
        self._rng.shuffle(found)
        return found

    def around_deadlines(self) -> None:
        """Entries a second before midnight, at midnight and a second after it."""
        if self._school.system not in _DATED:
            return
        for seconds in (-1, 0, 1, -1, 0, 1):
            lesson = self._lessons.pop()
            lesson.entered = self._midnight(lesson, 0, seconds)
            lesson.changed = None
            for absence in lesson.absences:
                absence.entered = lesson.entered
            for mark in lesson.marks:
                mark.entered = lesson.entered
        for days, works in _WORKS_BY_DAYS.items():
            for seconds in (-1, 0, 1):
                found = self._take(works)
                if found is not None and found.lesson.day < self._before - timedelta(days=days + 1):
                    found.entered = self._midnight(found.lesson, days, seconds)

    def _midnight(self, lesson: Lesson, days: int, seconds: int) -> datetime:
        midnight = datetime.combine(lesson.day + timedelta(days=days + 1), time())
        return midnight + timedelta(seconds=seconds)

    def _take(self, works: frozenset[str] = frozenset(WORKS)) -> Mark | None:
        found = next((mark for mark in self._marks if mark.work in works), None)
        if found is not None:
            self._marks.remove(found)
        return found

    def late_marks(self) -> None:
        """Marks of past weeks that were not there when the hub first looked."""
        for day in self.evenings[1:]:
            for _ in range(2):
                self._late_mark(day)

    def _late_mark(self, day: date) -> None:
        lesson = self._lessons.pop()
        present = [
            p
            for p in self._school.lesson_pupils(lesson)
            if p.person.code not in {a.pupil.person.code for a in lesson.absences}
        ]
        if present:
            self._codes += 1
            at = datetime.combine(day, time(10, self._rng.randrange(60)))
            pupil = self._rng.choice(present)
            work = self._rng.choice(("lesson", "written", "control"))
            lesson.marks.append(Mark(self._codes, pupil, lesson, "5", "4", work, day, at))

    def corrections(self) -> None:
        """Marks that get another value while the hub looks."""
        for day in self.evenings[1:]:
            for mark in (self._take(), self._take()):
                if mark is not None:
                    mark.earlier_value = "3" if mark.value == "4" else "4"
                    mark.corrected = day

    def moves(self) -> None:
        """Marks that go to another lesson of their subject, where they have a number of their own
        and so remain the same marks."""
        if self._school.system not in _DATED:
            return
        for day in self.evenings[1:]:
            pair = next(
                ((m, x) for m in self._marks for x in self._lessons if _could_move(m, x)), None
            )
            if pair is not None:
                mark, lesson = pair
                self._marks.remove(mark)
                self._lessons.remove(lesson)
                mark.earlier_lesson, mark.moved = lesson, day

    def unfurnished_class(self) -> None:
        """A class that was opened and left there: no curriculum, no timetable, no pupils."""
        classes = self._school.classes
        classes.append(Class(len(classes) + 1, classes[-1].grade, "я"))
        self._school.index_pupils()

    def term_marks(self) -> None:
        """Missing, late, in words, changed before the end of the term and after it."""
        totals = self._shuffled(t for t in self._school.term_marks if t.scale == "5")
        if len(totals) < 20:
            return
        over = [day for day in self.evenings if day > totals[0].term.finish]
        gone = {id(totals.pop()) for _ in range(3)}
        self._school.term_marks = [t for t in self._school.term_marks if id(t) not in gone]
        for _ in range(2):
            total = totals.pop()
            total.scale, total.value = "code", _SAID[self._school.system]
        for day in over:
            late, changed = totals.pop(), totals.pop()
            late.entered = datetime.combine(day, time(11, 5))
            _correct(changed, day)
        for day in self.evenings[1:2]:
            _correct(totals.pop(), day)


def _plain(mark: Mark) -> bool:
    return mark.flaw is None and mark.twin is None and mark.corrected is None


def _could_move(mark: Mark, lesson: Lesson) -> bool:
    """Whether the mark could have stood at ``lesson``, which has a work of its kind."""
    return (
        lesson is not mark.lesson
        and lesson.slot.subject is mark.lesson.slot.subject
        and lesson.slot.class_ is mark.lesson.slot.class_
        and lesson.slot.group is mark.lesson.slot.group
        and mark.pupil.attends(lesson.day)
        and any(m.work == mark.work for m in lesson.marks)
        and all(m.pupil is not mark.pupil for m in lesson.marks)
    )


def _correct(total: TermMark, day: date) -> None:
    total.earlier_value = "3" if total.value == "4" else "4"
    total.corrected = day
