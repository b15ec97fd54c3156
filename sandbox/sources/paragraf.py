"""A school in Paragraf's words: seventeen tables and a manifest, in any of ``FORMATS``."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from html import escape

from sandbox import dbf, writers
from sandbox.members import Person, Pupil
from sandbox.params import OFFSET, YEAR_END, YEAR_START
from sandbox.rows import Cell, Row, Table, add_column, day_text, hours_text, row, table, yes_no
from sandbox.sources.paragraf_journal import journal
from sandbox.view import View
from sandbox.xlsx import texts_of, workbook

Writer = tuple[str, Callable[[Table, str], bytes]]  # suffix, and (table, document) -> bytes

VERSION = "3.21"
FORMATS: dict[str, Writer] = {
    "xml": ("xml", writers.xml),
    "csv": ("csv", writers.csv),
    "csv-utf8": ("csv", partial(writers.csv, encoding="utf-8")),
    "csv-bom": ("csv", partial(writers.csv, encoding="utf-8-sig")),
    "dbf-cp866": ("dbf", partial(dbf.dbf, encoding="cp866")),
    "dbf-cp1251": ("dbf", partial(dbf.dbf, encoding="cp1251")),
    "xlsx": ("xlsx", lambda found, name: workbook([("Лист1", texts_of(found, name))])),
}
# ZIP of CSV: one for all the tables, or one for each.
ARCHIVES = ("zip", "zip-each")
ARCHIVE = "Выгрузка.zip"


def documents(view: View, form: str = "") -> dict[str, bytes]:
    """The files of an upload by name; ``form``: of ``FORMATS`` or ``ARCHIVES``, by default the
    school's own."""
    form = form or view.school.format
    suffix, write = FORMATS["csv" if form in ARCHIVES else form]
    files = {}
    counts = {}
    for found in tables(view):
        name = f"{found.name}.{suffix}"
        files[name] = write(found, name)
        counts[name] = len(found.rows)
    return {**_packed(files, form), "manifest.xml": _manifest(view, counts)}


def _packed(files: dict[str, bytes], form: str) -> dict[str, bytes]:
    if form == "zip":
        return {ARCHIVE: writers.archive(files)}
    if form == "zip-each":
        return {
            f"{name.removesuffix('.csv')}.zip": writers.archive({name: content})
            for name, content in files.items()
        }
    return files


def _manifest(view: View, counts: dict[str, int]) -> bytes:
    entries = "".join(
        f'  <Файл имя="{escape(name)}" записей="{count}"/>\n' for name, count in counts.items()
    )
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        f'<Выгрузка система="Параграф" версия="{VERSION}" школа="{view.school.code}" '
        f'создана="{view.day}T17:40:00{OFFSET}"\n          с="{YEAR_START}" по="{view.day}" '
        f'режим="полная">\n{entries}</Выгрузка>\n'
    ).encode()


def tables(view: View) -> list[Table]:
    """Every table as it stands on the evening of the view."""
    found = [*_structure(view), *_people(view), *journal(view)]
    flaw = view.school.extra_column
    if flaw is not None:
        pupils = next(t for t in found if t.name == "pupils")
        add_column(pupils, flaw, lambda number: f"ЛД-{number:04d}")
        flaw.document = f"pupils.{FORMATS[view.school.format][0]}"
    return found


def _structure(view: View) -> Iterator[Table]:
    school = view.school
    year = row(
        Код=len(school.terms) + 1,
        Название="Учебный год",
        Вид="Год",
        Номер=1,
        Начало=day_text(YEAR_START),
        Окончание=day_text(YEAR_END),
    )
    yield table(
        "terms",
        "Код, Название, Вид, Номер, Начало, Окончание",
        [
            *(
                row(
                    Код=t.code,
                    Название=t.name,
                    Вид="Четверть",
                    Номер=t.number,
                    Начало=day_text(t.start),
                    Окончание=day_text(t.finish),
                )
                for t in school.terms
            ),
            year,
        ],
    )
    yield table(
        "holidays",
        "Код, Название, Вид, Начало, Окончание",
        (
            row(
                Код=h.code,
                Название=h.name,
                Вид=h.kind,
                Начало=day_text(h.start),
                Окончание=day_text(h.finish),
            )
            for h in school.listed_holidays
        ),
    )
    yield table(
        "classes",
        "Код, Название, Параллель, Литера",
        (
            row(Код=c.code, Название=c.name, Параллель=c.grade, Литера=c.letter)
            for c in school.classes
        ),
    )
    yield table(
        "subjects", "Код, Название", (row(Код=s.code, Название=s.name) for s in school.subjects)
    )
    yield table(
        "groups",
        "Код, КодКласса, КодПредмета, Название",
        (
            row(Код=g.code, КодКласса=g.class_.code, КодПредмета=g.subject.code, Название=g.name)
            for g in school.groups
        ),
    )
    yield table(
        "curriculum",
        "КодКласса, КодПредмета, ЧасовВНеделю",
        (
            row(
                КодКласса=h.class_.code,
                КодПредмета=h.subject.code,
                ЧасовВНеделю=hours_text(h.planned),
            )
            for h in school.hours
        ),
    )
    yield table(
        "load",
        "КодУчителя, КодКласса, КодГруппы, КодПредмета, ЧасовВНеделю",
        (
            row(
                КодУчителя=x.teacher.person.code,
                КодКласса=x.class_.code,
                КодГруппы=x.group.code if x.group else None,
                КодПредмета=x.subject.code,
                ЧасовВНеделю=x.per_week,
            )
            for x in school.loads
        ),
    )
    yield table(
        "timetable",
        "Код, КодКласса, КодГруппы, КодПредмета, КодУчителя, ДеньНедели, НомерУрока, ДействуетС, "
        "ДействуетПо",
        (
            row(
                Код=s.code,
                КодКласса=s.class_.code,
                КодГруппы=s.group.code if s.group else None,
                КодПредмета=s.subject.code,
                КодУчителя=s.teacher.person.code,
                ДеньНедели=s.weekday,
                НомерУрока=s.number,
                ДействуетС=day_text(s.valid_from),
                ДействуетПо=day_text(s.valid_to),
            )
            for s in school.slots
        ),
    )


