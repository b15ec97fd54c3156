"""The journal as its teachers keep it: well, badly, late, or not at all."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from random import Random

from sandbox.calendar import days
from sandbox.curriculum import HOMEWORK, TOPICS
from sandbox.marking import Marker
from sandbox.members import Diligence, Pupil
from sandbox.model import Absence, Lesson, School, Slot
from sandbox.params import YEAR_START, Params

LAST_ENTRY = time(17, 30)  # uploads are made later in the evening


def keep_journal(school: School, params: Params, rng: Random) -> None:
    """Give ``school`` its lessons from the year's start to ``params.until``."""
    Keeper(school, params, rng).keep()


class Keeper:
    """Walks through the school days and fills in what each teacher would fill in."""

    def __init__(self, school: School, params: Params, rng: Random) -> None:
        self._school = school
        self._until = params.until
        self._rng = rng
        self._marker = Marker(school, rng)
        self._ill: dict[int, date] = {}  # pupil -> last day of illness

    def keep(self) -> None:
        by_weekday: dict[int, list[Slot]] = {}
        for slot in self._school.slots:
            by_weekday.setdefault(slot.weekday, []).append(slot)
        for day in days(YEAR_START, self._until):
            if not self._school.is_school_day(day):
                continue
            self._fall_ill(day)
            for slot in by_weekday.get(day.isoweekday(), []):
                if slot.valid_from <= day <= slot.valid_to:
                    self._school.lessons.append(self._give(slot, day))
        self._marker.grade_terms(self._until)

    def _fall_ill(self, day: date) -> None:
        for pupil in self._school.pupils:
            if self._rng.random() < 0.008:
                self._ill[pupil.person.code] = day + timedelta(days=self._rng.randint(1, 6))

    def _give(self, slot: Slot, day: date) -> Lesson:
        rng = self._rng
        lesson = Lesson(len(self._school.lessons) + 1, slot, day)
        lesson.shown_empty = self._school.system == "dnevnik_ru" or rng.random() < 0.6
        diligence = slot.teacher.diligence
        chance = rng.random()
        if chance < 0.01:
            self._cancel(lesson)
            return lesson
        if chance < 0.04:
            others = [t for t in self._school.teachers if t is not slot.teacher]
            lesson.substitute = rng.choice(others)
            diligence = lesson.substitute.diligence
        if rng.random() < diligence.unfilled:
            return lesson
        entered = self._entry(day, slot.number, diligence)
        if entered.date() <= self._until:
            self._fill(lesson, diligence, entered)
        return lesson

    def _cancel(self, lesson: Lesson) -> None:
        merged = self._school.system != "dnevnik_ru" and self._rng.random() < 0.4
        lesson.status = "merged" if merged else "cancelled"
        lesson.shown_empty = True

    def _entry(self, day: date, number: int, diligence: Diligence) -> datetime:
        """When the lesson is written down: after the bell, or days later by the negligent."""
        rng = self._rng
        late = rng.random() < diligence.late
        on = day + timedelta(days=rng.choice((1, 1, 2, 3, 5, 8)) if late else 0)
        minute = min(8 * 60 + 30 + number * 55 + rng.randrange(60), 17 * 60 + 29)
        return datetime.combine(on, time(minute // 60, minute % 60, rng.randrange(60)))

    def _fill(self, lesson: Lesson, diligence: Diligence, entered: datetime) -> None:
        rng = self._rng
        lesson.entered = entered
        lesson.held = rng.random() >= 0.01
        if not lesson.held or rng.random() >= diligence.no_topic:
            lesson.topic = rng.choice(TOPICS[lesson.slot.subject.name])
        if not lesson.held:
            # The sign was forgotten (Dnevnik.ru cannot say so: there the lesson stays planned).
            if self._school.system == "dnevnik_ru":
                lesson.entered = lesson.topic = None
            return
        self._set_homework(lesson, diligence)
        if rng.random() < 0.05:
            lesson.changed = datetime.combine(entered.date(), LAST_ENTRY)
        self._take_attendance(lesson, diligence, entered)
        if rng.random() >= diligence.no_marks:
            self._marker.mark(lesson, entered, self._until)

    def _set_homework(self, lesson: Lesson, diligence: Diligence) -> None:
        rng = self._rng
        if rng.random() < 0.15:
            lesson.not_set = True
        elif rng.random() >= diligence.no_homework:
            page = rng.randint(3, 180)
            lesson.homework = rng.choice(HOMEWORK).format(n=page, m=page + rng.randint(1, 4))
            if self._school.system == "paragraf" and rng.random() < 0.02:
                lesson.attachment = f"zadanie_{lesson.code}.docx"

    def _take_attendance(self, lesson: Lesson, diligence: Diligence, entered: datetime) -> None:
        lesson.attendance_taken = self._rng.random() >= diligence.no_attendance
        # Some write the absent down and forget the sign; others forget both.
        if not lesson.attendance_taken and self._rng.random() < 0.6:
            return
        for pupil in self._school.lesson_pupils(lesson):
            status = self._absence(pupil, lesson)
            if status:
                lesson.absences.append(Absence(pupil, lesson, status, entered))

    def _absence(self, pupil: Pupil, lesson: Lesson) -> str | None:
        if self._ill.get(pupil.person.code, date.min) >= lesson.day:
            return "ill"
        if pupil.exempt_from == lesson.slot.subject.name and self._school.system != "dnevnik_ru":
            return "exempt"
        chance = self._rng.random()
        if chance >= 0.022:
            return None
        statuses = ("absent", "excused", "late", "unexcused")
        if self._school.system == "dnevnik_ru":
            statuses = ("absent", "excused", "late", "absent")
        return statuses[int(chance / 0.0055)]
