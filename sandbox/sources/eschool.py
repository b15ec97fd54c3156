"""A school in the words of the Tomsk e-school: a CSV a table; only people have numbers."""

from __future__ import annotations

from collections.abc import Iterator

from sandbox import writers
from sandbox.curriculum import NOT_SET
from sandbox.params import OFFSET, YEAR_START
from sandbox.rows import (
    Row,
    Table,
    add_column,
    day_text,
    hours_text,
    minute_text,
    table,
    yes_no,
)
from sandbox.sources.eschool_journal import journal, lesson_cells, totals
from sandbox.view import ShownLesson, View

ENCODINGS = {"csv-bom": "utf-8-sig", "csv": "cp1251"}
WEEKDAYS = ("понедельник", "вторник", "среда", "четверг", "пятница", "суббота")
STATES = {"": None, "cancelled": "отменён", "merged": "объединён"}


def documents(view: View, form: str = "") -> dict[str, bytes]:
    """The files of an upload by name; ``form``: of ``ENCODINGS``, by default the school's own."""
    encoding = ENCODINGS[form or view.school.format]
    files = {
        f"{found.name}.csv": writers.csv(found, f"{found.name}.csv", encoding)
        for found in tables(view)
    }
    note = (
        f"создано={view.day}T18:30:00{OFFSET}\nс={YEAR_START}\nпо={view.day}\nсистема=sd.tom.ru\n"
    )
    return {**files, "готово.txt": note.encode()}


def tables(view: View) -> Iterator[Table]:
    """Every table as it stands on the evening of the view."""
    yield from _year(view)
    yield _classes(view)
    yield from _people(view)
    yield from _plans(view)
    yield table(
        "lessons",
        "Дата, Урок, Класс, Подгруппа, Предмет, Номер учителя, Номер замещающего, Тема, Задание, "
        "Проведён, Отсутствующие отмечены, Состояние, Записано",
        (_lesson(shown) for shown in view.lessons),
    )
    yield journal(view)
    yield totals(view)


def _year(view: View) -> Iterator[Table]:
    yield table(
        "periods",
        "Период, Вид, Номер, Начало, Конец",
        (
            Row(
                {
                    "Период": t.name,
                    "Вид": "четверть",
                    "Номер": t.number,
                    "Начало": day_text(t.start),
                    "Конец": day_text(t.finish),
                }
            )
            for t in view.school.terms
        ),
    )
    yield table(
        "vacations",
        "Название, Вид, Начало, Конец",
        (
            Row(
                {
                    "Название": h.name,
                    "Вид": h.kind.lower(),
                    "Начало": day_text(h.start),
                    "Конец": day_text(h.finish),
                }
            )
            for h in view.school.holidays
        ),
    )


def _classes(view: View) -> Table:
    found = table(
        "classes",
        "Класс, Параллель, Буква",
        (
            Row({"Класс": c.name, "Параллель": c.grade, "Буква": c.letter})
            for c in view.school.classes
        ),
    )
    flaw = view.school.extra_column
    if flaw is not None:
        add_column(found, flaw, lambda number: f"{200 + number}")
        flaw.document = "classes.csv"
    return found


def _people(view: View) -> Iterator[Table]:
    yield table(
        "pupils",
        "Номер, ФИО, Дата рождения, Класс, Прибыл, Выбыл, СНИЛС",
        (
            Row(
                {
                    "Номер": p.person.code,
                    "ФИО": p.person.full_name,
                    "Дата рождения": day_text(p.person.birth),
                    "Класс": p.class_.name,
                    "Прибыл": day_text(p.enrolled),
                    "Выбыл": day_text(view.since(p.left)),
                    "СНИЛС": p.person.snils,
                }
            )
            for p in view.pupils
        ),
    )
    yield table(
        "teachers",
        "Номер, ФИО, Должность, Вход в журнал",
        (
            Row(
                {
                    "Номер": t.person.code,
                    "ФИО": t.person.full_name,
                    "Должность": t.position,
                    "Вход в журнал": yes_no(t.access),
                }
            )
            for t in view.school.teachers
        ),
    )
    yield table(
        "parents",
        "Номер, Номер ученика, ФИО, Кем приходится, Телефон",
        (
            Row(
                {
                    "Номер": g.person.code,
                    "Номер ученика": g.pupil.person.code,
                    "ФИО": g.person.full_name,
                    "Кем приходится": g.relation,
                    "Телефон": g.person.phone,
                }
            )
            for g in view.guardians
        ),
    )


def _plans(view: View) -> Iterator[Table]:
    yield table(
        "plan",
        "Класс, Предмет, Часы",
        (
            Row({"Класс": h.class_.name, "Предмет": h.subject.name, "Часы": hours_text(h.planned)})
            for h in view.school.hours
        ),
    )
    yield table(
        "schedule",
        "Класс, Подгруппа, Предмет, Номер учителя, День, Урок, С, По",
        (
            Row(
                {
                    "Класс": s.class_.name,
                    "Подгруппа": s.group.name if s.group else None,
                    "Предмет": s.subject.name,
                    "Номер учителя": s.teacher.person.code,
                    "День": WEEKDAYS[s.weekday - 1],
                    "Урок": s.number,
                    "С": day_text(s.valid_from),
                    "По": day_text(s.valid_to),
                }
            )
            for s in view.school.slots
        ),
    )


def _lesson(shown: ShownLesson) -> Row:
    lesson = shown.lesson
    row = Row(
        {
            **lesson_cells(lesson),
            "Номер учителя": lesson.slot.teacher.person.code,
            "Проведён": yes_no(shown.held),
            "Отсутствующие отмечены": yes_no(shown.filled and lesson.attendance_taken),
            "Состояние": STATES[lesson.status],
        }
    )
    if shown.filled:
        row.cells |= {
            "Номер замещающего": lesson.substitute.person.code if lesson.substitute else None,
            "Тема": lesson.topic,
            "Задание": NOT_SET.lower() if lesson.not_set else lesson.homework,
            "Записано": minute_text(lesson.entered),
        }
        row.spoil(lesson.named)
    return row.spoil(lesson.flaw)
