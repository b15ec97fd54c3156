"""What a hostile or damaged document comes to, in every format: refused with a clear problem,
or read, and always within bounded memory and time."""

from __future__ import annotations

import io
import resource
import struct
import subprocess
import sys
import time
import zipfile
from collections.abc import Callable
from pathlib import Path

import openpyxl
import pytest
from openpyxl.chart import BarChart

from connectors.base import DocumentProblem
from connectors.formats import grid, reading
from connectors.formats.reading import COLUMNS, LONGEST_CELL, PROBLEMS
from tests.support.documents import (
    PUPILS,
    csv_bytes,
    dbf_bytes,
    html_bytes,
    repacked,
    xls_bytes,
    xlsx_bytes,
    xml_bytes,
    zip_bytes,
)
from tests.support.readers import READERS, Outcome

FORMS = ["csv", "csv-grid", "dbf", "html", "xls", "xlsx", "xml"]
WRITERS: dict[str, Callable[..., bytes]] = {
    "csv": csv_bytes,
    "csv-grid": csv_bytes,
    "dbf": dbf_bytes,
    "html": html_bytes,
    "xls": xls_bytes,
    "xlsx": xlsx_bytes,
    "xml": xml_bytes,
}
MEGABYTE = 1024 * 1024
SHEET = "xl/worksheets/sheet1.xml"


def only(outcome: Outcome) -> DocumentProblem:
    [problem] = outcome.problems
    return problem


def xml_around(body: str) -> bytes:
    return f'<Таблица имя="pupils">\n{body}\n</Таблица>'.encode()


def page(body: str) -> bytes:
    return f"<html>\n{body}\n</html>".encode()


def sheet_with(rows: str) -> bytes:
    """A workbook whose sheet holds ``rows`` as written here."""

    def change(part: bytes) -> bytes:
        start, end = part.index(b"<sheetData>"), part.index(b"</sheetData>")
        return part[: start + len(b"<sheetData>")] + rows.encode() + part[end:]

    return repacked(xlsx_bytes(), {SHEET: change})


@pytest.mark.parametrize("form", sorted(READERS))
def test_the_healthy_documents_here_are_read_without_a_problem(form: str) -> None:
    outcome = READERS[form](READERS[form].healthy)
    assert outcome.problems == []
    read = [row[:3] for row in outcome.rows]
    assert read in ([tuple(row) for row in PUPILS[1:]], [])
    assert read or outcome.documents or form == "xml-root"


DISGUISES = {
    "страница HTML": html_bytes(),
    "документ XML": xml_bytes(),
    "книга XLSX": xlsx_bytes(),
    "книга XLS или документ старого Office": xls_bytes(),
    "таблица DBF": dbf_bytes(),
    "архив ZIP": zip_bytes({"a.csv": b"1"}),
    "документ PDF": b"%PDF-1.7\n%\xe2\xe3",
    "документ RTF": b"{\\rtf1\\ansi}",
    "архив GZIP": b"\x1f\x8b\x08\0\0\0\0\0\0\0",
    "архив RAR": b"Rar!\x1a\x07\x01\0",
    "картинка": b"\x89PNG\r\n\x1a\n",
    "веб-архив MHT": b"MIME-Version: 1.0\r\n",
    "документ Word": zip_bytes({"word/document.xml": b"<x/>"}),
    "текст": csv_bytes(),
}
OWN = {
    "csv": "текст", "csv-grid": "текст", "csv-cp1251": "текст", "dbf": "таблица DBF",
    "html": "страница HTML", "html-cp1251": "страница HTML", "xlsx": "книга XLSX",
    "xls": "книга XLS или документ старого Office", "xml": "документ XML",
    "xml-root": "документ XML", "zip": "архив ZIP",
}  # fmt: skip


