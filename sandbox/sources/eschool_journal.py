"""Marks, absences and term marks in the words of the Tomsk e-school.

A row of the journal holds what a pupil got in a lesson for one kind of work at one moment; an
absence has a row of its own.
"""

from __future__ import annotations

from collections.abc import Iterator

from sandbox.model import Lesson, Mark
from sandbox.rows import Cell, Row, Table, day_text, minute_text, table
from sandbox.sources.eschool_words import ABSENCES, mark_sign, total_sign
from sandbox.view import ShownLesson, View

WORKS = {
    "lesson": "урок",
    "oral": "устный ответ",
    "homework": "домашняя",
    "independent": "самостоятельная",
    "written": "письменная",
    "control": "контрольная",
    "test": "тест",
    "project": "проект",
}


def lesson_cells(lesson: Lesson) -> dict[str, Cell]:
    """The columns by which a lesson is known."""
    slot = lesson.slot
    return {
        "Дата": day_text(lesson.day),
        "Урок": slot.number,
        "Класс": slot.class_.name,
        "Подгруппа": slot.group.name if slot.group else None,
        "Предмет": slot.subject.name,
    }


def journal(view: View) -> Table:
    return table(
        "journal",
        "Дата, Урок, Класс, Подгруппа, Предмет, Номер ученика, Вид работы, Отметка, Записано",
        (row for shown in view.lessons for row in _rows(shown, view)),
    )


def totals(view: View) -> Table:
    return table(
        "totals",
        "Период, Номер ученика, Предмет, Отметка, Записано",
        (
            Row(
                {
                    "Период": t.term.name,
                    "Номер ученика": t.pupil.person.code,
                    "Предмет": t.subject.name,
                    "Отметка": total_sign(t),
                    "Записано": minute_text(t.entered),
                }
            )
            for t in view.term_marks
            if total_sign(t) is not None
        ),
    )


def _rows(shown: ShownLesson, view: View) -> Iterator[Row]:
    lesson = lesson_cells(shown.lesson)
    for absence in shown.absences:
        yield Row(
            {
                **lesson,
                "Номер ученика": absence.pupil.person.code,
                "Отметка": ABSENCES[absence.status],
                "Записано": minute_text(absence.entered),
            }
        ).spoil(absence.flaw)
    for marks in _together(shown, view):
        first = marks[0]
        yield Row(
            {
                **lesson,
                "Номер ученика": first.pupil.person.code,
                "Вид работы": WORKS[first.work],
                "Отметка": " ".join(mark_sign(mark, view) or "" for mark in marks),
                "Записано": minute_text(first.entered),
            }
        ).spoil(first.flaw)


def _together(shown: ShownLesson, view: View) -> list[list[Mark]]:
    """Marks that share a cell. One with a defect stands alone, so that it is the row's only one."""
    cells: dict[tuple[object, ...], list[Mark]] = {}
    for mark in shown.marks:
        if mark_sign(mark, view) is not None:
            key = (mark.pupil.person.code, mark.work, minute_text(mark.entered))
            alone = mark.code if mark.flaw else 0
            cells.setdefault((*key, alone), []).append(mark)
    return list(cells.values())
