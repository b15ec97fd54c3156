"""What was done once is not done twice; what changed is told once."""

from __future__ import annotations

import difflib
import json
import re
from pathlib import Path
from typing import Any

import pytest
from lxml import etree

from pipeline.ledger import open_rows
from sandbox.mutate import mutate
from tests.end_to_end.conftest import CopyOf
from tests.end_to_end.world import World

JOURNALS = ("paragraf", "dnevnik_ru", "netschool")


def test_the_last_date_again_changes_and_sends_nothing(world: World, copy_of: CopyOf) -> None:
    again = copy_of(world)
    with again.served():
        before = _everything(again)
        again.collect(again.last, "again")
        again.deliver(again.last, "again")
        assert _everything(again) == before
    counted = _ledger(again, "again")
    assert counted.keys() & {"created", "changed", "vanished", "delivered"} == set()
    assert counted["unchanged"] == counted["accepted"] > 0
    assert counted["already"] + counted["withheld"] == counted["due"] > 0


def test_measuring_again_gives_the_same_figures(october: World, copy_of: CopyOf) -> None:
    again = copy_of(october)
    query = (
        "SELECT level, unit, measure, numerator, denominator FROM quality.measures ORDER BY 1, 2, 3"
    )
    before = again.rows(query)
    again.compute(again.last, "again")
    assert again.rows(query) == before


@pytest.mark.parametrize("system", JOURNALS)
def test_one_changed_mark_is_one_delivery(september: World, copy_of: CopyOf, system: str) -> None:
    world = copy_of(september)
    school = world.schools(system)[0]
    with world.served():
        before, stats = _portal(world), world.portal("stats")
        change = mutate(world.region, school)
        world.collect(world.last, "changed")
        world.deliver(world.last, "changed")
        after, then = _portal(world), world.portal("stats")
    assert [
        (row["school"], row["entity"], row["change"])
        for row in world.rows("SELECT * FROM journal.history WHERE run_id = 'changed'")
    ] == [(school, "mark", "changed")]
    assert _moved(stats, then) == {"batches": 1, "updated": 1}
    ((key, record),) = [(k, r) for k, r in after.items() if before[k] != r]
    assert after.keys() == before.keys()
    assert record["institution"] == school
    assert record["type"] == "mark"
    assert before[key]["data"]["estimate_value_code"] == f"{change['before']}/5"
    assert record["data"]["estimate_value_code"] == f"{change['after']}/5"
    assert record["data"]["subject_name"] == change["subject"]
    assert _day(record["data"]["date"]) == change["date"]
    with world.hub.engine.begin() as connection:
        assert open_rows(connection, "changed") == []


def test_a_mark_changed_and_changed_back_is_told_twice(september: World, copy_of: CopyOf) -> None:
    """A -> B -> A: the portal ends with A, not with what was sent last."""
    world = copy_of(september)
    upload = world.region / "drops" / _paragraf(world) / world.last / "marks.xml"
    first = upload.read_bytes()
    with world.served():
        before, stats = _portal(world), world.portal("stats")
        mutate(world.region, _paragraf(world))
        for number in (1, 2):
            world.collect(world.last, f"turn-{number}")
            world.deliver(world.last, f"turn-{number}")
            upload.write_bytes(first)
        assert _portal(world) == before
        assert _moved(stats, world.portal("stats")) == {"batches": 2, "updated": 2}


@pytest.mark.parametrize("system", JOURNALS)
def test_a_removed_mark_is_one_withdrawal(september: World, copy_of: CopyOf, system: str) -> None:
    """In schools that have other marks in quarantine, as all schools of the region do."""
    world = copy_of(september)
    school = world.schools(system)[0]
    with world.served():
        before, stats = _portal(world), world.portal("stats")
        _remove_a_mark(world, school)
        world.collect(world.last, "removed")
        world.deliver(world.last, "removed")
        after, then = _portal(world), world.portal("stats")
    assert [
        (row["school"], row["entity"], row["change"])
        for row in world.rows("SELECT * FROM journal.history WHERE run_id = 'removed'")
    ] == [(school, "mark", "vanished")]
    assert _moved(stats, then) == {"batches": 1, "withdrawn": 1, "records": -1}
    (key,) = before.keys() - after.keys()
    assert before[key]["type"] == "mark"
    assert after == {k: r for k, r in before.items() if k != key}