class TestWrongFormat:
    """The name says one thing, the bytes another."""

    @pytest.mark.parametrize("form", sorted(READERS))
    @pytest.mark.parametrize("disguise", sorted(DISGUISES))
    def test_what_it_really_is_is_told(self, form: str, disguise: str) -> None:
        outcome = READERS[form](DISGUISES[disguise])
        if disguise == OWN[form] or (form.startswith("html") and disguise == "текст"):
            assert "wrong_format" not in {problem.rule for problem in outcome.problems}
            return
        problem = only(outcome)
        assert (problem.rule, problem.detail) == ("wrong_format", f"это {disguise}")
        assert outcome.rows == []

    def test_a_page_may_begin_with_a_bom_and_blanks(self) -> None:
        assert READERS["csv"](b"\xef\xbb\xbf\r\n <HTML><body>").told == [("wrong_format", None)]

    def test_a_page_that_is_xml_too_is_a_page(self) -> None:
        content = b'<?xml version="1.0"?>\n<!DOCTYPE html>' + html_bytes()
        assert len(READERS["html"](content).rows) == 2
        assert only(READERS["xml"](content)).detail == "это страница HTML"


class TestEncodings:
    @pytest.mark.parametrize("form", ["csv", "html", "xml"])
    @pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be"])
    def test_utf16_is_refused(self, form: str, encoding: str) -> None:
        text = READERS[form].healthy.decode("utf-8")
        outcome = READERS[form](text.encode(encoding))
        assert outcome.rows == []
        assert only(outcome).rule in ("wrong_encoding", "broken_document", "empty_document")

    def test_two_encodings_in_one_csv_are_told_where_they_meet(self) -> None:
        first, second = "Код;ФИО\r\n1;Щукин\r\n", "2;Яшин\r\n"
        mixed = first.encode("utf-8") + second.encode("cp1251")
        assert READERS["csv"](mixed).told == [("wrong_encoding", 3)]
        mixed = first.encode("cp1251") + second.encode("utf-8")
        assert READERS["csv"](mixed).told == [("wrong_encoding", 3)]

    def test_two_encodings_in_one_xml_are_told_where_they_meet(self) -> None:
        whole = xml_bytes()
        mixed = whole.replace("Брянчихина".encode(), "Брянчихина".encode("cp1251"))
        assert READERS["xml"](mixed).told == [("wrong_encoding", 4)]

    def test_two_encodings_in_one_page_are_told_where_they_meet(self) -> None:
        mixed = html_bytes().replace("Брянчихина".encode(), "Брянчихина".encode("cp1251"))
        assert READERS["html"](mixed).told == [("wrong_encoding", 6)]

    def test_the_other_russian_code_page_is_no_heap_of_odd_letters(self) -> None:
        content = csv_bytes(encoding="cp866")
        assert READERS["csv"](content).told == [("wrong_encoding", 1)]

    def test_a_code_page_in_the_head_of_a_dbf_that_is_not_so_is_told(self) -> None:
        outcome = READERS["dbf"](dbf_bytes(encoding="cp1251", code_page=0x65))
        assert outcome.told == [("wrong_encoding", None)]


class TestNulBytes:
    @pytest.mark.parametrize("form", ["csv", "csv-grid", "xml"])
    def test_rows_before_them_are_kept(self, form: str) -> None:
        content = READERS[form].healthy.replace("Брянчихина".encode(), b"\0\0\0\0")
        outcome = READERS[form](content)
        assert [row[0] for row in outcome.rows] == ["1"]
        assert only(outcome).rule == "broken_document"
        assert only(outcome).line in (3, 4)

    def test_a_page_is_refused(self) -> None:
        content = html_bytes().replace("Брянчихина".encode(), b"\0\0\0\0")
        assert READERS["html"](content).told == [("broken_document", 6)]

    def test_a_workbook_cannot_hold_them(self) -> None:
        content = sheet_with('<row r="1"><c r="A1" t="inlineStr"><is><t>a\0b</t></is></c></row>')
        assert not all(rule == "unknown_column" for rule, _ in READERS["xlsx"](content).told)
        assert READERS["xlsx"](content).problems

    @pytest.mark.parametrize("form", sorted(READERS))
    def test_nothing_but_nul_bytes_is_refused(self, form: str) -> None:
        outcome = READERS[form](b"\0" * 1000)
        assert outcome.rows == []
        assert outcome.problems


