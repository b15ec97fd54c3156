"""The workbook of the paper journal: what it offers, and what is said of a fault, by cell."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import pytest
from openpyxl import load_workbook

from pipeline.measuring.paper_counts import Sheet
from pipeline.paper.file import (
    NAMES,
    SHEET,
    TITLES,
    Names,
    PaperFileError,
    read_sheets,
    write_template,
)

KNOWN = Names(
    classes={"7а": ["10"], "7б": ["11"]},
    subjects={"алгебра": ["20"], "русскийязык": ["21"], "труд": ["22", "23"]},
    shown=(["7а", "7б"], ["Алгебра", "Русский язык", "Труд"]),
)
GOOD = ("7а", "Алгебра", "09.2026", 1, 2)


def fill(path: Path, *rows: tuple[Any, ...]) -> None:
    """Write ``rows`` below the header of the template at ``path``."""
    book = load_workbook(path)
    for number, row in enumerate(rows, start=2):
        for column, value in enumerate(row, start=1):
            book[SHEET].cell(number, column, value)
    book.save(path)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """An empty template."""
    made = tmp_path / "paper.xlsx"
    write_template(made, KNOWN)
    return made


def test_the_template_offers_the_names_of_the_journal(path: Path) -> None:
    book = load_workbook(path)
    assert [cell.value for cell in book[SHEET][1]] == list(TITLES)
    assert list(book[NAMES].iter_rows(min_row=2, values_only=True)) == [
        ("7а", "Алгебра"), ("7б", "Русский язык"), (None, "Труд")
    ]  # fmt: skip


def test_sheets_are_read_however_the_names_are_spelt(path: Path) -> None:
    fill(
        path,
        GOOD,
        ("7 Б", "русский  язык", "9.2026", "0", 12),
        (None, None, None, None, None),
        ("7а", "АЛГЕБРА", date(2026, 10, 1), 3, 0),
    )
    assert read_sheets(path, KNOWN) == [
        Sheet("10", "20", date(2026, 9, 1), 1, 2),
        Sheet("11", "21", date(2026, 9, 1), 0, 12),
        Sheet("10", "20", date(2026, 10, 1), 3, 0),
    ]


@pytest.mark.parametrize(
    ("rows", "told"),
    [
        ([], ["лист «Бумажный журнал»: нет ни одной строки"]),
        ([("7в", *GOOD[1:])], ["A2: в журнале школы такого названия нет"]),
        ([GOOD, ("7а", "Геометрия", *GOOD[2:])], ["B3: в журнале школы такого названия нет"]),
        ([("7а", "Труд", *GOOD[2:])], ["B2: так в журнале школы названо несколько"]),
        ([(*GOOD[:2], "сентябрь", 1, 2)], ["C2: нужен месяц и год, например 09.2026"]),
        ([(*GOOD[:2], "13.2026", 1, 2)], ["C2: нужен месяц"]),
        ([(*GOOD[:2], "00.2026", 1, 2)], ["C2: нужен месяц"]),
        ([(*GOOD[:2], date(2026, 9, 16), 1, 2)], ["C2: нужен месяц"]),
        ([(*GOOD[:3], "одни", None)], ["D2: нужно целое число", "E2: нужно целое число"]),
        ([(*GOOD[:3], -1, 2.5)], ["D2: нужно целое число", "E2: нужно целое число"]),
        ([(*GOOD[:3], "=1+1", 2)], ["D2: ячейка с формулой"]),
        ([GOOD, GOOD], ["A3: этот класс, предмет и месяц уже есть выше"]),
        ([GOOD, (None, *GOOD[1:])], ["A3: в журнале школы такого названия нет"]),
        ([("7в", "Физика", "?", "?", "?")], ["A2: ", "B2: ", "C2: ", "D2: ", "E2: "]),
    ],
)
def test_every_fault_is_told_by_its_cell(
    path: Path, rows: list[tuple[Any, ...]], told: list[str]
) -> None:
    fill(path, *rows)
    with pytest.raises(PaperFileError) as refused:
        read_sheets(path, KNOWN)
    lines = str(refused.value).splitlines()
    assert len(lines) == len(told), lines
    for words in told:
        assert any(line.startswith(f"paper.xlsx: {words}") for line in lines), lines
    assert "одни" not in str(refused.value)  # a cell may hold a name
    assert "Физика" not in str(refused.value)


def test_another_header_is_not_guessed_at(path: Path) -> None:
    book = load_workbook(path)
    book[SHEET].cell(1, 4, "Уроков")
    book.save(path)
    with pytest.raises(PaperFileError, match="строка 1: колонки должны быть Класс, Предмет"):
        read_sheets(path, KNOWN)
    del book[SHEET]
    book.save(path)
    with pytest.raises(PaperFileError, match="нет листа «Бумажный журнал»"):
        read_sheets(path, KNOWN)


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04 no book", b"\xef\xbb\xbfa;b\r\n"])
def test_what_is_no_workbook_is_said_so(path: Path, content: bytes) -> None:
    path.write_bytes(content)
    with pytest.raises(PaperFileError, match=r"paper\.xlsx: "):
        read_sheets(path, KNOWN)
