"""NetSchool's reports of pupils, and the timetable of classes as a grid."""

from __future__ import annotations

import io
from datetime import date

import openpyxl
import pytest

from connectors.base import RawDocument
from connectors.drops import read_documents
from mappings import load

GRADE = {
    "Класс": "7а",
    "ФИО": "Пнёв Ян",
    "Предмет": "Алгебра",
    "Тип задания": "Контрольная работа",
    "Тема задания": "Дроби",
    "Дата выполнения": "05.09.26",
    "Дата выставления оценки": "07.09.26",
    "Оценка": "5",
}
TOTAL = {
    "Класс": "7а",
    "ФИО": "Пнёв Ян",
    "Предмет": "Алгебра",
    "Период": "1 четверть",
    "Ячейка": "4",
    "Столбец": "1 четверть",
}
SLOT = {
    "День недели": "Сб",
    "Урок": "2",
    "С": "01.09.2026",
    "По": "31.05.2027",
    "Класс": "7а",
    "Ячейка": "Алгебра",
    "Столбец": "7а",
}


def _only(frame):
    assert frame.height == 1
    row = frame.row(0, named=True)
    return {name: value for name, value in row.items() if value is not None and name[0] != "_"}


def test_a_grade_is_a_mark_without_a_lesson(applied, table):
    translated = applied("netschool/5-reports", table("studentgrades", [GRADE]))

    assert _only(translated.frames["mark"]) == {
        "source_key": "7а|Алгебра|2026-09-05|Контрольная работа|1",
        "pupil": "7а|пнев ян",
        "subject_key": "Алгебра",
        "date": "2026-09-05",
        "value": "5",
        "scale": "5",
        "work_type": "control",
        "given_on": "2026-09-07",
    }
    assert translated.findings == []


@pytest.mark.parametrize(
    ("changes", "field", "rule"),
    [
        ({"Оценка": "УП"}, "Оценка", "unknown_code"),
        ({"Тип задания": "Диктант"}, "Тип задания", "unknown_code"),
        ({"Дата выполнения": "05.09.2026"}, "Дата выполнения", "bad_date"),
    ],
)
def test_what_the_mapping_refuses(changes, field, rule, applied, table):
    refusals = applied(
        "netschool/5-reports", table("studentgrades", [{**GRADE, **changes}])
    ).refusals

    assert refusals.select("field", "rule").unique().rows() == [(field, rule)]


@pytest.mark.parametrize(
    ("column", "written", "term", "value"),
    [
        ("1 четверть", "4", "1 четверть", "4"),
        ("2 полугодие", "ЗЧ", "2 полугодие", "pass"),
        ("Год. оценка", "ОСВ", "Год", "exempt"),
    ],
)
def test_totals(column, written, term, value, applied, table):
    row = {**TOTAL, "Период": column, "Столбец": column, "Ячейка": written}

    total = applied("netschool/5-reports", table("studenttotalmarks", [row])).frames["term_mark"]

    assert _only(total) | {"scale": ""} == {
        "pupil": "7а|пнев ян",
        "subject_key": "Алгебра",
        "term_key": term,
        "value": value,
        "scale": "",
    }


def test_journals_are_taken_away(applied, table):
    translated = applied("netschool/5-reports", table("journal", [{"Класс": "7а"}]))

    assert [finding.rule for finding in translated.findings] == ["unknown_document"]
    assert "lesson" not in translated.frames


def test_a_cell_of_the_timetable_with_two_subgroups(applied, table):
    cell = "Англ.яз./2 гр. [209], Англ.яз./1 гр. [108]"

    translated = applied("netschool/5", table("schedule", [{**SLOT, "Ячейка": cell}, SLOT]))

    assert translated.frames["timetable_slot"].select(
        "group_key", "subject_key", "weekday", "number"
    ).rows() == [
        ("7а|Англ.яз./2 гр.", "Английский язык", "6", "2"),
        ("7а|Англ.яз./1 гр.", "Английский язык", "6", "2"),
        (None, "Алгебра", "6", "2"),
    ]
    assert translated.frames["group"].select("source_key", "name").rows() == [
        ("7а|Англ.яз./2 гр.", "Англ.яз./2 гр."),
        ("7а|Англ.яз./1 гр.", "Англ.яз./1 гр."),
    ]
    assert translated.refusals.is_empty()


def test_the_grid_and_the_list_speak_of_the_same_slots(applied, table):
    listed = {**SLOT, "Группа": "Англ.яз./1 гр.", "Предмет": "Английский язык", "Учитель": None}
    del listed["Ячейка"], listed["Столбец"]
    grid = {**SLOT, "Ячейка": "Англ.яз./1 гр. [108]"}

    one = applied("netschool/5", table("timetable", [listed])).frames["timetable_slot"]
    other = applied("netschool/5", table("schedule", [grid])).frames["timetable_slot"]

    assert one.drop("_document").equals(other.drop("_document"))


def test_a_cell_that_is_no_lesson_is_refused_under_its_column(applied, table):
    refusals = applied(
        "netschool/5", table("schedule", [{**SLOT, "Ячейка": "Физика [1][2]"}])
    ).refusals

    assert ("timetable_slot", "7а", "bad_format") in refusals.select(
        "entity", "field", "rule"
    ).rows()


@pytest.fixture
def parsed():
    """What an upload of NetSchool with only these sheets says."""

    def read(**sheets: list[list[str]]):
        note = "версия=5.47\nсоздано=2026-09-18T18:05:00+03:00\nс=2026-09-01\nпо=2026-09-18\n"
        documents = [RawDocument("export.txt", note.encode(), "text/plain")]
        for name, rows in sheets.items():
            book = openpyxl.Workbook()
            for row in rows:
                book.active.append(row)
            file = io.BytesIO()
            book.save(file)
            documents.append(RawDocument(f"{name}.xlsx", file.getvalue(), ""))
        covers = (date(2026, 9, 1), date(2026, 9, 18))
        return read_documents(load("netschool/5").documents, documents, covers, "781001")

    return read


GRID = [
    ["День недели", "Урок", "С", "По", "7а", "10 Б"],
    ["Сб", "2", "01.09.2026", "31.05.2027", "Алгебра [12]", None],
]
LIST = [["Класс", "Группа", "Предмет", "Учитель", "День недели", "Урок", "С", "По"]]


def _missing(upload):
    missing = [one for one in upload.problems if one.rule == "missing_document"]
    return {one.document.partition(".")[0] for one in missing}


def test_the_grid_stands_in_for_the_list(parsed, applied):
    upload = parsed(schedule=GRID)

    assert "timetable" not in _missing(upload)
    translated = applied("netschool/5", *upload.tables)
    slot = translated.frames["timetable_slot"].row(0, named=True)
    assert (slot["class_key"], slot["subject_key"], slot["_line"]) == ("7а", "Алгебра", 2)
    # What the whole timetable no longer says is gone.
    assert "timetable_slot" not in translated.incomplete


def test_the_list_needs_no_grid(parsed, applied):
    translated = applied("netschool/5", *parsed(timetable=LIST).tables)

    assert "timetable_slot" not in translated.incomplete


def test_without_either_the_timetable_is_missing(parsed, applied):
    upload = parsed()

    assert "timetable" in _missing(upload)
    assert "timetable_slot" in applied("netschool/5", *upload.tables).incomplete
