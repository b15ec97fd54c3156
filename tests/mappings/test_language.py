"""Features of the language, each by a small profile."""

from __future__ import annotations

import json

import pytest

SUBJECT = """
      - entity: subject
        fields: {source_key: Код, name: %s}
"""


def _names(applied, mapping, came):
    return applied(mapping, came).frames["subject"]["name"].to_list()


@pytest.mark.parametrize(
    ("value", "row", "name"),
    [
        ("Имя", {"Имя": "а"}, "а"),
        ("{constant: z}", {"Имя": "а"}, "z"),
        ("{join: [Код, Имя]}", {"Имя": None}, "1|"),
        ("{join: [Имя, Код]}", {"Имя": None}, "|1"),
        ('{join: [Код, Имя, Имя], separator: " ", skip_empty: true}', {"Имя": None}, "1"),
        ("{join: [Имя, Имя]}", {"Имя": None}, None),
        ("{column: Имя, decimal: comma}", {"Имя": "2,5"}, "2.5"),
        ("{cases: [{when: {column: Имя, in: [а]}, value: {constant: A}}]}", {"Имя": "а"}, "A"),
        ("{cases: [{when: {column: Имя, in: [а]}, value: Код}]}", {"Имя": "б"}, None),
        (
            "{cases: [{when: {column: Имя, empty: true}, value: Код}], otherwise: Имя}",
            {"Имя": None},
            "1",
        ),
        (
            "{cases: [{when: {column: Имя, not_in: [а]}, value: Код}], otherwise: Имя}",
            {"Имя": None},
            "1",
        ),
        (
            "{cases: [{when: {column: Имя, not_empty: true}, value: {constant: A}},"
            " {when: {column: Код, in: ['1']}, value: {constant: B}}]}",
            {"Имя": "а"},
            "A",
        ),
    ],
)
def test_values(value, row, name, profile, applied, table):
    mapping = profile("tables:\n  t:\n    feeds:" + SUBJECT % value)

    assert _names(applied, mapping, table("t", [{"Код": "1", **row}])) == [name]


def test_a_column_that_the_document_lacks_is_empty(profile, applied, table):
    mapping = profile("tables:\n  t:\n    feeds:" + SUBJECT % "Имя")

    translated = applied(mapping, table("t", [{"Код": "1"}]))

    assert translated.frames["subject"]["name"].to_list() == [None]
    assert translated.findings == []


def test_a_text_that_a_case_does_not_choose_is_not_judged(profile, applied, table):
    mapping = profile("""
codes: {words: {а: A}}
tables:
  t:
    feeds:
      - entity: subject
        fields:
          source_key: Код
          name:
            cases: [{when: {column: Вид, in: [x]}, value: {column: Имя, codes: words}}]
            otherwise: {constant: other}
""")
    rows = [
        {"Код": "1", "Вид": "x", "Имя": "а"},
        {"Код": "2", "Вид": "y", "Имя": "б"},
        {"Код": "3", "Вид": "x", "Имя": "б"},
    ]

    translated = applied(mapping, table("t", rows))

    assert translated.frames["subject"]["name"].to_list() == ["A", "other"]
    assert translated.refusals.select("_row", "field", "rule").rows() == [
        (2, "Имя", "unknown_code")
    ]


def test_rows_feed_entities_by_condition(profile, applied, table):
    mapping = profile("""
codes: {kinds: {С: x}}
tables:
  t:
    feeds:
      - entity: subject
        when: [{column: Вид, in: kinds}, {column: Код, not_empty: true}]
        fields: {source_key: Код, name: Код}
      - entity: class_
        when: {column: Вид, not_in: kinds}
        fields: {source_key: Код, name: Код, grade_level: Код}
""")
    rows = [
        {"Код": "1", "Вид": "С"},
        {"Код": None, "Вид": "С"},
        {"Код": "3", "Вид": "К"},
        {"Код": "4", "Вид": None},
    ]

    translated = applied(mapping, table("t", rows))

    assert translated.frames["subject"]["source_key"].to_list() == ["1"]
    assert translated.frames["class_"]["source_key"].to_list() == ["3", "4"]
    assert translated.read == {"subject": 1, "class_": 2}


