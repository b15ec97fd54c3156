"""A region whose figures, passports and remarks are written by hand, so that every cell of every
form can be told beforehand."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path
from typing import Any

from openpyxl import load_workbook
from sqlalchemy import insert, text

from pipeline.hub import Hub
from pipeline.passports.file import read_passports, write_template
from pipeline.passports.versions import keep_passport
from schemas.tables import (
    districts,
    form_figures,
    journal_table,
    measures,
    remarks,
    school_years,
    schools,
    sources,
)

FIRST, ON, BEFORE = date(2026, 9, 1), date(2026, 9, 18), date(2026, 9, 4)
LONG = (
    "Государственное бюджетное общеобразовательное учреждение средняя общеобразовательная школа"
    " № 2 с углублённым изучением предметов художественно-эстетического цикла"
)
SPB = {"781001": "Школа № 1", "781002": LONG}
FAR = {"782003": "Лицей № 3"}
KGL = {"861001": "СОШ № 1", "861002": "СОШ № 8"}
DISTRICTS = {"d1": "Северный район", "d2": "Южный район", "k1": "Когалым"}
OF = (
    dict.fromkeys(SPB, ("d1", "spb"))
    | dict.fromkeys(FAR, ("d2", "spb"))
    | dict.fromkeys(KGL, ("k1", "kogalym"))
)
NAMES = SPB | FAR | KGL
RESPONSIBLE, DEPUTY = "Крутогорова Ия Львовна", "Щедролюбов Лев Ильич"
PHONE, DEPUTY_PHONE = "8 (812) 555-01-01", "8 (812) 555-01-02"

# Of each school: (numerator, denominator) by measure.
FIGURES = {
    "781001": {"topic": (391, 400), "marks": (300, 400), "attendance": (400, 400),
               "homework": (200, 390), "held": (400, 400)},
    "781002": {"topic": (10, 100), "marks": (5, 100), "attendance": (0, 100),
               "homework": (0, 100), "held": (100, 100)},
}  # fmt: skip
# Form 1, level 7, then 11 and 12: eight counts.
FORM1 = {
    "781001": {7: (2, 2, 50, 40, 14, 13, 29, 19), 11: (1, 1, 20, 20, 12, 12, 18, 18)},
    "781002": {7: (3, 2, 75, 60, 15, 10, 21, 11), 12: (1, 1, 9, 9, 10, 10, 6, 6)},
    "782003": {7: (1, 1, 25, 25, 9, 9, 15, 15)},
}
COLUMNS = (
    "classes", "classes_filled", "pupils", "pupils_with_data", "subjects", "subjects_with_data",
    "teachers", "teachers_with_access",
)  # fmt: skip
FORM2 = {"781001": {"in_time": 380, "judged": 400, "registration_days": 4}}
FORM4 = {
    "861001": {"teachers": 40, "teachers_with_access": 40, "teachers_working": 30,
               "pupils": 500, "pupils_applied": 400, "guardians": 800, "guardians_active": 200},
    "861002": {"teachers": 12, "teachers_with_access": 10, "teachers_working": 9,
               "pupils": 100, "pupils_applied": 60, "guardians": 150, "guardians_active": 5},
}  # fmt: skip
CLASSES = {"861001": {"7а": 10, "10б": 12}, "861002": {"5а": 5}}
SUNDAY = 7

T1, T2 = "p" + "1a" * 16, "p" + "2b" * 16
REMARKS: list[dict[str, Any]] = [
    # Found at the former check, still there.
    {"rule": "topic", "key": "a", "first_on": date(2026, 9, 3), "last_on": ON, "teacher": T1,
     "day": date(2026, 9, 2), "class_key": "c7", "subject_key": "s1"},
    {"rule": "topic", "key": "b", "first_on": date(2026, 9, 3), "last_on": ON, "teacher": T1,
     "day": date(2026, 9, 3), "class_key": "c7", "subject_key": "s1"},
    # New since then.
    {"rule": "topic", "key": "c", "first_on": date(2026, 9, 10), "last_on": ON, "teacher": T1,
     "day": date(2026, 9, 9), "class_key": "c10", "subject_key": "s1"},
    {"rule": "homework", "key": "d", "first_on": ON, "last_on": ON, "teacher": T2,
     "day": ON, "class_key": "c7", "subject_key": "s2"},
    # Mended since then, and mended before: the last is no longer told.
    {"rule": "held", "key": "e", "first_on": date(2026, 9, 3), "last_on": date(2026, 9, 4),
     "fixed_on": date(2026, 9, 8), "teacher": T2, "day": date(2026, 9, 2), "class_key": "c7",
     "subject_key": "s2"},
    {"rule": "held", "key": "f", "first_on": date(2026, 9, 2), "last_on": date(2026, 9, 2),
     "fixed_on": date(2026, 9, 3), "teacher": T2, "day": date(2026, 9, 1), "class_key": "c7",
     "subject_key": "s2"},
    # Nobody's, and of a day that has not come.
    {"rule": "daily_upload", "key": "g", "first_on": date(2026, 9, 11), "last_on": ON,
     "day": date(2026, 9, 10)},
    {"rule": "daily_upload", "key": "h", "first_on": ON + timedelta(days=1),
     "last_on": ON + timedelta(days=1), "day": ON + timedelta(days=1)},
    # Of the school year before: nobody looks at it any more, and nobody will mend it.
    {"rule": "held", "key": "i", "first_on": date(2026, 5, 20), "last_on": date(2026, 5, 29),
     "teacher": T2, "day": date(2026, 5, 19), "class_key": "c7", "subject_key": "s2"},
]  # fmt: skip

# What the file of passports says, by title of the column.
PASSPORTS: dict[str, dict[str, Any]] = {
    "781001": {
        "Регламент ОУ: дата утверждения": date(2026, 1, 15),
        "Регламент ОУ: соответствие Регламенту, утверждённому распоряжением": "соответств.",
        "Регламент ОУ: ссылка на страницу сайта": "https://school1.example/reglament",
        "Регламент ОУ: дата размещения на сайте": "20.01.2026",
        "Ответственный: ФИО": RESPONSIBLE,
        "Ответственный: должность": "методист",
        "Ответственный: рабочий телефон": PHONE,
        "Заместитель по УВР: ФИО": DEPUTY,
        "Заместитель по УВР: должность": "заместитель директора",
        "Заместитель по УВР: рабочий телефон": DEPUTY_PHONE,
        "Регистрация заявления: дней": 1,
        "Внесение данных учителем: периодичность": "в день урока",
        "Вносятся темы урока": "да",
        "Вносятся отметки, полученные в течение урока": "да",
        "Вносятся данные о пропуске урока": "нет",
        "Вносится домашнее задание": "да",
        "Загрузка данных на портал: периодичность": "ежедневно",
        "Персональная ответственность закреплена: руководитель": "да",
        "Персональная ответственность закреплена: должностные лица": "нет",
    },
    "782003": {
        "Регламент ОУ: соответствие Регламенту, утверждённому распоряжением": "не соответствует",
        "Загрузка данных на портал: периодичность": "3 раза в неделю",
    },
    "861001": {
        "Ответственный: ФИО": RESPONSIBLE,
        "Ответственный: должность": "учитель информатики",
        "План работы: реквизиты утверждения": "приказ от 01.09.2026 № 5",
        "Ознакомлены педагогические работники, %": 100,
        "Обучены обучающиеся, %": "62,5",
        "Ссылка на систему на официальном сайте": "есть",
        "Выданы логины: педагогические работники, %": 90,
    },
}
LINES = [
    ("861001", "Локальный акт", "Положение об электронном журнале", "приказ от 02.09.2026 № 6"),
    ("861001", "Локальный акт", "Регламент работы", "приказ от 03.09.2026 № 7"),
    ("861001", "Проблема", "Нет доступа в кабинете 12", "частично"),
]


def build(hub: Hub, folder: Path) -> None:
    """The region; passports come by the file, as an operator imports them."""
    with hub.engine.begin() as connection:

        def add(table: Any, *rows: dict[str, Any]) -> None:
            connection.execute(insert(table), list(rows))

        add(school_years, {"school_year": 2026, "zone": "Europe/Moscow",
                           "start": FIRST, "finish": date(2027, 5, 31)})  # fmt: skip
        add(districts, *({"code": code, "name": name} for code, name in DISTRICTS.items()))
        known = {"school_year": 2026, "connected_on": FIRST, "volumes": {}}
        add(schools, *(known | {"code": code, "name": NAMES[code], "district": d, "profile": p}
                       for code, (d, p) in OF.items()))  # fmt: skip
        add(sources, *({"school": code, "kind": "paragraf", "mapping": "m", "settings": {}}
                       for code in OF))  # fmt: skip
        period = {"as_of": ON, "date_from": FIRST, "date_to": ON, "run_id": "r"}
        period |= {"level": "school", "definition": "spb 2"}
        for code, own in FIGURES.items():
            for name, (n, d) in own.items():
                counted = {"unit": code, "measure": name, "numerator": n, "denominator": d}
                add(measures, period | counted)
        add(form_figures, *_cells())
        for key, name, level in (("c7", "7а", 7), ("c10", "10б", 10)):
            _journal(connection, "class_", key, name=name, grade_level=level)
        for key, name in (("s1", "Алгебра"), ("s2", "Физика")):
            _journal(connection, "subject", key, name=name)
        every = {"school": "781001", "source": "paragraf", "run_id": "r", "detail": ""}
        every |= dict.fromkeys(("fixed_on", "teacher", "class_key", "subject_key"))
        add(remarks, *(every | row for row in REMARKS))
    path = folder / "passports.xlsx"
    fill(path)
    read = read_passports(path, set(OF), hub.vault.names_somebody)
    assert read.problems == []
    for one in read.declared:
        assert keep_passport(hub, one, "Отдел")


def fill(path: Path) -> None:
    """The template, filled in as ``PASSPORTS`` and ``LINES`` say."""
    write_template(path, NAMES, FIRST)
    book = load_workbook(path)
    main, lines = book["Паспорт"], book["Перечни"]
    columns = {cell.value: cell.column for cell in main[1]}
    rows = {row[0].value: row[0].row for row in main.iter_rows(min_row=3)}
    for code, said in PASSPORTS.items():
        for title, value in said.items():
            main.cell(rows[code], columns[title]).value = value
    for line in LINES:
        lines.append(line)
    book.save(path)


def _cells() -> list[dict[str, Any]]:
    found: list[tuple[str, str, str, str, int]] = []
    for code, levels in FORM1.items():
        for level, counts in levels.items():
            found += [("form1", code, str(level), c, n)
                      for c, n in zip(COLUMNS, counts, strict=True)]  # fmt: skip
    for form, of in (("form2", FORM2), ("form4", FORM4)):
        found += [(form, code, "", c, n) for code, own in of.items() for c, n in own.items()]
    for code, own in CLASSES.items():
        found += [("form4", code, name, "guardians_active", n) for name, n in own.items()]
        found += [("form4", code, name, "pupils_applied", n) for name, n in own.items()]
    for code in SPB:
        for n in range((ON - FIRST).days + 1):
            day = FIRST + timedelta(days=n)
            cause = "not_a_school_day" if day.isoweekday() == SUNDAY else "uploaded"
            if code == "781001" and day in (date(2026, 9, 2), date(2026, 9, 3)):
                cause = "school_did_not_fill"
            found.append(("uploads", code, day.isoformat(), cause, int(cause == "uploaded")))
    names = ("form", "school", "row", "column", "value")
    kept = {"as_of": ON, "run_id": "r"}
    return [kept | dict(zip(names, one, strict=True)) for one in found]


def _journal(connection: Any, entity: str, key: str, **content: Any) -> None:
    connection.execute(
        insert(journal_table(entity)).values(
            school_year=2026, school="781001", source="paragraf", key=key, source_key=key,
            content_hash="h", origin_document=1, origin_line="1", recorded_run=1,
            recorded_at=text("now()"), first_seen_at=text("now()"), **content,
        )
    )  # fmt: skip
