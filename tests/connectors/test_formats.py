"""Readers against documents that are odd, damaged or hostile."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable
from datetime import datetime
from typing import Any

import openpyxl
import pytest

from connectors.base import DocumentProblem, RawDocument
from connectors.formats import html, xlsx
from connectors.formats.csv import read_csv
from connectors.formats.reading import Reading
from connectors.formats.text import WrongEncoding, decode
from connectors.formats.xlsx import read_xlsx
from connectors.formats.xml import XmlTable, read_root, read_xml

SHAPE = XmlTable("Таблица", "Запись", "имя")


def told(reading: Reading) -> list[tuple[str, int | None]]:
    return [(problem.rule, problem.line) for problem in reading.problems]


def content(reading: Reading) -> list[tuple[Any, ...]]:
    return reading.frame.drop("_document").rows()


def xml(body: str, table: str = "marks") -> RawDocument:
    return RawDocument("marks.xml", f'<Таблица имя="{table}">{body}</Таблица>'.encode(), "")


def csv(text: str, encoding: str = "cp1251") -> RawDocument:
    return RawDocument("marks.csv", text.encode(encoding), "")


class TestXml:
    def test_lines_blanks_and_absent_fields(self) -> None:
        body = "\n<Запись><А> 5 </А><Б/></Запись>\n\n<Запись><В>x</В></Запись>\n"
        reading = read_xml(xml(body), SHAPE, "marks")
        assert reading.frame.columns == ["А", "Б", "В", "_document", "_line"]
        assert content(reading) == [("5", None, None, 2), (None, None, "x", 4)]
        assert reading.complete

    def test_lines_beyond_sixteen_bits(self) -> None:
        reading = read_xml(xml("\n<Запись><А>1</А></Запись>" * 70_000), SHAPE, "marks")
        assert reading.frame["_line"].to_list() == list(range(2, 70_002))

    def test_predefined_entities_comments_and_cdata(self) -> None:
        reading = read_xml(
            xml("<Запись><А>a&lt;<!-- no -->b<![CDATA[<c>]]></А></Запись>"), SHAPE, "marks"
        )
        assert content(reading) == [("a<b<c>", 1)]

    def test_rows_before_a_break_are_kept(self) -> None:
        whole = xml("\n<Запись><А>1</А></Запись>\n<Запись><А>2</А></Запись>\n").content
        cut = RawDocument("marks.xml", whole[: whole.index(b"2")], "")
        reading = read_xml(cut, SHAPE, "marks")
        assert content(reading) == [("1", 2)]
        assert told(reading) == [("broken_document", 3)]

    @pytest.mark.parametrize(
        "prolog",
        [
            '<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]>',
            '<!DOCTYPE x [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;"><!ENTITY e "&b;&b;&b;">]>',
            '<!DOCTYPE x SYSTEM "http://127.0.0.1:9/x.dtd">',
        ],
    )
    def test_a_document_type_is_refused(self, prolog: str) -> None:
        text = f'{prolog}<Таблица имя="marks"><Запись><А>&e;</А></Запись></Таблица>'
        document = RawDocument("marks.xml", text.encode(), "")
        reading = read_xml(document, SHAPE, "marks")
        assert content(reading) == []
        assert told(reading) == [("broken_document", 1)]
        assert isinstance(read_root(document), DocumentProblem)

    @pytest.mark.parametrize("encoding", ["utf-16", "utf-7"])
    def test_a_document_type_cannot_hide_in_another_encoding(self, encoding: str) -> None:
        text = (
            f'<?xml version="1.0" encoding="{encoding}"?><!DOCTYPE x [<!ENTITY e "!">]><x>&e;</x>'
        )
        reading = read_xml(RawDocument("marks.xml", text.encode(encoding), ""), SHAPE, "marks")
        assert not reading.complete
        assert content(reading) == []

    def test_an_unknown_entity_breaks_the_document(self) -> None:
        assert not read_xml(xml("<Запись><А>&who;</А></Запись>"), SHAPE, "marks").complete

    def test_nul_bytes_break_the_document(self) -> None:
        reading = read_xml(
            xml("\n<Запись><А>1</А></Запись>\n<Запись><А>\0</А></Запись>"), SHAPE, "marks"
        )
        assert content(reading) == [("1", 2)]
        assert told(reading) == [("broken_document", 3)]

    def test_another_encoding_is_told_with_its_line(self) -> None:
        text = '<?xml version="1.0"?>\n<Таблица имя="marks"></Таблица>'
        reading = read_xml(RawDocument("marks.xml", text.encode("cp1251"), ""), SHAPE, "marks")
        assert told(reading) == [("wrong_encoding", 2)]

    @pytest.mark.parametrize("blank", [b"", b" \r\n"])
    def test_an_empty_document_is_told(self, blank: bytes) -> None:
        assert told(read_xml(RawDocument("marks.xml", blank, ""), SHAPE, "marks")) == [
            ("empty_document", None)
        ]

    @pytest.mark.parametrize(
        "record",
        [
            "<Запись><А>1</А><А>2</А></Запись>",
            "<Запись><А><Б>1</Б></А></Запись>",
            "<Запись>loose<А>1</А></Запись>",
            "<Другое>1</Другое>",
            "<Группа><Запись><А>1</А></Запись></Группа>",
        ],
    )
    def test_what_is_no_record_is_told_and_the_rest_read(self, record: str) -> None:
        reading = read_xml(
            xml(f"<Запись><А>0</А></Запись>{record}<Запись><А>9</А></Запись>"), SHAPE, "marks"
        )
        assert [row[0] for row in content(reading)] == ["0", "9"]
        assert not reading.complete

    def test_a_file_of_another_table_is_not_read(self) -> None:
        reading = read_xml(xml("<Запись><А>1</А></Запись>", table="pupils"), SHAPE, "marks")
        assert content(reading) == []
        assert not reading.complete

    def test_our_own_column_names_cannot_be_forged(self) -> None:
        assert content(read_xml(xml("<Запись><_line>1</_line></Запись>"), SHAPE, "marks")) == []


class TestCsv:
    def test_lines_quotes_and_blanks(self) -> None:
        text = 'Код;Тема\r\n1;"а; б"\r\n2;" в\r\nг "\r\n\r\n;;\r\n3;\r\n'
        reading = read_csv(csv(text), ["cp1251"])
        assert content(reading) == [("1", "а; б", 2), ("2", "в\r\nг", 3), ("3", None, 7)]

    def test_a_row_of_another_length_is_left_out_and_told(self) -> None:
        reading = read_csv(csv("А;Б\r\n1;2\r\n3\r\n4;5;6\r\n7;8\r\n"), ["cp1251"])
        assert content(reading) == [("1", "2", 2), ("7", "8", 5)]
        assert told(reading) == [("broken_document", 3)]

    def test_an_open_quote_is_told_where_it_begins(self) -> None:
        reading = read_csv(csv('А;Б\r\n1;2\r\n3;"4\r\n5;6\r\n'), ["cp1251"])
        assert content(reading) == [("1", "2", 2)]
        assert told(reading) == [("broken_document", 3)]

    def test_half_of_a_last_value_is_not_taken_for_a_value(self) -> None:
        reading = read_csv(csv("ФИО;UID\r\nА;12345678\r\nБ;1234567"), ["cp1251"])
        assert content(reading) == [("А", "12345678", 2)]
        assert told(reading) == [("broken_document", 3)]

    def test_nul_bytes_end_what_can_be_read(self) -> None:
        reading = read_csv(csv("А;Б\r\n1;2\r\n3;\0\0\r\n4;5\r\n"), ["cp1251"])
        assert content(reading) == [("1", "2", 2)]
        assert told(reading) == [("broken_document", 3)]

    def test_utf8_is_not_taken_for_cp1251(self) -> None:
        assert told(read_csv(csv("Kod\r\n1\r\nтекст\r\n", "utf-8"), ["cp1251"])) == [
            ("wrong_encoding", 3)
        ]

    def test_a_stray_byte_is_told_with_its_line(self) -> None:
        document = RawDocument("marks.csv", "А\r\nб\r\n".encode("cp1251") + b"\x98\r\n", "")
        assert told(read_csv(document, ["cp1251"])) == [("wrong_encoding", 3)]

    @pytest.mark.parametrize("header", ["А;А", "А;;Б", "_line;А", "А; А "])
    def test_a_header_that_cannot_name_columns_is_told(self, header: str) -> None:
        assert told(read_csv(csv(f"{header}\r\n1;2\r\n"), ["cp1251"])) == [("broken_document", 1)]

    def test_a_header_alone_is_an_empty_table(self) -> None:
        reading = read_csv(csv("А;Б\r\n"), ["cp1251"])
        assert reading.complete
        assert reading.frame.columns == ["А", "Б", "_document", "_line"]

    def test_a_huge_field_is_told(self) -> None:
        assert told(read_csv(csv(f"А\r\n{'x' * 200_000}\r\n"), ["cp1251"])) == [
            ("broken_document", 2)
        ]


class TestText:
    def test_utf16_is_refused(self) -> None:
        assert decode("а".encode("utf-16"), ["cp1251"]) == WrongEncoding(1)

    def test_the_line_is_counted_after_the_mark(self) -> None:
        assert decode("а\nб".encode("utf-8-sig") + b"\xff!", ["utf-8"]) == WrongEncoding(2)


class TestXlsx:
    @staticmethod
    def book(rows: list[list[Any]]) -> RawDocument:
        book = openpyxl.Workbook()
        for number, row in enumerate(rows, 1):
            for place, value in enumerate(row, 1):
                book.active.cell(number, place, value)
        return TestXlsx.saved(book)

    @staticmethod
    def saved(book: Any) -> RawDocument:
        out = io.BytesIO()
        book.save(out)
        return RawDocument("pupils.xlsx", out.getvalue(), "")

    @staticmethod
    def repacked(document: RawDocument, change: Callable[[str, bytes], bytes]) -> RawDocument:
        out = io.BytesIO()
        with (
            zipfile.ZipFile(io.BytesIO(document.content)) as old,
            zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new,
        ):
            for name in old.namelist():
                new.writestr(name, change(name, old.read(name)))
        return RawDocument(document.name, out.getvalue(), "")

    def test_cells_read_as_a_person_sees_them(self) -> None:
        rows = [
            ["А", "Б", "В"],
            [" x ", 12345678, datetime(2026, 9, 5)],  # noqa: DTZ001
            [],
            [2.5, 3.0, None],
            [True, None, datetime(2026, 9, 5, 8, 30)],  # noqa: DTZ001
        ]
        assert content(read_xlsx(self.book(rows))) == [
            ("x", "12345678", "05.09.2026", 2),
            ("2.5", "3", None, 4),
            ("ИСТИНА", None, "05.09.2026 08:30:00", 5),
        ]

    def test_a_formula_is_refused_with_its_place(self) -> None:
        reading = read_xlsx(self.book([["А", "Б"], ["1", "2"], ["3", '=HYPERLINK("http://x")']]))
        assert content(reading) == [("1", "2", 2)]
        [problem] = reading.problems
        assert (problem.rule, problem.line, problem.field) == ("broken_document", 3, "Б")

    def test_text_that_begins_with_an_equals_sign_is_text(self) -> None:
        book = openpyxl.Workbook()
        book.active["A1"] = "А"
        book.active["A2"].data_type = "s"
        book.active["A2"]._value = "=1"  # openpyxl would make a formula of it
        assert content(read_xlsx(self.saved(book))) == [("=1", 2)]

    def test_a_wrong_declared_range_does_not_cut_the_sheet(self) -> None:
        def lie(name: str, part: bytes) -> bytes:
            return part.replace(b'<dimension ref="A1:A3"', b'<dimension ref="A1:A2"')

        document = self.repacked(self.book([["А"], ["1"], ["2"]]), lie)
        assert content(read_xlsx(document)) == [("1", 2), ("2", 3)]

    def test_a_cell_outside_the_table_is_told(self) -> None:
        reading = read_xlsx(self.book([["А"], ["1", "?"], ["2"]]))
        assert content(reading) == [("2", 3)]
        assert told(reading) == [("broken_document", 2)]

    def test_shared_strings_are_read(self) -> None:
        """Excel keeps texts in a part of their own; openpyxl writes them into the cells."""

        def share(name: str, part: bytes) -> bytes:
            if name.endswith("sheet1.xml"):
                cell = b't="inlineStr"><is><t>&#1040;</t></is>'
                return part.replace(cell, b't="s"><v>1</v>')
            if name == "[Content_Types].xml":
                kind = (
                    "application/vnd.openxmlformats-officedocument.spreadsheetml.sharedStrings+xml"
                )
                extra = f'<Override PartName="/xl/sharedStrings.xml" ContentType="{kind}"/></Types>'
                return part.replace(b"</Types>", extra.encode())
            return part

        document = self.repacked(self.book([["А"], ["1"]]), share)
        out = io.BytesIO(document.content)
        space = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
        with zipfile.ZipFile(out, "a") as archive:
            items = "<si><t>Б</t></si><si><r><t>Клас</t></r><r><t>с</t></r></si>"
            archive.writestr("xl/sharedStrings.xml", f'<sst xmlns="{space}">{items}</sst>')
        reading = read_xlsx(RawDocument("a.xlsx", out.getvalue(), ""))
        assert reading.frame.to_dicts() == [{"Класс": "1", "_document": "a.xlsx", "_line": 2}]

    def test_a_second_sheet_with_data_is_told(self) -> None:
        book = openpyxl.Workbook()
        book.active["A1"] = "А"
        book.create_sheet("пустой")
        assert read_xlsx(self.saved(book)).complete
        book["пустой"]["B7"] = "ещё"
        assert told(read_xlsx(self.saved(book))) == [("broken_document", None)]

    def test_a_bomb_is_not_unpacked(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(xlsx, "UNPACKED_BYTES", 10 * 1024 * 1024)

        def swell(name: str, part: bytes) -> bytes:
            return part + b" " * (11 * 1024 * 1024) if name.endswith("sheet1.xml") else part

        bomb = self.repacked(self.book([["А"], ["1"]]), swell)
        assert len(bomb.content) < 100 * 1024
        assert told(read_xlsx(bomb)) == [("broken_document", None)]

    def test_too_many_parts_are_refused(self) -> None:
        out = io.BytesIO()
        with zipfile.ZipFile(out, "w") as archive:
            for number in range(600):
                archive.writestr(f"{number}.xml", "")
        assert told(read_xlsx(RawDocument("a.xlsx", out.getvalue(), ""))) == [
            ("broken_document", None)
        ]

    @pytest.mark.parametrize(
        "part", ["xl/worksheets/sheet1.xml", "xl/styles.xml", "xl/workbook.xml"]
    )
    def test_a_document_type_in_a_part_is_refused(self, part: str) -> None:
        laughs = b'<!DOCTYPE x [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">]>'

        def inject(name: str, old: bytes) -> bytes:
            return laughs + old[old.find(b"?>") + 2 :] if name == part else old

        reading = read_xlsx(self.repacked(self.book([["А"], ["x"]]), inject))
        assert [problem.detail for problem in reading.problems] == ["DOCTYPE не допускается"]

    def test_a_row_of_sixteen_thousand_columns_is_refused(self) -> None:
        book = openpyxl.Workbook()
        book.active["A1"] = "А"
        book.active["XFD2"] = "1"
        assert told(read_xlsx(self.saved(book))) == [("broken_document", 2)]

    @pytest.mark.parametrize("cut", [10, 100, -30])
    def test_a_damaged_book_is_told(self, cut: int) -> None:
        whole = self.book([["А"], ["1"]])
        reading = read_xlsx(RawDocument("a.xlsx", whole.content[:cut], ""))
        assert told(reading) == [("broken_document", None)]

    def test_an_empty_sheet_is_told(self) -> None:
        assert told(read_xlsx(self.book([]))) == [("empty_document", 1)]


class TestHtml:
    @staticmethod
    def page(text: str, encoding: str = "utf-8") -> html.Page | DocumentProblem:
        return html.read_page(RawDocument("journal_001.html", text.encode(encoding), ""))

    def test_a_line_break_parts_words_and_markup_does_not(self) -> None:
        page = self.page(
            "<html><table class='table-print x'><tr><td>5<br>4</td><td>О<b>Т</b></td>"
            "<td><div>1</div><div>2</div></td><td> &nbsp; </td></tr></table></html>"
        )
        assert isinstance(page, html.Page)
        assert page.tables[0].grid.rows == [["5 4", "ОТ", "1 2", None]]

    @pytest.mark.parametrize(
        "caption",
        [
            '<p class="caption">Класс: 7а\nПредмет: Алгебра</p>',
            '<p class="caption"><b>Класс:</b> 7а<br/>Предмет: Алгебра</p>',
            '<p class="caption">Класс: 7а</p><p class="caption">Предмет: Алгебра</p>',
        ],
    )
    def test_a_caption_may_be_broken_into_lines_in_any_way(self, caption: str) -> None:
        page = self.page(f"<html>{caption}</html>")
        assert isinstance(page, html.Page)
        assert page.caption == ["Класс: 7а", "Предмет: Алгебра"]

    def test_a_page_cut_short_loses_its_last_row(self) -> None:
        page = self.page("<html><table><tr><td>1</td></tr>\n<tr><td>5")
        assert isinstance(page, html.Page)
        assert page.tables[0].grid.rows == [["1"]]
        assert [(p.rule, p.line) for p in page.problems] == [("broken_document", 2)]

    def test_a_declared_cp1251_is_read(self) -> None:
        page = self.page(
            '<html><meta charset="windows-1251"><p class="caption">Класс: 7а</p></html>', "cp1251"
        )
        assert isinstance(page, html.Page)
        assert page.caption == ["Класс: 7а"]

    def test_an_undeclared_cp1251_is_read(self) -> None:
        page = self.page('<html><p class="caption">Класс: 7а</p></html>', "cp1251")
        assert isinstance(page, html.Page)
        assert page.caption == ["Класс: 7а"]

    def test_another_encoding_than_declared_is_told(self) -> None:
        page = '<html><meta charset="utf-8">\n<p>Класс</p></html>'
        problem = self.page(page, "cp1251")
        assert isinstance(problem, DocumentProblem)
        assert (problem.rule, problem.line) == ("wrong_encoding", 2)

    def test_entities_and_scripts_do_nothing(self) -> None:
        page = self.page(
            '<!DOCTYPE html [<!ENTITY e SYSTEM "file:///etc/passwd">]><html><script>alert(1)</script>'
            "<table><tr><td>&e;</td></tr></table></html>"
        )
        assert isinstance(page, html.Page)
        assert "root:" not in repr(page)