def test_a_value_outside_a_closed_list_is_refused(profile, applied, table):
    mapping = profile("""
tables:
  t:
    feeds:
      - entity: subject
        known: {Вид: [С]}
        fields: {source_key: Код, name: Код}
""")
    rows = [{"Код": "1", "Вид": "С"}, {"Код": "2", "Вид": "Ы"}, {"Код": "3", "Вид": None}]

    translated = applied(mapping, table("t", rows))

    assert translated.frames["subject"].height == 1
    assert translated.refusals.select("_line", "field", "rule").rows() == [
        (3, "Вид", "unknown_code"),
        (4, "Вид", "unknown_code"),
    ]


def test_distinct_records_are_read_once(profile, applied, table):
    text = """
codes: {names: {а: a, б: b}}
tables:
  t:
    feeds:
      - entity: subject
        distinct: true
        fields: {source_key: Код, name: {column: Имя, codes: names}}
"""
    rows = [
        {"Код": "1", "Имя": "а"},
        {"Код": "1", "Имя": "а"},
        {"Код": "1", "Имя": "б"},  # same key, other content: the duplicate check's business
        {"Код": "2", "Имя": "?"},
        {"Код": "2", "Имя": "?"},
    ]

    translated = applied(profile(text), table("t", rows))

    assert translated.frames["subject"]["_line"].to_list() == [2, 4]
    assert translated.refusals["_line"].to_list() == [5]
    assert translated.read == {"subject": 3}


def test_equal_keys_are_numbered_within_the_named_columns(profile, applied, table):
    mapping = profile("""
tables:
  t:
    feeds:
      - entity: subject
        fields: {source_key: {join: [Код, Вид], ordinal_within: [Имя]}, name: Имя}
""")
    rows = [{"Код": "1", "Вид": None, "Имя": name} for name in ["а", "б", "а", None, None]]

    keys = applied(mapping, table("t", rows)).frames["subject"]["source_key"].to_list()

    assert keys == ["1||1", "1||1", "1||2", "1||1", "1||2"]


SPLIT = """
codes: {absence: {Н: absent}}
tables:
  t:
    split: {column: Ячейка, into: Знак, named_by: Столбец}
    feeds:
      - entity: subject
        when: {column: Знак, not_in: absence}
        fields:
          source_key: {join: [Кто], ordinal_within: [], report: Ячейка}
          name: {column: Знак, codes: {"5": five, ".": debt}}
      - entity: attendance
        when: {column: Знак, in: absence}
        fields:
          pupil: Кто
          lesson_key: {join: [Столбец], report: Ячейка}
          status: {column: Знак, codes: absence}
"""


def test_tokens_of_a_cell_become_records_of_their_entity(profile, applied, table):
    rows = [
        {"Кто": "Ян", "Столбец": "05.09/2", "Ячейка": " Н  5\u00a0. "},
        {"Кто": "Ян", "Столбец": "06.09/1", "Ячейка": "X"},
        {"Кто": "Ян", "Столбец": "07.09/1", "Ячейка": None},
    ]

    translated = applied(profile(SPLIT), table("t", rows))

    marks = translated.frames["subject"]
    assert marks.select("source_key", "name", "_line").rows() == [
        ("Ян|1", "five", 2),
        ("Ян|2", "debt", 2),
    ]
    assert translated.frames["attendance"]["status"].to_list() == ["absent"]
    assert translated.read == {"subject": 3, "attendance": 1}
    refusal = translated.refusals.row(0, named=True)
    assert (refusal["field"], refusal["rule"], refusal["_line"]) == ("06.09/1", "unknown_code", 3)
    assert json.loads(refusal["record"]) == {"Кто": "Ян", "Столбец": "06.09/1", "Ячейка": "X"}


