"""Profiles laid over one another: what is merged, replaced, taken away, and where it stands."""

from __future__ import annotations

import pytest

from mappings import MappingError, load

BASE = """\
system: t
version: "1"
valid: {from: 2025, to: 2026}
schedule_basis: timetable
codes:
  names: {а: a, б: b}
  long: {values: {а: a, б: b}, assumed: [а]}
documents:
  note: {file: note.txt, format: marker}
  formats: {.csv: {kind: csv, delimiter: "|"}}
  tables:
    t: {columns: [Код, Имя]}
    gone: {columns: [Код]}
tables:
  t:
    required: [Код]
    feeds:
      - entity: subject
        fields: {source_key: Код, name: {column: Имя, codes: names}}
      - entity: class_
        fields: {source_key: Код, name: Имя, grade_level: Код}
  gone: {ignore: [Код]}
"""


@pytest.fixture
def over(written):
    """A profile ``t/2`` laid over ``t/1``."""

    def load_over(text: str, base: str = BASE):
        written("t/1", base)
        root = written("t/2", 'base: t/1\nversion: "2"\n' + text)
        return load("t/2", root)

    return load_over


def test_what_is_not_said_stays(over):
    mapping = over("schedule_basis: lessons\n")

    assert (mapping.system, mapping.version, mapping.schedule_basis) == ("t", "2", "lessons")
    assert str(mapping.valid) == "2025-2026"
    assert mapping.codes["names"].values == {"а": "a", "б": "b"}


def test_codes_are_merged_code_by_code(over):
    mapping = over("codes: {names: {б: B, в: c, г: ~}, long: {в: c}}\n")

    assert mapping.codes["names"].values == {"а": "a", "б": "B", "в": "c", "г": None}
    assert mapping.codes["long"].values == {"а": "a", "б": "b", "в": "c"}
    assert mapping.codes["long"].is_assumed("а")


def test_codes_are_taken_away_by_name(over):
    mapping = over("codes: {names: {without: [а]}, long: {without: [а], values: {в: c}}}\n")

    assert mapping.codes["names"].values == {"б": "b"}
    assert mapping.codes["long"].values == {"б": "b", "в": "c"}
    assert mapping.codes["long"].assumed == []


def test_a_key_is_taken_away_by_a_tilde(over):
    mapping = over("documents: {tables: {gone: ~}}\ntables: {gone: ~}\n")

    assert list(mapping.tables) == ["t"]
    assert list(mapping.documents.tables) == ["t"]


def test_feeds_are_merged_by_entity_and_fields_by_name(over):
    mapping = over(
        "tables: {t: {feeds: [{entity: subject, fields: {name: Код}}, {entity: class_, fields: ~},"
        " {entity: group, fields: {source_key: Код, class_key: Имя, name: Код}}]}}\n"
    )

    subject, group = mapping.tables["t"].feeds
    assert (subject.entity, group.entity) == ("subject", "group")
    assert (subject.fields["source_key"].column, subject.fields["name"].column) == ("Код", "Код")
    assert subject.fields["name"].codes is None  # a value is replaced whole


def test_a_field_is_taken_away_by_a_tilde(over):
    twice = BASE.replace("grade_level: Код}", "grade_level: Код, letter: Имя}")

    mapping = over("tables: {t: {feeds: [{entity: class_, fields: {letter: ~}}]}}\n", twice)

    assert "letter" not in mapping.tables["t"].feeds[1].fields


def test_feeds_of_one_entity_twice_are_replaced(over):
    feed = "{entity: class_, fields: {source_key: Код, name: Имя, grade_level: Код}}"

    mapping = over(f"tables: {{t: {{feeds: [{feed}, {feed}]}}}}\n")

    assert [one.entity for one in mapping.tables["t"].feeds] == ["class_", "class_"]


def test_validity_and_formats_are_replaced_whole(over):
    mapping = over("valid: {from: 2027}\ndocuments: {formats: {.csv: {kind: sheet}}}\n")

    assert str(mapping.valid) == "2027-"
    assert mapping.documents.formats[".csv"].kind == "sheet"


def test_three_levels(written):
    written("t/1", BASE)
    written("t/2", 'base: t/1\nversion: "2"\ncodes: {names: {в: c}}\n')
    root = written("t/3", 'base: t/2\nversion: "3"\ncodes: {names: {without: [а]}}\n')

    assert load("t/3", root).codes["names"].values == {"б": "b", "в": "c"}


def test_a_sites_profile_stands_before_the_bundled_one_and_may_be_based_on_it(tmp_path):
    own = tmp_path / "netschool/5.yml"
    own.parent.mkdir()
    own.write_text("base: netschool/5\ncodes: {mark_value: {НЯ: fail}}\n", encoding="utf-8")
    bundled = load("netschool/5")

    from mappings import PROFILES

    mapping = load("netschool/5", tmp_path, PROFILES)

    assert mapping.codes["mark_value"].values == {
        **bundled.codes["mark_value"].values,
        "НЯ": "fail",
    }
    assert mapping.tables == bundled.tables


MISTAKES = [
    # (what t/2 says, file, line, what is told)
    ("documents: {tables: {lost: ~}}\n", "t/2", 3, "no lost to take away"),
    ("codes: {names: {without: [я]}}\n", "t/2", 3, "no code я to take away"),
    ("tables:\n  t:\n    feeds: [{entity: subject, fields: {lost: ~}}]\n", "t/2", 5, "no lost"),
    ("codes:\n  names:\n    в: 5\n", "t/2", 5, "valid string"),
    ("codes: {names: ~}\n", "t/1", 19, "no code table names"),  # the base's feed asks for it
    (
        "tables:\n  t:\n    feeds:\n      - entity: class_\n"
        "        fields: {grade_level: {column: К, codes: lost}}\n",
        "t/2",
        7,
        "no code table lost",
    ),
    (
        "tables:\n  t:\n    feeds:\n      - {entity: subject, fields: ~}\n"
        "      - {entity: class_, fields: {colour: Код}}\n",
        "t/2",
        7,
        "no field colour",
    ),
    ("tables:\n  t:\n    colour: 1\n", "t/2", 5, "Extra inputs"),
]


@pytest.mark.parametrize(("text", "file", "line", "what"), MISTAKES)
def test_a_mistake_names_the_file_that_holds_it(text, file, line, what, over, tmp_path):
    with pytest.raises(MappingError) as caught:
        over(text)

    problem = caught.value.problems[0]
    assert what in problem.what
    assert problem.line == line
    assert (problem.file or caught.value.file) == str(tmp_path / f"{file}.yml")
    assert f"{file}.yml:{line}: " in str(caught.value)


def test_a_mistake_of_the_base_names_the_base(over, tmp_path):
    with pytest.raises(MappingError) as caught:
        over("schedule_basis: lessons\n", BASE.replace("grade_level: Код}", "grade: Код}"))

    assert {problem.file for problem in caught.value.problems} == {str(tmp_path / "t/1.yml")}
    assert {problem.line for problem in caught.value.problems} == {21}