class TestCutShort:
    @pytest.mark.parametrize("form", sorted(READERS))
    @pytest.mark.parametrize("share", [0.1, 0.3, 0.5, 0.7, 0.9, 0.99])
    def test_a_document_cut_short_is_never_whole(self, form: str, share: float) -> None:
        whole = READERS[form].healthy
        outcome = READERS[form](whole[: int(len(whole) * share)])
        assert outcome.problems

    @pytest.mark.parametrize("form", sorted(READERS))
    @pytest.mark.parametrize("blank", [b"", b" \r\n\t"])
    def test_an_empty_document_is_told(self, form: str, blank: bytes) -> None:
        assert READERS[form](blank).told == [("empty_document", None)]


class TestEntities:
    DTD = (
        '<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]>',
        '<!DOCTYPE x [<!ENTITY a "ha"><!ENTITY e "&a;&a;&a;&a;&a;&a;&a;&a;">]>',
        '<!DOCTYPE x SYSTEM "http://127.0.0.1:9/x.dtd">',
        '<!DOCTYPE x [<!ENTITY % p SYSTEM "http://127.0.0.1:9/x"> %p;]>',
    )

    @pytest.mark.parametrize("dtd", DTD)
    @pytest.mark.parametrize("form", ["xml", "xml-root"])
    def test_xml_with_a_document_type_is_refused(self, form: str, dtd: str) -> None:
        body = "<Запись><Код>&e;</Код></Запись>"
        outcome = READERS[form](f'{dtd}<Таблица имя="pupils">{body}</Таблица>'.encode())
        assert outcome.told == [("broken_document", 1)]
        assert outcome.rows == []

    @pytest.mark.parametrize("dtd", DTD)
    @pytest.mark.parametrize("part", [SHEET, "xl/styles.xml", "xl/workbook.xml"])
    def test_a_workbook_with_a_document_type_is_refused(self, part: str, dtd: str) -> None:
        content = repacked(
            xlsx_bytes(), {part: lambda old: dtd.encode() + old[old.find(b"?>") + 2 :]}
        )
        assert only(READERS["xlsx"](content)).detail == "DOCTYPE не допускается"

    @pytest.mark.parametrize("dtd", DTD)
    def test_a_page_does_nothing_with_them(self, dtd: str) -> None:
        outcome = READERS["html"](
            f"{dtd}<html><table><tr><td>a&e;</td></tr></table></html>".encode()
        )
        assert outcome.frames[0].columns[0] in ("a&e;", "a")


class TestDepth:
    def test_xml(self) -> None:
        content = xml_around("<а>" * 100_000 + "</а>" * 100_000)
        assert READERS["xml"](content).told == [("broken_document", 2)]
        assert READERS["xml-root"](content).told == [("broken_document", 2)]

    def test_what_a_page_loses_below_its_depth_is_told(self) -> None:
        """The parser stops there without a word, and the tables behind are gone."""
        tables = "<table><tr><td>А</td></tr></table>\n"
        outcome = READERS["html"](page(tables + "<div>" * 1000 + tables))
        assert ("broken_document", 3) in outcome.told

    def test_tables_in_tables_are_read_once(self) -> None:
        outcome = READERS["html"](
            page(
                "<table><tr><td>А</td></tr><tr><td>"
                "<table><tr><td>Б</td></tr><tr><td>1</td></tr></table></td></tr></table>"
            )
        )
        assert [frame.columns[0] for frame in outcome.frames] == ["А", "Б"]
        assert outcome.rows == [("1", 2)]
        assert (only(outcome).line, only(outcome).detail) == (2, "таблица внутри ячейки")


MARKED = [["Код", "ФИО"], ["1", "a"], ["2", "MARK"]]


def swollen(content: bytes, size: int = 5 * MEGABYTE) -> bytes:
    return content.replace(b"MARK", b"x" * size)


