"""Files of three more systems, read with other code, say what the truth says."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest
import yaml
from openpyxl import load_workbook

from sandbox.generate import generate, load_params
from sandbox.mutate import mutate
from sandbox.params import Params
from tests.sandbox.conftest import Region

SYSTEMS = ("eschool", "klassinfo", "eljur")
SMALL = Params(seed=11, schools_per_system=2, classes=2, districts=2, systems=SYSTEMS)
AFTER_TERM = date(2026, 10, 24)
ABSENCES = {"Опз", "Н/б", "Н/у", "Н/н", "Н", "осв"}

Row = dict[str, str]


@pytest.fixture(scope="module")
def others(tmp_path_factory: pytest.TempPathFactory) -> Region:
    folder = tmp_path_factory.mktemp("others")
    generate(SMALL, folder)
    return Region(folder)


def table(path: Path) -> list[Row]:
    """Rows of a CSV with ``#`` = the line."""
    content = path.read_bytes()
    comma = b"," in content.partition(b"\r\n")[0]
    encoding = "utf-8-sig" if comma or content.startswith(b"\xef\xbb\xbf") else "cp1251"
    reader = csv.DictReader(io.StringIO(content.decode(encoding)), delimiter="," if comma else ";")
    return [{"#": str(number), **row} for number, row in enumerate(reader, start=2)]


def sheet(path: Path, title: str, header: int = 1) -> list[Row]:
    rows = [
        ["" if cell is None else str(cell) for cell in row]
        for row in load_workbook(path)[title].iter_rows(values_only=True)
    ]
    names = rows[header - 1]
    return [
        {"#": str(number), **dict(zip(names, row, strict=True))}
        for number, row in enumerate(rows[header:], start=header + 1)
    ]


def journal(path: Path) -> list[Row]:
    """The wide sheet of KlassInfo; a column is named by its day, lesson and kind of work."""
    rows = [
        ["" if cell is None else str(cell) for cell in row]
        for row in load_workbook(path)["Успеваемость"].iter_rows(values_only=True)
    ]
    day, names = "", []
    for upper, lower in zip(rows[5], rows[6], strict=True):
        day = upper or day
        names.append(f"{day} {lower}".strip())
    return [
        {"#": str(number), **dict(zip(names, row, strict=True))}
        for number, row in enumerate(rows[7:], start=8)
    ]


def tokens(cells: list[str]) -> tuple[int, int]:
    """Marks and absences."""
    found = [token for cell in cells for token in cell.split()]
    absences = sum(token in ABSENCES for token in found)
    return len(found) - absences, absences


def of_eschool(folder: Path) -> dict[str, int]:
    marks, absences = tokens([row["Отметка"] for row in table(folder / "journal.csv")])
    return {
        "term": len(table(folder / "periods.csv")),
        "holiday": len(table(folder / "vacations.csv")),
        "class_": len(table(folder / "classes.csv")),
        "subject": len({row["Предмет"] for row in table(folder / "plan.csv")}),
        "curriculum_hours": len(table(folder / "plan.csv")),
        "pupil": len(table(folder / "pupils.csv")),
        "staff_member": len(table(folder / "teachers.csv")),
        "guardian": len(table(folder / "parents.csv")),
        "timetable_slot": len(table(folder / "schedule.csv")),
        "lesson": len(table(folder / "lessons.csv")),
        "mark": marks,
        "attendance": absences,
        "term_mark": len(table(folder / "totals.csv")),
    }


def of_klassinfo(folder: Path) -> dict[str, int]:
    lists = folder / "справочники.xlsx"
    journals = sorted(folder.glob("журнал *.xlsx"))
    cells = [
        cell
        for path in journals
        for row in journal(path)
        for column, cell in row.items()
        if column not in ("#", "Ученик")
    ]
    marks, absences = tokens(cells)
    totals = folder / "итоги.xlsx"
    return {
        "term": len(sheet(lists, "Периоды")),
        "holiday": len(sheet(lists, "Каникулы")),
        "class_": len(sheet(lists, "Классы")),
        "curriculum_hours": len(sheet(lists, "Учебный план")),
        "pupil": len(sheet(lists, "Ученики")),
        "staff_member": len(sheet(lists, "Учителя")),
        "timetable_slot": len(sheet(lists, "Расписание")),
        "lesson": sum(len(sheet(path, "Уроки")) for path in journals),
        "mark": marks,
        "attendance": absences,
        "term_mark": len(sheet(totals, "Итоги")) if totals.exists() else 0,
    }


