"""Mistakes in a profile are told with file, place and fix."""

from __future__ import annotations

import pytest

from mappings import MappingError, load, profiles

HEAD = 'system: t\nversion: "1"\nvalid: {from: 2026}\nschedule_basis: timetable\n'


def _feed(field: str) -> str:
    return (
        HEAD
        + "tables:\n  t:\n    feeds:\n      - entity: subject\n        fields:\n"
        + "          source_key: Код\n          name: "
        + field
        + "\n"
    )


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
