"""NetSchool's journal files: a sheet of marks and absences, and a table of topics."""

from __future__ import annotations

from sandbox import writers
from sandbox.curriculum import NOT_SET
from sandbox.members import Class, Pupil
from sandbox.model import Absence, Group, Mark, Subject
from sandbox.params import YEAR_START
from sandbox.rows import Cell, Row, Table, day_text, table, yes_no
from sandbox.view import ShownLesson, View
from sandbox.xlsx import sheet_of, workbook

LETTERS = {
    "lesson": "",
    "control": "К",
    "independent": "С",
    "test": "Т",
    "homework": "Д",
    "oral": "У",
    "written": "П",
    "project": "Р",
}
TOKENS = {("pass_fail", "pass"): "ЗЧ", ("pass_fail", "fail"): "НЗ", ("code", "debt"): "."}
TOTALS = {**TOKENS, ("code", "exempt"): "ОСВ", ("code", "not_assessed"): "н/а"}
ABSENCES = {
    "excused": "УП",
    "ill": "Б",
    "unexcused": "НП",
    "absent": "ОТ",
    "late": "ОП",
    "exempt": "ОСВ",
}
STATES = {"": None, "cancelled": "отменен", "merged": "объединен"}

Caption = list[tuple[str, str]]
Course = tuple[Class, Subject, Group | None]
CourseKey = tuple[int, int, int]  # codes of class, subject and group (0: the whole class)


def courses(view: View) -> dict[CourseKey, Course]:
    """Class, subject and group of every journal, in the order of the files' numbers."""
    found: dict[CourseKey, Course] = {}
    for slot in view.school.slots:
        key = (slot.class_.code, slot.subject.code, slot.group.code if slot.group else 0)
        found[key] = (slot.class_, slot.subject, slot.group)
    return dict(sorted(found.items()))


def journal_file(view: View, course: Course, shown: list[ShownLesson], name: str) -> bytes:
    class_, subject, group = course
    pupils = group.pupils if group else view.school.class_pupils(class_)
    present = sorted(
        (p for p in pupils if p.enrolled <= view.day), key=lambda p: p.person.full_name
    )
    journal = _journal(shown, present, view)
    topics = table(
        "topics",
        "Дата, Урок, Тема, Домашнее задание, Учитель, Замена, Проведен, Посещаемость, Состояние",
        (_topic(s) for s in shown),
    )
    period = f"{day_text(YEAR_START)} - {day_text(view.day)}"
    caption = [
        ("Класс", class_.name),
        ("Предмет", subject.name),
        ("Группа", group.name if group else ""),
        ("Период", period),
    ]
    if name.endswith(".html"):
        tables = [writers.html_table(found, name) for found in (journal, topics)]
        return writers.html_page("Журнал", caption_html(caption) + "\n".join(tables))
    return workbook(
        [
            ("Журнал", captioned(caption, journal, name)),
            ("Темы", sheet_of(topics, name)),
        ]
    )


def caption_html(caption: Caption) -> str:
    return "".join(f'<p class="caption">{key}: {text}</p>\n' for key, text in caption)


def captioned(caption: Caption, found: Table, name: str) -> list[list[Cell]]:
    """The lines of the caption, an empty row, the header and the rows of the table."""
    head: list[list[Cell]] = [[f"{key}:", text or None] for key, text in caption]
    found.place(name, first_line=len(head) + 3)
    return [*head, [], [*found.columns], *found.texts()]


def by_course(view: View) -> dict[CourseKey, list[ShownLesson]]:
    grouped: dict[CourseKey, list[ShownLesson]] = {}
    for shown in view.lessons:
        slot = shown.lesson.slot
        key = (slot.class_.code, slot.subject.code, slot.group.code if slot.group else 0)
        grouped.setdefault(key, []).append(shown)
    return grouped


def header(shown: ShownLesson, work: str) -> str:
    """``dd.mm/N`` or ``dd.mm/N/К``."""
    letter = LETTERS[work]
    text = f"{shown.lesson.day:%d.%m}/{shown.lesson.slot.number}"
    return f"{text}/{letter}" if letter else text


def _journal(shown: list[ShownLesson], pupils: list[Pupil], view: View) -> Table:
    columns = ["№", "ФИО"]
    rows = {
        pupil.person.code: Row({"№": number, "ФИО": pupil.person.full_name})
        for number, pupil in enumerate(pupils, start=1)
    }
    for lesson in shown:
        columns.append(header(lesson, "lesson"))
        for absence in lesson.absences:
            _add_token(rows, absence, columns[-1], ABSENCES[absence.status])
        for work in LETTERS:
            marks = [m for m in lesson.marks if m.work == work and sign(m, view) is not None]
            column = header(lesson, work)
            if marks and column not in columns:
                columns.append(column)
            for mark in marks:
                _add_token(rows, mark, column, sign(mark, view) or "")
    return Table("journal", columns, list(rows.values()))


def sign(mark: Mark, view: View) -> str | None:
    """What stands in the cell, or None for a mark that the system has no sign for."""
    value = mark.value_on(view.day)
    return value if mark.scale == "5" else TOKENS.get((mark.scale, value))


def _add_token(rows: dict[int, Row], entry: Mark | Absence, column: str, token: str) -> None:
    row = rows[entry.pupil.person.code]
    if entry.flaw is not None:
        token = entry.flaw.value or token
        entry.flaw.field = column
        row.flaws.append(entry.flaw)
    before = row.cells.get(column)
    row.cells[column] = f"{before} {token}" if before else token


def _topic(shown: ShownLesson) -> Row:
    lesson = shown.lesson
    cells: dict[str, Cell] = {
        "Дата": day_text(lesson.day),
        "Урок": lesson.slot.number,
        "Учитель": lesson.slot.teacher.person.full_name,
        "Проведен": yes_no(shown.held),
        "Посещаемость": yes_no(shown.filled and lesson.attendance_taken),
        "Состояние": STATES[lesson.status],
    }
    row = Row(cells)
    if shown.filled:
        cells["Тема"] = lesson.topic
        cells["Домашнее задание"] = NOT_SET.lower() if lesson.not_set else lesson.homework
        cells["Замена"] = lesson.substitute.person.full_name if lesson.substitute else None
        row.spoil(lesson.named)
    return row.spoil(lesson.flaw)