def of_eljur(folder: Path) -> dict[str, int]:
    kinds = [row["countas"] for row in table(folder / "marks.csv")]
    assert kinds.count("note") > 0
    return {
        "term": len(table(folder / "periods.csv")),
        "holiday": len(table(folder / "vacations.csv")),
        "class_": len(table(folder / "classes.csv")),
        "subject": len(table(folder / "subjects.csv")),
        "group": len(table(folder / "groups.csv")),
        "curriculum_hours": len(table(folder / "plan.csv")),
        "pupil": len(table(folder / "students.csv")),
        "staff_member": len(table(folder / "teachers.csv")),
        "timetable_slot": len(table(folder / "schedule.csv")),
        "lesson": len(table(folder / "lessons.csv")),
        "mark": kinds.count("mark"),
        "attendance": kinds.count("absence"),
        "term_mark": len(table(folder / "finals.csv")),
    }


COUNTS: dict[str, Callable[[Path], dict[str, int]]] = {
    "eschool": of_eschool,
    "klassinfo": of_klassinfo,
    "eljur": of_eljur,
}


@pytest.mark.parametrize("system", SYSTEMS)
def test_rendered_records(others: Region, system: str) -> None:
    for code in others.codes(system):
        counted = COUNTS[system](others.drop(code))
        truth = others.truth["records"][code]
        assert counted == {entity: truth[entity]["rendered"] for entity in counted}
        assert counted["mark"] > counted["lesson"] > 0


@pytest.mark.parametrize("system", SYSTEMS)
def test_every_defect_stands_where_the_truth_says(others: Region, system: str) -> None:
    for code in others.codes(system):
        found = [
            d for d in others.truth["defects"] if d["school"] == code and d["source"] == system
        ]
        assert {d["rule"] for d in found} >= {"unknown_code", "bad_date", "name_in_text"}
        for defect in (d for d in found if d["rule"] != "unknown_column"):
            row = shown(others.drop(code) / defect["document"], defect)
            cell = row[defect["field"]]
            match defect["rule"]:
                case "unknown_code":
                    assert {"7", "Ы", "dictation", "нд"} & set(cell.split())
                case "bad_date":
                    assert cell in ("31.09.2026", "31.09", "2026-09-31")
                case "missing_value":
                    assert cell == ""
                case "dangling_reference":
                    assert cell == "9999999"


def shown(path: Path, defect: dict[str, object]) -> Row:
    if path.suffix == ".csv":
        rows = table(path)
    else:
        rows = journal(path) if defect["entity"] == "mark" else sheet(path, "Уроки")
    return next(row for row in rows if row["#"] == str(defect["line"]))


def test_a_column_nobody_has_described(others: Region) -> None:
    for system, column in (("eschool", "Кабинет"), ("klassinfo", "Кабинет"), ("eljur", "room")):
        defect = next(
            d
            for d in others.truth["defects"]
            if d["source"] == system and d["rule"] == "unknown_column"
        )
        path = others.drop(defect["school"]) / defect["document"]
        rows = table(path) if path.suffix == ".csv" else sheet(path, "Классы")
        assert defect["field"] == column
        assert all(row[column] for row in rows)


def test_an_upload_is_there_unless_it_is_missing(others: Region) -> None:
    states = set()
    for code, days in others.truth["uploads"].items():
        for day, state in days.items():
            states.add(state)
            assert others.drop(code, day).exists() == (state == "uploaded")
    assert states >= {"uploaded", "school_did_not_fill"}


def test_registry_and_parameters(others: Region) -> None:
    found = yaml.safe_load((others.folder / "region.yml").read_text("utf-8"))
    sources = {tuple(s["mapping"] for s in school["sources"]) for school in found["schools"]}
    mappings = ("eschool/1", "klassinfo/2", "eljur/1")
    assert sources == {(mapping, "lists/1") for mapping in mappings}
    assert load_params(others.folder) == SMALL


def test_both_encodings_of_the_tomsk_e_school(others: Region) -> None:
    starts = [
        (others.drop(code) / "pupils.csv").read_bytes().startswith(b"\xef\xbb\xbf")
        for code in others.codes("eschool")
    ]
    assert sorted(starts) == [False, True]


@pytest.mark.parametrize("system", SYSTEMS)
def test_one_mark_can_be_changed(system: str, tmp_path: Path) -> None:
    generate(Params(schools_per_system=1, classes=1, districts=1, systems=(system,)), tmp_path)
    before = {p: p.read_bytes() for p in tmp_path.rglob("*") if p.is_file()}
    told = mutate(tmp_path, "781001")
    changed = [p for p, content in before.items() if p.read_bytes() != content]
    assert [str(p.relative_to(tmp_path)) for p in changed] == [told["document"]]
    assert json.loads((tmp_path / "mutations.json").read_text("utf-8"))


@pytest.mark.parametrize("system", SYSTEMS)
def test_term_marks_come_at_the_end_of_a_term(system: str, tmp_path: Path) -> None:
    params = Params(
        schools_per_system=1, classes=1, districts=1, systems=(system,), until=AFTER_TERM
    )
    generate(params, tmp_path)
    region = Region(tmp_path)
    counted = COUNTS[system](region.drop("781001", "2026-10-24"))
    assert counted["term_mark"] > 0
    assert counted["term_mark"] == region.truth["records"]["781001"]["term_mark"]["rendered"]
