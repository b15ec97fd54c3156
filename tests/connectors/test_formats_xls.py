"""XLS workbooks: what is read, and what a hostile or damaged file comes to."""

from __future__ import annotations

import io
import struct
from datetime import datetime
from typing import Any

import pytest
import xlwt

from connectors.base import DocumentProblem, RawDocument
from connectors.formats import biff
from connectors.formats.compound import workbook_stream
from connectors.formats.grid import Grid, table_of
from connectors.formats.xls import read_grids
from tests.support.documents import xls_bytes


def saved(book: Any) -> bytes:
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def read(content: bytes) -> dict[str, Grid]:
    grids = read_grids(RawDocument("a.xls", content, ""))
    assert isinstance(grids, dict), grids
    return grids


def refused(content: bytes) -> tuple[str, str]:
    problem = read_grids(RawDocument("a.xls", content, ""))
    assert isinstance(problem, DocumentProblem)
    return problem.rule, problem.detail


def record(number: int, body: bytes) -> bytes:
    return struct.pack("<HH", number, len(body)) + body


def test_cells_read_as_a_person_sees_them() -> None:
    book = xlwt.Workbook()
    sheet = book.add_sheet("Журнал")
    day = xlwt.easyxf(num_format_str="DD.MM.YYYY")
    for row, cells in enumerate([["А", "Б", "В"], [" x ", 12345678, 2.5], [True, None, 3.0]]):
        for place, value in enumerate(cells):
            sheet.write(row, place, value)
    sheet.write(5, 0, datetime(2026, 9, 5), day)  # noqa: DTZ001
    sheet.write(5, 1, datetime(2026, 9, 5, 8, 30), day)  # noqa: DTZ001
    sheet.write(5, 2, -1, day)
    sheet.write(6, 0, 0.5, day)
    sheet.write(6, 1, 1e300, day)
    assert read(saved(book))["Журнал"].rows == [
        ["А", "Б", "В"],
        ["x", "12345678", "2.5"],
        ["ИСТИНА", None, "3"],
        [],
        [],
        ["05.09.2026", "05.09.2026 08:30:00", "-1"],
        ["12:00:00", str(int(1e300))],
    ]


def test_the_other_epoch_of_days_is_kept() -> None:
    book = xlwt.Workbook()
    book.dates_1904 = 1
    sheet = book.add_sheet("Лист")
    sheet.write(0, 0, 100, xlwt.easyxf(num_format_str="DD.MM.YYYY"))
    assert read(saved(book))["Лист"].rows == [["10.04.1904"]]


def test_sheets_come_by_title_and_in_order() -> None:
    assert list(read(xls_bytes(sheets=3))) == ["Лист1", "Лист2", "Лист3"]


def test_a_formula_is_refused_with_its_place() -> None:
    book = xlwt.Workbook()
    first, second = book.add_sheet("Один"), book.add_sheet("Два")
    for sheet in (first, second):
        for place, name in enumerate(["А", "Б"]):
            sheet.write(0, place, name)
            sheet.write(1, place, "x")
    second.write(2, 1, xlwt.Formula('HYPERLINK("http://x";"1")'))
    grids = read(saved(book))
    assert table_of("a.xls", grids["Один"]).complete
    [problem] = table_of("a.xls", grids["Два"]).problems
    assert (problem.rule, problem.line, problem.field) == ("broken_document", 3, "Б")


@pytest.mark.parametrize("cut", [8, 100, 600, 3000])
def test_a_damaged_book_is_told(cut: int) -> None:
    assert refused(xls_bytes()[:cut])[0] == "broken_document"


def test_a_chain_of_sectors_that_bites_its_tail_ends() -> None:
    content = xls_bytes()
    [table] = struct.unpack_from("<I", content, 76)  # the first sector of the table of chains
    place = (table + 1) * 512
    looped = content[:place] + struct.pack("<128I", *[0] * 128) + content[place + 512 :]
    assert refused(looped) == ("broken_document", "книга повреждена")


def test_a_container_without_a_workbook_is_told() -> None:
    other = xls_bytes().replace("Workbook".encode("utf-16-le"), "Notebook".encode("utf-16-le"))
    assert refused(other) == ("broken_document", "в файле нет книги Excel")


def test_a_workbook_under_a_password_is_told() -> None:
    locked = (
        xls_bytes()
        .replace("Workbook".encode("utf-16-le"), "Encrypte".encode("utf-16-le"))
        .replace(
            "Encrypte".encode("utf-16-le") + b"\0" * 48 + struct.pack("<H", 18),
            "EncryptedPackage".encode("utf-16-le") + b"\0" * 32 + struct.pack("<H", 34),
        )
    )
    assert refused(locked) == ("broken_document", "книга под паролем")


class TestRecords:
    """The stream inside the container."""

    @staticmethod
    def stream() -> bytes:
        stream = workbook_stream(xls_bytes())
        assert isinstance(stream, bytes)
        return stream

    def test_records_nobody_needs_are_blotted_out_in_place(self) -> None:
        stream = self.stream()
        link = record(0x01B8, struct.pack("<4H", 0, 65535, 0, 255) + b"\0" * 40)
        end = stream.rindex(record(biff.EOF, b""))
        book = biff.tamed(stream[:end] + link + stream[end:])
        assert isinstance(book, biff.Workbook)
        assert book.stream[end : end + 4] == struct.pack("<HH", biff.NOTHING, 48)
        assert len(book.stream) == len(stream) + len(link)

    def test_a_password_is_told(self) -> None:
        stream = self.stream()
        after_first = 4 + struct.unpack_from("<H", stream, 2)[0]
        locked = stream[:after_first] + record(biff.LOCK, b"\0" * 6) + stream[after_first:]
        assert biff.tamed(locked) == "книга под паролем"

    def test_a_record_beyond_the_end_is_told(self) -> None:
        cut = self.stream().rstrip(b"\0") + b"\0\0"  # up to the end of the last record
        assert isinstance(biff.tamed(cut), biff.Workbook)
        assert biff.tamed(cut + struct.pack("<HH", biff.BOF, 60)) == "книга оборвана"

    @pytest.mark.parametrize("move", [1, -4])
    def test_a_sheet_hidden_inside_a_record_is_refused(self, move: int) -> None:
        stream = bytearray(self.stream())
        place = bytes(stream).index(struct.pack("<H", biff.SHEET)) + 4
        [start] = struct.unpack_from("<I", stream, place)
        struct.pack_into("<I", stream, place, start + move)
        assert biff.tamed(bytes(stream)) == "книга повреждена"

    def test_two_sheets_in_one_place_are_refused(self) -> None:
        stream = bytearray(workbook_stream(xls_bytes(sheets=2)))  # type: ignore[arg-type]
        first = bytes(stream).index(struct.pack("<H", biff.SHEET))
        length = 4 + struct.unpack_from("<H", stream, first + 2)[0]
        stream[first + length + 4 : first + length + 8] = stream[first + 4 : first + 8]
        assert biff.tamed(bytes(stream)) == "книга повреждена"