def _person(person: Person) -> dict[str, Cell]:
    return {
        "Код": person.code,
        "Фамилия": person.surname,
        "Имя": person.given,
        "Отчество": person.patronymic,
        "ДатаРождения": day_text(person.birth),
        "СНИЛС": person.snils,
        "Телефон": person.phone,
        "Почта": person.email,
    }


def _pupil(pupil: Pupil) -> dict[str, Cell]:
    """The card of a pupil: who it is, as far as the office has seen papers."""
    papers, document = pupil.papers, pupil.papers.document
    return {
        **_person(pupil.person),
        "СНИЛС": pupil.person.snils if papers.snils else None,
        "Пол": papers.gender,
        "Гражданство": papers.citizenship,
        "ДокументВид": document.kind if document else None,
        "ДокументСерия": document.series if document else None,
        "ДокументНомер": document.number if document else None,
        "ДокументДата": day_text(document.issued if document else None),
    }


def _people(view: View) -> Iterator[Table]:
    identity = "Код, Фамилия, Имя, Отчество, ДатаРождения, СНИЛС, Телефон, Почта"
    yield table(
        "staff",
        f"{identity}, Должность, UID, ДоступКЖ",
        (
            Row(
                {
                    **_person(t.person),
                    "Должность": t.position,
                    "UID": t.person.uid,
                    "ДоступКЖ": yes_no(t.access),
                }
            ).spoil(t.person.uid_flaw)
            for t in view.school.teachers
        ),
    )
    yield table(
        "pupils",
        f"{identity}, КодКласса, ДатаЗачисления, ДатаВыбытия, UID, Пол, Гражданство, "
        "ДокументВид, ДокументСерия, ДокументНомер, ДокументДата",
        (
            Row(
                {
                    **_pupil(p),
                    "КодКласса": p.class_.code,
                    "ДатаЗачисления": day_text(p.enrolled),
                    "ДатаВыбытия": day_text(view.since(p.left)),
                    "UID": p.person.uid,
                }
            ).spoil(p.person.uid_flaw)
            for p in view.pupils
        ),
    )
    yield table(
        "guardians",
        "Код, КодУченика, Фамилия, Имя, Отчество, Телефон, Почта, Родство",
        (
            Row(
                {**_person(g.person), "КодУченика": g.pupil.person.code, "Родство": g.relation}
            ).spoil(g.person.flaw)
            for g in view.guardians
        ),
    )
    yield table(
        "movements",
        "Код, КодУченика, Вид, Дата, НомерПриказа, ДатаПриказа, ИзКласса, ВКласс, ДругаяШкола",
        (
            row(
                Код=m.code,
                КодУченика=m.pupil.person.code,
                Вид=m.kind,
                Дата=day_text(m.day),
                НомерПриказа=m.order,
                ДатаПриказа=day_text(m.day),
                ИзКласса=m.from_class.code if m.from_class else None,
                ВКласс=m.to_class.code if m.to_class else None,
                ДругаяШкола=m.other_school,
            ).spoil(m.flaw)
            for m in view.movements
        ),
    )
    guardians = {g.pupil.person.code: g.person.full_name for g in view.guardians}
    yield table(
        "applications",
        "Код, КодУченика, ФИОЗаявителя, ДатаЗаявления, ДатаРегистрации, ДатаОтказа",
        (
            row(
                Код=a.code,
                КодУченика=p.person.code,
                ФИОЗаявителя=guardians[p.person.code],
                ДатаЗаявления=day_text(a.applied),
                ДатаРегистрации=day_text(view.since(a.registered)),
                ДатаОтказа=day_text(view.since(a.refused)),
            ).spoil(a.flaw)
            for p, a in view.applications
        ),
    )