def _paragraf(world: World) -> str:
    return world.schools("paragraf", "xml")[0]


def _remove_a_mark(world: World, school: str) -> None:
    """The mark that ``mutate`` would change, taken out of the school's journal."""
    sound = {path: path.read_text("utf-8") for path in _documents(world, school)}
    change = mutate(world.region, school)
    path = world.region / change["document"]
    match path.suffix:
        case ".json":
            _write_without(path, sound[path])
        case ".html":
            path.write_text(_without_cell(sound[path], path.read_text("utf-8")), "utf-8")
        case _:
            _remove_record(path, change["mark"])


def _documents(world: World, school: str) -> list[Path]:
    found = [world.region / "dnevnik" / f"{school}.json"]
    found += sorted((world.region / "drops" / school / world.last).glob("*.[hx]tml"))
    return [path for path in found if path.exists()]


def _write_without(path: Path, sound: str) -> None:
    """Dnevnik.ru: the row that changed is not there."""
    before, after = json.loads(sound), json.loads(path.read_text("utf-8"))
    kept = [old for old, new in zip(before["marks"], after["marks"], strict=True) if old == new]
    assert len(kept) == len(before["marks"]) - 1
    path.write_text(json.dumps(before | {"marks": kept}, ensure_ascii=False), "utf-8")


def _without_cell(before: str, after: str) -> str:
    """NetSchool: the token that changed is not in its cell."""
    old, new = (re.split(r"(<[^>]+>|\s+)", text) for text in (before, after))
    edits = difflib.SequenceMatcher(None, old, new, autojunk=False).get_opcodes()
    ((_, first, last, _, _),) = [edit for edit in edits if edit[0] != "equal"]
    assert last == first + 1
    return "".join([*old[:first], *old[last:]])


def _remove_record(path: Path, code: int) -> None:
    """Paragraf: the record is not in the export, nor in the manifest's count."""
    tree: Any = etree.parse(str(path))
    (record,) = tree.xpath(f"/Таблица/Запись[Код='{code}']")
    record.getparent().remove(record)
    tree.write(str(path), encoding="UTF-8", xml_declaration=True)
    manifest = path.with_name("manifest.xml")
    listed: Any = etree.parse(str(manifest))
    (entry,) = listed.xpath("//Файл[@имя='marks.xml']")
    entry.set("записей", str(int(entry.get("записей")) - 1))
    listed.write(str(manifest), encoding="UTF-8", xml_declaration=True)


def _everything(world: World) -> dict[str, Any]:
    """What a second delivery or reading must leave alone."""
    return {
        "stats": world.portal("stats"),
        "state": world.portal("state"),
        "history": world.rows("SELECT count(*) FROM journal.history"),
        "desired": world.rows("SELECT * FROM outbox.desired ORDER BY school, key"),
        "batches": world.rows("SELECT batch, state, attempts FROM outbox.batches ORDER BY 1"),
        "marks": world.rows("SELECT * FROM journal.mark ORDER BY school, source, key"),
        "lessons": world.rows("SELECT * FROM journal.lesson ORDER BY school, source, key"),
        "quarantine": world.rows(
            "SELECT school, source, document, line, field, rule, state FROM ops.quarantine"
            " ORDER BY id"
        ),
        "landing": world.rows("SELECT count(*) FROM ops.landing"),
    }


def _portal(world: World) -> dict[tuple[str, str], dict[str, Any]]:
    return {(r["institution"], r["key"]): r for r in world.portal("state")}


def _moved(before: dict[str, int], after: dict[str, int]) -> dict[str, int]:
    return {name: after[name] - n for name, n in before.items() if after[name] != n}


def _ledger(world: World, run_id: str) -> dict[str, int]:
    rows = world.rows(
        "SELECT counter, sum(count)::int AS n FROM ops.ledger WHERE run_id = :run GROUP BY 1",
        run=run_id,
    )
    return {row["counter"]: row["n"] for row in rows}


def _day(text: str) -> str:
    """The contract gives dates as dd.mm.yyyy."""
    return "-".join(reversed(text.split(".")))
