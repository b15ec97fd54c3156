"""The canonical records of a school as the contract should have them, made from the model alone.

References are natural descriptors: a class is its name, a person the full name, a lesson the
tuple of ``lesson_key``. Records of an entity that has a ``source_key`` are compared without it.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from sandbox.calendar import BELL_TIMETABLE
from sandbox.members import Class, Papers, Person
from sandbox.model import Group, Lesson, School
from sandbox.params import YEAR_END, YEAR_START
from sandbox.view import ShownLesson, View

Record = dict[str, Any]
Records = dict[str, list[Record]]

ZONE = ZoneInfo("Europe/Moscow")
HOLIDAYS = {"Каникулы": "vacation", "Праздник": "public_holiday", "Карантин": "quarantine"}
MOVEMENTS = {"Зачисление": "enrolment", "Перевод": "transfer", "Выбытие": "withdrawal"}
GENDERS = {"М": "male", "Ж": "female"}
CITIZENSHIPS = {"Гражданин РФ": "russian", "Иностранный гражданин": "foreign"}
DOCUMENTS = {
    "Свидетельство о рождении": "birth_certificate",
    "Паспорт гражданина РФ": "passport",
    "Паспорт иностранного гражданина": "foreign_passport",
}
STATUSES = {"": "scheduled", "cancelled": "cancelled", "merged": "merged"}
WORKS = {"lesson": "lesson_work"}  # the others are called as in the model


def expected(school: School, day: date) -> Records:
    """Records by entity, as the journal stands on the evening of ``day``."""
    view = View(school, day)
    return {
        **_year(view),
        **_structure(view),
        **_people(view),
        **_orders(view),
        **_plans(view),
        "lesson": [_lesson(shown) for shown in view.lessons],
        "mark": [record for shown in view.lessons for record in _marks(shown, view)],
        "attendance": [record for shown in view.lessons for record in _attendance(shown, view)],
        "term_mark": [
            {
                "pupil": _name(t.pupil.person),
                "subject_key": t.subject.name,
                "term_key": t.term.name,
                "value": t.value,
                "scale": t.scale,
                "entered_at": _moment(t.entered),
            }
            for t in view.term_marks
        ],
    }


def lesson_key(lesson: Lesson) -> tuple[Any, ...]:
    """Day, number, class, group, subject."""
    slot = lesson.slot
    group = slot.group.name if slot.group else None
    return lesson.day, slot.number, slot.class_.name, group, slot.subject.name


def group_key(group: Group | None) -> tuple[str, str] | None:
    return (group.class_.name, group.name) if group else None


def _name(person: Person) -> str:
    return person.full_name


def _moment(moment: datetime | None) -> datetime | None:
    return moment.replace(tzinfo=ZONE).astimezone(ZoneInfo("UTC")) if moment else None


def _year(view: View) -> Records:
    terms: list[Record] = [
        {
            "name": t.name,
            "kind": "quarter",
            "number": t.number,
            "start": t.start,
            "finish": t.finish,
        }
        for t in view.school.terms
    ]
    year = {
        "name": "Учебный год",
        "kind": "year",
        "number": 1,
        "start": YEAR_START,
        "finish": YEAR_END,
    }
    return {
        "term": [*terms, year],
        "bell": [
            {
                "timetable": BELL_TIMETABLE,
                "number": b.number,
                "start": f"{b.start:%H:%M}",
                "finish": f"{b.finish:%H:%M}",
            }
            for b in view.school.bells
        ],
        "holiday": [
            {"name": h.name, "kind": HOLIDAYS[h.kind], "start": h.start, "finish": h.finish}
            for h in view.school.holidays
        ],
    }


def _structure(view: View) -> Records:
    school = view.school
    return {
        "class_": [
            {"name": c.name, "grade_level": c.grade, "letter": c.letter} for c in school.classes
        ],
        "subject": [{"name": s.name} for s in school.subjects],
        "group": [
            {"class_key": g.class_.name, "subject_key": g.subject.name, "name": g.name}
            for g in school.groups
        ],
        "curriculum_hours": [
            {
                "class_key": h.class_.name,
                "subject_key": h.subject.name,
                "hours_per_week": float(h.planned),
            }
            for h in school.hours
        ],
    }


def _identity(person: Person) -> Record:
    return {
        "person": _name(person),
        "full_name": _name(person),
        "birth_date": person.birth,
        "snils": person.snils,
        "phone": person.phone,
        "email": person.email,
    }


def _papers(papers: Papers) -> Record:
    document = papers.document
    return {
        "gender": GENDERS[papers.gender] if papers.gender else None,
        "citizenship": CITIZENSHIPS[papers.citizenship] if papers.citizenship else None,
        "document_kind": DOCUMENTS[document.kind] if document else None,
        "document_series": document.series if document else None,
        "document_number": document.number if document else None,
        "document_issued": document.issued if document else None,
    }


def _people(view: View) -> Records:
    teachers, pupils = view.school.teachers, view.pupils
    people = [("pupil", p.person) for p in pupils] + [("staff", t.person) for t in teachers]
    return {
        "staff_member": [{**_identity(t.person), "position": t.position} for t in teachers],
        "pupil": [{**_identity(p.person), **_papers(p.papers)} for p in pupils],
        "guardian": [
            {
                "person": _name(g.person),
                "pupil": _name(g.pupil.person),
                "full_name": _name(g.person),
                "phone": g.person.phone,
                "email": g.person.email,
                "relation": g.relation,
            }
            for g in view.guardians
        ],
        "enrolment": [
            {
                "pupil": _name(p.person),
                "class_key": p.class_.name,
                "start": p.enrolled,
                "finish": view.since(p.left),
            }
            for p in pupils
        ],
        "access_account": [{"person": _name(t.person), "active": t.access} for t in teachers],
        "uid": [
            {
                "role": role,
                "person": _name(person),
                "full_name": None,
                "class_name": None,
                "uid": person.uid,
            }
            for role, person in people
            if person.uid
        ],
    }


def _orders(view: View) -> Records:
    guardians = {g.pupil.person.code: _name(g.person) for g in view.guardians}
    return {
        "movement": [
            {
                "pupil": _name(m.pupil.person),
                "kind": MOVEMENTS[m.kind],
                "date": m.day,
                "order_number": m.order,
                "order_date": m.day,
                "from_class_key": _class(m.from_class),
                "to_class_key": _class(m.to_class),
                "other_school": m.other_school,
            }
            for m in view.movements
        ],
        "consent": [
            {
                "pupil": _name(pupil.person),
                "full_name": None,
                "class_name": None,
                "applicant_name": guardians[pupil.person.code],
                "applied_on": a.applied,
                "registered_on": view.since(a.registered),
                "refused_on": view.since(a.refused),
            }
            for pupil, a in view.applications
        ],
    }


def _class(class_: Class | None) -> str | None:
    return class_.name if class_ else None


def _plans(view: View) -> Records:
    school = view.school
    return {
        "teaching_load": [
            {
                "teacher": _name(x.teacher.person),
                "class_key": x.class_.name,
                "group_key": group_key(x.group),
                "subject_key": x.subject.name,
                "hours_per_week": float(x.per_week),
            }
            for x in school.loads
        ],
        "timetable_slot": [
            {
                "class_key": s.class_.name,
                "group_key": group_key(s.group),
                "subject_key": s.subject.name,
                "teacher": _name(s.teacher.person),
                "weekday": s.weekday,
                "number": s.number,
                "valid_from": s.valid_from,
                "valid_to": s.valid_to,
            }
            for s in school.slots
        ],
    }


def _lesson(shown: ShownLesson) -> Record:
    lesson, slot, filled = shown.lesson, shown.lesson.slot, shown.filled
    entered: Record = {
        "substitute": _name(lesson.substitute.person) if lesson.substitute else None,
        "topic": lesson.topic,
        "homework": lesson.homework,
        "attachment": lesson.attachment,
        "entered_at": _moment(lesson.entered),
        "changed_at": _moment(lesson.changed),
    }
    return {
        "date": lesson.day,
        "number": slot.number,
        "class_key": slot.class_.name,
        "group_key": group_key(slot.group),
        "subject_key": slot.subject.name,
        "teacher": _name(slot.teacher.person),
        **(entered if filled else dict.fromkeys(entered)),
        "homework_not_set": filled and lesson.not_set,
        "held": shown.held,
        "status": STATUSES[lesson.status],
        "attendance_taken": filled and lesson.attendance_taken,
    }


def _marks(shown: ShownLesson, view: View) -> Iterable[Record]:
    for mark in shown.marks:
        yield {
            "pupil": _name(mark.pupil.person),
            "lesson_key": lesson_key(mark.lesson),
            "subject_key": mark.lesson.slot.subject.name,
            "date": mark.lesson.day,
            "value": mark.value_on(view.day),
            "scale": mark.scale,
            "work_type": WORKS.get(mark.work, mark.work),
            "given_on": mark.given,
            "entered_at": _moment(mark.entered),
        }


def _attendance(shown: ShownLesson, view: View) -> Iterable[Record]:
    """The absent and, where attendance was taken, the present."""
    absent = {absence.pupil.person.code for absence in shown.absences}
    noted = [(a.pupil, a.status, a.entered) for a in shown.absences]
    if shown.filled and shown.lesson.attendance_taken:
        noted += [
            (pupil, "present", shown.lesson.entered)
            for pupil in view.school.lesson_pupils(shown.lesson)
            if pupil.person.code not in absent
        ]
    for pupil, status, entered in noted:
        yield {
            "pupil": _name(pupil.person),
            "lesson_key": lesson_key(shown.lesson),
            "status": status,
            "entered_at": _moment(entered),
        }
