"""The grammar of a profile as JSON Schema, so that editors complete and check the YAML.

``profile.schema.json`` beside this file is its printed form (``svod mappings schema``). A profile
with a ``base`` may say any part of the grammar, and ``~`` for what it takes away.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from mappings.language import Mapping

FILE = Path(__file__).parent / "profile.schema.json"

_DIALECT = "https://json-schema.org/draft/2020-12/schema"
_PARTIAL = "Partial"  # names the definitions for profiles with a base


def profile_schema() -> dict[str, Any]:
    """JSON Schema of one profile's file."""
    whole = Mapping.model_json_schema(by_alias=True)
    definitions = whole.pop("$defs")
    definitions["Mapping"] = whole
    partial = {f"{name}{_PARTIAL}": _loosened(one) for name, one in definitions.items()}
    _allow_removal_of_codes(partial)
    return {
        "$schema": _DIALECT,
        "title": "Profile of a journal system",
        "type": "object",
        "if": {"required": ["base"]},
        "then": {"$ref": f"#/$defs/Mapping{_PARTIAL}", "required": ["base", "version", "valid"]},
        "else": {"$ref": "#/$defs/Mapping"},
        "$defs": {**definitions, **partial},
    }


def printed() -> str:
    """``profile_schema`` as the file holds it."""
    return json.dumps(profile_schema(), ensure_ascii=False, indent=2, sort_keys=True) + "\n"


def _loosened(schema: Any) -> Any:
    """``schema`` where nothing is required and each value may be null."""
    if isinstance(schema, list):
        return [_loosened(one) for one in schema]
    if not isinstance(schema, dict):
        return schema
    loose: dict[str, Any] = {}
    for word, value in schema.items():
        match word:
            case "required" | "discriminator":
                continue
            case "$ref":
                loose[word] = f"{value}{_PARTIAL}"
            case "properties":
                loose[word] = {name: _or_null(_loosened(one)) for name, one in value.items()}
            case "additionalProperties" if isinstance(value, dict):
                loose[word] = _or_null(_loosened(value))
            case "oneOf":
                loose["anyOf"] = _loosened(value)
            case _:
                loose[word] = _loosened(value)
    return loose


def _or_null(schema: dict[str, Any]) -> dict[str, Any]:
    return {"anyOf": [schema, {"type": "null"}]}


def _allow_removal_of_codes(partial: dict[str, Any]) -> None:
    """``without: [code]`` in a code table, and in the plain form of one."""
    listed = {"type": "array", "items": {"type": "string"}}
    long, plain, _ = partial[f"CodeTable{_PARTIAL}"]["anyOf"]
    long["properties"]["without"] = listed
    plain["properties"] = {"without": listed}
    plain.pop("not")
