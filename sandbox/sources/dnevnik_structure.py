"""Classes, subjects, terms and people of a school in Dnevnik.ru's words."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import time
from itertools import pairwise

from sandbox.calendar import BELL_TIMETABLE
from sandbox.members import Person, Pupil
from sandbox.model import School
from sandbox.params import SCHOOL_YEAR, YEAR_START
from sandbox.sources.dnevnik_words import KINDS, TITLES, WORKS, Ids, Json, subject_row, twins


class Structure:
    """What changes seldom."""

    def __init__(self, school: School, ids: Ids) -> None:
        self._school = school
        self._id = ids

    def classes(self) -> Iterator[Json]:
        for class_ in self._school.classes:
            subjects = [
                subject_row(self._school, self._id, h.subject.code)
                for h in self._school.hours
                if h.class_ is class_
            ]
            yield {
                **twins("id", self._id("group", class_.code)),
                "parentIds": [],
                "parentIds_str": [],
                "type": "Group",
                "name": class_.name,
                "fullName": class_.name,
                "parallel": class_.grade,
                "timetable": None,
                "status": "Active",
                "studyyear": SCHOOL_YEAR,
                "subjects": subjects,
                "journalType": "Academic",
            }

    def subgroups(self) -> Iterator[Json]:
        for group in self._school.groups:
            parent = self._id("group", group.class_.code)
            yield {
                **twins("id", self._id("subgroup", group.code)),
                "parentIds": [parent],
                "parentIds_str": [str(parent)],
                "type": "Subgroup",
                "name": group.name,
                "fullName": f"{group.class_.name} {group.name}",
                "parallel": group.class_.grade,
                "timetable": None,
                "status": "Active",
                "studyyear": SCHOOL_YEAR,
                "subjects": [subject_row(self._school, self._id, group.subject.code)],
                "journalType": "Academic",
            }

    def subjects(self) -> dict[str, list[Json]]:
        found: dict[str, list[Json]] = {
            str(self._id("group", class_.code)): [] for class_ in self._school.classes
        }
        for hours in self._school.hours:
            group = str(self._id("group", hours.class_.code))
            found[group].append(subject_row(self._school, self._id, hours.subject.code))
        for part in self._school.groups:
            found[str(self._id("subgroup", part.code))] = [
                subject_row(self._school, self._id, part.subject.code)
            ]
        return found

    def period(self, place: int) -> Json:
        term = self._school.terms[place]
        return {
            **twins("id", self._id("period", term.code)),
            "start": f"{term.start}T00:00:00",
            "finish": f"{term.finish}T23:59:59",
            "number": term.number,
            "type": "Quarter",
            "name": term.name,
            "year": SCHOOL_YEAR,
        }

    def members(self) -> dict[str, list[Json]]:
        """Pupils by group: ``{"since", "until", "row"}``; ``until`` is null for those who stay."""
        found: dict[str, list[Json]] = {}
        for class_ in self._school.classes:
            pupils = self._school.class_pupils(class_)
            found[str(self._id("group", class_.code))] = [self._member(p) for p in pupils]
        for group in self._school.groups:
            found[str(self._id("subgroup", group.code))] = [self._member(p) for p in group.pupils]
        return found

    def _member(self, pupil: Pupil) -> Json:
        person = pupil.person
        return {
            "since": str(pupil.enrolled),
            "until": str(pupil.left) if pupil.left else None,
            "row": self._person(person, has_login=person.uid is not None),
        }

    def _person(self, person: Person, *, has_login: bool) -> Json:
        return {
            **twins("id", self._id("person", person.code)),
            **twins("userId", self._id("user", person.code) if has_login else None),
            "firstName": person.given,
            "lastName": person.surname,
            "middleName": person.patronymic,
            "shortName": _short(person),
            "sex": "Female" if person.female else "Male",
        }

    def teacher(self, place: int) -> Json:
        teacher = self._school.teachers[place]
        person = teacher.person
        pascal = {
            "Id": self._id("person", person.code),
            "UserId": self._id("user", person.code),
        }
        return {
            **pascal,
            **{f"{name}_str": str(value) for name, value in pascal.items()},
            "FirstName": person.given,
            "LastName": person.surname,
            "MiddleName": person.patronymic,
            "ShortName": _short(person),
            "Sex": "Female" if person.female else "Male",
            "DateBirth": f"{person.birth}T00:00:00",
            "Email": person.email,
            "Subjects": "",
            "NameTeacherPosition": teacher.position,
        }

    def membership(self, place: int) -> Json:
        """A member of the staff; without a user nobody can open the journal."""
        teacher = self._school.teachers[place]
        return self._person(teacher.person, has_login=teacher.access)

    def timetable(self) -> Json:
        """The bells of a school day; a break follows every lesson but the last."""
        bells = self._school.bells
        lessons = [self._ring(b.number, "Lesson", b.start, b.finish) for b in bells]
        breaks = [
            self._ring(100 + one.number, "Break", one.finish, next_.start)
            for one, next_ in pairwise(bells)
        ]
        return {
            "Name": BELL_TIMETABLE,
            "Start": f"{YEAR_START}T00:00:00",
            "FirstLessonNumber": bells[0].number if bells else 1,
            "Items": sorted(lessons + breaks, key=lambda item: str(item["Start"])),
        }

    def _ring(self, number: int, kind: str, start: time, finish: time) -> Json:
        return {
            "Id": self._id("bell", number),
            "Start": f"{YEAR_START}T{start:%H:%M}:00",
            "Finish": f"{YEAR_START}T{finish:%H:%M}:00",
            "Name": f"{number} урок" if kind == "Lesson" else "Перемена",
            "Type": kind,
            "DaysOfWeek": ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"],
            "LessonNumber": number % 100,
        }

    def work_type(self, work: str) -> Json:
        place = WORKS.index(work)
        return {
            **twins("id", self._id("type", place)),
            "schoolId": self._id("school", 0),
            "kindId": place + 1,
            "kind": KINDS[work],
            "title": TITLES[work],
            "abbr": TITLES[work][:2],
            "weight": 1,
        }


def _short(person: Person) -> str:
    return f"{person.surname} {person.given[0]}. {person.patronymic[0]}."
