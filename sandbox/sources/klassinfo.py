"""A school in KlassInfo's words: a workbook of lists and a workbook for every journal."""

from __future__ import annotations

from collections.abc import Iterator

from sandbox.members import Person
from sandbox.params import OFFSET, YEAR_START
from sandbox.rows import Cell, Row, Table, add_column, day_text, hours_text, table
from sandbox.sources.eschool_words import total_sign
from sandbox.sources.klassinfo_journal import journal_name, journal_workbook
from sandbox.sources.netschool_journal import by_course, courses
from sandbox.view import View
from sandbox.xlsx import sheet_of, workbook

VERSION = "2.4"
LISTS = "справочники.xlsx"
TOTALS = "итоги.xlsx"
ACCESS = {True: "есть", False: "нет"}


def documents(view: View) -> dict[str, bytes]:
    """The files of an upload by name."""
    lists = [_year(view), _holidays(view), _classes(view), *_people(view), *_plans(view)]
    files = {LISTS: workbook([(found.name, sheet_of(found, LISTS)) for found in lists])}
    lessons = by_course(view)
    for key, course in courses(view).items():
        name = journal_name(course)
        files[name] = journal_workbook(view, course, lessons.get(key, []), name)
    totals = _totals(view)
    if totals.rows:
        files[TOTALS] = workbook([("Итоги", sheet_of(totals, TOTALS))])
    note = (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        f'<Экспорт программа="КлассИнфо" версия="{VERSION}" дата="{view.day}T19:00:00{OFFSET}" '
        f'начало="{YEAR_START}" конец="{view.day}"/>\n'
    )
    return {**files, "klassinfo.xml": note.encode()}


def _year(view: View) -> Table:
    return table(
        "Периоды",
        "Название, Тип, №, Дата начала, Дата окончания",
        (
            Row(
                {
                    "Название": t.name,
                    "Тип": "Четверть",
                    "№": t.number,
                    "Дата начала": day_text(t.start),
                    "Дата окончания": day_text(t.finish),
                }
            )
            for t in view.school.terms
        ),
    )


def _holidays(view: View) -> Table:
    return table(
        "Каникулы",
        "Название, Тип, Дата начала, Дата окончания",
        (
            Row(
                {
                    "Название": h.name,
                    "Тип": h.kind,
                    "Дата начала": day_text(h.start),
                    "Дата окончания": day_text(h.finish),
                }
            )
            for h in view.school.holidays
        ),
    )


def _classes(view: View) -> Table:
    found = table(
        "Классы",
        "Класс, Год обучения, Литера",
        (
            Row({"Класс": c.name, "Год обучения": c.grade, "Литера": c.letter})
            for c in view.school.classes
        ),
    )
    flaw = view.school.extra_column
    if flaw is not None:
        add_column(found, flaw, lambda number: f"{200 + number}")
        flaw.document = LISTS
    return found


def _name(person: Person) -> dict[str, Cell]:
    return {"Фамилия": person.surname, "Имя": person.given, "Отчество": person.patronymic}


def _people(view: View) -> Iterator[Table]:
    yield table(
        "Ученики",
        "Класс, Фамилия, Имя, Отчество, Дата рождения, Дата зачисления, Дата отчисления",
        (
            Row(
                {
                    "Класс": p.class_.name,
                    **_name(p.person),
                    "Дата рождения": day_text(p.person.birth),
                    "Дата зачисления": day_text(p.enrolled),
                    "Дата отчисления": day_text(view.since(p.left)),
                }
            )
            for p in view.pupils
        ),
    )
    yield table(
        "Учителя",
        "Фамилия, Имя, Отчество, Должность, Доступ",
        (
            Row({**_name(t.person), "Должность": t.position, "Доступ": ACCESS[t.access]})
            for t in view.school.teachers
        ),
    )


def _plans(view: View) -> Iterator[Table]:
    yield table(
        "Учебный план",
        "Класс, Предмет, Часов",
        (
            Row({"Класс": h.class_.name, "Предмет": h.subject.name, "Часов": hours_text(h.planned)})
            for h in view.school.hours
        ),
    )
    yield table(
        "Расписание",
        "Класс, Группа, Предмет, Учитель, День, № урока, Действует с, Действует по",
        (
            Row(
                {
                    "Класс": s.class_.name,
                    "Группа": s.group.name if s.group else None,
                    "Предмет": s.subject.name,
                    "Учитель": s.teacher.person.full_name,
                    "День": s.weekday,
                    "№ урока": s.number,
                    "Действует с": day_text(s.valid_from),
                    "Действует по": day_text(s.valid_to),
                }
            )
            for s in view.school.slots
        ),
    )


def _totals(view: View) -> Table:
    return table(
        "итоги",
        "Период, Класс, Ученик, Предмет, Отметка",
        (
            Row(
                {
                    "Период": t.term.name,
                    "Класс": t.pupil.class_.name,
                    "Ученик": t.pupil.person.full_name,
                    "Предмет": t.subject.name,
                    "Отметка": total_sign(t),
                }
            )
            for t in view.term_marks
            if total_sign(t) is not None
        ),
    )
