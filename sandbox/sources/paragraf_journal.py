"""Lessons, marks, attendance and term marks in Paragraf's words."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

from sandbox.model import Mark, TermMark
from sandbox.rows import Cell, Row, Table, day_text, moment_text, row, table, yes_no
from sandbox.view import ShownLesson, View

WORKS = {
    "lesson": "Урок",
    "oral": "Устный ответ",
    "homework": "Домашняя",
    "independent": "Самостоятельная",
    "written": "Письменная",
    "control": "Контрольная",
    "test": "Тест",
    "project": "Проект",
}
SCALES = {
    "5": "5",
    "10": "10",
    "100": "100",
    "pass_fail": "Зачет",
    "levels": "Уровни",
    "criteria": "Критерии",
    "code": "Особая",
}
VALUES = {
    ("pass_fail", "pass"): "Зач",
    ("pass_fail", "fail"): "Незач",
    ("levels", "high"): "Высокий",
    ("levels", "above_middle"): "Повышенный",
    ("levels", "middle"): "Базовый",
    ("levels", "below_middle"): "Пониженный",
    ("levels", "low"): "Низкий",
    ("code", "debt"): "Д",
    ("code", "exempt"): "осв",
    ("code", "not_assessed"): "н/а",
    ("code", "no_marks"): "безотм",
}
REASONS = {
    "ill": "Н/б",
    "excused": "Н/у",
    "unexcused": "Н/н",
    "absent": "Н",
    "late": "Опз",
    "exempt": "осв",
}
STATES = {"": "План", "cancelled": "Отменен", "merged": "Объединен"}


def journal(view: View) -> Iterator[Table]:
    yield table(
        "lessons",
        "Код, Дата, НомерУрока, КодКласса, КодГруппы, КодПредмета, КодУчителя, КодЗамены, Тема, "
        "ДомашнееЗадание, БезДЗ, Проведен, Состояние, ПосещаемостьОтмечена, Вложение, Внесено, "
        "Изменено",
        (_lesson(shown) for shown in view.lessons),
    )
    yield table(
        "marks",
        "Код, КодУченика, КодУрока, КодПредмета, ДатаУрока, Отметка, Шкала, ВидРаботы, "
        "ДатаВыставления, Внесено",
        (one for s in view.lessons for m in s.marks for one in _mark(m, view.day)),
    )
    yield table(
        "attendance",
        "КодУченика, КодУрока, Причина, Внесено",
        (
            row(
                КодУченика=a.pupil.person.code,
                КодУрока=a.lesson.code,
                Причина=REASONS[a.status],
                Внесено=moment_text(a.entered),
            ).spoil(a.flaw)
            for s in view.lessons
            for a in s.absences
        ),
    )
    yield table(
        "term_marks",
        "КодУченика, КодПредмета, КодПериода, Отметка, Шкала, Внесено",
        (
            row(
                КодУченика=t.pupil.person.code,
                КодПредмета=t.subject.code,
                КодПериода=t.term.code,
                Отметка=_said(t, view.day),
                Шкала=SCALES[t.scale],
                Внесено=moment_text(t.entered),
            )
            for t in view.term_marks
        ),
    )


def _lesson(shown: ShownLesson) -> Row:
    lesson, slot = shown.lesson, shown.lesson.slot
    shown_row = row(
        Код=lesson.code,
        Дата=day_text(lesson.day),
        НомерУрока=slot.number,
        КодКласса=slot.class_.code,
        КодГруппы=slot.group.code if slot.group else None,
        КодПредмета=slot.subject.code,
        КодУчителя=slot.teacher.person.code,
        БезДЗ=yes_no(shown.filled and lesson.not_set),
        Проведен=yes_no(shown.held),
        Состояние=STATES[lesson.status],
        ПосещаемостьОтмечена=yes_no(shown.filled and lesson.attendance_taken),
    )
    if shown.filled:
        shown_row.cells |= {
            "КодЗамены": lesson.substitute.person.code if lesson.substitute else None,
            "Тема": lesson.topic,
            "ДомашнееЗадание": lesson.homework,
            "Вложение": lesson.attachment,
            "Внесено": moment_text(lesson.entered),
            "Изменено": moment_text(lesson.changed),
        }
        shown_row.spoil(lesson.named)
    return shown_row.spoil(lesson.flaw)


def _said(mark: Mark | TermMark, day: date) -> str:
    value = mark.value_on(day)
    return VALUES.get((mark.scale, value), value)


def _mark(mark: Mark, day: date) -> Iterator[Row]:
    lesson = mark.lesson_on(day)
    cells: dict[str, Cell] = {
        "Код": mark.code,
        "КодУченика": mark.pupil.person.code,
        "КодУрока": lesson.code,
        "КодПредмета": lesson.slot.subject.code,
        "ДатаУрока": day_text(lesson.day),
        "Отметка": _said(mark, day),
        "Шкала": SCALES[mark.scale],
        "ВидРаботы": WORKS[mark.work],
        "ДатаВыставления": day_text(mark.given),
        "Внесено": moment_text(mark.entered),
    }
    yield Row(dict(cells)).spoil(mark.flaw)
    if mark.twin is not None:
        second = cells if mark.twin == "same" else {**cells, "Отметка": mark.twin}
        yield Row(dict(second)).spoil(mark.twin_flaw)
