"""A profile's YAML as it stands in its file: what it says, and on which line it says it."""

from __future__ import annotations

from collections.abc import Hashable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from mappings.problems import MappingError, Problem

Steps = tuple[str, ...]  # keys and positions from the top of a file down to a value

TODO = "TODO"  # what a draft leaves to a person; a profile with one is refused
_MERGE = "tag:yaml.org,2002:merge"


class _UniqueKeys(yaml.SafeLoader):
    """YAML where a key written twice is an error, not the loss of the first."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Hashable, Any]:
        seen: set[Hashable] = set()
        for key_node, _ in node.value:
            if key_node.tag == _MERGE:
                continue
            key = self.construct_object(key_node, deep=True)
            if key in seen:
                raise yaml.constructor.ConstructorError(
                    problem=f"the key {key} stands here twice", problem_mark=key_node.start_mark
                )
            seen.add(key)
        return super().construct_mapping(node, deep)


@dataclass(frozen=True)
class Written:
    """``content`` of the file ``path``; ``lines``: where each of its values begins, from 1."""

    path: Path
    content: dict[str, Any]
    lines: dict[Steps, int]

    def line_of(self, steps: Steps) -> int | None:
        """The line of ``steps``, or of what is written nearest above it."""
        here: Steps = ()
        for step in steps:
            if (*here, step) in self.lines:
                here = (*here, step)
            elif step != "values":  # a plain code table has no such word
                break
        return self.lines.get(here)


def read_file(path: Path) -> Written:
    """The YAML at ``path``. Raises ``MappingError`` if it is none, or is no dictionary."""
    text = path.read_text(encoding="utf-8")
    try:
        content = yaml.load(text, Loader=_UniqueKeys)  # noqa: S506 safe
        lines = dict(_lines(yaml.compose(text, Loader=yaml.SafeLoader), (), ()))
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        place = f"line {mark.line + 1}" if mark else ""
        what = str(getattr(error, "problem", None) or "not YAML")
        raise MappingError(str(path), [Problem(place, what, "correct the YAML")]) from None
    if not isinstance(content, dict):
        problem = Problem("", "not a dictionary", "begin with system, version, tables")
        raise MappingError(str(path), [problem])
    return Written(path, content, lines)


def _lines(
    node: yaml.Node | None, steps: Steps, above: tuple[int, ...]
) -> Iterator[tuple[Steps, int]]:
    """``above``: the nodes on the way here, for an anchor may stand inside itself."""
    if node is None or id(node) in above:
        return
    above = (*above, id(node))
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            if isinstance(key, yaml.ScalarNode) and key.tag != _MERGE:
                here = (*steps, _word(key))
                yield here, key.start_mark.line + 1
                yield from _lines(value, here, above)
    elif isinstance(node, yaml.SequenceNode):
        for place, value in enumerate(node.value):
            here = (*steps, str(place))
            yield here, value.start_mark.line + 1
            yield from _lines(value, here, above)


def _word(key: yaml.ScalarNode) -> str:
    return "None" if key.tag == "tag:yaml.org,2002:null" else str(key.value)


def left_to_do(content: Any, steps: Steps = ()) -> Iterator[tuple[Steps, str]]:
    """Where ``content`` still says TODO, and all that stands there."""
    if isinstance(content, dict):
        for key, value in content.items():
            here = (*steps, str(key))
            if str(key).startswith(TODO):
                yield here, str(key)
            yield from left_to_do(value, here)
    elif isinstance(content, list):
        for place, value in enumerate(content):
            yield from left_to_do(value, (*steps, str(place)))
    elif isinstance(content, str) and content.startswith(TODO):
        yield steps, content
