"""After the last business date the hub says what is true of the region, and nothing else."""

from __future__ import annotations

from collections import Counter, defaultdict
from typing import Any

import pytest

from pipeline.ledger import open_rows
from quality.form1 import COLUMNS
from tests.end_to_end.conftest import run_of
from tests.end_to_end.world import World


def test_the_ledger_of_every_run_closes(world: World) -> None:
    with world.hub.engine.begin() as connection:
        for day in world.dates:
            assert open_rows(connection, run_of(day)) == [], day
    assert {row["run_id"] for row in world.rows("SELECT run_id FROM ops.ledger")} == {
        run_of(day) for day in world.dates
    }


def test_each_run_ends_as_the_day_did(world: World) -> None:
    """Partly on a day when a journal system did not answer, closed on the others."""
    down = {
        day
        for calendar in world.truth["uploads"].values()
        for day, cause in calendar.items()
        if cause == "source_unavailable"
    }
    for verb in ("collect", "deliver"):
        states = world.rows("SELECT business_date, state FROM ops.runs WHERE verb = :v", v=verb)
        expected = {
            day: "partly" if verb == "collect" and day in down else "closed" for day in world.dates
        }
        assert {str(row["business_date"]): row["state"] for row in states} == expected


def test_measures(world: World) -> None:
    rows = world.rows(
        "SELECT level, unit, measure, numerator, denominator FROM quality.measures"
        " WHERE as_of = :day",
        day=world.last,
    )
    assert _figures(rows) == _figures(world.truth["measures"])


def test_form1(world: World) -> None:
    assert _form1(world) == {
        (school, grade, column): value
        for school, grades in world.truth["form1"].items()
        for grade, values in grades.items()
        for column, value in zip(COLUMNS, values, strict=True)
    }


def test_upload_calendar(world: World) -> None:
    rows = world.rows(
        'SELECT school, row, "column", value FROM quality.form_figures'
        " WHERE form = 'uploads' AND as_of = :day",
        day=world.last,
    )
    assert {(row["school"], row["row"]): row["column"] for row in rows} == {
        (school, day): cause
        for school, calendar in world.truth["uploads"].items()
        for day, cause in calendar.items()
    }
    assert all(row["value"] == (row["column"] == "uploaded") for row in rows)


def test_records_of_the_last_run(any_world: World) -> None:
    rows = any_world.rows(
        "SELECT school, entity, counter, count FROM ops.ledger"
        " WHERE run_id = :run AND source <> 'diary'",
        run=run_of(any_world.last),
    )
    found: dict[tuple[str, str], Counter[str]] = defaultdict(Counter)
    for row in rows:
        found[row["school"], row["entity"]][row["counter"]] += row["count"]
    names = {"rendered": "read"} | {n: n for n in ("quarantined", "duplicate", "accepted")}
    assert {
        place: {name: counts[counter] for name, counter in names.items()}
        for place, counts in found.items()
    } == {
        (school, entity): counts
        for school, entities in any_world.truth["records"].items()
        for entity, counts in entities.items()
        if counts["rendered"]
    }


def test_delivery_of_the_last_run(any_world: World) -> None:
    """Withdrawals are due once, on the day; on the last date only facts are compared."""
    rows = any_world.rows(
        "SELECT school, entity, state, reason, count(*) AS n FROM outbox.desired"
        " WHERE state <> 'gone' GROUP BY 1, 2, 3, 4"
    )
    found: dict[tuple[str, str], Any] = defaultdict(lambda: {"delivered": 0, "withheld": {}})
    for row in rows:
        place = found[row["school"], row["entity"]]
        if row["state"] == "delivered":
            place["delivered"] = row["n"]
        else:
            assert row["state"] == "withheld", row
            place["withheld"][row["reason"]] = row["n"]
    for place in found.values():
        place["due"] = place["delivered"] + sum(place["withheld"].values())
    assert found == {
        (school, entity): counts
        for school, entities in any_world.truth["delivery"].items()
        for entity, counts in entities.items()
        if counts["due"]
    }