class TestLongCells:
    """A cell of five megabytes is no value; its row is told and left out."""

    @pytest.mark.parametrize("form", ["html", "xlsx", "xml"])
    def test_the_other_rows_are_read(self, form: str) -> None:
        whole = WRITERS[form](MARKED)
        content = repacked(whole, {SHEET: swollen}) if form == "xlsx" else swollen(whole)
        outcome = READERS[form](content)
        assert [row[0] for row in outcome.rows] == ["1"]
        problem = only(outcome)
        assert problem.rule == "broken_document"
        assert problem.detail == f"значение длиннее {LONGEST_CELL} знаков"
        assert problem.line in (3, 4)

    @pytest.mark.parametrize("form", ["csv", "csv-grid"])
    def test_a_csv_ends_there(self, form: str) -> None:
        outcome = READERS[form](swollen(csv_bytes(MARKED)))
        assert [row[0] for row in outcome.rows] == ["1"]
        assert outcome.told == [("broken_document", 3)]

    def test_a_cell_just_short_enough_is_read(self) -> None:
        rows = [["А"], ["x" * LONGEST_CELL]]
        for form in ("csv", "csv-grid", "html"):
            outcome = READERS[form](WRITERS[form](rows))
            assert outcome.problems == []
            assert len(str(outcome.rows[0][0])) == LONGEST_CELL

    @pytest.mark.parametrize("form", ["csv", "html", "xml"])
    def test_eleven_megabytes_that_the_parser_cannot_take_are_told(self, form: str) -> None:
        outcome = READERS[form](swollen(WRITERS[form](MARKED), 11 * MEGABYTE))
        assert outcome.problems


class TestWideTables:
    @pytest.mark.parametrize("form", ["csv", "csv-grid", "html"])
    def test_a_hundred_thousand_columns_are_refused(self, form: str) -> None:
        names = [f"К{number}" for number in range(100_000)]
        outcome = READERS[form](WRITERS[form]([names, ["1"] * 100_000]))
        assert outcome.rows == []
        assert outcome.told == [("broken_document", 1)]

    def test_a_record_of_a_hundred_thousand_fields_is_refused(self) -> None:
        fields = "".join(f"<К{number}>1</К{number}>" for number in range(100_000))
        outcome = READERS["xml"](xml_around(f"<Запись>{fields}</Запись>"))
        assert outcome.told == [("broken_document", 1)]

    def test_records_of_ever_new_fields_are_refused(self) -> None:
        """Each costs little, the table of all of them would not."""
        records = "".join(f"<Запись><К{n}>1</К{n}></Запись>" for n in range(20_000))
        outcome = READERS["xml"](xml_around(records))
        assert outcome.told == [("broken_document", 1)]

    def test_a_sheet_with_its_last_column_filled_is_refused(self) -> None:
        book = openpyxl.Workbook()
        book.active["A1"], book.active["XFD2"] = "А", "1"
        out = io.BytesIO()
        book.save(out)
        outcome = READERS["xlsx"](out.getvalue())
        assert outcome.told == [("broken_document", 2)]

    def test_as_many_columns_as_a_journal_may_have_are_read(self) -> None:
        names = [f"К{number}" for number in range(COLUMNS)]
        for form in ("csv", "csv-grid", "html"):
            assert READERS[form](WRITERS[form]([names, ["1"] * COLUMNS])).problems == []


