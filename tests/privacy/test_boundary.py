"""Who may touch the vault: read from the code itself. See docs/security.md."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from schemas.records import ENTITIES
from schemas.tables import journal_table, metadata
from schemas.tables.journal import VAULT_ONLY

ROOT = Path(__file__).parents[2]
ROOMS = (
    "connectors",
    "dags",
    "mappings",
    "pipeline",
    "privacy",
    "quality",
    "reports",
    "sandbox",
    "schemas",
)

VAULT_TABLES = (
    *("people", "local_keys", "uids"),
    *("persons", "merges", "decisions", "doubts", "to_match"),
)
# Which rooms may import what; "privacy" may do all of it.
ALLOWED = {
    "schemas.tables.vault": {"schemas"},
    "privacy.vault": {"pipeline"},
    "privacy.people": set(),
    "privacy.claims": set(),
    "privacy.uids": {"pipeline"},
    "privacy.persons": {"pipeline"},
    "privacy.departures": {"pipeline"},
    "privacy.dossiers": set(),
    "privacy.likeness": set(),
    "privacy.candidates": set(),
    "privacy.merges": set(),
    "privacy.matching": set(),
    "privacy.freetext": {"pipeline"},
    "privacy.lexicon": set(),
    "privacy.evidence": set(),
    "privacy.tokens": set(),
    "privacy.line": set(),
    "privacy.signs": set(),
    "privacy.bearers": set(),
    "privacy.separate": {"pipeline"},
    "privacy.sealing": {"pipeline"},
    "privacy.keys": {"pipeline"},
    "privacy.keyfile": {"pipeline"},
    "privacy.resealing": {"pipeline"},
    "privacy.identities": {"pipeline"},
    "privacy.outgoing": {"pipeline"},
    "privacy.release": {"pipeline"},
    "privacy.passports": {"pipeline"},
}
LOUD_MODULES = ("logging", "rich", "typer", "warnings", "structlog")
_SQL = re.compile(rf"\bvault\.({'|'.join(VAULT_TABLES)})\b")


def imported(tree: ast.AST) -> Iterator[str]:
    """Dotted names of what a module imports; the vault tables under the module they live in."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module
            for alias in node.names:
                if node.module == "schemas.tables" and alias.name in (*VAULT_TABLES, "vault", "*"):
                    yield "schemas.tables.vault"
                yield f"{node.module}.{alias.name}"


def breaches(room: str, source: str) -> list[str]:
    """What a module of ``room`` does that docs/security.md forbids."""
    tree = ast.parse(source)
    names = set(imported(tree))
    found = []
    if room != "privacy":
        found += [
            f"imports {module}"
            for module, rooms in ALLOWED.items()
            if room not in rooms and module in names
        ]
        if room != "schemas":
            found += [
                f"names {match[0]} in SQL" for text in strings(tree) if (match := _SQL.search(text))
            ]
    else:
        found += [f"imports {name}" for name in names if name.split(".")[0] in LOUD_MODULES]
        found += [
            "prints"
            for node in ast.walk(tree)
            if isinstance(node, ast.Call)
            and isinstance(node.func, ast.Name)
            and node.func.id == "print"
        ]
    return sorted(set(found))


def strings(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.value


@pytest.mark.parametrize("room", ROOMS)
def test_no_module_of_the_room_breaks_the_boundary(room: str) -> None:
    found = {
        str(path.relative_to(ROOT)): broken
        for path in (ROOT / room).rglob("*.py")
        if (broken := breaches(room, path.read_text(encoding="utf-8")))
    }
    assert found == {}


@pytest.mark.parametrize(
    ("room", "source"),
    [
        ("reports", "from privacy.vault import Vault"),
        ("reports", "from privacy import vault"),
        ("dags", "import privacy.vault"),
        ("pipeline", "from schemas.tables import people"),
        ("pipeline", "from schemas.tables.vault import uids"),
        ("pipeline", "from schemas.tables import *"),
        ("quality", "def f(c):\n    c.execute('select * from vault.people')"),
        ("sandbox", "from privacy.sealing import unseal"),
        ("connectors", "from privacy.keys import KeyRing"),
        ("privacy", "import logging"),
        ("privacy", "def f(x):\n    print(x)"),
    ],
)
def test_the_check_sees_a_breach(room: str, source: str) -> None:
    assert breaches(room, source)


@pytest.mark.parametrize(
    ("room", "source"),
    [
        ("pipeline", "from privacy.vault import Vault\nfrom schemas.tables import runs"),
        ("pipeline", "import logging"),
        ("reports", "from privacy.consent import active"),
        ("schemas", "from schemas.tables.vault import people"),
    ],
)
def test_the_check_allows_what_is_allowed(room: str, source: str) -> None:
    assert breaches(room, source) == []


def test_identities_have_one_home() -> None:
    """No table but those of the vault has a column for a personal field of the contract."""
    personal = {"full_name", "birth_date", "snils", "phone", "email", "applicant_name", "uid"}
    holding = {
        table.fullname
        for table in metadata.sorted_tables
        if personal & set(table.columns.keys()) or table.schema == "vault"
    }
    assert holding == {f"vault.{name}" for name in VAULT_TABLES}
    assert {"uid"} == VAULT_ONLY
    assert all(journal_table(entity).schema == "journal" for entity in set(ENTITIES) - VAULT_ONLY)


def test_the_vault_keeps_no_plain_text() -> None:
    vault = {t.name: set(t.columns.keys()) for t in metadata.sorted_tables if t.schema == "vault"}
    assert vault["people"] == {
        *("pseudonym", "school", "role", "key_id", "sealed", "content_hash", "updated_at"),
        *("snils_lookup", "name_lookup", "index_key"),
    }
    assert vault["local_keys"] == {"lookup", "pseudonym"}
    assert vault["uids"] == {
        *("pseudonym", "school", "source", "key_id", "sealed", "lookup"),
        *("origin_document", "origin_line", "updated_at"),
    }
    assert vault["persons"] == {"pseudonym", "person"}
    assert vault["to_match"] == {"pseudonym"}
    assert vault["doubts"] == {"one", "other", "basis", "rule", "claimant", "found_at"}
    # A reason is free text; it is refused where it names somebody (test_persons.py).
    assert vault["decisions"] == {
        *("id", "one", "other", "same", "decided_by", "reason", "decided_at")
    }
    assert vault["merges"] == {
        *("id", "one", "other", "basis", "made_by", "reason", "made_at"),
        *("undone_by", "undone_reason", "undone_at"),
    }


def test_the_page_of_properties_names_tests_and_modules_that_exist() -> None:
    page = (ROOT / "docs" / "security.md").read_text(encoding="utf-8")
    named = re.findall(r"`(privacy/test_\w+\.py)::(test_\w+)`", page)
    assert len(named) > 20
    for file, test in named:
        assert f"def {test}(" in (ROOT / "tests" / file).read_text(encoding="utf-8"), test
    who = page.split("## Who may see")[1].split("## Properties")[0]
    modules = {path.stem for path in (ROOT / "privacy").glob("*.py")} - {"__init__"}
    assert modules <= set(re.findall(r"\w+", who))