def test_the_delivery_ledger_says_the_same(any_world: World) -> None:
    rows = any_world.rows(
        "SELECT school, entity, counter, reason, count FROM ops.ledger"
        " WHERE run_id = :run AND source = 'diary'",
        run=run_of(any_world.last),
    )
    found: Counter[tuple[str, str, str]] = Counter()
    withheld: Counter[tuple[str, str, str]] = Counter()
    for row in rows:
        if row["counter"] == "withheld":
            withheld[row["school"], row["entity"], row["reason"]] += row["count"]
        found[row["school"], row["entity"], row["counter"]] += row["count"]
    for school, entities in any_world.truth["delivery"].items():
        for entity, counts in entities.items():
            place = (school, entity)
            settled = found[*place, "delivered"] + found[*place, "already"]
            gone = settled - counts["delivered"]  # withdrawn today: due and done, no fact
            assert gone >= 0, place
            assert found[*place, "due"] == counts["due"] + gone, place
            assert {r: n for (s, e, r), n in withheld.items() if (s, e) == place} == counts[
                "withheld"
            ], place


def test_the_portal_holds_what_is_delivered(any_world: World) -> None:
    with any_world.served():
        state = any_world.portal("state")
    assert Counter((r["institution"], r["type"]) for r in state) == Counter(
        {
            (school, entity): counts["delivered"]
            for school, entities in any_world.truth["delivery"].items()
            for entity, counts in entities.items()
            if counts["delivered"]
        }
    )


def test_term_marks_reach_the_diary(october: World) -> None:
    """The region of October is there for this; without them it would test nothing new."""
    delivered = {
        october.truth["schools"][school]["system"]: entities["term_mark"]["delivered"]
        for school, entities in october.truth["delivery"].items()
    }
    assert delivered["paragraf"] > 0
    assert delivered["dnevnik_ru"] > 0


@pytest.mark.parametrize("kind", ["quarantine", "finding"])
def test_every_planted_defect_is_found_and_nothing_else(any_world: World, kind: str) -> None:
    queries = {
        "quarantine": "SELECT school, source, upload_ref, entity, document, line, field, rule"
        " FROM ops.quarantine WHERE state = 'open' AND last_run = :run",
        "finding": "SELECT school, source, upload_ref, entity, document, line, field, rule"
        " FROM ops.findings WHERE run_id = :run AND source NOT IN ('hub', 'diary')",
    }
    found = any_world.rows(queries[kind], run=run_of(any_world.last))
    planted = [defect for defect in any_world.truth["defects"] if defect["kind"] == kind]
    assert planted
    # A defect of no entity stands in a document as a whole; the hub may know what it holds.
    whole = {_place(d) for d in planted if not d["entity"]}
    assert Counter(
        (*_place(row), "" if _place(row) in whole else row["entity"]) for row in found
    ) == Counter((*_place(defect), defect["entity"]) for defect in planted)


def test_late_consents_are_told_by_the_delivery(any_world: World) -> None:
    """Applications that nobody registered, and a service that waits for a UID; nothing else."""
    found = any_world.rows(
        "SELECT school, rule, detail FROM ops.findings WHERE run_id = :run AND source = 'diary'",
        run=run_of(any_world.last),
    )
    late = {
        (school, rule): f"{told['pupils']}; {told['due']}"
        for school, rules in any_world.truth["consents"].items()
        for rule, told in rules.items()
    }
    assert {rule for _, rule in late} == {"consent_unregistered", "consent_overdue_start"}
    assert {(row["school"], row["rule"]): row["detail"] for row in found} == late


def test_the_batch_check_finds_nothing_in_a_sound_region(world: World) -> None:
    found = world.rows(
        "SELECT school, rule, detail FROM ops.findings WHERE source = 'hub' AND run_id = :run",
        run=run_of(world.last),
    )
    assert found == []


def _place(row: dict[str, Any]) -> tuple[Any, ...]:
    names = ("school", "source", "document", "line", "field", "rule")
    return tuple(row[name] for name in names)


def _figures(rows: list[dict[str, Any]]) -> dict[tuple[str, str, str], tuple[int, int]]:
    return {
        (row["level"], row["unit"], row["measure"]): (row["numerator"], row["denominator"])
        for row in rows
    }


def _form1(world: World) -> dict[tuple[str, str, str], int]:
    rows = world.rows(
        'SELECT school, row, "column", value FROM quality.form_figures'
        " WHERE form = 'form1' AND as_of = :day",
        day=world.last,
    )
    return {(row["school"], row["row"], row["column"]): row["value"] for row in rows}
