"""KlassInfo's journals: a wide sheet under a header of two rows, and a sheet of lessons.

The upper row of the header names the day, once for all its columns (merged cells); the lower one
names the lesson and the kind of work: ``2``, ``2 К``. Days have no year.
"""

from __future__ import annotations

from itertools import groupby

from sandbox.curriculum import NOT_SET
from sandbox.members import Pupil
from sandbox.model import Absence, Mark
from sandbox.params import YEAR_START
from sandbox.rows import Cell, Row, day_text, table, yes_no
from sandbox.sources.eschool_words import ABSENCES, mark_sign
from sandbox.sources.netschool_journal import LETTERS, STATES, Course
from sandbox.view import ShownLesson, View
from sandbox.xlsx import Span, sheet_of, workbook

SHEET = "Успеваемость"
HEADER_ROW = 6  # and the one below
BODY_ROW = HEADER_ROW + 2

Column = tuple[str, str]  # day, and lesson with kind of work


def journal_name(course: Course) -> str:
    """The file's name as people write it; a slash cannot stand in one."""
    class_, subject, group = course
    parts = [class_.name, subject.name, group.name if group else ""]
    return f"журнал {' '.join(part for part in parts if part)}.xlsx".replace("/", "-")


def journal_workbook(view: View, course: Course, shown: list[ShownLesson], name: str) -> bytes:
    class_, subject, group = course
    pupils = group.pupils if group else view.school.class_pupils(class_)
    present = sorted(
        (p for p in pupils if p.enrolled <= view.day), key=lambda p: p.person.full_name
    )
    caption: list[list[Cell]] = [
        ["Класс", class_.name],
        ["Предмет", subject.name],
        ["Группа", group.name if group else None],
        ["Период", f"{day_text(YEAR_START)} - {day_text(view.day)}"],
    ]
    grid = _Grid(view, shown, present)
    lessons = table(
        "lessons",
        "Дата, № урока, Тема, Задано на дом, Учитель, Замещал, Дан, Отмечены отсутствующие, "
        "Примечание",
        (_lesson(s) for s in shown),
    )
    rows = [*caption, [], *grid.written(name)]
    return workbook(
        [(SHEET, rows), ("Уроки", sheet_of(lessons, name))], merged={SHEET: grid.merged()}
    )


class _Grid:
    """Pupils down, lessons and kinds of work across."""

    def __init__(self, view: View, shown: list[ShownLesson], pupils: list[Pupil]) -> None:
        self._view = view
        self._columns: list[Column] = []
        self._rows = {p.person.code: Row({"Ученик": p.person.full_name}) for p in pupils}
        for lesson in shown:
            self._add(lesson)

    def _add(self, shown: ShownLesson) -> None:
        for absence in shown.absences:
            self._write(absence, shown, "lesson", ABSENCES[absence.status])
        for work in LETTERS:
            marks = [m for m in shown.marks if m.work == work]
            signs = [(m, mark_sign(m, self._view)) for m in marks]
            carried = [(m, sign) for m, sign in signs if sign is not None]
            if work == "lesson" or carried:
                self._columns.append(_column(shown, work))
            for mark, sign in carried:
                self._write(mark, shown, work, sign)

    def _write(self, entry: Mark | Absence, shown: ShownLesson, work: str, sign: str) -> None:
        name = " ".join(_column(shown, work))
        row = self._rows[entry.pupil.person.code]
        if entry.flaw is not None:
            sign = entry.flaw.value or sign
            entry.flaw.field = name
            row.flaws.append(entry.flaw)
        before = row.cells.get(name)
        row.cells[name] = f"{before} {sign}" if before else sign

    def written(self, document: str) -> list[list[Cell]]:
        """Header and pupils; of the cells of a merged day only the first is filled."""
        days: list[Cell] = ["Ученик"]
        for day, columns in self._by_day():
            days += [day, *[None] * (len(columns) - 1)]
        for line, row in enumerate(self._rows.values(), start=BODY_ROW):
            row.place(document, line)
        names = ["Ученик", *(" ".join(column) for column in self._columns)]
        return [
            days,
            [None, *(lesson for _, lesson in self._columns)],
            *([row.cells.get(name) for name in names] for row in self._rows.values()),
        ]

    def merged(self) -> list[Span]:
        spans: list[Span] = []
        first = 1
        for _, columns in self._by_day():
            last = first + len(columns) - 1
            if last > first:
                spans.append((HEADER_ROW, first, last))
            first = last + 1
        return spans

    def _by_day(self) -> list[tuple[str, list[Column]]]:
        return [(day, list(found)) for day, found in groupby(self._columns, lambda c: c[0])]


def _column(shown: ShownLesson, work: str) -> Column:
    parts = (str(shown.lesson.slot.number), LETTERS[work])
    return f"{shown.lesson.day:%d.%m}", " ".join(part for part in parts if part)


def _lesson(shown: ShownLesson) -> Row:
    lesson = shown.lesson
    row = Row(
        {
            "Дата": f"{lesson.day:%d.%m}",
            "№ урока": lesson.slot.number,
            "Учитель": lesson.slot.teacher.person.full_name,
            "Дан": yes_no(shown.held),
            "Отмечены отсутствующие": yes_no(shown.filled and lesson.attendance_taken),
            "Примечание": STATES[lesson.status],
        }
    )
    if shown.filled:
        row.cells |= {
            "Тема": lesson.topic,
            "Задано на дом": NOT_SET.lower() if lesson.not_set else lesson.homework,
            "Замещал": lesson.substitute.person.full_name if lesson.substitute else None,
        }
        row.spoil(lesson.named)
    return row.spoil(lesson.flaw)
