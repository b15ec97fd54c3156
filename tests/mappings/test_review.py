"""What a reviewer asks of a profile: what is assumed, what changed, how a column is read."""

from __future__ import annotations

import pytest

from mappings import load
from mappings.assumptions import lines_of
from mappings.difference import Change, differences
from mappings.explanation import personal_columns, uses_of

FEED = """
tables:
  t:
    feeds:
      - entity: subject
        fields: {source_key: Код, name: %s}
"""


def _assumed(mapping):
    lines = lines_of(mapping)
    return [line.place for line in lines if line.assumed], len(lines)


@pytest.mark.parametrize(
    ("head", "value", "assumed"),
    [
        ("", "Имя", []),
        ("", "{column: Имя, assumed: true}", ["tables.t.subject.name"]),
        ("", "{join: [Имя, {column: Код, assumed: true}]}", ["tables.t.subject.name"]),
        ("assumed: true", "Имя", ["tables.t.subject.source_key", "tables.t.subject.name"]),
    ],
)
def test_lines_of_fields(head, value, assumed, profile):
    assert _assumed(profile(head + FEED % value)) == (assumed, 2)


def test_lines_of_codes(profile):
    mapping = profile(
        "codes:\n  a: {x: y, z: ~}\n  b: {values: {x: y, z: ~}, assumed: true}\n"
        "  c: {values: {x: y, z: ~}, assumed: [z]}\n"
        + FEED
        % "{column: Имя, codes: {values: {u: v}, assumed: [u]}}"
    )

    assert _assumed(mapping) == (
        ["codes.b.x", "codes.b.z", "codes.c.z", "tables.t.subject.name.u"],
        9,
    )


def test_what_is_assumed_of_the_bundled_profiles():
    places = {line.place: line.assumed for line in lines_of(load("netschool/5"))}

    assert not places["codes.absence_letter.УП"]
    assert not places["codes.mark_value.."]
    assert places["codes.mark_value.ЗЧ"]
    assert places["documents.tables.pupils"]
    assert not places["tables.journal.mark.value"]
    assert places["tables.pupils.pupil.full_name"]
    for name in ("eschool/1", "klassinfo/2", "eljur/1", "paragraf/3.21", "paragraf/3.20"):
        assert all(line.assumed for line in lines_of(load(name)))


def test_the_difference_of_two_versions():
    changes = differences(load("paragraf/3.20"), load("paragraf/3.21"))

    assert Change("changed", "column", "pupils.pupil.snils", "СтраховойНомер", "СНИЛС") in changes
    assert Change("added", "code", "term_kind.Модуль", "", "module") in changes
    assert (
        Change("added", "column", "movements.movement.other_school", "", "ДругаяШкола") in changes
    )
    assert Change("removed", "file column", "pupils.СтраховойНомер", "read", "") in changes
    assert ("added", "table", "load") in {(c.change, c.what, c.place) for c in changes}
    assert {c.place for c in changes if c.what == "profile"} == {"valid", "note"}


def test_a_profile_differs_from_itself_in_nothing():
    assert differences(load("netschool/5"), load("netschool/5")) == []


def test_the_uses_of_a_column(profile):
    mapping = profile("""
codes: {absence: {Н: absent}}
tables:
  t:
    required: [Ячейка]
    split: {column: Ячейка, into: Знак, named_by: Столбец}
    feeds:
      - entity: attendance
        when: {column: Знак, in: absence}
        fields:
          pupil: {column: Кто, normalise: person}
          lesson_key: {column: Дата, date: [iso_date, dd.mm.yyyy]}
          status: {column: Знак, codes: absence}
""")

    told = [
        (use.column, use.field, use.reading, use.personal) for use in uses_of(mapping.tables["t"])
    ]

    assert told == [
        ("Кто", "pupil", "normalise person", True),
        ("Дата", "lesson_key", "date iso_date or dd.mm.yyyy", False),
        ("Ячейка", "status", "Знак: codes absence", False),
        ("Ячейка", "", "Знак in absence", False),
        ("Ячейка", "", "parted into Знак", False),
        ("Столбец", "", "name of the cell", False),
    ]
    assert personal_columns(mapping, "t") == {"Кто"}


def test_personal_columns_of_the_bundled_profiles():
    assert {"Фамилия", "СНИЛС", "UID", "ДатаРождения"} <= personal_columns(
        load("paragraf/3.21"), "pupils"
    )
    assert {"Тема", "ДомашнееЗадание"} <= personal_columns(load("paragraf/3.21"), "lessons")
    assert personal_columns(load("paragraf/3.21"), "subjects") == set()