class TestManyCells:
    """Rows that look small and are filled up to the width of the widest."""

    @pytest.fixture(autouse=True)
    def _a_small_bound(self, monkeypatch: pytest.MonkeyPatch) -> None:
        for module in (reading, grid):
            monkeypatch.setattr(module, "CELLS", 1000)

    def test_a_sheet(self) -> None:
        rows = "".join(
            f'<row r="{n}"><c r="CV{n}" t="inlineStr"><is><t>1</t></is></c></row>'
            for n in range(1, 50)
        )
        outcome = READERS["xlsx"](sheet_with(rows))
        assert outcome.problems
        assert "слишком много" in outcome.problems[-1].detail

    def test_the_gap_before_a_row_counts(self) -> None:
        row = '<row r="1048576"><c r="A1048576"><v>1</v></c></row>'
        outcome = READERS["xlsx"](sheet_with(row))
        assert "слишком много" in only(outcome).detail

    @pytest.mark.parametrize("form", ["csv-grid", "xls", "html"])
    def test_other_forms(self, form: str) -> None:
        rows = [["А", "Б"], *([str(n), "x"] for n in range(600))]
        outcome = READERS[form](WRITERS[form](rows))
        assert len(outcome.rows) < 500
        assert "слишком много" in only(outcome).detail

    def test_sheets_share_the_bound(self) -> None:
        rows = [["А"], *([str(n)] for n in range(400))]
        outcome = READERS["xls"](xls_bytes(rows, sheets=3))
        assert [frame.height for frame in outcome.frames] == [400, 400, 197]
        assert "слишком много" in only(outcome).detail


class TestSheetsOfABook:
    """openpyxl passes over a sheet whose part is not there."""

    BOOK = "xl/workbook.xml"

    def refused(self, change: Callable[[bytes], bytes]) -> str:
        return only(READERS["xlsx"](repacked(xlsx_bytes(), {self.BOOK: change}))).detail

    def test_no_sheet_at_all(self) -> None:
        def without(part: bytes) -> bytes:
            start = part.index(b"<sheet ")
            return part[:start] + part[part.index(b"/>", start) + 2 :]

        assert self.refused(without) == "в книге нет листов или не все читаются"

    def test_a_sheet_that_stands_for_no_part(self) -> None:
        def pointing(part: bytes) -> bytes:
            start = part.index(b"<sheet ")
            entry = part[start : part.index(b"/>", start) + 2]
            other = entry.replace(b'name="Sheet"', b'name="Second"').replace(b"rId1", b"rId99")
            assert other != entry
            return part.replace(entry, entry + other)

        assert self.refused(pointing) in (
            "в книге нет листов или не все читаются",
            "книга не открывается",
        )

    def test_a_sheet_whose_part_is_gone(self) -> None:
        parts = {"xl/_rels/workbook.xml.rels": lambda part: part.replace(b"sheet1", b"sheet9")}
        outcome = READERS["xlsx"](repacked(xlsx_bytes(), parts))
        assert only(outcome).detail == "в книге нет листов или не все читаются"

    def test_two_sheets_of_one_title(self) -> None:
        def doubled(part: bytes) -> bytes:
            start = part.index(b"<sheet ")
            entry = part[start : part.index(b"/>", start) + 2]
            return part.replace(entry, entry + entry)

        assert self.refused(doubled) == "названия листов повторяются"

    def test_a_sheet_of_a_chart_is_no_lost_sheet(self) -> None:
        book = openpyxl.Workbook()
        book.active.append(["А"])
        book.active.append(["1"])
        book.create_chartsheet("График").add_chart(BarChart())
        out = io.BytesIO()
        book.save(out)
        assert READERS["xlsx"](out.getvalue()).rows == [("1", 2)]


class TestManyProblems:
    def test_they_are_counted_and_not_listed(self) -> None:
        odd = "<Запись><А><Б>1</Б></А></Запись>\n" * 5000
        outcome = READERS["xml"](xml_around(odd))
        assert len(outcome.problems) == PROBLEMS + 1
        assert outcome.problems[-1].detail == f"и ещё таких мест: {5000 - PROBLEMS}"

    def test_formulas_without_end_stop_the_sheet(self) -> None:
        header = '<row r="1"><c r="A1" t="inlineStr"><is><t>x</t></is></c></row>'
        rows = header + "".join(
            f'<row r="{n}"><c r="A{n}"><f>1</f></c></row>' for n in range(2, 12_000)
        )
        outcome = READERS["xlsx"](sheet_with(rows))
        assert len(outcome.problems) == PROBLEMS + 1


