"""A damaged upload: its school is told what to do, nobody else notices, nothing stored is lost."""

from __future__ import annotations

import json
import shutil
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from pipeline.exits import Exit
from pipeline.ledger import open_rows
from sandbox.damage import damage
from tests.end_to_end.conftest import CopyOf
from tests.end_to_end.world import World

Row = dict[str, Any]


@dataclass(frozen=True)
class Case:
    """A damage, whose it is, the rule it breaks and where the school reads of it."""

    how: str
    system: str
    form: str
    rule: str
    told: str  # findings, quarantine or state

    def __str__(self) -> str:
        return f"{self.how}-{self.form}"

    @property
    def whole(self) -> bool:
        """Whether the documents are still read to their end."""
        return self.rule in ("unknown_column", "unknown_code")


CASES = [
    Case("broken_xml", "paragraf", "xml", "broken_document", "findings"),
    Case("broken_xml", "netschool", "xlsx", "broken_document", "findings"),
    Case("wrong_encoding", "paragraf", "csv", "wrong_encoding", "findings"),
    Case("wrong_encoding", "netschool", "html", "wrong_encoding", "findings"),
    Case("empty_file", "paragraf", "csv", "empty_document", "findings"),
    Case("empty_file", "netschool", "xlsx", "empty_document", "findings"),
    Case("unknown_column", "paragraf", "xml", "unknown_column", "findings"),
    Case("unknown_column", "netschool", "xlsx", "unknown_column", "findings"),
    Case("unknown_code", "paragraf", "csv", "unknown_code", "quarantine"),
    Case("unknown_code", "netschool", "html", "unknown_code", "quarantine"),
    Case("unknown_code", "dnevnik_ru", "json", "unknown_code", "quarantine"),
    Case("missing_file", "paragraf", "xml", "missing_document", "findings"),
    Case("missing_file", "netschool", "html", "missing_document", "findings"),
    Case("no_answer", "dnevnik_ru", "json", "source_unavailable", "state"),
]


@pytest.fixture
def world(evening: World, copy_of: CopyOf) -> Iterator[World]:
    copied = copy_of(evening)
    with copied.served():
        yield copied


@pytest.mark.parametrize("case", CASES, ids=str)
def test_damage(world: World, evening: World, case: Case) -> None:
    school = world.schools(case.system, case.form)[0]
    facts, waiting, told = world.facts(), _waiting(world), _told(world, "findings", school)
    document = damage(world.region, school, case.how)["document"].rpartition("/")[2]

    done = world.svod("collect", "--business-date", world.last, "--run-id", "damaged", "--json")

    assert done.returncode == (Exit.DONE if case.whole else Exit.PARTLY), done.stderr
    lines = {line["school"]: line["states"] for line in json.loads(done.stdout)}
    assert {code for code, states in lines.items() if states != "collect: done"} == (
        set() if case.whole else {school}
    )
    if not case.whole:
        assert case.rule in lines[school]
    _names_the_damage(world, case, school, document, told)
    _keeps_what_was_stored(world, case, school, facts, waiting)
    _heals(world, evening, school, facts, waiting)


def _names_the_damage(
    world: World, case: Case, school: str, document: str, before: Counter[tuple[Any, ...]]
) -> None:
    """Document, rule, reason and fix, in Russian, where the school reads."""
    if case.told == "state":
        (verdict,) = world.rows(
            "SELECT rule, detail FROM ops.school_runs WHERE run_id = 'damaged' AND school = :s"
            " AND state = 'failed'",
            s=school,
        )
        assert verdict["rule"] == case.rule
        assert "503" in verdict["detail"]
        return
    rows = _answers(world, case.told, school)
    own = [row for row in rows if row["rule"] == case.rule and row["document"] == document]
    if case.system == "dnevnik_ru":
        own = [row for row in rows if row["rule"] == case.rule and row["field"] == "type"]
    assert own, rows
    for row in own:
        assert _russian(row["reason"])
        assert _russian(row["fix"])
    if case.told == "quarantine":
        assert all(row["line"] and row["field"] for row in own)
    else:  # the damage and nothing that comes of it
        new = _told(world, "findings", school) - before
        assert set(new) == {(r["document"], r["rule"], r["field"]) for r in own}


def _keeps_what_was_stored(
    world: World, case: Case, school: str, facts: dict[str, list[Row]], waiting: Counter[Any]
) -> None:
    with world.hub.engine.begin() as connection:
        assert open_rows(connection, "damaged") == []
    assert world.facts() == facts
    changes = world.rows("SELECT change, entity, key FROM journal.history WHERE run_id = 'damaged'")
    assert changes == []
    more = _waiting(world) - waiting
    if case.told == "quarantine":
        assert {(row[0], row[-1]) for row in more} == {(school, "unknown_code")}
        assert more.total() == 1
    else:
        assert more == Counter()


def _heals(
    world: World,
    sound: World,
    school: str,
    facts: dict[str, list[Row]],
    waiting: Counter[Any],
) -> None:
    """The next upload is whole: nothing is left of the damage."""
    for name in ("drops", "dnevnik"):
        shutil.rmtree(world.region / name)
        shutil.copytree(sound.region / name, world.region / name)
    assert world.collect(world.last, "healed", [school]) == "closed"
    assert world.facts() == facts
    assert _waiting(world) == waiting
    (upload,) = world.rows(
        "SELECT accepted FROM ops.uploads WHERE school = :s AND source <> 'lists'", s=school
    )
    assert upload["accepted"]
    assert world.rows("SELECT * FROM journal.history") == []


def _waiting(world: World) -> Counter[tuple[Any, ...]]:
    rows = world.rows(
        "SELECT school, source, entity, document, line, field, rule FROM ops.quarantine"
        " WHERE state = 'open'"
    )
    return Counter(tuple(row.values()) for row in rows)


def _answers(world: World, what: str, school: str) -> list[Row]:
    """What ``svod findings`` or ``svod quarantine`` says of the school after the last run."""
    done = world.asked(what, "--school", school, "--json")
    assert done.returncode == 0, done.stderr
    rows: list[Row] = json.loads(done.stdout)
    return rows


def _told(world: World, table: str, school: str) -> Counter[tuple[Any, ...]]:
    rows = world.rows(
        f"SELECT document, rule, field FROM ops.{table} WHERE school = :s AND run_id ="
        " (SELECT max(run_id) FROM ops.runs WHERE verb = 'collect' AND started_at ="
        " (SELECT max(started_at) FROM ops.runs WHERE verb = 'collect'))",
        s=school,
    )
    return Counter(tuple(row.values()) for row in rows)


def _russian(words: str) -> bool:
    return any("а" <= letter <= "я" for letter in words)
