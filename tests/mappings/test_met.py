"""Codes that an upload holds: what they mean, how many there are, and what is not shown."""

from __future__ import annotations

import pytest

from mappings.met import HIDDEN, codes_met

ZONE = "Europe/Moscow"


def _told(mapping, *tables):
    return [
        (m.column, m.field, m.code, m.meaning, m.state, m.count)
        for m in codes_met(mapping, tables, ZONE)
    ]


KIND = """
codes: {kinds: {а: vacation, ~: quarantine}}
tables:
  t:
    feeds:
      - entity: holiday
        fields:
          source_key: Код
          name: Код
          kind: {column: Вид, extract: "^(.).*$", codes: kinds}
          start: Код
          finish: Код
"""


def test_codes_are_counted_after_the_steps_before_them(profile, table):
    rows = [{"Код": "1", "Вид": kind} for kind in ("аа", "а", "б", None)]

    assert _told(profile(KIND), table("t", rows)) == [
        ("Вид", "kind", "а", "vacation", "known", 2),
        ("Вид", "kind", None, "quarantine", "known", 1),
        ("Вид", "kind", "б", None, "unknown", 1),
    ]


def test_tokens_and_scales(profile, table):
    mapping = profile("""
tables:
  t:
    split: {column: Ячейка, into: Знак}
    feeds:
      - entity: subject
        when: {column: Знак, not_in: [Н]}
        fields:
          source_key: Код
          name: {column: Знак, codes_by: {column: Шкала, tables: {"5": keep, З: {Зач: pass}}}}
""")
    rows = [
        {"Код": "1", "Шкала": "5", "Ячейка": "4 5 Н"},
        {"Код": "2", "Шкала": "З", "Ячейка": "Зач Да"},
        {"Код": "3", "Шкала": "?", "Ячейка": "1"},  # the scale is refused on its own account
    ]

    assert _told(mapping, table("t", rows)) == [
        ("Ячейка", "name", HIDDEN, None, "kept", 2),
        ("Ячейка", "name", "Да", None, "unknown", 1),
        ("Ячейка", "name", "Зач", "pass", "known", 1),
    ]


def test_only_the_chosen_case_is_asked(profile, table):
    mapping = profile("""
codes: {words: {а: A}}
tables:
  t:
    feeds:
      - entity: subject
        fields:
          source_key: Код
          name:
            cases: [{when: {column: Вид, in: [x]}, value: {constant: z}}]
            otherwise: {column: Имя, codes: words}
""")
    rows = [
        {"Код": "1", "Вид": "x", "Имя": "б"},
        {"Код": "2", "Вид": "y", "Имя": "а"},
    ]

    assert _told(mapping, table("t", rows)) == [("Имя", "name", "а", "A", "known", 1)]


@pytest.mark.parametrize(
    "text",
    [
        "Брянчихин",  # a name in the wrong column
        "БРЯНЧИХИН О.",
        "112-233-445 95",
        "79001234567",
        "Сегодня он опять ничего не принёс в школу",
        "Громовая Сидоренко",  # nobody of the sample
        "петровна",
    ],
)
def test_what_may_be_personal_is_not_shown(text, profile, table):
    mapping = profile("""
codes: {roles: {у: pupil}}
tables:
  t:
    feeds:
      - entity: uid
        fields: {role: {column: Роль, codes: roles}, full_name: ФИО, uid: Код}
""")
    rows = [
        {"Роль": "у", "ФИО": "Брянчихин Олег", "Код": "123456"},
        {"Роль": text, "ФИО": "Ю Ян", "Код": "123457"},
    ]

    assert _told(mapping, table("t", rows)) == [
        ("Роль", "role", "у", "pupil", "known", 1),
        ("Роль", "role", HIDDEN, None, "unknown", 1),
    ]


def test_free_text_is_never_shown(applied, table):
    from mappings import load

    rows = [{"Код": "1", "ДомашнееЗадание": text} for text in ("не задано", "№ 5", None)]
    rows = [
        {**row, "Дата": "x", "НомерУрока": "1", "КодКласса": "1", "КодПредмета": "1",
         "Проведен": "да", "Состояние": "План"}
        for row in rows
    ]  # fmt: skip

    told = _told(load("paragraf/3.21"), table("lessons", rows))

    assert [one for one in told if one[1] == "homework"] == [
        ("ДомашнееЗадание", "homework", None, None, "kept", 1),
        ("ДомашнееЗадание", "homework", "не задано", None, "known", 1),
        ("ДомашнееЗадание", "homework", HIDDEN, None, "kept", 1),
    ]