class TestFormulas:
    @pytest.mark.parametrize("form", ["csv", "csv-grid", "dbf", "html", "xml"])
    @pytest.mark.parametrize("text", ["=1+1", "+7 900", "-5", "@SUM(A1)", '=HYPERLINK("http://x")'])
    def test_text_that_looks_like_one_is_text(self, form: str, text: str) -> None:
        quoted = '"' + text.replace('"', '""') + '"' if form.startswith("csv") else text
        outcome = READERS[form](WRITERS[form]([["А", "Б"], [quoted, "x"]]))
        assert outcome.problems == []
        assert outcome.rows[0][0] == text

    def test_a_formula_of_a_sheet_is_refused(self) -> None:
        outcome = READERS["xlsx"](xlsx_bytes([["А", "Б"], ["1", "=A1"], ["2", "x"]]))
        assert outcome.rows == [("2", "x", 3)]
        problem = only(outcome)
        assert (problem.line, problem.field, problem.detail) == (2, "Б", "ячейка с формулой")


class TestBombs:
    def test_a_workbook_is_not_unpacked_beyond_its_bound(self) -> None:
        content = repacked(xlsx_bytes(), {SHEET: lambda part: part + b" " * (300 * MEGABYTE)})
        assert len(content) < MEGABYTE
        assert only(READERS["xlsx"](content)).rule == "broken_document"

    def test_an_archive_is_not_unpacked_beyond_its_bound(self) -> None:
        content = zip_bytes({"a.csv": b"0" * (100 * MEGABYTE)})
        outcome = READERS["zip"](content)
        assert outcome.documents == []
        assert only(outcome).rule == "broken_document"

    def test_a_lie_about_the_size_of_a_part_does_not_help(self) -> None:
        content = bytearray(repacked(xlsx_bytes(), {SHEET: lambda part: part + b" " * MEGABYTE}))
        place = bytes(content).rindex(SHEET.encode()) - 46  # its entry in the list of parts
        content[place + 24 : place + 28] = struct.pack("<I", 10)
        assert only(READERS["xlsx"](bytes(content))).rule == "broken_document"

    @pytest.mark.parametrize(
        ("part", "body"),
        [
            ("xl/styles.xml", b'<xf numFmtId="0"/>' * 210_000),
            ("xl/workbook.xml", b"<definedName/>" * 210_000),
        ],
    )
    def test_parts_that_are_kept_whole_are_bounded(self, part: str, body: bytes) -> None:
        content = repacked(xlsx_bytes(), {part: lambda old: old + body})
        assert only(READERS["xlsx"](content)).detail == (
            "в книге слишком много строк текста или стилей"
        )

    def test_a_book_of_many_sheets_is_refused(self) -> None:
        def many(part: bytes) -> bytes:
            start = part.index(b"<sheet ")
            end = part.index(b"/>", start) + 2
            copies = [part[start:end].replace(b"Sheet", b"S%d" % n) for n in range(300)]
            return part[:start] + b"".join(copies) + part[end:]

        outcome = READERS["xlsx"](repacked(xlsx_bytes(), {"xl/workbook.xml": many}))
        assert only(outcome).detail == "в книге слишком много листов"


