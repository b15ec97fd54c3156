"""What is known of a school at the end of a business date: the ground of every rule."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime
from functools import cached_property

from sandbox.accepted import absence_ok, lesson_ok, mark_ok
from sandbox.compliance.keys import Keys
from sandbox.compliance.looks import Looks
from sandbox.measures import attendance_taken
from sandbox.members import Class, Pupil
from sandbox.model import Absence, Hours, Lesson, Mark, School
from sandbox.regulations import REGULATIONS, Regulation
from sandbox.view import ShownLesson, View

# Codes are said in words; every other scale is one of marks.
WORDS = "code"


class Known:
    """``day``: the business date; ``last``: the last accepted look until then."""

    def __init__(self, school: School, day: date, looks: Looks) -> None:
        self.school = school
        self.day = day
        self.looks = looks
        self.last: datetime = looks.until(day)[-1]
        self.view = View(school, self.last.date())
        self.regulation: Regulation = REGULATIONS[school.profile]
        self.keys = Keys(school)

    @cached_property
    def rows(self) -> dict[int, ShownLesson]:
        """Accepted rows of lessons by the lesson's number."""
        return {s.lesson.code: s for s in self.view.lessons if lesson_ok(s.lesson)}

    @cached_property
    def scheduled(self) -> list[tuple[Lesson, ShownLesson | None]]:
        """Scheduled lessons with their rows, where there are any. A timetable tells the lessons
        up to the business date, and a look that one was cancelled; Dnevnik.ru tells those that it
        showed."""
        listed = self.school.system == "dnevnik_ru"
        known = ((x, self.rows.get(x.code)) for x in self.school.lessons if x.day <= self.day)
        return [
            (lesson, shown)
            for lesson, shown in known
            if (not listed if shown is None else not lesson.status)
        ]

    @cached_property
    def of_day(self) -> dict[date, list[tuple[Lesson, ShownLesson | None]]]:
        """Scheduled lessons by date."""
        found: dict[date, list[tuple[Lesson, ShownLesson | None]]] = {}
        for lesson, shown in self.scheduled:
            found.setdefault(lesson.day, []).append((lesson, shown))
        return found

    @cached_property
    def held(self) -> list[ShownLesson]:
        return [shown for _, shown in self.scheduled if shown is not None and shown.held]

    @cached_property
    def attendance(self) -> set[int]:
        """Numbers of held lessons whose attendance was taken."""
        return {s.lesson.code for s in self.held if attendance_taken(self.view, s)}

    @cached_property
    def marks(self) -> list[tuple[Mark, ShownLesson]]:
        """Accepted marks of accepted lessons, as they stand."""
        return [(m, s) for s in self.rows.values() for m in s.marks if mark_ok(m)]

    @cached_property
    def marks_of(self) -> dict[tuple[int, int], list[tuple[Mark, ShownLesson]]]:
        """Marks by numbers of pupil and subject."""
        found: dict[tuple[int, int], list[tuple[Mark, ShownLesson]]] = {}
        for mark, shown in self.marks:
            key = (mark.pupil.person.code, shown.lesson.slot.subject.code)
            found.setdefault(key, []).append((mark, shown))
        return found

    @cached_property
    def absences(self) -> dict[tuple[int, int], Absence]:
        """Accepted absences by numbers of lesson and pupil."""
        return {
            (s.lesson.code, a.pupil.person.code): a
            for s in self.rows.values()
            for a in s.absences
            if absence_ok(a)
        }

    @cached_property
    def marked(self) -> set[tuple[int, int]]:
        """Numbers of lesson and pupil where a mark stands."""
        return {(s.lesson.code, m.pupil.person.code) for m, s in self.marks}

    @cached_property
    def _groups(self) -> dict[int, set[int]]:
        """Groups by pupil, as marks and absences show them."""
        found: dict[int, set[int]] = {}
        for lesson, pupil in {*self.marked, *self.absences}:
            group = self.rows[lesson].lesson.slot.group
            if group is not None:
                found.setdefault(pupil, set()).add(group.code)
        return found

    def own(self, pupil: Pupil, lesson: Lesson) -> bool:
        """Whether the lesson is the pupil's: of the class, or of a group that shows the pupil."""
        group = lesson.slot.group
        return group is None or group.code in self._groups.get(pupil.person.code, set())

    def attended(self, pupil: Pupil, lesson: Lesson) -> bool:
        row, code = self.rows.get(lesson.code), pupil.person.code
        if row is None or not row.held or lesson.status:
            return False
        absence = self.absences.get((lesson.code, code))
        if absence is not None:
            return absence.status == "late"
        return lesson.code in self.attendance or (lesson.code, code) in self.marked

    @cached_property
    def by_course(self) -> dict[tuple[int, int], list[Lesson]]:
        """Scheduled lessons by numbers of class and subject, in the order of time."""
        found: dict[tuple[int, int], list[Lesson]] = {}
        for lesson, _ in sorted(self.scheduled, key=lambda x: (x[0].day, x[0].slot.number)):
            slot = lesson.slot
            found.setdefault((slot.class_.code, slot.subject.code), []).append(lesson)
        return found

    def exempt(self, pupil: Pupil, hours: Hours, start: date, finish: date) -> bool:
        """Whether an absence or a mark within the span says that the pupil is exempt."""
        code, subject = pupil.person.code, hours.subject.code
        said = any(
            mark.value_on(self.last.date()) == "exempt" and start <= shown.lesson.day <= finish
            for mark, shown in self.marks_of.get((code, subject), [])
        )
        return said or any(
            absence.status == "exempt"
            for lesson in self.by_course.get((hours.class_.code, subject), [])
            if start <= lesson.day <= finish
            and (absence := self.absences.get((lesson.code, code))) is not None
        )

    def scale_marks(self, pupil: Pupil, hours: Hours, start: date, finish: date) -> int:
        """Marks on a scale dated within the span."""
        key = (pupil.person.code, hours.subject.code)
        return sum(
            mark.scale != WORDS and start <= shown.lesson.day <= finish
            for mark, shown in self.marks_of.get(key, [])
        )

    def pupils(self, class_: Class, day: date) -> Iterator[Pupil]:
        """Pupils whom the source shows in the class on ``day``."""
        for pupil in self.view.pupils:
            if pupil.class_ is class_ and self.first_day(pupil) <= day:
                left = self.view.since(pupil.left)
                if left is None or day < left:
                    yield pupil

    def first_day(self, pupil: Pupil) -> date:
        """Dnevnik.ru tells no day: whoever is there was there."""
        return date.min if self.school.system == "dnevnik_ru" else pupil.enrolled
