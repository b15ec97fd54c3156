"""dBASE III tables: what is read, and what of a damaged file is told."""

from __future__ import annotations

import struct

import pytest

from connectors.base import DocumentProblem, RawDocument
from connectors.formats.dbf import read_grid
from connectors.formats.grid import Grid
from tests.support.documents import dbf_bytes

ROWS = [["КОД", "ФИО"], ["1", "Ёлкин"], ["2", "Щукин"], ["3", "Яшин"]]
RECORD = 9  # bytes: the mark, three for КОД, five for ФИО
BODY = 33 + 2 * 32


def read(content: bytes, encodings: list[str] | None = None) -> Grid:
    grid = read_grid(RawDocument("a.dbf", content, ""), encodings or ["cp866"])
    assert isinstance(grid, Grid), grid
    return grid


def refused(content: bytes) -> DocumentProblem:
    problem = read_grid(RawDocument("a.dbf", content, ""), ["cp866"])
    assert isinstance(problem, DocumentProblem)
    return problem


def patched(content: bytes, place: int, piece: bytes) -> bytes:
    return content[:place] + piece + content[place + len(piece) :]


@pytest.mark.parametrize(
    ("encoding", "code_page", "expected"),
    [
        ("cp866", 0x65, []),
        ("cp866", 0x26, []),
        ("cp1251", 0xC9, []),
        ("cp866", 0, ["cp866"]),
        ("cp1251", 0, ["cp1251"]),
        ("utf-8", 0, ["utf-8", "cp866"]),
    ],
)
def test_the_code_page_decides_else_the_encodings(
    encoding: str, code_page: int, expected: list[str]
) -> None:
    grid = read(dbf_bytes(ROWS, encoding=encoding, code_page=code_page), expected or ["utf-8"])
    assert [list(row) for row in grid.rows] == ROWS
    assert grid.damage == ""


def test_an_unknown_code_page_is_told() -> None:
    assert refused(dbf_bytes(ROWS, code_page=0x03)).rule == "wrong_encoding"


def test_types_read_as_a_person_sees_them() -> None:
    rows = [
        ["N", "F", "D", "L", "C"],
        ["12", "2.50", "20260905", "T", " x "],
        ["", "", "        ", "?", ""],
        ["***", "-1", "2026", "F", "y"],
    ]
    grid = read(dbf_bytes(rows, kinds="NFDLC"))
    assert [list(row) for row in grid.rows[1:]] == [
        ["12", "2.50", "05.09.2026", "да", "x"],
        [None] * 5,
        ["***", "-1", "2026", "нет", "y"],
    ]


def test_deleted_records_are_no_records_but_keep_their_numbers() -> None:
    grid = read(dbf_bytes(ROWS, deleted=[2]))
    assert [grid.line(row) for row in (2, 3)] == [1, 3]
    assert [row[1] for row in grid.rows] == ["ФИО", "Ёлкин", "Яшин"]


@pytest.mark.parametrize("cut", [1, RECORD, RECORD + 1])
def test_the_whole_records_of_a_file_cut_short_are_kept(cut: int) -> None:
    whole = dbf_bytes(ROWS).removesuffix(b"\x1a")
    grid = read(whole[:-cut])
    kept = 3 - -(-cut // RECORD)
    assert len(grid.rows) == 1 + kept
    assert grid.damaged_at == kept + 1
    assert grid.damage == f"файл оборван: записей {kept}, в заголовке 3"


def test_records_beyond_the_declared_ones_are_told() -> None:
    grid = read(patched(dbf_bytes(ROWS), 4, struct.pack("<I", 2)))
    assert len(grid.rows) == 3
    assert grid.damaged_at == 3


def test_a_record_without_a_proper_mark_is_left_out_and_told() -> None:
    grid = read(patched(dbf_bytes(ROWS), BODY + RECORD, b"\x1a"))
    assert [row[0] for row in grid.rows] == ["КОД", "1", "3"]
    assert grid.damaged_at == 2


@pytest.mark.parametrize(
    ("place", "piece", "detail"),
    [
        (0, b"\x83", "это не таблица dBASE III или в ней есть поля memo"),
        (32 + 11, b"M", "поля memo не читаются"),
        (32 + 11, b"T", "поле неизвестного вида"),
        (32 + 16, b"\0", "поле неизвестного вида"),
        (10, b"\x07\0", "длина записи не равна сумме длин полей"),
        (10, b"\0\0", "длина записи не равна сумме длин полей"),
    ],
)
def test_a_head_that_cannot_be_right_is_refused(place: int, piece: bytes, detail: str) -> None:
    problem = refused(patched(dbf_bytes(ROWS), place, piece))
    assert (problem.rule, problem.detail) == ("broken_document", detail)


def test_a_declared_billion_costs_nothing() -> None:
    grid = read(patched(dbf_bytes(ROWS), 4, b"\xff\xff\xff\xff"))
    assert len(grid.rows) == 4
    assert grid.damage
