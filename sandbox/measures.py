"""Measures and form 1 as docs/sandbox-truth.md defines them, counted from the model."""

from __future__ import annotations

from collections import Counter
from typing import Any

from sandbox.accepted import absence_ok, held_lessons, lesson_ok, logged, mark_ok
from sandbox.members import Teacher
from sandbox.model import Lesson
from sandbox.view import ShownLesson, View

Ratio = tuple[int, int]


def school_measures(view: View) -> dict[str, Ratio]:
    """Numerator and denominator of every measure of the journal."""
    due_lessons = [x for x in view.school.lessons if x.day <= view.day and scheduled(view, x)]
    held = [s for s in held_lessons(view) if not s.lesson.status]
    counted: Counter[str] = Counter()
    for shown in held:
        counted.update(name for name, there in parts(view, shown).items() if there)
    due = counted["homework_due"]
    return {
        "fill_rate": (counted["filled"], len(due_lessons)),
        "held": (len(held), len(due_lessons)),
        "topic": (counted["topic"], len(held)),
        "homework": (counted["homework"], due),
        "attendance": (counted["attendance"], len(held)),
        "marks": (counted["marks"], len(held)),
    }


def scheduled(view: View, lesson: Lesson) -> bool:
    """Whether the timetable has the lesson still."""
    if lesson.status:
        return False
    # Where lessons themselves are the schedule, a refused lesson is not in it.
    return view.school.system != "dnevnik_ru" or lesson_ok(lesson)


def parts(view: View, shown: ShownLesson) -> dict[str, bool]:
    lesson = shown.lesson
    due = not lesson.not_set
    found = {
        "topic": lesson.topic is not None,
        "homework_due": due,
        "homework": due and lesson.homework is not None,
        "attendance": attendance_taken(view, shown),
        "marks": any(mark_ok(m) for m in shown.marks),
    }
    needed = ("topic", "attendance", "marks", *(("homework",) if due else ()))
    found["filled"] = all(found[name] for name in needed)
    return found


def attendance_taken(view: View, shown: ShownLesson) -> bool:
    """The source's own sign, or any accepted attendance record."""
    if view.school.system != "dnevnik_ru" and shown.lesson.attendance_taken:
        return True
    return any(a is None or absence_ok(a) for _, a in logged(view, shown))


def form1(view: View) -> dict[str, list[int]]:
    """Rows of form 1 by grade level; columns as docs/sandbox-truth.md lists them."""
    grades = sorted({class_.grade for class_ in view.school.classes})
    held = held_lessons(view)
    seen = _pupils_with_data(view)
    return {str(grade): _grade_row(view, grade, held, seen) for grade in grades}


def _grade_row(view: View, grade: int, held: list[ShownLesson], seen: set[int]) -> list[int]:
    school = view.school
    classes = {c.code for c in school.classes if c.grade == grade}
    given = [s.lesson.slot for s in held if s.lesson.slot.class_.code in classes]
    pupils = [
        p for p in view.pupils if p.class_.code in classes and (p.left is None or p.left > view.day)
    ]
    subjects = {h.subject.code for h in school.hours if h.class_.code in classes}
    teachers = {t.person.code: t for t in _teachers(view, classes)}
    return [
        len(classes),
        len({slot.class_.code for slot in given}),
        len(pupils),
        sum(p.person.code in seen for p in pupils),
        len(subjects),
        len(subjects & {slot.subject.code for slot in given}),
        len(teachers),
        sum(t.access and t.person.flaw is None for t in teachers.values()),
    ]


def _pupils_with_data(view: View) -> set[int]:
    found: set[int] = set()
    for shown in view.lessons:
        found |= {m.pupil.person.code for m in shown.marks if mark_ok(m)}
        found |= {p.person.code for p, a in logged(view, shown) if a is None or absence_ok(a)}
    return found


def _teachers(view: View, classes: set[int]) -> list[Teacher]:
    if view.school.system != "dnevnik_ru":
        return [s.teacher for s in view.school.slots if s.class_.code in classes]
    lessons = (s.lesson for s in view.lessons if lesson_ok(s.lesson))
    return [x.slot.teacher for x in lessons if x.slot.class_.code in classes]


def total(ratios: list[dict[str, Ratio]]) -> dict[str, Ratio]:
    """Sums of numerators and of denominators."""
    names = list(ratios[0])
    return {
        name: (sum(r[name][0] for r in ratios), sum(r[name][1] for r in ratios)) for name in names
    }


def rows(level: str, unit: str, ratios: dict[str, Ratio]) -> list[dict[str, Any]]:
    return [
        {"level": level, "unit": unit, "measure": name, "numerator": n, "denominator": d}
        for name, (n, d) in ratios.items()
    ]
