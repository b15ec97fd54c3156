"""UIDs and applications as a school types them: CSV in two encodings, or XLSX.

An older, shorter file stands beside the newest one, which is the one that counts.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

from sandbox import writers
from sandbox.consents import first_list_date, list_date
from sandbox.model import School
from sandbox.params import Params
from sandbox.rows import Row, Table, day_text, table
from sandbox.view import View
from sandbox.xlsx import sheet_of, workbook

FORMATS = ("utf-8-sig", "cp1251", "xlsx")


def documents(school: School, params: Params) -> dict[str, bytes]:
    """The files of ``lists/`` by name; the newest are written last, so that defects are placed
    in them."""
    files = {}
    for day in sorted({first_list_date(params), list_date(params)}):
        view = View(school, day)
        older = day != list_date(params)
        for found in (_uids(view), _applications(view)):
            if older:
                found.rows = found.rows[: len(found.rows) // 2]
            name, content = _file(found, day, "utf-8-sig" if older else school.list_format)
            files[name] = content
    return files


def _file(found: Table, day: date, form: str) -> tuple[str, bytes]:
    name = f"{found.name}_{day}"
    if form == "xlsx":
        return f"{name}.xlsx", workbook([("Лист1", sheet_of(found, f"{name}.xlsx"))])
    return f"{name}.csv", writers.csv(found, f"{name}.csv", form)


def _uids(view: View) -> Table:
    return table("uid", "Роль, ФИО, Класс, UID", _uid_rows(view))


def _uid_rows(view: View) -> Iterator[Row]:
    school = view.school
    for pupil in view.pupils:
        if pupil.person.uid:
            yield Row(
                {
                    "Роль": "ученик",
                    "ФИО": pupil.person.full_name,
                    "Класс": pupil.class_.name,
                    "UID": pupil.person.uid,
                }
            ).spoil(pupil.person.uid_flaw)
    for teacher in school.teachers:
        if teacher.person.uid:
            yield Row(
                {"Роль": "сотрудник", "ФИО": teacher.person.full_name, "UID": teacher.person.uid}
            ).spoil(teacher.person.uid_flaw)
    if school.unknown_uid is not None:
        stranger = school.unknown_uid
        yield Row(
            {
                "Роль": "ученик",
                "ФИО": stranger.person.full_name,
                "Класс": stranger.class_name,
                "UID": stranger.person.uid,
            }
        ).spoil(stranger.flaw)


def _applications(view: View) -> Table:
    columns = (
        "Номер, ФИО ребёнка, Класс, ФИО заявителя, Дата заявления, Дата регистрации, Дата отказа"
    )
    return table("applications", columns, _application_rows(view))


def _application_rows(view: View) -> Iterator[Row]:
    guardians = {g.pupil.person.code: g.person.full_name for g in view.guardians}
    for pupil, application in view.applications:
        yield Row(
            {
                "Номер": application.code,
                "ФИО ребёнка": pupil.person.full_name,
                "Класс": pupil.class_.name,
                "ФИО заявителя": guardians[pupil.person.code],
                "Дата заявления": day_text(application.applied),
                "Дата регистрации": day_text(view.since(application.registered)),
                "Дата отказа": day_text(view.since(application.refused)),
            }
        ).spoil(application.flaw)
    stranger = view.school.unknown_applicant
    if stranger is not None:
        yield Row(
            {
                "Номер": len(view.school.pupils) + 1,
                "ФИО ребёнка": stranger.person.full_name,
                "Класс": stranger.class_name,
                "Дата заявления": day_text(view.day),
            }
        ).spoil(stranger.flaw)
