"""The workbook, read back cell by cell."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from openpyxl import Workbook, load_workbook

from reports.compliance import Report
from reports.words import CAUSES, COLLECTED
from reports.workbook import write_workbook


def _written(report: Report, folder: Path) -> Workbook:
    write_workbook(report, folder / "x.xlsx")
    return load_workbook(folder / "x.xlsx")


def _rows(book: Workbook, sheet: str) -> list[list[Any]]:
    return [list(row) for row in book[sheet].iter_rows(values_only=True)]


@pytest.fixture
def book(district: Report, tmp_path: Path) -> Workbook:
    return _written(district, tmp_path)


def test_sheets_in_order(book: Workbook) -> None:
    assert book.sheetnames == [
        "Сводка",
        "Школы",
        "Форма 1",
        "Выгрузки",
        "Замечания",
        "Учёт записей",
        "Определения",
    ]


def test_summary_tells_each_measure(book: Workbook, district: Report) -> None:
    rows = _rows(book, "Сводка")
    assert [row[0] for row in rows[:4]] == [
        "Северный район",
        "По состоянию на 18 сентября 2026 года",
        "Период: 01.09.2026 – 18.09.2026",
        "Школ: 2",
    ]
    for row, code in zip(rows[5:], district.measures, strict=True):
        figure = district.figure(code)
        assert row == [
            district.profile.measure(code).title,
            figure.numerator,
            figure.denominator,
            figure.missing,
            figure.share,
        ]
    assert book["Сводка"]["E6"].number_format == "0.0%"


def test_schools_row_by_row(book: Workbook, district: Report) -> None:
    _, heading, *rows, total = _rows(book, "Школы")
    assert heading[:4] == ["Код", "Школа", "Район", "Полнота, доля"]
    for row, school in zip(rows, district.schools, strict=True):
        assert row[:3] == [school.code, school.name, "Северный район"]
        for n, code in enumerate(district.measures):
            figure = school.figure(code)
            told = [figure.share, figure.numerator, figure.denominator]
            assert row[3 + 3 * n : 6 + 3 * n] == told
    assert total[:6] == ["Всего", None, None, 1120 / 1900, 1120, 1900]


def test_nothing_due_is_a_dash(region: Report, tmp_path: Path) -> None:
    rows = _rows(_written(region, tmp_path), "Школы")
    assert rows[4][:6] == ["782003", "Лицей № 3", "Южный район", "—", 0, 0]


def test_form1_blocks(book: Workbook, district: Report) -> None:
    rows = _rows(book, "Форма 1")[6:]
    titles = [column.title for column in district.form1.form.columns]
    expected: list[list[Any]] = []
    for block in district.form1.blocks:
        expected += [[None] * 9, [block.title, *[None] * 8], ["Параллель", *titles]]
        expected += [
            [title, *("скрыто" if count is None else count for count in counts)]
            for title, counts in block.rows
        ]
    assert rows == expected


def test_calendar_letters_and_colours(book: Workbook, district: Report) -> None:
    sheet = book["Выгрузки"]
    first = len(CAUSES) + 3
    width = len(district.days)
    for row, school in enumerate(district.schools, start=first):
        assert sheet.cell(row, 1).value == school.name
        for column, day in enumerate(district.days, start=2):
            style = CAUSES[school.days[day]]
            cell = sheet.cell(row, column)
            assert (cell.value, cell.fill.fgColor.rgb) == (style.letter, f"00{style.fill}")
        tail = [sheet.cell(row, width + n).value for n in range(2, 7)]
        rhythm = school.rhythm
        assert rhythm.last_upload is not None
        last = datetime.combine(rhythm.last_upload, datetime.min.time())
        assert tail == [rhythm.words, rhythm.uploaded, rhythm.due, rhythm.longest_gap, last]


def test_remarks_of_all_and_of_each(book: Workbook) -> None:
    rows = [(row[0], row[2], row[3]) for row in _rows(book, "Замечания")[2:]]
    assert rows == [
        ("Все школы", "не записана тема урока", 31),
        ("Все школы", "такой отметки нет", 4),
        ("Гимназия № 2", "не записана тема урока", 31),
        ("Гимназия № 2", "такой отметки нет", 2),
        ("Школа № 1 <Восток>", "такой отметки нет", 2),
    ]
    assert book["Замечания"].auto_filter.ref == "A2:E7"


def test_ledger(book: Workbook) -> None:
    rows = _rows(book, "Учёт записей")
    assert rows[1] == ["Школа", "Источник", "Запуск", *COLLECTED.values()]
    assert rows[2] == ["Гимназия № 2", "NetSchool", "r1", 1200, 1190, 6, 4, 90, 100, 1000, 1]


def test_definitions_with_citation_and_version(book: Workbook, district: Report) -> None:
    rows = _rows(book, "Определения")[2:]
    told = [
        [m.title, m.definition, m.citation.document, m.citation.clause, "spb 2"]
        for m in district.profile.measures
    ]
    assert rows == told


def test_every_sheet_is_ready_for_paper(book: Workbook) -> None:
    for sheet in book.worksheets:
        assert sheet.page_setup.paperSize == 9  # A4
        assert sheet.page_setup.fitToWidth == 1
        assert sheet.page_setup.fitToHeight == 0
        assert sheet.sheet_properties.pageSetUpPr.fitToPage
        assert sheet.column_dimensions["A"].width >= 12
        if sheet.title != "Форма 1":
            assert sheet.freeze_panes
            assert sheet.print_title_rows
    assert book["Школы"].page_setup.orientation == "landscape"
    assert book["Школы"].freeze_panes == "C3"
