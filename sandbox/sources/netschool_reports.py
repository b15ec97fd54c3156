"""A school whose NetSchool lets out pupils' reports and no journals: marks without lessons."""

from __future__ import annotations

from collections.abc import Iterator

from sandbox import writers
from sandbox.members import Pupil
from sandbox.model import Mark, Subject
from sandbox.params import YEAR_START
from sandbox.rows import Row, Table, day_text, table
from sandbox.sources.netschool import list_files, note, total_sign, totals
from sandbox.sources.netschool_journal import Caption, caption_html, captioned, sign
from sandbox.view import View
from sandbox.xlsx import workbook

# Nobody has published the types of work; these are the words of its web service in the sandbox.
WORKS = {
    "lesson": "Работа на уроке",
    "oral": "Ответ на уроке",
    "homework": "Домашнее задание",
    "independent": "Самостоятельная работа",
    "written": "Письменная работа",
    "control": "Контрольная работа",
    "test": "Тестирование",
    "project": "Проект",
}
TERMS = 4
YEAR_COLUMNS = ("Год. оценка", "Экз. оценка", "Итог. оценка")  # empty until the year is over

Report = tuple[str, Caption, Table]


def documents(view: View, form: str) -> dict[str, bytes]:
    """The files of an upload by name; ``form`` of the reports: html or xlsx."""
    files = list_files(view)
    for kind in (_grades(view), _totals(view)):
        for number, (title, caption, found) in enumerate(kind, start=1):
            name = f"{title}_{number:03d}.{form}"
            files[name] = _file(name, caption, found)
    return {**files, "export.txt": note(view)}


def _file(name: str, caption: Caption, found: Table) -> bytes:
    if name.endswith(".html"):
        body = caption_html(caption) + writers.html_table(found, name)
        return writers.html_page("Отчёт", body)
    return workbook([("Отчёт", captioned(caption, found, name))])


def _grades(view: View) -> Iterator[Report]:
    """A report for every pupil and subject of the class."""
    period = f"{day_text(YEAR_START)} - {day_text(view.day)}"
    given: dict[tuple[int, int], list[Mark]] = {}
    for shown in view.lessons:
        for mark in shown.marks:
            key = (mark.pupil.person.code, shown.lesson.slot.subject.code)
            given.setdefault(key, []).append(mark)
    for pupil, subject in _taught(view):
        marks = given.get((pupil.person.code, subject.code), [])
        caption = [*_whose(pupil), ("Предмет", subject.name), ("Период", period)]
        yield "studentgrades", caption, table("studentgrades", _GRADES, _grade_rows(marks, view))


_GRADES = "Тип задания, Тема задания, Дата выполнения, Дата выставления оценки, Оценка"


def _grade_rows(marks: list[Mark], view: View) -> Iterator[Row]:
    for mark in marks:
        written = sign(mark, view)
        if written is not None:
            yield Row(
                {
                    "Тип задания": WORKS[mark.work],
                    "Тема задания": mark.lesson.topic,
                    "Дата выполнения": f"{mark.lesson.day:%d.%m.%y}",
                    "Дата выставления оценки": f"{mark.given:%d.%m.%y}",
                    "Оценка": written,
                }
            )


def _totals(view: View) -> Iterator[Report]:
    """A report for every pupil, with a row for every subject of the class."""
    columns = ["№", "Предмет", *(f"{n} четверть" for n in range(1, TERMS + 1)), *YEAR_COLUMNS]
    signs = {
        (t.pupil.person.code, t.subject.code, t.term.number): total_sign(t, view)
        for t in totals(view)
    }
    for pupil in view.pupils:
        subjects = [h.subject for h in view.school.hours if h.class_ is pupil.class_]
        rows = [
            Row(
                {
                    "№": number,
                    "Предмет": subject.name,
                    **{
                        f"{n} четверть": signs.get((pupil.person.code, subject.code, n))
                        for n in range(1, TERMS + 1)
                    },
                }
            )
            for number, subject in enumerate(subjects, start=1)
        ]
        yield "studenttotalmarks", _whose(pupil), Table("studenttotalmarks", columns, rows)


def _taught(view: View) -> Iterator[tuple[Pupil, Subject]]:
    for pupil in view.pupils:
        for hours in view.school.hours:
            if hours.class_ is pupil.class_:
                yield pupil, hours.subject


def _whose(pupil: Pupil) -> Caption:
    return [("Класс", pupil.class_.name), ("ФИО", pupil.person.full_name)]
