"""A weekly timetable in which no teacher and no class is asked to be in two places."""

from __future__ import annotations

from datetime import date, timedelta
from random import Random

from sandbox.members import Class, Teacher
from sandbox.model import Group, School, Slot, Subject
from sandbox.params import YEAR_END, YEAR_START

LAST_LESSON = 9

Teaching = dict[tuple[int, int, int], Teacher]  # (class, subject, group or 0) -> teacher

# When a teacher hands a lesson over for good, the old slot ends and a new one begins.
HANDOVER = date(2026, 9, 14)


class Timetabler:
    """Places the lessons of a school's curriculum into its week."""

    def __init__(self, school: School, teaching: Teaching, rng: Random) -> None:
        self._school = school
        self._teaching = teaching
        self._rng = rng
        self._busy: set[tuple[int, int, int]] = set()  # (teacher, weekday, number)
        self._filled: dict[tuple[int, int], int] = {}  # (class, weekday) -> lessons so far

    def build(self) -> list[Slot]:
        """The slots of the whole school year."""
        for class_ in self._school.classes:
            wanted = [
                hours.subject
                for hours in self._school.hours
                if hours.class_ is class_
                for _ in range(hours.per_week)
            ]
            self._rng.shuffle(wanted)
            for subject in wanted:
                self._place(class_, subject)
        return self._school.slots

    def _place(self, class_: Class, subject: Subject) -> None:
        groups = [g for g in self._school.groups if g.class_ is class_ and g.subject is subject]
        parts: list[Group | None] = [*groups] or [None]
        teachers = [
            self._teaching[class_.code, subject.code, group.code if group else 0] for group in parts
        ]
        weekday, number = self._free_place(class_, subject, teachers)
        self._filled[class_.code, weekday] = max(
            self._filled.get((class_.code, weekday), 0), number
        )
        for group, teacher in zip(parts, teachers, strict=True):
            self._busy.add((teacher.person.code, weekday, number))
            self._add(class_, group, subject, teacher, weekday, number)

    def _free_place(
        self, class_: Class, subject: Subject, teachers: list[Teacher]
    ) -> tuple[int, int]:
        week = range(1, 7 if self._school.saturday else 6)
        taught = {
            (s.weekday) for s in self._school.slots if s.class_ is class_ and s.subject is subject
        }
        by_load = sorted(week, key=lambda d: (d in taught, self._filled.get((class_.code, d), 0)))
        for weekday in by_load:
            number = self._filled.get((class_.code, weekday), 0) + 1
            if number <= LAST_LESSON and not any(
                (t.person.code, weekday, number) in self._busy for t in teachers
            ):
                return weekday, number
        # Nobody is free at once: the class waits a lesson, which leaves it a window.
        for number in range(1, 16):
            for weekday in by_load:
                if number > self._filled.get((class_.code, weekday), 0) and not any(
                    (t.person.code, weekday, number) in self._busy for t in teachers
                ):
                    return weekday, number
        raise RuntimeError("the week is too short for the curriculum")

    def _add(
        self,
        class_: Class,
        group: Group | None,
        subject: Subject,
        teacher: Teacher,
        weekday: int,
        number: int,
    ) -> None:
        slots = self._school.slots
        slots.append(
            Slot(
                len(slots) + 1,
                class_,
                group,
                subject,
                teacher,
                weekday,
                number,
                YEAR_START,
                YEAR_END,
            )
        )


def hand_over(school: School) -> None:
    """From ``HANDOVER`` on another teacher of the subject gives one of the lessons."""
    for slot in school.slots:
        heir = next((t for t in school.teachers if t is not slot.teacher and t.access), None)
        if heir is not None and slot.group is None:
            slot.valid_to = HANDOVER - timedelta(days=1)
            school.slots.append(
                Slot(
                    len(school.slots) + 1,
                    slot.class_,
                    None,
                    slot.subject,
                    heir,
                    slot.weekday,
                    slot.number,
                    HANDOVER,
                    YEAR_END,
                )
            )
            return
