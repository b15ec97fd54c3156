"""The documents say what the code says: links, rules, commands, words and files."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import typer.main

from pipeline.cli import app
from pipeline.delivery.outbox import State
from pipeline.exits import Exit
from pipeline.ledger import Counter
from pipeline.runs import RunState, SchoolState
from pipeline.settings import Settings
from quality.uploads import Cause
from schemas.records import ENTITIES
from schemas.rulebook import rulebook

ROOT = Path(__file__).parents[2]
DOCS = sorted([*(ROOT / "docs").glob("*.md"), ROOT / "README.md"])
ROOMS = ("connectors", "dags", "mappings", "pipeline", "privacy", "quality", "reports", "schemas")
# Calls that name a rule: the place of the argument; None where it goes by the name ``rule``.
NAMES_A_RULE = {
    "AtLeastOne": 0,
    "DocumentProblem": 1,
    "Fault": 1,
    "Finding": 0,
    "NotBefore": 0,
    "OnScale": 0,
    "Step": 1,
    "Verdict": 3,
    "_about": 3,
    "_failed": 1,
    "_refuse": 0,
    "refused_rows": 3,
    "select": None,
    "unread": 1,
}


def text_of(name: str) -> str:
    return (ROOT / "docs" / name).read_text("utf-8")


def code() -> Iterator[tuple[Path, ast.Module]]:
    for room in ROOMS:
        for path in sorted((ROOT / room).rglob("*.py")):
            if "migrations" not in path.parts:
                yield path, ast.parse(path.read_text("utf-8"))


def literals(tree: ast.AST) -> set[str]:
    return {n.value for n in ast.walk(tree) if isinstance(n, ast.Constant) and type(n.value) is str}


def rules_named(tree: ast.Module) -> Iterator[str]:
    """Rules that calls such as ``Finding("unknown_column", ...)`` name."""
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call):
            continue
        called = getattr(node.func, "id", getattr(node.func, "attr", ""))
        if called not in NAMES_A_RULE:
            continue
        place = NAMES_A_RULE[called]
        said = [k.value for k in node.keywords if k.arg == "rule"]
        if place is not None and len(node.args) > place:
            said.append(node.args[place])
        for one in said:
            yield from (text for text in literals(one) if re.fullmatch(r"[a-z]+(_[a-z]+)+", text))


def commands() -> Iterator[str]:
    """Every command of ``svod`` as it is typed: ``schools import``."""

    def walk(group: Any, above: str) -> Iterator[str]:
        for name, command in group.commands.items():
            if hasattr(command, "commands"):
                if command.invoke_without_command:
                    yield f"{above}{name}"
                yield from walk(command, f"{above}{name} ")
            else:
                yield f"{above}{name}"

    return walk(typer.main.get_command(app), "")


@pytest.mark.parametrize("path", DOCS, ids=lambda path: path.name)
def test_links_inside_resolve(path: Path) -> None:
    prose = re.sub(r"(?s)```.*?```", "", path.read_text("utf-8"))
    for target in re.findall(r"\]\(([^)\s]+)\)", prose):
        if not re.match(r"[a-z]+:", target) and not target.startswith("#"):
            assert (path.parent / target.split("#")[0]).exists(), f"{path.name}: {target}"


@pytest.mark.parametrize("name", ["architecture.md", "decisions.md", "glossary.md"])
def test_files_named_exist(name: str) -> None:
    named = re.findall(r"`([\w.-]+(?:/[\w.-]+)+\.[a-z]+)`", text_of(name))
    assert len(named) > 2
    missing = [path for path in named if not (ROOT / path).exists()]
    assert missing == []


def test_every_rule_is_used() -> None:
    used = {text for _, tree in code() for text in literals(tree)}
    assert set(rulebook()) - used == set()


def test_every_rule_used_exists() -> None:
    named = {(path.name, rule) for path, tree in code() for rule in rules_named(tree)}
    assert len({rule for _, rule in named}) > 20
    assert {(file, rule) for file, rule in named if rule not in rulebook()} == set()


def test_rules_named_in_the_guide_exist() -> None:
    words = set(re.findall(r"\(`([a-z]+_[a-z]+)`[,)]", text_of("operator-guide.md")))
    dags = {path.stem for path in (ROOT / "dags").glob("*.py")}
    assert words - dags
    assert words - dags <= set(rulebook())


def test_every_command_is_taught() -> None:
    prose = text_of("operator-guide.md") + (ROOT / "README.md").read_text("utf-8")
    found = list(commands())
    assert "schools import" in found
    missing = [name for name in found if not re.search(rf"`svod {name}\b", prose)]
    assert missing == []


def test_every_command_taught_exists() -> None:
    known = set(commands())
    for name in ("operator-guide.md", "decisions.md", "architecture.md", "outbox.md"):
        for words in re.findall(r"`svod ([a-z-]+(?: [a-z]+)?)", text_of(name)):
            assert words in known or words.split()[0] in known, f"{name}: svod {words}"


def test_every_exit_code_and_setting_is_taught() -> None:
    guide = text_of("operator-guide.md")
    section = guide.split("### Код завершения")[1].split("\n## ")[0]
    assert [int(n) for n in re.findall(r"(?m)^\| (\d) \|", section)] == [int(e) for e in Exit]
    for name in Settings.model_fields:
        assert f"`SVOD_{name.upper()}`" in guide


def test_every_dag_is_taught() -> None:
    guide = text_of("operator-guide.md")
    ids = [
        match[1]
        for path in (ROOT / "dags").glob("*.py")
        if (match := re.search(r'dag_id="(\w+)"', path.read_text("utf-8")))
    ]
    assert len(ids) >= 4
    assert [dag for dag in ids if f"`{dag}`" not in guide] == []


@pytest.mark.parametrize(
    "words",
    [list(ENTITIES), *(list(kind) for kind in (Counter, State, RunState, SchoolState, Cause))],
)
def test_the_glossary_names_them_all(words: list[str]) -> None:
    glossary = text_of("glossary.md")
    assert [str(word) for word in words if f"`{word}`" not in glossary] == []
