"""Classes, subjects, terms and people of a school in Dnevnik.ru's words."""

from __future__ import annotations

from collections.abc import Iterator

from sandbox.members import Person, Pupil
from sandbox.model import School
from sandbox.params import SCHOOL_YEAR
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
        found: dict[str, list[Json]] = {}
        for hours in self._school.hours:
            group = str(self._id("group", hours.class_.code))
            found.setdefault(group, []).append(
                subject_row(self._school, self._id, hours.subject.code)
            )
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
        """Pupils by group: ``{"since", "row"}``."""
        found: dict[str, list[Json]] = {}
        for class_ in self._school.classes:
            pupils = self._school.class_pupils(class_)
            found[str(self._id("group", class_.code))] = [self._member(p) for p in pupils]
        for group in self._school.groups:
            found[str(self._id("subgroup", group.code))] = [self._member(p) for p in group.pupils]
        return found

    def _member(self, pupil: Pupil) -> Json:
        person = pupil.person
        user = self._id("user", person.code) if person.uid else None
        return {
            "since": str(pupil.enrolled),
            "row": {
                **twins("id", self._id("person", person.code)),
                **twins("userId", user),
                "firstName": person.given,
                "lastName": person.surname,
                "middleName": person.patronymic,
                "shortName": _short(person),
                "sex": "Female" if person.female else "Male",
            },
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
        teacher = self._school.teachers[place]
        code = teacher.person.code
        closed = not teacher.access and code % 2 == 0  # never had a login, or lost it
        user = None if closed else self._id("user", code)
        return {
            **twins("person", self._id("person", code)),
            **twins("userId", user),
            "active": teacher.access or closed,
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
