"""Mistakes in a profile are told with file, place and fix."""

from __future__ import annotations

import pytest

from mappings import PROFILES, MappingError, load, profiles

HEAD = 'system: t\nversion: "1"\nvalid: {from: 2026}\nschedule_basis: timetable\n'


def _feed(field: str) -> str:
    return (
        HEAD
        + "tables:\n  t:\n    feeds:\n      - entity: subject\n        fields:\n"
        + "          source_key: Код\n          name: "
        + field
        + "\n"
    )


def _split(words: str) -> str:
    return HEAD + f"tables: {{t: {{split: {{column: a, into: b, {words}}}}}}}\n"


MISTAKES = [
    (HEAD + "table: {}\n", "tables", "Field required"),
    (HEAD + "tables: {}\ntable: {}\n", "table", "Extra inputs"),
    (HEAD + "tables: {t: {colour: 1}}\n", "tables.t.colour", "Extra inputs"),
    (HEAD + "codes: {a: {да: true}}\ntables: {}\n", "codes.a.values.да", "valid string"),
    (HEAD + "codes: {a: {5: x}}\ntables: {}\n", "codes.a.values.5", "valid string"),
    (HEAD + "codes: {a: {x: y, x: z}}\ntables: {}\n", "line 5", "twice"),
    (HEAD + "tables: [\n", "line 6", "expected"),
    ("- 1\n", "top", "not a dictionary"),
    (_feed("{colunm: Имя}"), "tables.t.feeds.0.fields.name", "not a value"),
    (_feed("{column: Имя, dat: x}"), "tables.t.feeds.0.fields.name.dat", "Extra inputs"),
    (_feed("{column: Имя, date: mm/dd}"), "tables.t.feeds.0.fields.name.date.0", "dd.mm.yyyy"),
    (
        _feed("{column: Имя, date: iso_naive, decimal: comma}"),
        "tables.t.feeds.0.fields.name",
        "at most one",
    ),
    (_feed("{column: Имя, codes: names}"), "tables.t.feeds.0.fields.name.codes", "no code table"),
    (_feed("{column: Имя, extract: '[0-9]+'}"), "tables.t.feeds.0.fields.name.extract", "no group"),
    (_feed("{column: Имя, extract: '(?=а)(а)'}"), "tables.t.feeds.0.fields.name.extract", "look"),
    (
        _feed("{cases: [{when: {column: К, in: [а], empty: true}, value: К}]}"),
        "tables.t.feeds.0.fields.name.cases.0.when",
        "exactly one",
    ),
    (
        _feed("{cases: [{when: {column: К, in: words}, value: К}]}"),
        "tables.t.feeds.0.fields.name.cases.0.when.in",
        "no code table words",
    ),
    (_feed("Имя\n          colour: Цвет"), "tables.t.feeds.0.fields.colour", "no field colour"),
    (
        HEAD + "tables: {t: {feeds: [{entity: lunch, fields: {}}]}}\n",
        "tables.t.feeds.0.entity",
        "no entity lunch",
    ),
    (
        HEAD + "tables: {t: {feeds: [{entity: subject, fields: {name: Имя}}]}}\n",
        "tables.t.feeds.0.fields",
        "subject needs source_key",
    ),
    (HEAD + "valid: {from: 2027, to: 2026}\n", "line 5", "twice"),
    (HEAD.replace("{from: 2026}", "{from: 2027, to: 2026}") + "tables: {}\n", "valid", "before"),
    (HEAD.replace("valid: {from: 2026}\n", "") + "tables: {}\n", "valid", "required"),
    (
        HEAD + "codes: {a: {values: {x: y}, assumed: [z]}}\ntables: {}\n",
        "codes.a",
        "not in values: z",
    ),
    (_split("separator: '('"), "tables.t.split.separator", "unterminated"),
    (_split("separator: ',*'"), "tables.t.split.separator", "empty text"),
    (_split("parts: '(?=a)a'"), "tables.t.split.parts", "look"),
    (_split("parts: '(a)'"), "tables.t.split.parts", "no named group"),
    (
        HEAD
        + "tables: {t: {feeds: [{entity: pupil, fields: {person: К, full_name: К,"
        + " birth_date: {column: Д, date: [dd.mm.yyyy, dd.mm.yy]}}}]}}\n",
        "tables.t.feeds.0.fields.birth_date",
        "century",
    ),
    (
        HEAD + "tables: {t: {lookups: [{table: u, by: a, key: b, take: {}}]}}\n",
        "tables.t.lookups.0.table",
        "no table u",
    ),
]


