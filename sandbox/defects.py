"""Planting defects: every one is an entry somebody could have made, in a row of its own.

A defect is there in every upload that shows its row, so the good spelling was never seen.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import date
from typing import TypeVar

from sandbox.members import Flaw, Person, Pupil, Stranger
from sandbox.model import Lesson, Mark, School
from sandbox.names import Case, inflect
from sandbox.params import Params
from sandbox.people import PeopleMaker
from sandbox.school import random_for
from sandbox.sources.dnevnik_words import Ids
from sandbox.view import View

T = TypeVar("T")

# Text fields as each system calls them: topic, homework.
_TEXTS = {
    "paragraf": ("Тема", "ДомашнееЗадание"),
    "dnevnik_ru": ("title", "title"),
    "netschool": ("Тема", "Домашнее задание"),
    "eschool": ("Тема", "Задание"),
    "klassinfo": ("Тема", "Задано на дом"),
    "eljur": ("topic", "homework"),
}
_EXTRA_COLUMNS = {"paragraf": "НомерЛичногоДела", "eljur": "room"}  # elsewhere: Кабинет
_UNKNOWN_LESSON = 9_999_999


def plant(school: School, params: Params, *, extra_column: bool) -> None:
    """Plant the defects of a school; ``extra_column``: and a column nobody has described."""
    planter = Planter(school, params)
    own = {
        "paragraf": planter.paragraf,
        "dnevnik_ru": planter.dnevnik,
        "netschool": planter.netschool,
        "eschool": planter.eschool,
        "klassinfo": planter.klassinfo,
        "eljur": planter.eljur,
    }
    own[school.system]()
    planter.names_in_text()
    if school.system != "paragraf":
        planter.lists()
    if extra_column:
        column = _EXTRA_COLUMNS.get(school.system, "Кабинет")
        school.extra_column = Flaw("", column, "unknown_column", kind="finding")


class Planter:
    """Takes rows of one school, each at most once."""

    def __init__(self, school: School, params: Params) -> None:
        self._school = school
        self._rng = random_for(params.seed, school.code, "defects")
        self._view = View(school, params.until)
        self._marks = self._plain_marks()
        self._lessons = self._lone_lessons()
        self._pupils = self._shuffled(p for p in self._view.pupils if p.left is None)

    def _shuffled(self, things: Iterable[T]) -> list[T]:
        found = list(things)
        self._rng.shuffle(found)
        return found

    def _plain_marks(self) -> list[Mark]:
        """Marks on the five-point scale, one a lesson."""
        found = (
            next((m for m in s.marks if m.scale == "5" and m.corrected is None), None)
            for s in self._view.lessons
        )
        return self._shuffled(mark for mark in found if mark is not None)

    def _lone_lessons(self) -> list[Lesson]:
        """Held lessons nothing refers to, so that refusing them leaves nothing dangling."""
        return self._shuffled(
            s.lesson
            for s in self._view.lessons
            if s.held
            and not s.lesson.marks
            and not s.lesson.absences
            and (self._school.system != "dnevnik_ru" or not s.lesson.attendance_taken)
        )

    def _mark(self, field: str, rule: str, value: str) -> None:
        self._marks.pop().flaw = Flaw("mark", field, rule, value)

    def _lesson(self, field: str, rule: str, value: str) -> None:
        if self._lessons:
            self._lessons.pop().flaw = Flaw("lesson", field, rule, value)

    def _absence(self, field: str, value: str) -> None:
        absences = [a for s in self._view.lessons for a in s.absences if a.status != "exempt"]
        if absences:
            self._rng.choice(absences).flaw = Flaw("attendance", field, "unknown_code", value)

    def _conflict(self, field: str) -> None:
        mark = self._marks.pop()
        mark.twin = "2" if mark.value != "2" else "3"
        mark.flaw = Flaw("mark", field, "conflicting_duplicate")
        mark.twin_flaw = Flaw("mark", field, "conflicting_duplicate")

    def paragraf(self) -> None:
        self._mark("Отметка", "off_scale", "7")
        self._mark("ВидРаботы", "unknown_code", "Диктант")
        self._mark("КодУрока", "dangling_reference", str(_UNKNOWN_LESSON))
        self._mark("Отметка", "missing_value", "")
        for _ in range(3):
            mark = self._marks.pop()
            mark.twin, mark.twin_flaw = "same", Flaw("mark", "", "duplicate", kind="duplicate")
        self._conflict("Код")
        self._absence("Причина", "Н/д")
        self._lesson("Дата", "bad_date", "31.09.2026")
        self._bad_uid("UID")
        self._undated_application("ДатаЗаявления")
        self._view.movements[0].flaw = Flaw("movement", "НомерПриказа", "missing_value", "")
        guardian = self._rng.choice(self._view.guardians).person
        guardian.flaw = Flaw("guardian", "Почта", "bad_format", "нет")

    def dnevnik(self) -> None:
        unknown = Ids(self._school.number)("lesson", _UNKNOWN_LESSON)
        self._mark("value", "off_scale", "8")
        self._mark("type", "unknown_code", "MarkStars")
        self._mark("lesson_str", "dangling_reference", str(unknown))
        self._mark("value", "missing_value", "")
        self._conflict("id_str")
        self._absence("status", "Remote")
        self._lesson("status", "unknown_code", "Postponed")

    def netschool(self) -> None:
        # The column a mark stands in is known when the journal is written.
        self._mark("", "unknown_code", "7")
        self._mark("", "unknown_code", "Ы")
        self._lesson("Дата", "bad_date", "31.09.2026")
        self._lesson("Проведен", "missing_value", "")
        taught = [t for t in self._school.teachers if t.position != "Директор"]
        person = self._rng.choice(taught).person
        person.flaw = Flaw("access_account", "Доступ к журналу", "unknown_code", "?")
        self._school.doubled_pupil = self._pupils.pop()
        self._school.doubled_flaws = [
            Flaw(entity, "", "duplicate", kind="duplicate") for entity in ("pupil", "enrolment")
        ]

    def eschool(self) -> None:
        self._mark("Отметка", "unknown_code", "7")
        self._mark("Отметка", "unknown_code", "Ы")
        self._lesson("Дата", "bad_date", "31.09.2026")
        self._lesson("Проведён", "missing_value", "")

    def klassinfo(self) -> None:
        # As in NetSchool, the column is known when the journal is written.
        self._mark("", "unknown_code", "7")
        self._mark("", "unknown_code", "Ы")
        self._lesson("Дата", "bad_date", "31.09")
        self._lesson("Дан", "missing_value", "")

    def eljur(self) -> None:
        self._mark("value", "unknown_code", "7")
        self._mark("nm", "unknown_code", "dictation")
        self._mark("lesson_id", "dangling_reference", str(_UNKNOWN_LESSON))
        self._conflict("id")
        self._absence("value", "нд")
        self._lesson("date", "bad_date", "2026-09-31")

    def names_in_text(self) -> None:
        """A topic and a homework that name a pupil, in the dative and the instrumental case."""
        topic_field, homework_field = _TEXTS[self._school.system]
        lessons = self._shuffled(
            s.lesson
            for s in self._view.lessons
            if s.held and s.lesson.flaw is None and s.lesson.topic and s.lesson.homework
        )
        if len(lessons) < 2:
            return
        first, second = self._pupils[0].person, self._pupils[1].person
        _name(
            lessons[0],
            "topic",
            f"{lessons[0].topic}: {_case(first, Case.DATIVE)} доклад",
            topic_field,
        )
        if self._school.system == "dnevnik_ru":  # its homework is a document of another request
            return
        text = f"{lessons[1].homework}, вместе с {_case(second, Case.INSTRUMENTAL)}"
        _name(lessons[1], "homework", text, homework_field)

    def lists(self) -> None:
        self._bad_uid("UID")
        self._undated_application("Дата заявления")
        people = PeopleMaker(self._rng, self._school.number + 900)
        names = {p.person.full_name for p in self._school.pupils}
        self._school.unknown_uid = self._stranger(people, names, "uid", "ФИО")
        self._school.unknown_applicant = self._stranger(people, names, "consent", "ФИО ребёнка")

    def _stranger(self, people: PeopleMaker, names: set[str], entity: str, field: str) -> Stranger:
        while True:
            person = people.person("stranger", date(2012, 1, 1), date(2014, 12, 31))
            if person.full_name not in names:
                break
        person.uid = f"9{self._school.number:03d}{person.code:05d}"
        flaw = Flaw(entity, field, "person_not_found", source="lists")
        return Stranger(person, self._school.classes[0].name, flaw)

    def _source(self) -> str:
        return "" if self._school.system == "paragraf" else "lists"

    def _bad_uid(self, field: str) -> None:
        person = self._take_pupil(lambda p: p.person.uid is not None).person
        bad = f"{(person.uid or '')[:-1]}O"  # the letter instead of a nought
        person.uid_flaw = Flaw("uid", field, "bad_format", bad, source=self._source())

    def _undated_application(self, field: str) -> None:
        known = {p.person.code for p, _ in self._view.applications}
        pupil = self._take_pupil(lambda p: p.person.code in known)
        if pupil.application is not None:
            pupil.application.flaw = Flaw(
                "consent", field, "missing_value", "", source=self._source()
            )

    def _take_pupil(self, wanted: Callable[[Pupil], bool]) -> Pupil:
        pupil = next(p for p in self._pupils if wanted(p))
        self._pupils.remove(pupil)
        return pupil


def _case(person: Person, case: Case) -> str:
    return inflect(person.base_surname, female=person.female, case=case)


def _name(lesson: Lesson, part: str, text: str, field: str) -> None:
    setattr(lesson, part, text)
    lesson.named = Flaw("lesson", field, "name_in_text", kind="finding")


def all_flaws(school: School) -> list[Flaw]:
    """Every defect of the school, in the order of the model."""
    found: list[Flaw | None] = [school.extra_column, *school.doubled_flaws]
    for stranger in (school.unknown_uid, school.unknown_applicant):
        found.append(stranger.flaw if stranger else None)
    people = [p.person for p in school.pupils] + [t.person for t in school.teachers]
    for person in [*people, *(g.person for g in school.guardians)]:
        found += [person.uid_flaw, person.flaw]
    found += [p.application.flaw for p in school.pupils if p.application]
    found += [m.flaw for m in school.movements]
    for lesson in school.lessons:
        found += [lesson.flaw, lesson.named]
        found += [flaw for m in lesson.marks for flaw in (m.flaw, m.twin_flaw)]
        found += [a.flaw for a in lesson.absences]
    return [flaw for flaw in found if flaw is not None]
