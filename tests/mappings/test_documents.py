"""What a profile does not know of an upload, and what an upload lacks."""

from __future__ import annotations

import polars as pl

from schemas.frames import Finding

TABLES = """
tables:
  subjects:
    required: [Код, Имя]
    ignore: [Примечание, "Служ*"]
    feeds: [{entity: subject, fields: {source_key: Код, name: Имя}}]
  classes:
    feeds: [{entity: class_, fields: {source_key: Код, name: Код, grade_level: Код}}]
"""

GOOD = {"Код": "1", "Имя": "Алгебра"}


def test_an_undeclared_table_is_a_finding(profile, applied, table):
    came = table("lunches", [{"Код": "1"}], document="lunches.xml")

    translated = applied(profile(TABLES), table("subjects", [GOOD]), came)

    assert translated.findings == [Finding("unknown_document", "lunches.xml")]


def test_an_undeclared_column_is_a_finding_where_it_stands(profile, applied, table):
    rows = [GOOD, {**GOOD, "Цвет": "синий", "Примечание": "-", "Служебное": "-", "_group": "1"}]
    came = table("subjects", rows)
    second = came.frame.with_columns(_document=pl.Series(["a.xml", "b.xml"]))

    translated = applied(profile(TABLES), type(came)("subjects", second))

    assert translated.findings == [
        Finding("unknown_column", "b.xml", entity="subject", field="Цвет")
    ]
    assert translated.frames["subject"].height == 2


def test_without_a_required_column_the_table_is_not_read(profile, applied, table):
    translated = applied(profile(TABLES), table("subjects", [{"Код": "1"}]))

    assert translated.findings == [
        Finding("missing_column", "subjects.xml", entity="subject", field="Имя")
    ]
    assert translated.read == {"subject": 0, "class_": 0}
    assert translated.frames["subject"].is_empty()
    assert translated.incomplete == {"subject", "class_"}


def test_a_table_without_rows_need_not_show_its_columns(profile, applied, table):
    translated = applied(profile(TABLES), table("subjects", []), table("classes", []))

    assert translated.findings == []
    assert translated.incomplete == set()


def test_incomplete_tables_make_their_entities_incomplete(profile, applied, table):
    cut = table("classes", [{"Код": "1"}], complete=False)

    translated = applied(profile(TABLES), table("subjects", [GOOD]), cut)

    assert translated.incomplete == {"class_"}
    assert translated.frames["class_"].height == 1


def test_a_table_that_did_not_come_proves_nothing(profile, applied):
    assert applied(profile(TABLES)).incomplete == {"subject", "class_"}


def test_pieces_of_a_table_are_read_as_one(profile, applied, table):
    pieces = [
        table("subjects", [{**GOOD, "Код": "1"}], document="a.xml"),
        table("subjects", [{**GOOD, "Код": "2", "Примечание": "-"}], document="b.xml"),
    ]

    subjects = applied(profile(TABLES), *pieces).frames["subject"]

    assert subjects.select("_row", "_document", "source_key").rows() == [
        (0, "a.xml", "1"),
        (1, "b.xml", "2"),
    ]


def test_frames_keep_their_shape_with_and_without_rows(profile, applied, table):
    empty = applied(profile(TABLES)).frames["subject"]
    filled = applied(profile(TABLES), table("subjects", [GOOD])).frames["subject"]

    assert empty.schema == filled.schema
    assert list(empty.schema) == ["source_key", "name", "_row", "_document", "_line"]
    assert empty.schema["_row"] == pl.UInt32