@pytest.mark.parametrize(("text", "path", "what"), MISTAKES)
def test_a_mistake_names_file_place_and_fix(text, path, what, written):
    root = written("t/1", text)

    with pytest.raises(MappingError) as caught:
        load("t/1", root)

    told = str(caught.value)
    assert str(root / "t/1.yml") in told
    assert any(p.path == path or (path == "top" and not p.path) for p in caught.value.problems), (
        told
    )
    assert what in told
    assert all(problem.fix for problem in caught.value.problems)


def test_an_unknown_profile_names_the_known_ones():
    with pytest.raises(MappingError, match=r"paragraf/3\.21"):
        load("paragraf/9")


def test_a_name_cannot_leave_the_folder():
    with pytest.raises(MappingError, match="no profile"):
        load("../profiles/paragraf/3.21")


def test_a_base_that_comes_back_to_itself(written):
    root = written("t/1", HEAD + "base: t/2\ntables: {}\n")
    written("t/2", "base: t/1\n")

    with pytest.raises(MappingError, match="based on this profile"):
        load("t/1", root)


@pytest.mark.parametrize("name", profiles())
def test_bundled_profiles_are_without_mistakes(name):
    mapping = load(name)

    assert f"{mapping.system}/{mapping.version}" == name


def test_the_bundled_profiles():
    assert profiles() == [
        "bench/1",
        "dnevnik_ru/v2",
        "eljur/1",
        "eschool/1",
        "klassinfo/2",
        "lists/1",
        "netschool/5",
        "netschool/5-reports",
        "netschool_web/5",
        "paragraf/3.20",
        "paragraf/3.21",
    ]
    assert load("dnevnik_ru/v2").schedule_basis == "lessons"
    assert load("paragraf/3.21").schedule_basis == "timetable"


FILES = (
    HEAD
    + """\
documents:
  note: {file: n, format: marker}
  formats: {.csv: {kind: csv}}
  tables:
    t: {columns: [Код, Имя]}
tables:
  t:
    feeds: [{entity: subject, fields: {source_key: Код, name: Имя}}]
"""
)


@pytest.mark.parametrize(
    ("old", "new", "path", "what"),
    [
        ("[Код, Имя]", "[Код, Имя, Цвет]", "tables.t", "Цвет is a column of the file"),
        ("[Код, Имя]", "[Код]", "tables.t", "Имя is read"),
        ("    t: {col", "    u: {col", "documents.tables.u", "no table of that name"),
        ("  t:\n    feeds", "  v: {}\n  t:\n    feeds", "tables.v", "no file feeds v"),
    ],
)
def test_files_and_tables_speak_of_the_same(old, new, path, what, written):
    root = written("t/1", FILES.replace(old, new, 1))

    with pytest.raises(MappingError) as caught:
        load("t/1", root)

    found = {problem.path: problem.what for problem in caught.value.problems}
    assert what in found[path]


def test_an_undecided_draft_is_refused(written):
    text = FILES.replace("Имя}", "TODO}").replace("[Код, Имя]", "[Код, TODO Имя]")
    root = written("t/1", text + "codes: {a: {TODO codes: x, б: TODO 3 rows}}\n")

    with pytest.raises(MappingError) as caught:
        load("t/1", root)

    assert [(problem.path, problem.line) for problem in caught.value.problems] == [
        ("documents.tables.t.columns.1", 9),
        ("tables.t.feeds.0.fields.name", 12),
        ("codes.a.TODO codes", 13),
        ("codes.a.б", 13),
    ]


@pytest.mark.parametrize(("school_year", "valid"), [(2024, False), (2025, True), (2026, True)])
def test_a_profile_is_for_its_school_years(school_year, valid):
    if valid:
        assert load("paragraf/3.20", school_year=school_year).version == "3.20"
        return
    with pytest.raises(MappingError, match="2025-2026, not for 2024") as caught:
        load("paragraf/3.20", school_year=school_year)
    assert "paragraf/3.21" in caught.value.problems[0].fix


def test_a_profile_without_an_end_is_for_later_years_too():
    assert load("paragraf/3.21", school_year=2099).version == "3.21"


def test_profiles_of_several_folders(written):
    own = written("own/1", HEAD.replace("system: t", "system: own") + "tables: {}\n")

    assert "own/1" in profiles(own, PROFILES)
    assert "paragraf/3.21" in profiles(own, PROFILES)
    assert load("own/1", own, PROFILES).system == "own"
    assert load("paragraf/3.21", own, PROFILES) == load("paragraf/3.21")


def test_merge_keys_of_yaml(written):
    root = written("t/1", HEAD + "codes:\n  a: &a {x: y}\n  b: {<<: *a, x: z, v: w}\ntables: {}\n")

    assert load("t/1", root).codes["b"].values == {"x": "z", "v": "w"}
