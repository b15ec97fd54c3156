"""NetSchool drops: the journal in long form, and what is told of it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from connectors.base import Parsed, RawDocument
from connectors.drops.opening import Opener
from connectors.drops.tables import Asked, read_table
from connectors.formats.reading import Reading
from mappings import load

UNTIL = date(2026, 9, 18)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "781001" / "2026-09-18"


def parse(case: Any) -> Parsed:
    [upload] = case.source.pending(UNTIL)
    return case.source.parse(upload, list(case.source.fetch(upload)))


def frame(parsed: Parsed, name: str) -> pl.DataFrame:
    return next(table.frame for table in parsed.tables if table.name == name)


def incomplete(parsed: Parsed) -> set[str]:
    return {table.name for table in parsed.tables if not table.complete}


@pytest.mark.parametrize(("form", "first_row"), [("html", 2), ("xlsx", 7)])
def test_the_journal_in_long_form(
    make_case: Callable[[str], Any], form: str, first_row: int
) -> None:
    journal = frame(parse(make_case(f"netschool-{form}")), "journal")
    assert journal.columns == [
        "Класс", "Предмет", "Группа", "ФИО", "Дата", "Урок", "ВидКод", "Ячейка", "Столбец",
        "_document", "_line",
    ]  # fmt: skip
    name = f"journal_001.{form}"
    assert journal.drop("Класс", "Предмет", "Группа").rows() == [
        ("Жмелеватов Пётр", "05.09.2026", "2", None, "УП", "05.09/2", name, first_row),
        ("Жмелеватов Пётр", "12.09.2026", "2", None, "5 4", "12.09/2", name, first_row),
        ("Брянчихина Анна", "05.09.2026", "2", "К", "3", "05.09/2/К", name, first_row + 1),
    ]
    assert journal.select("Класс", "Предмет", "Группа").unique().rows() == [("7а", "Алгебра", None)]


@pytest.mark.parametrize("form", ["html", "xlsx"])
def test_topics_and_totals(make_case: Callable[[str], Any], form: str) -> None:
    parsed = parse(make_case(f"netschool-{form}"))
    topics = frame(parsed, "topics")
    assert topics.select("Дата", "Тема", "Домашнее задание", "Замена", "Класс", "_line").rows() == [
        ("05.09.2026", "Дроби", "№ 5", None, "7а", 2),
        ("12.09.2026", "Степени", "не задано", None, "7а", 3),
    ]
    assert frame(parsed, "totals").select("ФИО", "Отметка", "_line").rows() == [
        ("Брянчихина Анна", "4", 2)
    ]


def read_part(document: RawDocument, table: str = "journal") -> Reading:
    layout = load("netschool/5").documents
    assert layout is not None
    asked = Asked(table, layout.tables[table], layout.formats_of(table)[".html"], {})
    return read_table(document, asked, Opener(), (date(2026, 9, 1), UNTIL)).reading


def page(header: str, cells: str, period: str = "01.09.2026 - 31.05.2027") -> RawDocument:
    text = f"""<html><p class="caption">Класс: 7а<br>Предмет: Алгебра