LOOKUP = """
tables:
  marks:
    lookups:
      - {table: lessons, by: Урок, key: Код, take: {ДеньУрока: День}}
    feeds:
      - entity: subject
        fields: {source_key: Код, name: {column: ДеньУрока, date: dd.mm.yyyy}}
  lessons:
    ignore: [Код, День]
"""


def test_a_column_of_another_table_is_taken_by_its_key(profile, applied, table):
    marks = [{"Код": str(n), "Урок": lesson} for n, lesson in enumerate(["1", "2", None, "7"])]
    lessons = [
        {"Код": "1", "День": "05.09.2026"},
        {"Код": "2", "День": "30.02.2026"},
        {"Код": None, "День": "01.01.2026"},
        {"Код": "1", "День": "06.09.2026"},  # a second lesson of that key changes nothing
    ]

    translated = applied(profile(LOOKUP), table("marks", marks), table("lessons", lessons))

    assert translated.frames["subject"].select("source_key", "name").rows() == [
        ("0", "2026-09-05"),
        ("2", None),
    ]
    assert translated.refusals.select("_row", "field", "rule").rows() == [
        (3, "Урок", "dangling_reference"),
        (1, "Урок", "bad_date"),
    ]


def test_what_looks_into_an_incomplete_table_is_incomplete(profile, applied, table):
    marks = table("marks", [{"Код": "1", "Урок": "1"}])

    absent = applied(profile(LOOKUP), marks)

    assert absent.refusals["rule"].to_list() == ["dangling_reference"]
    assert absent.incomplete == {"subject"}


PARTS = """
tables:
  t:
    split:
      column: Ячейка
      into: Урок
      separator: ',\\s*'
      parts: '^(?P<Предмет>[^/]+)(?:/(?P<Группа>[^/]+))?$'
    feeds:
      - entity: subject
        fields: {source_key: Предмет, name: {join: [Предмет, Группа]}}
"""


def test_a_cell_parted_by_commas_and_taken_apart(profile, applied, table):
    rows = [{"Ячейка": "Физика, Химия/2 гр.,"}, {"Ячейка": "а/б/в"}]

    translated = applied(profile(PARTS), table("t", rows))

    assert translated.frames["subject"].select("source_key", "name").rows() == [
        ("Физика", "Физика|"),
        ("Химия", "Химия|2 гр."),
    ]
    # Without named_by the cell goes by the name of its column.
    assert translated.refusals.select("_line", "field", "rule").rows() == [
        (3, "Ячейка", "bad_format")
    ]


def test_a_part_of_a_token_may_look_into_another_table(profile, applied, table):
    text = PARTS.replace(
        "    feeds:",
        "    lookups: [{table: u, by: Группа, key: Код, take: {Имя: Имя}}]\n    feeds:",
    ).replace("{join: [Предмет, Группа]}", "Имя")
    rows = [{"Ячейка": "Химия/1, Химия/7"}]

    translated = applied(
        profile(text + "  u: {ignore: [Код, Имя]}\n"),
        table("t", rows),
        table("u", [{"Код": "1", "Имя": "первая"}]),
    )

    assert translated.frames["subject"]["name"].to_list() == ["первая"]
    assert translated.refusals.select("field", "rule").rows() == [("Ячейка", "dangling_reference")]


@pytest.mark.parametrize(
    ("value", "row", "name"),
    [
        (
            '{join: [Имя, Код], separator: " ", skip_empty: true, normalise: person}',
            {"Имя": "Пнёв  ЯН"},
            "пнев ян 1",
        ),
        ("{column: Имя, decimal: point}", {"Имя": "2.5"}, "2.5"),
        ("{column: Имя, decimal: point}", {"Имя": "2,5"}, "2,5"),  # refused by the contract
        ("{column: Имя, date: [iso_date, dd.mm.yyyy]}", {"Имя": "05.09.2026"}, "2026-09-05"),
    ],
)
def test_more_values(value, row, name, profile, applied, table):
    mapping = profile("tables:\n  t:\n    feeds:" + SUBJECT % value)

    assert _names(applied, mapping, table("t", [{"Код": "1", **row}])) == [name]
