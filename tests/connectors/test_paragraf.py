"""Paragraf drops: what is offered, and what the manifest proves."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from connectors.base import Parsed

UNTIL = date(2026, 9, 18)


@pytest.fixture
def case(make_case: Callable[[str], Any]) -> Any:
    return make_case("paragraf-xml")


@pytest.fixture
def folder(tmp_path: Path, case: Any) -> Path:
    return tmp_path / "781001" / "2026-09-18"


def parse(case: Any) -> Parsed:
    [upload] = case.source.pending(UNTIL)
    return case.source.parse(upload, list(case.source.fetch(upload)))


def told(parsed: Parsed) -> list[tuple[str, str]]:
    return [(problem.document, problem.rule) for problem in parsed.problems]


def incomplete(parsed: Parsed) -> set[str]:
    return {table.name for table in parsed.tables if not table.complete}


def test_the_upload_is_as_the_manifest_says(case: Any) -> None:
    [upload] = case.source.pending(UNTIL)
    assert upload.ref == "2026-09-18"
    assert upload.taken_at.isoformat() == "2026-09-18T17:40:00+03:00"
    assert upload.covers == (date(2026, 9, 1), date(2026, 9, 18))


def test_uploads_come_oldest_first_and_only_when_finished(
    case: Any, folder: Path, make_manifest: Any
) -> None:
    for day in ("2026-09-17", "2026-09-16", "2026-09-19"):
        (folder.parent / day).mkdir()
        (folder.parent / day / "manifest.xml").write_bytes(make_manifest("xml"))
    (folder.parent / "2026-09-17" / "manifest.xml").unlink()
    for name in ("2026-13-45", "20260915", "tmp", "2026-W38-1"):
        (folder.parent / name).mkdir()
        (folder.parent / name / "manifest.xml").write_bytes(make_manifest("xml"))
    assert [upload.ref for upload in case.source.pending(UNTIL)] == ["2026-09-16", "2026-09-18"]


def test_another_zone_is_said_in_the_regions(case: Any, folder: Path, make_manifest: Any) -> None:
    changed = make_manifest("xml", создана="2026-09-18T14:40:00+00:00")
    (folder / "manifest.xml").write_bytes(changed)
    [upload] = case.source.pending(UNTIL)
    assert upload.taken_at.isoformat() == "2026-09-18T17:40:00+03:00"


def test_raw_words_and_lines(case: Any) -> None:
    marks = next(table for table in parse(case).tables if table.name == "marks").frame
    assert marks.select("Код", "КодУрока", "Отметка", "_document", "_line").rows() == [
        ("1", "17", "5", "marks.xml", 3),
        ("2", "18", "4", "marks.xml", 4),
    ]
    assert marks["Шкала"].to_list() == [None, None]  # an absent element is no value


def test_csv_gives_the_same_rows(make_case: Any) -> None:
    parsed = parse(make_case("paragraf-csv"))
    lessons = next(table for table in parsed.tables if table.name == "lessons").frame
    assert lessons.select("Код", "Тема", "_line").rows() == [
        ("17", "Дроби; части", 2),
        ("18", "Степени", 3),
    ]


def test_fewer_records_than_the_manifest_counts(case: Any, folder: Path) -> None:
    text = (folder / "marks.xml").read_text("utf-8").splitlines()
    (folder / "marks.xml").write_text("\n".join([*text[:3], *text[4:]]), "utf-8")
    parsed = parse(case)
    assert told(parsed) == [("marks.xml", "count_mismatch")]
    assert incomplete(parsed) == {"marks"}
    assert next(table for table in parsed.tables if table.name == "marks").frame.height == 1


def test_a_file_that_did_not_come(case: Any, folder: Path) -> None:
    (folder / "lessons.xml").unlink()
    parsed = parse(case)
    assert told(parsed) == [("lessons.xml", "missing_document")]
    assert incomplete(parsed) == {"lessons"}


def test_a_table_that_the_manifest_forgot(case: Any, folder: Path) -> None:
    text = (folder / "manifest.xml").read_text("utf-8").splitlines()
    kept = [line for line in text if "marks.xml" not in line or "term_" in line]
    (folder / "manifest.xml").write_text("\n".join(kept), "utf-8")
    parsed = parse(case)
    assert told(parsed) == [("marks.xml", "unknown_document"), ("marks", "missing_document")]
    assert incomplete(parsed) == {"marks"}


def test_a_name_in_the_manifest_cannot_lead_out(case: Any, folder: Path, tmp_path: Path) -> None:
    (tmp_path / "secret.xml").write_text("<secret/>")
    text = (folder / "manifest.xml").read_text("utf-8")
    (folder / "manifest.xml").write_text(text.replace('"marks.xml"', '"../../secret.xml"'), "utf-8")
    parsed = parse(case)
    assert ("../../secret.xml", "unknown_document") in told(parsed)
    assert incomplete(parsed) == {"marks"}


def test_a_table_twice_is_read_once(case: Any, folder: Path) -> None:
    (folder / "marks.csv").write_bytes("Код\r\n1\r\n".encode("cp1251"))
    text = (folder / "manifest.xml").read_text("utf-8")
    twice = text.replace("</Выгрузка>", '<Файл имя="marks.csv" записей="1"/></Выгрузка>')
    (folder / "manifest.xml").write_text(twice, "utf-8")
    assert told(parse(case)) == [("marks.csv", "second_document")]


@pytest.mark.parametrize(
    ("attribute", "value"), [("версия", "4.0"), ("система", "Другая"), ("школа", "781002")]
)
def test_anothers_export_is_not_read(
    case: Any, folder: Path, make_manifest: Any, attribute: str, value: str
) -> None:
    (folder / "manifest.xml").write_bytes(make_manifest("xml", **{attribute: value}))
    parsed = parse(case)
    assert [(p.rule, p.field) for p in parsed.problems] == [("misconfigured", attribute)]
    assert incomplete(parsed) == {table.name for table in parsed.tables}
    assert all(table.frame.height == 0 for table in parsed.tables)


@pytest.mark.parametrize(
    "changed", [{"создана": "вчера"}, {"с": "01.09.2026"}, {"по": "2026-08-01"}]
)
def test_an_unreadable_manifest_is_told_and_proves_nothing(
    case: Any, folder: Path, make_manifest: Any, changed: dict[str, str]
) -> None:
    (folder / "manifest.xml").write_bytes(make_manifest("xml", **changed))
    [upload] = case.source.pending(UNTIL)
    assert upload.taken_at.date() == UNTIL
    parsed = parse(case)
    assert told(parsed) == [("manifest.xml", "broken_document")]
    assert incomplete(parsed) == {table.name for table in parsed.tables}
    assert next(table for table in parsed.tables if table.name == "marks").frame.height == 2


def test_an_upload_being_replaced_is_for_later(case: Any, folder: Path) -> None:
    from connectors.errors import Unavailable

    [upload] = case.source.pending(UNTIL)
    (folder / "manifest.xml").unlink()
    with pytest.raises(Unavailable):
        case.source.fetch(upload)


def test_a_naive_moment_is_the_regions(case: Any, folder: Path, make_manifest: Any) -> None:
    (folder / "manifest.xml").write_bytes(make_manifest("xml", создана="2026-09-18T17:40:00"))
    [upload] = case.source.pending(UNTIL)
    assert upload.taken_at.utcoffset() == timedelta(hours=3)
    assert upload.taken_at.replace(tzinfo=None) == datetime(2026, 9, 18, 17, 40)  # noqa: DTZ001
