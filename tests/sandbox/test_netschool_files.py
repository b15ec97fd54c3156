"""NetSchool's files and the typed lists, read with openpyxl and lxml, say what the truth says."""

from __future__ import annotations

import csv
import io
from pathlib import Path
from typing import Any

import pytest
from lxml import html
from openpyxl import load_workbook

FORMATS = ("html", "xlsx")
ABSENCES = {"УП", "Б", "НП", "ОТ", "ОП", "ОСВ"}
Grid = list[list[str]]


def sheet(path: Path, number: int = 0) -> Grid:
    rows = load_workbook(path).worksheets[number].iter_rows(values_only=True)
    return [["" if cell is None else str(cell) for cell in row] for row in rows]


def tables(path: Path) -> tuple[Grid, Grid, int]:
    """Journal, topics, and the line of the journal's header."""
    if path.suffix == ".xlsx":
        return sheet(path)[5:], sheet(path, 1), 6
    page = html.fromstring(path.read_bytes())
    found = [
        [[cell.text or "" for cell in row] for row in table.iter("tr")]
        for table in page.iter("table")
    ]
    return found[0], found[1], 1


@pytest.mark.parametrize("form", FORMATS)
def test_rendered_records(region: Any, form: str) -> None:
    code = region.code("netschool", form)
    folder = region.drop(code)
    truth = {entity: c["rendered"] for entity, c in region.truth["records"][code].items()}
    marks = attendance = lessons = 0
    for path in folder.glob("journal_*"):
        journal, topics, _ = tables(path)
        tokens = [t for row in journal[1:] for cell in row[2:] for t in cell.split()]
        attendance += sum(t in ABSENCES for t in tokens)
        marks += sum(t not in ABSENCES for t in tokens)
        lessons += len(topics) - 1
    lists = {p.stem: sheet(p)[1:] for p in folder.glob("[a-z]*.xlsx") if "_" not in p.stem}
    assert truth["mark"] == marks
    assert truth["attendance"] == attendance
    assert truth["lesson"] == lessons
    assert truth["term"] == len(lists["terms"])
    assert truth["class_"] == len(lists["classes"])
    assert truth["subject"] == len({row[1] for row in lists["curriculum"]})
    assert truth["group"] == len({tuple(row[:2]) for row in lists["timetable"] if row[1]})
    assert truth["pupil"] == truth["enrolment"] == len(lists["pupils"])
    assert truth["staff_member"] == truth["access_account"] == len(lists["staff"])
    assert truth["timetable_slot"] == len(lists["timetable"])


@pytest.mark.parametrize("form", FORMATS)
def test_every_defect_stands_where_the_truth_says(region: Any, form: str) -> None:
    code = region.code("netschool", form)
    found = [
        d for d in region.truth["defects"] if d["school"] == code and d["source"] == "netschool"
    ]
    rules = {d["rule"] for d in found}
    assert rules >= {"unknown_code", "bad_date", "missing_value", "duplicate", "name_in_text"}
    for defect in (d for d in found if d["document"].startswith("journal")):
        journal, topics, header = tables(region.drop(code) / defect["document"])
        if defect["entity"] == "mark":
            row = journal[defect["line"] - header]
            tokens = row[journal[0].index(defect["field"])].split()
            assert {"7", "Ы"} & set(tokens)
        else:
            cell = topics[defect["line"] - 1][topics[0].index(defect["field"])]
            expected = {"bad_date": "31.09.2026", "missing_value": ""}
            assert cell == expected.get(defect["rule"], cell)


def test_journal_columns_match_topics(region: Any) -> None:
    """Every lesson has its column, and no column speaks of a lesson that has no topic row."""
    folder = region.drop(region.code("netschool", "html"))
    for path in folder.glob("journal_*"):
        journal, topics, _ = tables(path)
        columns = {"/".join(c.split("/")[:2]) for c in journal[0][2:]}
        lessons = {f"{row[0][:5]}/{row[1]}" for row in topics[1:] if row[0] != "31.09.2026"}
        assert lessons <= columns
        assert len(columns) == len(topics) - 1


def listed(path: Path) -> Grid:
    if path.suffix == ".xlsx":
        return sheet(path)
    content = path.read_bytes()
    text = content.decode("utf-8-sig" if content.startswith(b"\xef\xbb\xbf") else "cp1251")
    return list(csv.reader(io.StringIO(text), delimiter=";"))


@pytest.mark.parametrize("system", ["netschool", "dnevnik_ru"])
def test_lists(region: Any, system: str) -> None:
    for code in region.codes(system):
        folder = region.folder / "drops" / code / "lists"
        for name, entity in (("uid", "uid"), ("applications", "consent")):
            files = sorted(folder.glob(f"{name}_*"))
            assert len(files) == 2
            rows = listed(files[-1])
            assert len(listed(files[0])) < len(rows)
            assert len(rows) - 1 == region.truth["records"][code][entity]["rendered"]
            for defect in region.truth["defects"]:
                if defect["school"] == code and defect["document"] == files[-1].name:
                    cell = rows[defect["line"] - 1][rows[0].index(defect["field"])]
                    bad = defect["rule"] != "missing_value"
                    assert bool(cell) == bad
