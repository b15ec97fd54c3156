"""What we accept cannot change unseen: old documents are read today as they were then."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from pathlib import PurePosixPath
from typing import Any
from zipfile import ZipFile

import pytest

from connectors.registry import SOURCES
from mappings import load, profiles
from schemas.rulebook import rulebook
from tests.frozen.cases import CANONICAL, DOCUMENTS, Case, cases, read_seals
from tests.frozen.outcome import differences, outcome_of

ALL = {case.name: case for case in cases()}
CURRENT = sorted(ALL.keys() - {case.superseded for case in ALL.values()})

NOT_OF_A_SCHOOL = {"bench/1"}  # measures speed; no system sends its tables

# Rules that only the steps after the check can find broken, or a system that does not answer.
OF_LATER_STEPS = {
    "access_denied",
    "hub_fault",
    "person_ambiguous",
    "person_not_found",
    "portal_resting",
    "rate_limited",
    "source_unavailable",
    "uid_taken",
    "volume_floor",
}


def frozen(case: Case) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((case.folder / CANONICAL).read_text("utf-8"))
    return found


def of_profile(profile: str) -> list[Case]:
    return [ALL[name] for name in CURRENT if ALL[name].setup.mapping == profile]


@pytest.mark.parametrize("name", CURRENT)
def test_documents_are_read_as_they_were(name: str) -> None:
    case = ALL[name]
    now = json.loads(json.dumps(outcome_of(case.kind, case.folder, case.setup)))
    found = differences(frozen(case), now)
    assert found == [], "\n".join([*found, f"meant? python -m tests.frozen.write again {name}"])


@pytest.mark.parametrize("name", sorted(ALL))
def test_nothing_frozen_was_edited(name: str) -> None:
    """A change gets a folder of its own: ``python -m tests.frozen.write again``."""
    assert ALL[name].seal() == read_seals().get(name)


def test_nothing_frozen_is_gone() -> None:
    assert read_seals().keys() == ALL.keys()


def test_what_supersedes_has_the_same_documents() -> None:
    pairs = [(case, ALL[case.superseded]) for case in ALL.values() if case.superseded]
    assert [new.name for new, old in pairs if new.files() != old.files()] == []


@pytest.mark.parametrize("kind", sorted(SOURCES))
def test_every_live_source_is_frozen(kind: str) -> None:
    assert any(ALL[name].kind == kind for name in CURRENT)


@pytest.mark.parametrize("profile", sorted({*profiles()} - NOT_OF_A_SCHOOL))
def test_every_table_of_a_profile_has_rows(profile: str) -> None:
    outcomes = [frozen(case) for case in of_profile(profile)]
    filled = {t for one in outcomes for t, said in one["tables"].items() if said["rows"]}
    assert set(load(profile).tables) - filled == set()


@pytest.mark.parametrize("system", sorted({load(name).system for name in profiles()}))
def test_every_form_of_file_is_frozen(system: str) -> None:
    due: set[str] = set()
    there: set[str] = set()
    for profile in (name for name in profiles() if load(name).system == system):
        if (layout := load(profile).documents) is not None:
            due |= {suffix for table in layout.tables for suffix in layout.formats_of(table)}
            due |= {".zip"} if layout.archives else set()
            there |= {suffix for case in of_profile(profile) for suffix in suffixes(case)}
    assert due - there == set()


def suffixes(case: Case) -> Iterator[str]:
    """Suffixes of the documents, members of archives included."""
    for name in case.files():
        yield PurePosixPath(name).suffix
        if name.endswith(".zip"):
            with ZipFile(case.folder / DOCUMENTS / name) as archive:
                yield from (PurePosixPath(member).suffix for member in archive.namelist())


def test_every_rule_of_reading_is_broken_somewhere() -> None:
    told = {rule for name in CURRENT for rule in rules(frozen(ALL[name]))}
    due = {name for name, rule in rulebook().items() if rule.effect != "finding"}
    assert due - OF_LATER_STEPS - told == set()


def rules(outcome: dict[str, Any]) -> Iterable[str]:
    return (one["rule"] for part in ("problems", "findings", "refused") for one in outcome[part])


def test_every_entity_is_frozen() -> None:
    there = {
        entity
        for name in CURRENT
        for entity, records in frozen(ALL[name])["records"].items()
        if records
    }
    fed = {entity for profile in profiles() for entity in load(profile).entities()}
    assert fed - there == set()
