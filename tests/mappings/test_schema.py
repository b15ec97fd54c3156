"""The schema for editors: the same as the grammar, and every profile keeps it."""

from __future__ import annotations

import json

import jsonschema
import pytest

from mappings import PROFILES, profiles
from mappings.files import read_file
from mappings.json_schema import FILE, printed, profile_schema

HEAD = {"system": "t", "version": "1", "valid": {"from": 2026}, "schedule_basis": "timetable"}


@pytest.fixture(scope="module")
def schema():
    made = profile_schema()
    jsonschema.Draft202012Validator.check_schema(made)
    return jsonschema.Draft202012Validator(made)


def _as_json(content):
    """JSON has no other keys than text; an editor sees ``~`` for the empty one."""
    if isinstance(content, dict):
        return {"~" if key is None else key: _as_json(value) for key, value in content.items()}
    return [_as_json(one) for one in content] if isinstance(content, list) else content


def test_the_file_is_the_grammar():
    assert FILE.read_text(encoding="utf-8") == printed(), "svod mappings schema > " + str(FILE)
    assert json.loads(printed()) == profile_schema()


@pytest.mark.parametrize("name", profiles())
def test_every_profile_keeps_it_and_names_it(name, schema):
    path = PROFILES / f"{name}.yml"

    assert [error.message for error in schema.iter_errors(_as_json(read_file(path).content))] == []
    first = path.read_text(encoding="utf-8").splitlines()[0]
    assert first == "# yaml-language-server: $schema=../../profile.schema.json"
    assert (path.parent / "../../profile.schema.json").resolve() == FILE


VALUE = {"t": {"feeds": [{"entity": "subject", "fields": {"name": {"column": "Имя"}}}]}}


@pytest.mark.parametrize(
    ("content", "valid"),
    [
        ({**HEAD, "tables": {}}, True),
        ({**HEAD, "tables": VALUE}, True),
        ({**HEAD}, False),
        ({**HEAD, "tables": {}, "colour": 1}, False),
        ({**HEAD, "tables": {"t": {"colour": 1}}}, False),
        ({**HEAD, "tables": {"t": None}}, False),
        ({**HEAD, "tables": {}, "codes": {"a": {"x": "y", "z": None}, "b": "keep"}}, True),
        ({**HEAD, "tables": {}, "codes": {"a": {"x": 5}}}, False),
        ({**HEAD, "tables": {}, "codes": {"a": {"values": {"x": "y"}, "assumed": ["x"]}}}, True),
        ({**HEAD, "tables": {}, "codes": {"a": {"values": {"x": "y"}, "other": "keep"}}}, False),
        ({"base": "t/1", "version": "2", "valid": {"from": 2026}}, True),
        ({"base": "t/1", "version": "2", "valid": {"from": 2026}, "tables": {"t": None}}, True),
        (
            {
                "base": "t/1",
                "version": "2",
                "valid": {"from": 2026},
                "codes": {"a": {"without": ["x"]}},
            },
            True,
        ),
        (
            {"base": "t/1", "version": "2", "valid": {"from": 2026}, "tables": {"t": {"c": 1}}},
            False,
        ),
        ({"base": "t/1", "version": "2"}, False),
    ],
)
def test_what_it_takes(content, valid, schema):
    assert schema.is_valid(content) is valid


@pytest.mark.parametrize(
    ("value", "valid"),
    [
        ("Имя", True),
        ({"column": "Имя", "date": "iso_date"}, True),
        ({"column": "Имя", "date": ["iso_date", "dd.mm.yyyy"]}, True),
        ({"column": "Имя", "date": "yyyy"}, False),
        ({"column": "Имя", "codes": "names"}, True),
        ({"column": "Имя", "codes": {"а": "a"}}, True),
        ({"join": ["Имя", {"constant": "x"}]}, True),
        ({"cases": [{"when": {"column": "К", "in": ["а"]}, "value": "Имя"}]}, True),
        ({"colunm": "Имя"}, False),
        (5, False),
    ],
)
def test_values(value, valid, schema):
    tables = {"t": {"feeds": [{"entity": "subject", "fields": {"name": value}}]}}

    assert schema.is_valid({**HEAD, "tables": tables}) is valid