Группа: <br>Период: {period}</p>
<table class="table-print journal"><tr><td>№</td><td>ФИО</td>{header}</tr>
<tr><td>1</td><td>Жмелеватов Пётр</td>{cells}</tr></table>
<table class="table-print topics"><tr><td>Дата</td><td>Тема</td></tr></table></html>"""
    return RawDocument("journal_001.html", text.encode(), "text/html")


@pytest.mark.parametrize(
    ("column", "day"),
    [("01.09/1", "01.09.2026"), ("31.12/1", "31.12.2026"), ("01.01/1", "01.01.2027"),
     ("31.05/1", "31.05.2027"), ("31.02/1", "31.02")],
)  # fmt: skip
def test_the_year_comes_from_the_period(column: str, day: str) -> None:
    journal = read_part(page(f"<td>{column}</td>", "<td>5</td>"))
    assert journal.frame["Дата"].to_list() == [day]


def test_two_columns_of_one_name_both_count() -> None:
    journal = read_part(page("<td>05.09/2</td><td>05.09/2</td>", "<td>5</td><td>4</td>"))
    assert journal.frame.select("Ячейка", "Столбец").rows() == [("5", "05.09/2"), ("4", "05.09/2")]


def test_an_unknown_column_is_told_and_a_lesson_we_cannot_place_is_a_break() -> None:
    told = read_part(page("<td>Примечание</td><td>05.09/2</td>", "<td>x</td><td>5</td>"))
    assert [(p.rule, p.field) for p in told.problems] == [("unknown_column", "Примечание")]
    assert told.complete
    broken = read_part(page("<td>05.09-2</td><td>05.09/2</td>", "<td>4</td><td>5</td>"))
    assert [(p.rule, p.field) for p in broken.problems] == [("broken_document", "05.09-2")]
    assert not broken.complete
    assert broken.frame["Ячейка"].to_list() == ["5"]


@pytest.mark.parametrize(("header", "cells"), [("", ""), ("<td>05.09/2</td>", "<td></td>")])
def test_a_subject_without_lessons_or_marks_is_an_empty_journal(header: str, cells: str) -> None:
    journal = read_part(page(header, cells))
    assert journal.complete
    assert journal.frame.height == 0
    assert {"Ячейка", "Столбец", "_document", "_line"} <= set(journal.frame.columns)


def test_a_row_of_another_length_is_left_out() -> None:
    journal = read_part(page("<td>05.09/2</td>", "<td>5</td><td>4</td>"))
    assert journal.frame.height == 0
    assert [(p.rule, p.line) for p in journal.problems] == [("broken_document", 2)]


@pytest.mark.parametrize("period", ["", "01.09.2026", "осень - зима"])
def test_a_journal_without_a_period_is_not_guessed_at(period: str) -> None:
    for table in ("journal", "topics"):
        reading = read_part(page("<td>05.09/2</td>", "<td>5</td>", period), table)
        assert [(p.rule, p.field) for p in reading.problems] == [("broken_document", "Период")]
        assert reading.frame.height == 0


def test_a_journal_that_was_not_exported_is_missing(
    make_case: Callable[[str], Any], folder: Path, make_workbook: Callable[..., bytes]
) -> None:
    case = make_case("netschool-html")
    rows = [["Класс", "Предмет", "Часов в неделю"], ["7а", "Алгебра", "3"], ["7а", "Химия", "2"]]
    (folder / "curriculum.xlsx").write_bytes(make_workbook(("Лист1", rows)))
    parsed = parse(case)
    assert [(p.rule, p.detail) for p in parsed.problems] == [("missing_document", "7а, Химия")]
    assert incomplete(parsed) == {"journal", "topics"}


def test_a_broken_journal_is_not_also_missing(
    make_case: Callable[[str], Any], folder: Path
) -> None:
    case = make_case("netschool-xlsx")
    content = (folder / "journal_001.xlsx").read_bytes()
    (folder / "journal_001.xlsx").write_bytes(content[:200])
    parsed = parse(case)
    assert [(p.document, p.rule) for p in parsed.problems] == [
        ("journal_001.xlsx", "broken_document")
    ]
    assert incomplete(parsed) == {"journal", "topics"}


def test_a_formula_in_a_list_is_refused(
    make_case: Callable[[str], Any], folder: Path, make_workbook: Callable[..., bytes]
) -> None:
    case = make_case("netschool-html")
    rows = [["Класс", "Параллель", "Литера"], ["7а", "=3+4", "а"]]
    (folder / "classes.xlsx").write_bytes(make_workbook(("Лист1", rows)))
    parsed = parse(case)
    assert [(p.document, p.line, p.field) for p in parsed.problems] == [
        ("classes.xlsx", 2, "Параллель")
    ]
    assert incomplete(parsed) == {"classes"}


def test_another_version_is_not_read(make_case: Callable[[str], Any], folder: Path) -> None:
    case = make_case("netschool-html")
    text = (folder / "export.txt").read_text("utf-8")
    (folder / "export.txt").write_text(text.replace("5.47", "6.0"), "utf-8")
    parsed = parse(case)
    assert [(p.rule, p.field) for p in parsed.problems] == [("misconfigured", "версия")]
    assert all(table.frame.height == 0 and not table.complete for table in parsed.tables)


def test_an_unfinished_export_is_left_alone(make_case: Callable[[str], Any], folder: Path) -> None:
    case = make_case("netschool-html")
    (folder / "export.txt").unlink()
    assert case.source.pending(UNTIL) == []
