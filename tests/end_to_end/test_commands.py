"""The ``svod`` command as its users meet it: answers, exit codes, help."""

from __future__ import annotations

import json
import re
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
import typer
from typer.testing import CliRunner

from pipeline.cli import app
from pipeline.exits import Exit
from tests.end_to_end.conftest import ASKED_RUN, Asked, CopyOf
from tests.end_to_end.world import World

ROOT = Path(__file__).parents[2]


def test_every_command_has_been_answered(asked: Asked) -> None:
    for name, answer in asked.answers.items():
        assert answer.returncode == Exit.DONE, (name, answer.stderr)


def test_a_step_answers_a_line_per_school(asked: Asked) -> None:
    """The delivery is of the run that collected, so its lines tell of both."""
    lines = asked.rows("deliver --json")
    assert [line["school"] for line in lines] == asked.world.schools()
    true = asked.world.truth["records"]
    for line in lines:
        counts = true[line["school"]].values()
        late = asked.world.truth["consents"][line["school"]]
        rules = ("consent_overdue_start", "consent_unregistered")  # the gravest is told
        told = next((f" ({rule})" for rule in rules if rule in late), "")
        assert line["states"] == f"collect: done; deliver: done{told}"
        assert line["read"] == sum(entity["rendered"] for entity in counts)
        assert line["quarantined"] == sum(entity["quarantined"] for entity in counts)
        assert line["duplicate"] == sum(entity["duplicate"] for entity in counts)


def test_runs(asked: Asked) -> None:
    rows = asked.rows("runs --json")
    assert {"run_id", "verb", "business_date", "state", "started_at", "finished_at"} == set(rows[0])
    assert [(r["run_id"], r["verb"], r["state"]) for r in rows[:2]] == [
        (ASKED_RUN, "deliver", "closed"),
        (ASKED_RUN, "collect", "closed"),
    ]


def test_ledger(asked: Asked) -> None:
    rows = asked.rows("ledger --json")
    assert rows == asked.world.rows(
        "SELECT school, source, entity, counter, reason, count FROM ops.ledger"
        " WHERE run_id = :run ORDER BY school, source, entity, counter, reason",
        run=ASKED_RUN,
    )
    assert {"read", "accepted", "due", "withheld"} <= {row["counter"] for row in rows}


def test_quarantine_and_findings_say_where_why_and_what_to_do(asked: Asked) -> None:
    for name, kind in (("quarantine --json", "quarantine"), ("findings --json", "finding")):
        rows = asked.rows(name)
        planted = [d for d in asked.world.truth["defects"] if d["kind"] == kind]
        expected = [(d["school"], d["document"], d["line"], d["rule"]) for d in planted]
        if kind == "finding":
            late = asked.world.truth["consents"].items()
            expected += [(s, "svod consent due", None, rule) for s, rules in late for rule in rules]
        assert Counter((r["school"], r["document"], r["line"], r["rule"]) for r in rows) == Counter(
            expected
        )
        assert all(row["reason"] and row["fix"] for row in rows)


def test_tables_for_people_name_every_school(asked: Asked) -> None:
    for name in ("collect", "quarantine"):
        said = asked.answers[name].stdout
        assert all(school in said for school in asked.world.schools()), said
        with pytest.raises(json.JSONDecodeError):
            json.loads(said)


def test_plan_of_a_delivered_region_is_empty(asked: Asked) -> None:
    plans = asked.rows("plan --json")
    assert [plan["school"] for plan in plans] == asked.world.schools()
    for plan in plans:
        assert (plan["create"], plan["update"], plan["withdraw"], plan["held"]) == (0, 0, 0, 0)
        true = asked.world.truth["delivery"][plan["school"]].values()
        assert plan["withheld"] == sum(sum(e["withheld"].values()) for e in true)


def test_a_ledger_that_does_not_close_is_exit_4(evening: World, copy_of: CopyOf) -> None:
    world = copy_of(evening)
    world.write(
        "UPDATE ops.ledger SET count = count - 1 WHERE entity = 'mark' AND counter = 'unchanged'"
        " OR entity = 'mark' AND counter = 'created' AND school = '781001'"
    )
    done = world.svod("ledger", "--json")
    assert done.returncode == Exit.LEDGER_OPEN
    assert "781001 paragraf mark: accepted" in done.stderr


def test_held_withdrawals_wait_for_approve(evening: World, copy_of: CopyOf) -> None:
    """Half of a school's marks vanish: a person has to take the upload, and to let them go."""
    world, school = copy_of(evening), evening.schools("dnevnik_ru")[0]
    removed = _remove_marks(world, school)
    with world.served():
        before = world.portal("stats")
        day = ("--business-date", world.last)
        refused = world.svod("collect", *day, "--run-id", "less")
        assert refused.returncode == Exit.PARTLY
        assert f"{school} dnevnik_ru: volume_floor" in refused.stderr
        taken = world.svod(
            "collect", *day, "--run-id", "taken", "--school", school, "--accept-volumes", school
        )
        assert taken.returncode == Exit.DONE
        world.deliver(world.last, "less")
        assert world.portal("stats") == before
        planned = json.loads(world.svod("plan", *day, "--school", school, "--json").stdout)
        approved = json.loads(world.svod("approve", "--school", school, "--json").stdout)
        held = planned[0]["held"]
        assert 50 < held <= removed
        assert approved == [{"school": school, "target": "diary", "approved": held}]
        world.deliver(world.last, "approved")
        after = world.portal("stats")
        assert after["withdrawn"] - before["withdrawn"] == held
        assert after["records"] == before["records"] - held
    assert world.rows(
        "SELECT actor, count FROM ops.action_log WHERE action = 'approve_withdrawals'"
    )


