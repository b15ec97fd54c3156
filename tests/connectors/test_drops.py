"""What a layout can say of files, in small: wide sheets, captions, notes, names, years."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from pydantic import ValidationError

from connectors.base import Parsed, RawDocument
from connectors.drops import read_documents, read_tables
from schemas.layout import Layout
from tests.connectors.samples.dbf import dbf
from tests.connectors.samples.workbooks import workbook
from tests.support.documents import zip_bytes

SCHOOL = "781001"
AUTUMN = (date(2026, 9, 1), date(2026, 9, 18))
YEAR = (date(2026, 9, 1), date(2027, 5, 31))
NOTE = {
    "file": "note.txt", "format": "lines", "taken_at": "at", "first_day": "from",
    "last_day": "to",
}  # fmt: skip
NOTE_TEXT = "at=2026-09-18T18:00:00\nfrom=2026-09-01\nto=2026-09-18\n"
PIPED = {".csv": {"kind": "csv", "delimiter": "|"}}


def layout(tables: dict[str, Any], **more: Any) -> Layout:
    given = {"note": NOTE, "formats": PIPED, "tables": tables} | more
    return Layout.model_validate(given)


def text(name: str, content: str, encoding: str = "utf-8") -> RawDocument:
    return RawDocument(name, content.encode(encoding), "text/plain")


def read(
    tables: dict[str, Any],
    *documents: RawDocument,
    covers: tuple[date, date] = AUTUMN,
    **more: Any,
) -> Parsed:
    note = text("note.txt", NOTE_TEXT)
    return read_documents(layout(tables, **more), [*documents, note], covers, SCHOOL)


def told(parsed: Parsed) -> list[tuple[str, str]]:
    return [(problem.document, problem.rule) for problem in parsed.problems]


def rows(parsed: Parsed, table: str, *columns: str) -> list[tuple[Any, ...]]:
    [found] = [one for one in parsed.tables if one.name == table]
    return found.frame.select(columns).rows()


def complete(parsed: Parsed) -> set[str]:
    return {table.name for table in parsed.tables if table.complete}


WIDE = {
    "wide": {
        "keep": ["Ученик"],
        "header": r"(?P<День>[0-9]{2}\.[0-9]{2}) (?P<Урок>[0-9]+)",
        "cell": "Знаки",
        "named": "Колонка",
    },
    "years": ["День"],
}


COVERED = {
    "plan": {},
    "marks": {
        "file": "m_.*", "many": True,
        "formats": {".csv": {"kind": "csv", "delimiter": "|", "header_row": 2}},
        "caption": {"required": ["Предмет"]},
        "covers": {"table": "plan", "by": ["Предмет"]},
    },
}  # fmt: skip


class TestWide:
    def test_a_delimited_file_with_a_caption_of_its_own(self) -> None:
        tables = {
            "j": WIDE
            | {
                "file": "ведомость.*",
                "many": True,
                "formats": {".csv": {"kind": "csv", "delimiter": "|", "header_row": 3}},
                "caption": {"required": ["Класс", "Предмет"]},
            }
        }
        content = "Класс: 7а||\nПредмет|Алгебра|\nУченик|05.09 2|12.09 3\nА.|5 н|\nБ.||4\n"
        parsed = read(tables, text("ведомость 1.csv", content))
        assert parsed.problems == []
        assert rows(parsed, "j", "Класс", "Предмет", "Ученик", "День", "Урок", "Знаки") == [
            ("7а", "Алгебра", "А.", "05.09.2026", "2", "5 н"),
            ("7а", "Алгебра", "Б.", "12.09.2026", "3", "4"),
        ]
        assert rows(parsed, "j", "Колонка", "_document", "_line") == [
            ("05.09 2", "ведомость 1.csv", 4), ("12.09 3", "ведомость 1.csv", 5)
        ]  # fmt: skip

    def test_names_in_two_rows_with_merged_cells(self) -> None:
        sheet = [
            ["Ученик", "05.09", None, "12.09"],
            [None, "2", "3", "2"],
            ["А.", "5", "4", None],
        ]
        form = {".xlsx": {"kind": "sheet", "header_rows": 2}}
        book = RawDocument("j.xlsx", workbook(("Лист", sheet)), "")
        parsed = read({"j": WIDE | {"formats": form}}, book)
        assert parsed.problems == []
        assert rows(parsed, "j", "День", "Урок", "Знаки", "_line") == [
            ("05.09.2026", "2", "5", 3), ("05.09.2026", "3", "4", 3)
        ]  # fmt: skip

    def test_a_sheet_without_its_people_is_broken(self) -> None:
        parsed = read({"j": WIDE}, text("j.csv", "Кто|05.09 2\nА.|5\n"))
        assert [(p.rule, p.field) for p in parsed.problems] == [("broken_document", "Ученик")]
        assert complete(parsed) == set()

    def test_people_twice_are_not_guessed(self) -> None:
        parsed = read({"j": WIDE}, text("j.csv", "Ученик|Ученик|05.09 2\nА.|Б.|5\n"))
        assert [(p.rule, p.field) for p in parsed.problems] == [("broken_document", "Ученик")]
        assert complete(parsed) == set()

    def test_strange_columns_are_told_and_suspect_ones_break(self) -> None:
        content = "Ученик|Итог|05.09 2|5.9\nА.|x|5|4\n"
        parsed = read({"j": WIDE}, text("j.csv", content))
        assert [(p.rule, p.field) for p in parsed.problems] == [
            ("unknown_column", "Итог"), ("unknown_column", "5.9")
        ]  # fmt: skip
        assert complete(parsed) == {"j"}
        suspect = WIDE | {"wide": WIDE["wide"] | {"suspect": "[0-9]"}}
        parsed = read({"j": suspect}, text("j.csv", content))
        assert [(p.rule, p.field) for p in parsed.problems] == [
            ("unknown_column", "Итог"), ("broken_document", "5.9")
        ]  # fmt: skip
        assert complete(parsed) == set()


class TestYears:
    @pytest.mark.parametrize(
        ("day", "covers", "whole"),
        [
            ("31.12", YEAR, "31.12.2026"),
            ("01.01", YEAR, "01.01.2027"),
            ("1.09", YEAR, "01.09.2026"),
            ("12.1", YEAR, "12.1"),  # the number 12.10 of a sheet, as like as the 12th of January
            ("31.05", YEAR, "31.05.2027"),
            ("01.06", YEAR, "01.06"),  # in no year of the period
            ("30.02", YEAR, "30.02"),  # no such day
            ("29.02", (date(2027, 9, 1), date(2028, 5, 31)), "29.02.2028"),
            ("15.09", (date(2026, 9, 1), date(2027, 9, 30)), "15.09"),  # in two
            ("05.09.2025", YEAR, "05.09.2025"),  # has its year
            ("осень", YEAR, "осень"),
        ],
    )
    def test_the_year_is_the_one_of_the_period(
        self, day: str, covers: tuple[date, date], whole: str
    ) -> None:
        tables = {"lessons": {"years": ["Дата"]}}
        parsed = read(tables, text("lessons.csv", f"Дата|Тема\n{day}|х\n"), covers=covers)
        assert rows(parsed, "lessons", "Дата") == [(whole,)]


class TestFiles:
    def test_the_name_of_a_file_gives_columns(self) -> None:
        tables = {"marks": {"file": "(?P<Класс>[^_]+)_(?P<Предмет>.+)", "many": True}}
        algebra = text("7а_Алгебра.csv", "ФИО|О\nА.|5\n")
        parsed = read(tables, algebra, text("8б_Химия.csv", "ФИО|О\nБ.|4\n"))
        assert rows(parsed, "marks", "Класс", "Предмет", "О") == [
            ("7а", "Алгебра", "5"), ("8б", "Химия", "4")
        ]  # fmt: skip

    def test_one_workbook_feeds_several_tables(self) -> None:
        sheet = lambda name: {".xlsx": {"kind": "sheet", "sheet": name}}  # noqa: E731
        tables = {
            "classes": {"file": "book", "formats": sheet("Классы")},
            "pupils": {"file": "book", "formats": sheet("Ученики")},
        }
        book = workbook(("Классы", [["К"], ["7а"]]), ("Прочее", [["x"]]))
        parsed = read(tables, RawDocument("book.xlsx", book, ""))
        assert rows(parsed, "classes", "К") == [("7а",)]
        assert [(p.document, p.rule, p.detail) for p in parsed.problems] == [
            ("book.xlsx", "broken_document", "нет листа «Ученики»")
        ]
        assert complete(parsed) == {"classes"}

    def test_a_sheet_that_is_not_named_must_be_the_only_one_filled(self) -> None:
        tables = {"t": {"formats": {".xlsx": {"kind": "sheet"}}}}
        one = workbook(("Пусто", []), ("Лист", [["А"], ["1"]]))
        assert rows(read(tables, RawDocument("t.xlsx", one, "")), "t", "А") == [("1",)]
        two = workbook(("Один", [["А"]]), ("Два", [["А"]]))
        assert told(read(tables, RawDocument("t.xlsx", two, ""))) == [("t.xlsx", "broken_document")]

    def test_files_are_missing_double_or_strange(self) -> None:
        tables = {"a": {}, "b": {"optional": True}, "c": {}}
        two = {".csv": {"kind": "csv"}, ".txt": {"kind": "csv"}}
        documents = [text("a.csv", "А\n1\n"), text("a.txt", "А\n2\n"), text("z.csv", "А\n3\n")]
        parsed = read(tables, *documents, formats=two)
        assert told(parsed) == [
            ("a.txt", "second_document"),
            ("z.csv", "unknown_document"),
            ("c.csv", "missing_document"),
        ]
        assert rows(parsed, "a", "А") == [("1",)]
        assert complete(parsed) == set()  # which of the two files of a is right, nothing says
        assert {table.name for table in parsed.tables} == {"a", "c"}  # b did not come: no proof

    @pytest.mark.parametrize("name", ["*", "^.*$", "^К.*$", "_line"])
    def test_a_name_that_would_stand_for_other_columns_is_refused(self, name: str) -> None:
        parsed = read({"t": {}}, text("t.csv", f"Код|{name}\n1|2\n"))
        assert [(p.rule, p.line) for p in parsed.problems] == [("broken_document", 1)]
        assert complete(parsed) == set()
        wide = read({"j": WIDE}, text("j.csv", f"Ученик|{name}|05.09 2\nА.|x|5\n"))
        assert [(p.rule, p.field) for p in wide.problems] == [("unknown_column", name)]
        assert rows(wide, "j", "Ученик", "Знаки") == [("А.", "5")]

    def test_what_the_caption_says_is_not_taken_from_the_table(self) -> None:
        tables = {
            "t": {
                "formats": {".csv": {"kind": "csv", "delimiter": "|", "header_row": 2}},
                "caption": {"required": ["Класс"]},
            }
        }
        parsed = read(tables, text("t.csv", "Класс|7а\nКласс|О\n8б|5\n"))
        assert rows(parsed, "t", "Класс", "О") == [("7а", "5")]
        assert [(p.rule, p.field) for p in parsed.problems] == [("unknown_column", "Класс")]

    def test_every_pair_of_the_curriculum_needs_a_file(self) -> None:
        plan = text("plan.csv", "Предмет|Ч\nАлгебра|3\nХимия|2\n")
        algebra = text("m_1.csv", "Предмет: Алгебра|\nФИО|О\n")
        parsed = read(COVERED, plan, algebra)
        assert [(p.document, p.rule, p.detail) for p in parsed.problems] == [
            ("marks", "missing_document", "Химия")
        ]
        assert complete(parsed) == {"plan"}
        broken = text("m_2.csv", "")
        assert told(read(COVERED, plan, algebra, broken)) == [("m_2.csv", "empty_document")]

    @pytest.mark.parametrize(
        "plan", [None, "", "Предмет|Ч\nАлгебра|3", "Дисциплина|Ч\nАлгебра|3\n"]
    )
    def test_without_a_whole_curriculum_nobody_knows_which_files_are_due(
        self, plan: str | None
    ) -> None:
        documents = [text("m_1.csv", "Предмет: Алгебра|\nФИО|О\nА.|5\n")]
        if plan is not None:
            documents.append(text("plan.csv", plan))
        parsed = read(COVERED, *documents)
        assert rows(parsed, "marks", "Предмет", "О") == [("Алгебра", "5")]
        assert "marks" not in complete(parsed)


class TestArchives:
    ONE = zip_bytes({"a.csv": b"A\n1\n"})
    TWO = zip_bytes({"a.csv": b"A\n2\n"})

    def test_one_name_in_two_archives_is_told(self) -> None:
        documents = [RawDocument("x.zip", self.ONE, ""), RawDocument("y.zip", self.TWO, "")]
        parsed = read({"a": {}}, *documents, archives=True)
        assert rows(parsed, "a", "A") == [("1",)]
        assert told(parsed) == [("y.zip/a.csv", "second_document")]

    def test_one_name_in_two_archives_is_two_files_where_there_may_be_many(self) -> None:
        documents = [RawDocument("x.zip", self.ONE, ""), RawDocument("y.zip", self.TWO, "")]
        parsed = read({"a": {"many": True}}, *documents, archives=True)
        assert rows(parsed, "a", "A", "_document") == [
            ("1", "x.zip/a.csv"), ("2", "y.zip/a.csv")
        ]  # fmt: skip
        assert parsed.problems == []

    def test_a_file_beside_its_archive_is_read_once(self) -> None:
        documents = [RawDocument("x.zip", self.ONE, ""), text("a.csv", "A\n2\n")]
        parsed = read({"a": {}}, *documents, archives=True)
        assert rows(parsed, "a", "A") == [("2",)]
        assert told(parsed) == [("x.zip/a.csv", "second_document")]

    def test_the_suffix_may_be_in_capitals(self) -> None:
        parsed = read({"a": {}}, RawDocument("X.ZIP", self.ONE, ""), archives=True)
        assert rows(parsed, "a", "A") == [("1",)]
        assert parsed.problems == []

    def test_a_folder_in_an_archive_is_a_stranger(self) -> None:
        inner = RawDocument("x.zip", zip_bytes({"in/a.csv": b"A\n1\n"}), "")
        parsed = read({"a": {}}, inner, archives=True)
        assert told(parsed) == [
            ("x.zip/in/a.csv", "unknown_document"),
            ("a.csv", "missing_document"),
        ]

    def test_a_list_of_files_that_names_one_twice_does_not_read_it_twice(self) -> None:
        note = {
            "file": "note.xml", "format": "xml", "root": "note", "taken_at": "at",
            "first_day": "from", "last_day": "to",
            "listed": {"element": "file", "name": "name", "records": "rows"},
        }  # fmt: skip
        file = '<file name="a.csv" rows="1"/>'
        said = (
            f'<note at="2026-09-18T18:00:00" from="2026-09-01" to="2026-09-18">{file}{file}</note>'
        )
        given = layout({"a": {"many": True}}, note=note)
        documents = [text("a.csv", "A\n1\n"), text("note.xml", said)]
        parsed = read_documents(given, documents, AUTUMN, SCHOOL)
        assert rows(parsed, "a", "A") == [("1",)]
        assert told(parsed) == [("a.csv", "missing_document")]
        assert complete(parsed) == set()


class TestNamesCutToTenLetters:
    def read(self, content: bytes, *columns: str) -> Parsed:
        tables = {"a": {"columns": list(columns), "formats": {".dbf": {"kind": "dbf"}}}}
        return read(tables, RawDocument("a.dbf", content, ""))

    def test_a_documented_column_is_known_by_its_beginning(self) -> None:
        parsed = self.read(
            dbf(["ДатаРождения", "Код"], [["1", "2"]], "cp866"), "Код", "ДатаРождения"
        )
        assert rows(parsed, "a", "ДатаРождения", "Код") == [("1", "2")]
        assert parsed.problems == []

    def test_one_that_fits_two_is_not_guessed(self) -> None:
        parsed = self.read(
            dbf(["ДатаРожденияМатери"], [["1"]], "cp866"),
            "ДатаРожденияМатери", "ДатаРожденияОтца",
        )  # fmt: skip
        assert [(p.rule, p.field) for p in parsed.problems] == [("broken_document", "ДАТАРОЖДЕН")]
        assert rows(parsed, "a", "ДАТАРОЖДЕН") == [("1",)]
        assert complete(parsed) == set()

    def test_two_that_fit_one_are_not_guessed(self) -> None:
        content = dbf(["ДатаРожден", "ДатаРожде1"], [["1", "2"]], "cp866")
        same = content.replace("ДАТАРОЖДЕ1".encode("cp866"), "датарожден".encode("cp866"))
        parsed = self.read(same, "ДатаРождения")
        assert [(p.rule, p.field) for p in parsed.problems] == [
            ("broken_document", "ДАТАРОЖДЕН"), ("broken_document", "датарожден")
        ]  # fmt: skip
        assert complete(parsed) == set()


class TestNotes:
    def test_a_marker_says_nothing_and_is_enough(self) -> None:
        given = layout({"a": {}}, note={"file": "готово", "format": "marker"})
        documents = [text("a.csv", "А\n1\n"), text("готово", "")]
        parsed = read_documents(given, documents, AUTUMN, SCHOOL)
        assert parsed.problems == []
        assert complete(parsed) == {"a"}

    def test_no_note_no_proof(self) -> None:
        parsed = read_documents(layout({"a": {}}), [text("a.csv", "А\n1\n")], AUTUMN, SCHOOL)
        assert told(parsed) == [("note.txt", "missing_document")]
        assert rows(parsed, "a", "А") == [("1",)]
        assert complete(parsed) == set()

    def test_what_a_note_must_say(self) -> None:
        note = NOTE | {"expect": {"sys": "Звонница*"}, "school": "who"}
        tables: dict[str, Any] = {"a": {}}
        for said, field in (
            ("sys=Другая\nwho=781001\n", "sys"),
            ("sys=Звонница 2\nwho=1\n", "who"),
            ("sys=Звонница 2\nwho=781001\n", None),
        ):
            documents = [text("a.csv", "А\n1\n"), text("note.txt", NOTE_TEXT + said)]
            parsed = read_documents(layout(tables, note=note), documents, AUTUMN, SCHOOL)
            assert [p.field for p in parsed.problems] == ([field] if field else [])
            assert complete(parsed) == (set() if field else {"a"})

    def test_a_sample_needs_no_note_and_no_company(self) -> None:
        given = layout({"a": {}, "b": {}})
        parsed = read_tables(given, [text("a.csv", "А\n1\n")], AUTUMN)
        assert [table.name for table in parsed.tables] == ["a"]
        assert parsed.problems == []


@pytest.mark.parametrize(
    "wrong",
    [
        {"tables": {"a": {"file": "("}}},
        {"tables": {"a": {"caption": {"required": ["x"]}, "covers": {"table": "z", "by": ["x"]}}}},
        {"tables": {"a": {"covers": {"table": "a", "by": ["x"]}, "columns": ["x"]}}},
        {"tables": {"a": {"caption": {"required": ["x"]}, "columns": ["x"]}}},
        {"tables": {"a": {"file": "(?P<Ученик>.+)", "wide": WIDE["wide"]}}},
        {"tables": {"a": {}}, "formats": {}},
        {"tables": {"a": {}}, "note": {"file": "x", "format": "lines"}},
        {"tables": {"a": {}}, "note": {"file": "x", "format": "xml", "taken_at": "a",
                                       "first_day": "b", "last_day": "c"}},
        {"tables": {}},
        {"tables": {"a": {"formats": {".csv": {"kind": "csv", "delimiter": ";;"}}}}},
        {"tables": {"a": {"formats": {".csv": {"kind": "csv", "encodings": ["koi8-r"]}}}}},
    ],
)  # fmt: skip
def test_a_layout_that_cannot_work_is_refused(wrong: dict[str, Any]) -> None:
    given: dict[str, Any] = {"note": NOTE, "formats": PIPED} | wrong
    with pytest.raises(ValidationError):
        Layout.model_validate(given)