# Made only when asked for: some are large.
SLOW: dict[str, tuple[str, Callable[[], bytes]]] = {
    "html: attributes of one tag": ("html", lambda: page("<p " + "a b " * 1_000_000 + ">")),
    "html: named attributes of one tag": (
        "html",
        lambda: page("<p " + " ".join(f'a{n}="<a"' for n in range(200_000)) + ">"),
    ),
    "html: tags that never close": ("html", lambda: page("<a <b " * 500_000)),
    "html: line breaks": ("html", lambda: page("<p>" + "<br>x" * 400_000 + "</p>")),
    "html: a thousand tables": ("html", lambda: page("<table><tr><td>1</table>" * 1_000)),
    "html: open tags": ("html", lambda: page("<b><i>" * 200_000)),
    "xml: attributes of one tag": (
        "xml",
        lambda: xml_around("<Запись " + " ".join(f'a{n}="1"' for n in range(200_000)) + "/>"),
    ),
    "xml: strangers": ("xml", lambda: xml_around("<x/>" * 3_000_000)),
    "xml: one stranger": ("xml", lambda: xml_around("<x>" + "<y/>" * 3_000_000 + "</x>")),
    "xml: loose text": ("xml", lambda: xml_around("<Запись>" + "<a/>x" * 400_000 + "</Запись>")),
    "csv: quotes": ("csv", lambda: b"a;b\n" + b'"' * 3_000_000 + b"\n"),
    "csv: open quotes": ("csv", lambda: b"a;b\n" + b'1;"2\n' * 300_000),
    "csv: delimiters": ("csv", lambda: b"a;b\n" + b";" * 5_000_000 + b"\n"),
    "csv: blank lines": ("csv", lambda: b"a;b\n" + b"\n" * 2_000_000),
    "dbf: billions declared": ("dbf", lambda: dbf_bytes()[:4] + b"\xff" * 4 + dbf_bytes()[8:]),
    "zip: a list of a million files": ("zip", lambda: b"PK\x03\x04" + b"PK\x01\x02" * 1_000_000),
}


@pytest.mark.parametrize("trick", sorted(SLOW))
def test_tricks_that_cost_a_parser_time_are_answered_soon(trick: str) -> None:
    form, make = SLOW[trick]
    content = make()
    started = time.process_time()  # of this process: the machine may be busy with others
    READERS[form](content)
    assert time.process_time() - started < 5


def overlapping() -> bytes:
    """Many members that share one packed body of a hundred megabytes."""
    whole = zip_bytes({"a": b"\0" * (100 * MEGABYTE)})
    start = whole.index(b"PK\x01\x02")
    with zipfile.ZipFile(io.BytesIO(whole)) as archive:
        [info] = archive.infolist()
    entry = whole[start : start + 46]
    entries = b"".join(entry + b"%c" % (97 + n) for n in range(20))
    end = struct.pack("<4s4H2IH", b"PK\x05\x06", 0, 0, 20, 20, len(entries), start, 0)
    assert info.header_offset == 0
    return whole[:start] + entries + end


MEMORY = {
    "xlsx": lambda: repacked(xlsx_bytes(), {SHEET: lambda part: part + b" " * (250 * MEGABYTE)}),
    "zip": overlapping,
    "xml": lambda: xml_around("<x/>" * 20_000_000),
    "html": lambda: page("<table><tr><td>1" * 1_000_000),
    "csv": lambda: b"a;b\n" + b'1;"2\n' * 3_000_000,
    "xls": lambda: xls_bytes([["А"] * 200] * 200),
}
BOUND = 500 * MEGABYTE
# VmHWM is of this program alone; the peak that getrusage tells is inherited from whoever forked it.
CHILD = """
import re, sys
from tests.support.readers import READERS
READERS[sys.argv[1]](READERS[sys.argv[1]].healthy)
outcome = READERS[sys.argv[1]](open(sys.argv[2], "rb").read())
peak = re.search(r"VmHWM:\\s+([0-9]+) kB", open("/proc/self/status").read())
print(peak[1], len(outcome.problems))
"""


@pytest.mark.parametrize("form", sorted(MEMORY))
def test_memory_is_bounded(form: str, tmp_path: Path) -> None:
    """A process of its own, so that the peak is this document's: what the hub itself takes,
    the document, and what reading it adds are below half a gigabyte."""
    path = tmp_path / "document"
    path.write_bytes(MEMORY[form]())
    told = subprocess.run(
        [sys.executable, "-c", CHILD, form, str(path)],
        capture_output=True,
        text=True,
        check=True,
        cwd=Path(__file__).parents[2],
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_CPU, (60, 60)),
    )
    kilobytes, problems = map(int, told.stdout.split())
    assert kilobytes * 1024 < BOUND
    assert problems or form == "xls"