@pytest.mark.parametrize(
    ("verb", "variable"),
    [("collect", "SANDBOX_DNEVNIK_URL"), ("deliver", "SANDBOX_DIARY_TOKEN")],
)
def test_a_missing_variable_is_exit_5_and_named(
    evening: World, copy_of: CopyOf, monkeypatch: pytest.MonkeyPatch, verb: str, variable: str
) -> None:
    world = copy_of(evening)
    with world.served():
        monkeypatch.delenv(variable)
        done = world.svod(verb, "--business-date", world.last)
    assert done.returncode == Exit.MISCONFIGURED
    assert f"set the environment variable {variable}" in done.stderr


@pytest.mark.parametrize(
    ("wrong", "named"),
    [
        ("school_year: 2026", "school_year"),
        ("connected_on: 2026-09-18", "connected_on"),
        ("district: d1", "district"),
        ("region:", "region.yml"),
    ],
)
def test_a_malformed_region_file_is_exit_5_with_file_and_field(
    evening: World, tmp_path: Path, wrong: str, named: str
) -> None:
    path = tmp_path / "region.yml"
    content = (evening.region / "region.yml").read_text("utf-8")
    assert wrong in content
    broken = ": [" if wrong == "region:" else wrong.split(":")[0] + ": неверно"
    path.write_text(content.replace(wrong, broken), "utf-8")
    done = evening.svod("schools", "import", str(path))
    assert done.returncode == Exit.MISCONFIGURED
    assert str(path) in done.stderr.replace("\n", "")
    assert named in done.stderr
    assert "Traceback" not in done.stderr


def test_no_key_file_is_exit_5(evening: World, tmp_path: Path) -> None:
    missing = str(tmp_path / "nowhere.json")
    done = evening.svod("runs", SVOD_KEY_FILE=missing)
    assert done.returncode == Exit.MISCONFIGURED
    assert missing in done.stderr.replace("\n", "")
    assert "Traceback" not in done.stderr


def test_wrong_usage_is_exit_2(evening: World) -> None:
    done = evening.svod("collect", "--business-date", "завтра")
    assert done.returncode == Exit.USAGE


def test_a_school_that_is_not_there_is_exit_2_and_named(evening: World) -> None:
    done = evening.svod("consent", "list", "--school", "000", "--on", "2026-09-18")
    assert done.returncode == Exit.USAGE
    assert "'000'" in done.stderr
    assert "Traceback" not in done.stderr


def _commands(command: Any, path: tuple[str, ...] = ()) -> dict[tuple[str, ...], Any]:
    """Every command that does something, by its words. Typer's own kind of click has no types."""
    below = getattr(command, "commands", None)
    if below is None:
        return {path: command}
    return {
        name: found
        for word, one in below.items()
        for name, found in _commands(one, (*path, word)).items()
    }


COMMANDS = _commands(typer.main.get_command(app))


def test_there_are_commands() -> None:
    assert {("run",), ("collect",), ("deliver",), ("ledger",), ("schools", "import")} <= set(
        COMMANDS
    )


@pytest.mark.parametrize("path", COMMANDS, ids=" ".join)
def test_help(path: tuple[str, ...]) -> None:
    if path == ("sandbox",):  # hands everything on, --help too
        assert COMMANDS[path].help
        return
    shown = CliRunner().invoke(app, [*path, "--help"])
    assert shown.exit_code == 0
    text = re.sub(r"\s+", " ", shown.output)
    assert len(text) > 100
    assert str(COMMANDS[path].help).split()[0] in text


@pytest.mark.parametrize("path", COMMANDS, ids=" ".join)
def test_every_command_is_documented(path: tuple[str, ...]) -> None:
    pages = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
    name = f"svod {' '.join(path)}"
    assert any(re.search(rf"{name}\b", page.read_text("utf-8")) for page in pages), name


def _remove_marks(world: World, school: str) -> int:
    """Take half of the marks out of the school's store; returns how many rows.

    Twins stay: without its twin the other one would be a new mark.
    """
    path = world.region / "dnevnik" / f"{school}.json"
    store: dict[str, Any] = json.loads(path.read_text("utf-8"))
    times = Counter(mark["row"]["id_str"] for mark in store["marks"])
    kept = [
        mark
        for number, mark in enumerate(store["marks"])
        if number % 2 or times[mark["row"]["id_str"]] > 1
    ]
    path.write_text(json.dumps(store | {"marks": kept}, ensure_ascii=False), "utf-8")
    return len(store["marks"]) - len(kept)
