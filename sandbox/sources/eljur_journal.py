"""Lessons, marks, absences, remarks and term marks in ЭлЖур's words."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from sandbox.model import Absence, Lesson, Mark, TermMark
from sandbox.rows import Cell, Row, Table, row, table
from sandbox.view import ShownLesson, View

WORKS = {
    "lesson": "classwork",
    "oral": "oral",
    "homework": "homework",
    "independent": "independent",
    "written": "written",
    "control": "control",
    "test": "test",
    "project": "project",
}
VALUES = {
    ("pass_fail", "pass"): "зач",
    ("pass_fail", "fail"): "нзач",
    ("code", "debt"): "Д",
    ("code", "exempt"): "осв",
    ("code", "not_assessed"): "н/а",
    ("code", "no_marks"): "безотм",
}
ABSENCES = {"absent": "Н", "excused": "н", "ill": "б", "unexcused": "нп", "exempt": "осв"}
LATE = ("оп", "ОП")  # both are in use
STATES = {"": None, "cancelled": "cancelled", "merged": "merged"}

# Marks, absences and remarks share a column of ids, so the latter two have ranges of their own.
ABSENCE_IDS = 10**9
NOTE_IDS = 10**12
MOST_PEOPLE = 10**5
NOTE_EVERY = 40  # lessons: a teacher's remark to the first pupil with a mark


def journal(view: View) -> Iterator[Table]:
    yield table(
        "lessons",
        "lesson_id, date, num, class_id, grp, subject_id, teacher_id, substitute_id, topic, "
        "homework, no_homework, conducted, absence_checked, state, created",
        (_lesson(shown) for shown in view.lessons),
    )
    yield table(
        "marks",
        "id, student_id, lesson_id, subject_id, date, value, nm, countas, created",
        (found for shown in view.lessons for found in _rows(shown, view)),
    )
    yield table(
        "finals",
        "student_id, subject_id, period_id, value, created",
        (
            row(
                student_id=t.pupil.person.code,
                subject_id=t.subject.code,
                period_id=t.term.code,
                value=sign(t, t.value),
                created=_moment(t.entered),
            )
            for t in view.term_marks
            if sign(t, t.value) is not None
        ),
    )


def sign(mark: Mark | TermMark, value: str) -> str | None:
    """How ``value`` of a mark is written, or None for a scale the system does not know."""
    return value if mark.scale == "5" else VALUES.get((mark.scale, value))


def _moment(moment: datetime | None) -> str | None:
    return f"{moment:%Y-%m-%d %H:%M}" if moment else None


def _lesson(shown: ShownLesson) -> Row:
    lesson, slot = shown.lesson, shown.lesson.slot
    found = row(
        lesson_id=lesson.code,
        date=str(lesson.day),
        num=slot.number,
        class_id=slot.class_.code,
        grp=slot.group.code if slot.group else None,
        subject_id=slot.subject.code,
        teacher_id=slot.teacher.person.code,
        no_homework=int(shown.filled and lesson.not_set),
        conducted=int(shown.held),
        absence_checked=int(shown.filled and lesson.attendance_taken),
        state=STATES[lesson.status],
    )
    if shown.filled:
        found.cells |= {
            "substitute_id": lesson.substitute.person.code if lesson.substitute else None,
            "topic": lesson.topic,
            "homework": lesson.homework,
            "created": _moment(lesson.entered),
        }
        found.spoil(lesson.named)
    return found.spoil(lesson.flaw)


def _rows(shown: ShownLesson, view: View) -> Iterator[Row]:
    for absence in shown.absences:
        yield _absence(absence)
    for mark in shown.marks:
        yield from _mark(mark, view)
    if shown.marks and shown.lesson.code % NOTE_EVERY == 0:
        yield _note(shown.marks[0])


def _cells(entry: Mark | Absence, number: int, countas: str) -> dict[str, Cell]:
    lesson: Lesson = entry.lesson
    return {
        "id": number,
        "student_id": entry.pupil.person.code,
        "lesson_id": lesson.code,
        "subject_id": lesson.slot.subject.code,
        "date": str(lesson.day),
        "countas": countas,
        "created": _moment(entry.entered),
    }


def _absence(absence: Absence) -> Row:
    lesson = absence.lesson.code
    number = ABSENCE_IDS + lesson * MOST_PEOPLE + absence.pupil.person.code
    value = LATE[lesson % 2] if absence.status == "late" else ABSENCES[absence.status]
    return Row({**_cells(absence, number, "absence"), "value": value}).spoil(absence.flaw)


def _mark(mark: Mark, view: View) -> Iterator[Row]:
    value = sign(mark, mark.value_on(view.day))
    if value is None:
        return
    cells = {**_cells(mark, mark.code, "mark"), "value": value, "nm": WORKS[mark.work]}
    yield Row(dict(cells)).spoil(mark.flaw)
    if mark.twin is not None:
        second = value if mark.twin == "same" else mark.twin
        yield Row({**cells, "value": second}).spoil(mark.twin_flaw)


def _note(mark: Mark) -> Row:
    number = NOTE_IDS + mark.lesson.code
    return Row({**_cells(mark, number, "note"), "value": "Не забыть учебник"})
