"""Reads profiles: YAML in, a checked ``Mapping`` out, or every mistake with its place and fix."""

from __future__ import annotations

from collections.abc import Hashable
from functools import cache
from pathlib import Path
from typing import Any

import yaml
from pydantic import ValidationError

from mappings.consistency import problems_of
from mappings.language import Mapping
from mappings.problems import MappingError, Problem

PROFILES = Path(__file__).parent / "profiles"

_FIXES = {
    "extra_forbidden": "remove the word, or spell it as in mappings/language.py",
    "missing": "add the missing word",
    "string_type": "put the value in quotes: YAML reads bare yes, no, true and numbers otherwise",
    "value_form": "write a column name, or a dictionary with column, constant, join or cases",
}


class _UniqueKeys(yaml.SafeLoader):
    """YAML where a key written twice is an error, not the loss of the first."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Hashable, Any]:
        seen: set[Hashable] = set()
        for key_node, _ in node.value:
            key = self.construct_object(key_node, deep=True)
            if key in seen:
                raise yaml.constructor.ConstructorError(
                    problem=f"the key {key} stands here twice", problem_mark=key_node.start_mark
                )
            seen.add(key)
        return super().construct_mapping(node, deep)


def profiles(root: Path = PROFILES) -> list[str]:
    """Names of all profiles under ``root``, as ``load`` takes them (``paragraf/3.21``)."""
    return sorted(str(path.relative_to(root).with_suffix("")) for path in root.glob("*/*.yml"))


@cache
def load(profile: str, root: Path = PROFILES) -> Mapping:
    """The profile ``<system>/<version>``. Raises ``MappingError`` with every mistake found."""
    content = _with_base(profile, root, ())
    file = str(_path(profile, root))
    try:
        mapping = Mapping.model_validate(content)
    except ValidationError as error:
        raise MappingError(file, [_problem(dict(e)) for e in error.errors()]) from None
    if problems := problems_of(mapping):
        raise MappingError(file, problems)
    return mapping


def _path(profile: str, root: Path) -> Path:
    return root / f"{profile}.yml"


def _with_base(profile: str, root: Path, above: tuple[str, ...]) -> dict[str, Any]:
    """The YAML of ``profile`` laid over that of its ``base``."""
    content = _read(profile, root)
    base = content.get("base")
    if base is None:
        return content
    if base == profile or base in above:
        raise MappingError(
            str(_path(profile, root)),
            [Problem("base", f"{base} is based on this profile", "name another base")],
        )
    return _overlaid(_with_base(str(base), root, (*above, profile)), content)


def _overlaid(below: dict[str, Any], above: dict[str, Any]) -> dict[str, Any]:
    """Dictionaries are merged key by key; anything else is replaced."""
    merged = dict(below)
    for key, value in above.items():
        both = isinstance(value, dict) and isinstance(merged.get(key), dict)
        merged[key] = _overlaid(merged[key], value) if both else value
    return merged


def _read(profile: str, root: Path) -> dict[str, Any]:
    path = _path(profile, root)
    known = ", ".join(profiles(root)) or "none"
    if profile not in profiles(root):
        problem = Problem("", f"there is no profile {profile}", f"use one of: {known}")
        raise MappingError(str(path), [problem])
    try:
        content = yaml.load(path.read_text(encoding="utf-8"), Loader=_UniqueKeys)  # noqa: S506 safe
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        place = f"line {mark.line + 1}" if mark else ""
        what = str(getattr(error, "problem", None) or "not YAML")
        raise MappingError(str(path), [Problem(place, what, "correct the YAML")]) from None
    if not isinstance(content, dict):
        problem = Problem("", "not a dictionary", "begin with system, version, tables")
        raise MappingError(str(path), [problem])
    return content


def _problem(error: dict[str, Any]) -> Problem:
    kind = str(error["type"])
    what = str(error["msg"]).removeprefix("Value error, ")
    fix = _FIXES.get(kind, "write what mappings/language.py allows here")
    return Problem(_place(error["loc"]), what, fix)


def _place(loc: tuple[int | str, ...]) -> str:
    """Dotted path inside the YAML, without what pydantic adds: ``<column>``, ``[key]``."""
    return ".".join(str(step) for step in loc if not str(step).startswith(("<", "[")))
