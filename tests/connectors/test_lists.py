"""Lists typed by the school: the newest of each kind, under a ref that follows their content."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from connectors.errors import Unavailable

UNTIL = date(2026, 9, 18)


@pytest.fixture
def case(make_case: Callable[[str], Any]) -> Any:
    return make_case("lists")


@pytest.fixture
def folder(tmp_path: Path, case: Any) -> Path:
    return tmp_path / "781001" / "lists"


def parse(case: Any) -> Any:
    [upload] = case.source.pending(UNTIL)
    return case.source.parse(upload, list(case.source.fetch(upload)))


def test_the_newest_of_each_kind_is_read(case: Any) -> None:
    [upload] = case.source.pending(UNTIL)
    assert [document.name for document in case.source.fetch(upload)] == [
        "uid_2026-09-10.csv",
        "applications_2026-09-08.xlsx",
    ]
    assert upload.taken_at.date() == date(2026, 9, 10)


def test_rows_as_typed(case: Any) -> None:
    uid, applications = parse(case).tables
    assert uid.frame.select("Роль", "Класс", "UID", "_line").rows() == [
        ("ученик", "7а", "12345678", 2),
        ("сотрудник", None, "87654321", 3),
    ]
    assert applications.frame.select("Номер", "Дата отказа", "_line").rows() == [("5", None, 2)]


def test_an_earlier_day_sees_the_list_of_that_day(case: Any) -> None:
    [upload] = case.source.pending(date(2026, 9, 5))
    assert [document.name for document in case.source.fetch(upload)] == ["uid_2026-09-02.csv"]
    assert case.source.pending(date(2026, 9, 1)) == []


def test_the_ref_follows_the_content(case: Any, folder: Path) -> None:
    [before] = case.source.pending(UNTIL)
    file = folder / "uid_2026-09-10.csv"
    file.write_bytes(file.read_bytes().replace(b"12345678", b"12345679"))
    [after] = case.source.pending(UNTIL)
    assert after.ref != before.ref
    assert after.ref[:10] == before.ref[:10] == "2026-09-10"
    with pytest.raises(Unavailable):
        case.source.fetch(before)


def test_a_list_without_a_mark_is_cp1251(case: Any, folder: Path) -> None:
    text = "Роль;ФИО;Класс;UID\r\nродитель;Жмелеватова Инна;7а;55555555\r\n"
    (folder / "uid_2026-09-11.csv").write_bytes(text.encode("cp1251"))
    assert parse(case).tables[0].frame["ФИО"].to_list() == ["Жмелеватова Инна"]
    (folder / "uid_2026-09-12.csv").write_bytes(text.encode("utf-8"))
    [problem] = parse(case).problems
    assert (problem.document, problem.rule, problem.line) == (
        "uid_2026-09-12.csv",
        "wrong_encoding",
        1,
    )


def test_a_list_never_typed_gives_no_table(case: Any, folder: Path) -> None:
    (folder / "applications_2026-09-08.xlsx").unlink()
    parsed = parse(case)
    assert [table.name for table in parsed.tables] == ["uid"]
    assert parsed.problems == []


def test_other_files_are_left_alone(case: Any, folder: Path) -> None:
    (folder / "uid_2026-99-99.csv").write_text("x")
    (folder / "~$uid_2026-09-17.xlsx").write_text("x")
    (folder / "old").mkdir()
    assert case.source.pending(UNTIL) == case.source.pending(UNTIL)
    assert parse(case).problems == []


def test_no_folder_is_no_upload(make_case: Callable[[str], Any], tmp_path: Path) -> None:
    case = make_case("lists")
    for file in (tmp_path / "781001" / "lists").iterdir():
        file.unlink()
    assert case.source.pending(UNTIL) == []
    (tmp_path / "781001" / "lists").rmdir()
    assert case.source.pending(UNTIL) == []
