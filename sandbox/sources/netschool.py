"""A school in NetSchool's words: XLSX lists and a journal file per class and subject or group."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from sandbox import writers
from sandbox.model import TermMark
from sandbox.params import OFFSET, YEAR_START
from sandbox.rows import Cell, Row, Table, add_column, day_text, hours_text, table, yes_no
from sandbox.sources.netschool_journal import TOTALS, by_course, courses, journal_file
from sandbox.view import View
from sandbox.xlsx import sheet_of, workbook

VERSION = "5.47"
WEEKDAYS = ("Пн", "Вт", "Ср", "Чт", "Пт", "Сб")


def documents(view: View, form: str = "") -> dict[str, bytes]:
    """The files of an upload by name; ``form`` of the journals: html or xlsx, by default the
    school's own."""
    form = form or view.school.format
    files = list_files(view)
    lessons = by_course(view)
    for number, (key, course) in enumerate(courses(view).items(), start=1):
        name = f"journal_{number:03d}.{form}"
        files[name] = journal_file(view, course, lessons.get(key, []), name)
    for number, found in enumerate(_totals(view), start=1):
        name = f"totals_{number:03d}.{form}"
        if form == "html":
            files[name] = writers.html_page("Итоги", writers.html_table(found, name))
        else:
            files[name] = workbook([("Итоги", sheet_of(found, name))])
    return {**files, "export.txt": note(view)}


def list_files(view: View) -> dict[str, bytes]:
    """The workbooks of everything but the journals."""
    return {
        f"{found.name}.xlsx": workbook([("Лист1", sheet_of(found, f"{found.name}.xlsx"))])
        for found in lists(view)
    }


def note(view: View) -> bytes:
    """``export.txt``, written last."""
    return (
        f"версия={VERSION}\nсоздано={view.day}T18:05:00{OFFSET}\nс={YEAR_START}\nпо={view.day}\n"
    ).encode()


def lists(view: View) -> Iterator[Table]:
    """Everything but the journals."""
    school = view.school
    yield table(
        "terms",
        "Период, Вид, Номер, Начало, Окончание",
        (
            Row(
                {
                    "Период": t.name,
                    "Вид": "Четверть",
                    "Номер": t.number,
                    "Начало": day_text(t.start),
                    "Окончание": day_text(t.finish),
                }
            )
            for t in school.terms
        ),
    )
    yield table(
        "vacations",
        "Название, Вид, Начало, Окончание",
        (
            Row(
                {
                    "Название": h.name,
                    "Вид": h.kind,
                    "Начало": day_text(h.start),
                    "Окончание": day_text(h.finish),
                }
            )
            for h in school.listed_holidays
        ),
    )
    classes = table(
        "classes",
        "Класс, Параллель, Литера",
        (Row({"Класс": c.name, "Параллель": c.grade, "Литера": c.letter}) for c in school.classes),
    )
    if school.extra_column is not None:
        add_column(classes, school.extra_column, lambda number: f"{200 + number}")
        school.extra_column.document = "classes.xlsx"
    yield classes
    yield table("pupils", "Класс, ФИО, Дата рождения, Зачислен, Выбыл", _pupils(view))
    yield table(
        "staff",
        "ФИО, Должность, Доступ к журналу",
        (
            Row(
                {
                    "ФИО": t.person.full_name,
                    "Должность": t.position,
                    "Доступ к журналу": yes_no(t.access),
                }
            ).spoil(t.person.flaw)
            for t in school.teachers
        ),
    )
    yield table(
        "curriculum",
        "Класс, Предмет, Часов в неделю",
        (
            Row(
                {
                    "Класс": h.class_.name,
                    "Предмет": h.subject.name,
                    "Часов в неделю": hours_text(h.planned),
                }
            )
            for h in school.hours
        ),
    )
    yield table(
        "timetable",
        "Класс, Группа, Предмет, Учитель, День недели, Урок, С, По",
        (
            Row(
                {
                    "Класс": s.class_.name,
                    "Группа": s.group.name if s.group else None,
                    "Предмет": s.subject.name,
                    "Учитель": s.teacher.person.full_name,
                    "День недели": WEEKDAYS[s.weekday - 1],
                    "Урок": s.number,
                    "С": day_text(s.valid_from),
                    "По": day_text(s.valid_to),
                }
            )
            for s in school.slots
        ),
    )


def _pupils(view: View) -> Iterator[Row]:
    for pupil in sorted(view.pupils, key=lambda p: (p.class_.code, p.person.full_name)):
        cells: dict[str, Cell] = {
            "Класс": pupil.class_.name,
            "ФИО": pupil.person.full_name,
            "Дата рождения": day_text(pupil.person.birth),
            "Зачислен": day_text(pupil.enrolled),
            "Выбыл": day_text(view.since(pupil.left)),
        }
        yield Row(dict(cells))
        if pupil is view.school.doubled_pupil:
            yield Row(dict(cells), view.school.doubled_flaws)


def totals(view: View) -> Iterable[TermMark]:
    """Term marks for which there is a sign, of the terms that are over."""
    return (
        t for t in view.term_marks if t.term.finish <= view.day and total_sign(t, view) is not None
    )


def total_sign(total: TermMark, view: View) -> str | None:
    value = total.value_on(view.day)
    return value if total.scale == "5" else TOTALS.get((total.scale, value))


def _totals(view: View) -> Iterable[Table]:
    columns = "Период, Класс, ФИО, Предмет, Отметка"
    for class_ in view.school.classes:
        marks = [t for t in totals(view) if t.pupil.class_ is class_]
        if marks:
            yield table(
                "totals",
                columns,
                (
                    Row(
                        {
                            "Период": t.term.name,
                            "Класс": class_.name,
                            "ФИО": t.pupil.person.full_name,
                            "Предмет": t.subject.name,
                            "Отметка": total_sign(t, view),
                        }
                    )
                    for t in marks
                ),
            )
