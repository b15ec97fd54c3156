"""Marks: for lessons and kinds of work, for terms, and the ones said in words."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from random import Random

from sandbox.curriculum import COMPUTING, CRAFT, SPORT
from sandbox.members import Pupil
from sandbox.model import Lesson, Mark, School, TermMark

# Kinds of work by how often they come up.
WORKS = ("lesson", "oral", "homework", "independent", "written", "control", "test", "project")
_WORK_WEIGHTS = (46, 14, 14, 9, 6, 5, 4, 2)
_WHOLE_CLASS = frozenset({"independent", "control", "test"})
_SLOW = frozenset({"control", "written", "project"})  # read at home, marked days later

LAST_WEEK = timedelta(days=6)

# Systems whose journal has a sign for each of these; the others write something else.
_SAY_EXEMPT = frozenset({"paragraf", "dnevnik_ru", "eljur"})
_HUNDRED = frozenset({"paragraf", "dnevnik_ru"})


class Marker:
    """Gives the marks of one school."""

    def __init__(self, school: School, rng: Random) -> None:
        self._school = school
        self._rng = rng
        self._count = 0

    def mark(self, lesson: Lesson, entered: datetime, until: date) -> None:
        """Marks of a held lesson: a third of those present, or everybody for a test."""
        rng = self._rng
        absent = {a.pupil.person.code for a in lesson.absences if a.status != "late"}
        pupils = self._school.lesson_pupils(lesson)
        present = [p for p in pupils if p.person.code not in absent]
        if not present:
            return
        work = rng.choices(WORKS, _WORK_WEIGHTS)[0]
        when = entered
        if work in _SLOW and rng.random() < 0.5:
            when = entered + timedelta(days=rng.choice((1, 2, 3, 6)))
        count = len(present) if work in _WHOLE_CLASS else rng.randint(1, max(1, len(present) // 3))
        for pupil in rng.sample(present, count):
            self._give(lesson, pupil, work, when, until)
            if rng.random() < 0.04:
                self._give(lesson, pupil, "oral", entered, until)
        if rng.random() < 0.01 and len(present) < len(pupils):
            # An absent pupil with a mark: journals contain such contradictions.
            stray = next(p for p in pupils if p.person.code in absent)
            self._give(lesson, stray, "lesson", entered, until)

    def _give(
        self, lesson: Lesson, pupil: Pupil, work: str, entered: datetime, until: date
    ) -> None:
        if entered.date() > until:
            return
        scale, value = self._value(lesson, pupil, work)
        self._count += 1
        mark = Mark(self._count, pupil, lesson, scale, value, work, entered.date(), entered)
        lesson.marks.append(mark)
        if scale == "5" and self._rng.random() < 0.01:
            corrected = entered.date() + timedelta(days=self._rng.randint(1, 3))
            if corrected <= until:
                mark.corrected = corrected
                mark.earlier_value = "3" if value == "4" else "4"

    def _value(self, lesson: Lesson, pupil: Pupil, work: str) -> tuple[str, str]:
        """(scale, value) in our own words; the systems spell them each in its own way."""
        rng = self._rng
        system = self._school.system
        subject = lesson.slot.subject.name
        if lesson.slot.class_.grade == 1:
            return "pass_fail", "pass" if rng.random() < 0.95 else "fail"
        if pupil.exempt_from == subject and system in _SAY_EXEMPT:
            return "code", "exempt"
        if system in _HUNDRED and subject == COMPUTING and work == "test":
            return "100", str(rng.randint(35, 100))
        if system != "netschool":
            if subject == SPORT and rng.random() < 0.2:
                return "pass_fail", "pass" if rng.random() < 0.9 else "fail"
            if rng.random() < 0.006:
                return "code", "not_assessed"
        if system == "paragraf":
            if subject == CRAFT and rng.random() < 0.15:
                return "levels", rng.choice(("high", "above_middle", "middle", "low"))
            if work == "project" and rng.random() < 0.5:
                return "criteria", f"{rng.choice('ABCD')}{rng.randint(1, 8)}"
        if rng.random() < 0.008:
            return "code", "debt"
        return "5", self._five(pupil)

    def _five(self, pupil: Pupil) -> str:
        shifted = self._rng.gauss(3.2 + pupil.ability * 1.5, 0.75)
        return str(min(5, max(2, round(shifted))))

    def grade_terms(self, until: date) -> None:
        """Term marks for every pupil and subject of a term whose last week has begun."""
        rng = self._rng
        for term in self._school.terms:
            if until < term.finish - LAST_WEEK:
                continue
            for hours in self._school.hours:
                for pupil in self._school.class_pupils(hours.class_):
                    day = min(term.finish - timedelta(days=rng.randint(0, 6)), until)
                    if not pupil.attends(day):
                        continue
                    first = hours.class_.grade == 1
                    scale, value = ("pass_fail", "pass") if first else ("5", self._five(pupil))
                    at = datetime.combine(day, time(15, rng.randrange(60)))
                    self._school.term_marks.append(
                        TermMark(pupil, hours.subject, term, scale, value, at)
                    )
