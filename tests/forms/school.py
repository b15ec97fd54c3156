"""The demo school that every form is asked to carry: no defects, and all that a journal can say."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date, datetime, timedelta

from sandbox.members import Movement, Pupil
from sandbox.model import Absence, Lesson, Mark, School, TermMark
from sandbox.params import YEAR_START, Params
from sandbox.school import populate
from sandbox.view import View

# Friday of the first week after the winter holidays: days without a year stand on both sides of it,
# and two terms are over.
DAY = date(2027, 1, 15)
PARAMS = Params(until=DAY, classes=5, pupils_least=5, pupils_most=6)

# Number 28 has Saturdays, a quarantine, twin classes and classes that part for English.
NUMBER = 28

# What is kept of the journal: the first weeks with their quarantine and handed-over lessons, and
# the weeks around New Year. The rest would say the same again, only slower.
KEPT = ((date(2026, 9, 1), date(2026, 9, 19)), (date(2026, 12, 22), DAY))

LONG_TOPIC = "Сочинение-описание по наблюдениям. " * 9  # 315 letters


def demo_school() -> School:
    """A Paragraf school, since Paragraf has the largest vocabulary. Same school every time."""
    school = School(
        number=NUMBER,
        code=str(781001 + NUMBER),
        name=f"Школа № {NUMBER + 1}",
        district="d1",
        system="paragraf",
        format="xml",
        saturday=True,
        list_format="utf-8-sig",
    )
    populate(school, PARAMS)
    _shorten(school)
    _enrich(school)
    return school


def _shorten(school: School) -> None:
    """Lessons of the kept weeks that show in every system, those nobody filled among them."""
    view = View(school, DAY)
    school.lessons = [
        shown.lesson
        for shown in view.lessons
        if any(first <= shown.lesson.day <= last for first, last in KEPT)
    ]


def _enrich(school: School) -> None:
    """What chance leaves out of so small a school."""
    view = View(school, DAY)
    held = [s.lesson for s in view.lessons if s.held and not s.lesson.status]
    held[0].topic = LONG_TOPIC.strip()
    held[1].attachment = "zadanie_1.docx"
    _cancel([s.lesson for s in view.lessons if not s.filled])
    _mark_specially([m for lesson in held for m in lesson.marks if m.scale == "5"])
    _double(next(m for lesson in held for m in lesson.marks if m.scale == "5"))
    _grade_specially(school.term_marks)
    _excuse_variously([a for lesson in held for a in lesson.absences])
    _transfer(school)
    for pupil in school.pupils:  # one truth for all forms, and not all of them can leave it out
        pupil.papers = replace(pupil.papers, snils=True)


def _cancel(unfilled: list[Lesson]) -> None:
    unfilled[0].status, unfilled[1].status = "cancelled", "merged"


def _mark_specially(fives: list[Mark]) -> None:
    special = (
        ("code", "debt"),
        ("code", "exempt"),
        ("code", "not_assessed"),
        ("code", "no_marks"),
        ("100", "87"),
        ("10", "9"),
        ("levels", "above_middle"),
        ("criteria", "B6"),
        ("pass_fail", "fail"),
        ("5", "1"),
    )
    chosen = fives[1 : len(special) + 1]
    for mark, (scale, value) in zip(chosen, special, strict=True):
        mark.scale, mark.value, mark.corrected = scale, value, None


def _double(mark: Mark) -> None:
    """A second mark in the same cell, entered in the same minute."""
    second = Mark(9_000_000, mark.pupil, mark.lesson, "5", "4", mark.work, mark.given, mark.entered)
    mark.lesson.marks.append(second)


def _grade_specially(totals: list[TermMark]) -> None:
    fives = [t for t in totals if t.scale == "5"]
    for total, value in zip(fives, ("exempt", "not_assessed", "no_marks", "debt"), strict=False):
        total.scale, total.value = "code", value
    for total in totals:
        total.entered = total.entered.replace(second=17)


def _excuse_variously(absences: list[Absence]) -> None:
    reasons = ("exempt", "unexcused", "late", "absent", "excused", "ill")
    for absence, status in zip(absences, reasons, strict=False):
        absence.status = status


def _transfer(school: School) -> None:
    """A pupil of the last class came from its twin."""
    twin, last = school.classes[-2:]
    pupil = school.class_pupils(last)[0]
    code = len(school.movements) + 1
    school.movements.append(Movement(code, pupil, "Перевод", YEAR_START, "40-к", twin, last))


def leavers(school: School) -> list[Pupil]:
    """Pupils who have left by ``DAY``."""
    return [p for p in school.pupils if p.left is not None and p.left <= DAY]


# What must be there for the comparison to mean anything.
FEATURES: dict[str, Callable[[School], bool]] = {
    "lessons of a part of a class": lambda s: any(x.slot.group for x in s.lessons),
    "a substitution": lambda s: any(x.substitute for x in s.lessons),
    "a lesson that passed to another teacher": lambda s: len({x.valid_from for x in s.slots}) > 1,
    "a lesson that nobody filled": lambda s: any(not x.entered and not x.status for x in s.lessons),
    "a filled lesson that was not held": lambda s: any(x.entered and not x.held for x in s.lessons),
    "a cancelled lesson": lambda s: any(x.status == "cancelled" for x in s.lessons),
    "a merged lesson": lambda s: any(x.status == "merged" for x in s.lessons),
    "homework that was not set": lambda s: any(x.not_set for x in s.lessons),
    "a lesson on a Saturday": lambda s: any(x.day.isoweekday() == 6 for x in s.lessons),
    "lessons before New Year": lambda s: (
        any(x.day >= date(2026, 12, 25) for x in s.lessons)
        and any(x.day < date(2027, 1, 1) for x in s.lessons)
    ),
    "lessons after New Year": lambda s: any(x.day >= date(2027, 1, 11) for x in s.lessons),
    "a mark given on a later day": lambda s: any(m.given > m.lesson.day for m in _marks(s)),
    "a corrected mark": lambda s: any(m.corrected for m in _marks(s)),
    "a pupil from another school": lambda s: any(
        m.kind == "Зачисление" and m.other_school for m in s.movements
    ),
    "a pupil who left": lambda s: bool(leavers(s)),
    "a pupil without a stated gender, and one with": lambda s: (
        {p.papers.gender is None for p in s.pupils} == {True, False}
    ),
    "a pupil without a document": lambda s: any(p.papers.document is None for p in s.pupils),
    "a transfer between classes": lambda s: any(m.kind == "Перевод" for m in s.movements),
    "a quarantine": lambda s: any(h.kind == "Карантин" for h in s.holidays),
    "a teacher without access": lambda s: any(not t.access for t in s.teachers),
    "term marks of two terms": lambda s: len({t.term.code for t in s.term_marks}) == 2,
    "every scale": lambda s: (
        {m.scale for m in _marks(s)}
        == {"5", "10", "100", "pass_fail", "levels", "criteria", "code"}
    ),
    "every special mark": lambda s: (
        {m.value for m in _marks(s) if m.scale == "code"}
        == {"debt", "exempt", "not_assessed", "no_marks"}
    ),
    "every special term mark": lambda s: (
        {t.value for t in s.term_marks if t.scale == "code"}
        == {"debt", "exempt", "not_assessed", "no_marks"}
    ),
    "every reason of absence": lambda s: (
        {a.status for x in s.lessons for a in x.absences}
        == {"ill", "excused", "unexcused", "absent", "late", "exempt"}
    ),
    "every kind of work": lambda s: len({m.work for m in _marks(s)}) == 8,
    "two marks in one cell": lambda s: len(_marks(s)) > len({_cell(m) for m in _marks(s)}),
    "a topic longer than DBF holds": lambda s: any(len(x.topic or "") > 254 for x in s.lessons),
    "a sign that cp866 has not": lambda s: any("§" in (x.homework or "") for x in s.lessons),
}


def _marks(school: School) -> list[Mark]:
    return [mark for lesson in school.lessons for mark in lesson.marks]


def _cell(mark: Mark) -> tuple[int, int, str, datetime]:
    minute = mark.entered - timedelta(seconds=mark.entered.second)
    return mark.pupil.person.code, mark.lesson.code, mark.work, minute
