"""A card opened: its lines add up to what it says, and stand where the school's files have them."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping
from datetime import date
from typing import Any

import polars as pl
import pytest
from sqlalchemy import text
from typer.testing import CliRunner

from pipeline.cli import app
from pipeline.delivery.consent_dues import DUES, overdue
from pipeline.explain.addresses import AddressError, CardAddress
from pipeline.explain.card import ExplainedCard, explain_card, places_of_lines
from pipeline.hub import Hub
from pipeline.runs import SchoolState
from quality.cards import Card, CardState
from schemas.frames import Finding
from tests.pipeline import evenings
from tests.pipeline.evenings import checked, day, remark
from tests.pipeline.one_school import BEFORE, SCHOOL, TODAY, Row, School, generated, school

__all__ = ["generated", "school"]  # fixtures
SIGNED = ("--until", "2026-10-31", "--reason", "приказ 12", "--by", "район")


def nothing_due(_school: str, _on: date) -> pl.DataFrame:
    return pl.DataFrame(schema=DUES)


def opened(hub: Hub, card: Card, on: date) -> ExplainedCard:
    with hub.engine.begin() as connection:
        address = CardAddress(card.rule, card.school, card.ref, on)
        return explain_card(connection, address, nothing_due)


def rows(found: ExplainedCard, **only: Any) -> list[dict[str, Any]]:
    return [
        row
        for row in found.lines.iter_rows(named=True)
        if all(row[name] == value for name, value in only.items())
    ]


def things(lines: list[dict[str, Any]]) -> Mapping[str, int]:
    return Counter(kind for kind, _ in {(row["kind"], row["thing"]) for row in lines})


def adds_up(found: ExplainedCard) -> None:
    """Every count of the card is that of its lines."""
    card = found.card
    if card.state is CardState.FIXED:
        assert things(rows(found)) == card.held
        return
    due = rows(found, state="due")
    assert things(due) == card.held
    for part in card.waived:
        assert things(rows(found, state="waived", waiver=part.waived.waiver)) == part.held
    told = "due" if card.held else "waived"
    for number, one in enumerate(card.parts):
        if card.held or not card.waived:
            assert things(rows(found, state=told, part=number)) == one.held, one.rule
        fresh = rows(found, state=told, part=number, new=True)
        assert len({row["thing"] for row in fresh}) == one.new, one.rule
    for number, share in enumerate(card.shares):
        assert len(rows(found, state=told, share=number)) == share.remarks
    assert len({row["thing"] for row in rows(found, state="fixed")}) == card.fixed


def every_card(school: School, on: date) -> list[ExplainedCard]:
    told = school.cards(on)
    assert len({(card.rule, card.ref) for card in told}) == len(told)
    return [opened(school.hub, card, on) for card in told]


def test_all_cards_of_two_evenings_add_up(school: School) -> None:
    school.remark_unheld(BEFORE)
    first = every_card(school, BEFORE)
    school.collect(TODAY)
    school.remark_unheld(TODAY)
    second = every_card(school, TODAY)
    for found in (*first, *second):
        adds_up(found)
    assert {row["state"] for found in second for row in rows(found)} == {"due"}
    assert {"values", "dangling_reference"} < {found.card.rule for found in second}
    assert any(found.card.shares for found in second)


def test_what_is_mended_is_told_beside_what_is_not(school: School) -> None:
    wrong = school.today.rows("marks")[-1]

    def it(row: Row) -> bool:
        return row["line"] == wrong["line"]

    school.today.change("marks", it, ДатаУрока="31.02.2026")
    school.collect(TODAY, "run-a")
    school.today.change("marks", it, ДатаУрока=wrong["ДатаУрока"])
    school.collect(TODAY, "run-b")
    found = every_card(school, TODAY)
    for one in found:
        adds_up(one)
    (values,) = [one for one in found if one.card.rule == "values"]
    assert values.card.fixed == 1
    assert [(row["document"], row["line"], row["rule"]) for row in rows(values, state="fixed")] == [
        ("marks.csv", int(wrong["line"]), "bad_date")
    ]


@pytest.mark.parametrize("rule", ["off_scale", "dangling_reference", "held"])
def test_cards_add_up_with_a_waiver(school: School, rule: str) -> None:
    school.remark_unheld(BEFORE)
    school.svod("waive", "--school", SCHOOL, "--rule", rule, *SIGNED)
    found = every_card(school, BEFORE)
    for one in found:
        adds_up(one)
    assert [row["rule"] for one in found for row in rows(one, state="waived")].count(rule) > 0


def test_what_waits_for_a_pupil_is_told_line_by_line(school: School) -> None:
    pupil = school.today.rows("pupils")[0]

    def his(row: Row) -> bool:
        return row["КодУченика"] == pupil["Код"]

    school.today.change("pupils", lambda row: row["Код"] == pupil["Код"], ДатаРождения="31.02.2013")
    school.collect()
    (card,) = [card for card in school.cards() if card.where.field == "ДатаРождения"]
    found = opened(school.hub, card, TODAY)
    told = {(row["document"], row["line"]) for row in rows(found, kind="mark")}
    assert told == {
        ("marks.csv", int(row["line"])) for row in school.today.rows("marks") if his(row)
    }
    (own,) = rows(found, kind="pupil")
    assert (own["document"], own["line"], own["rule"], own["field"], own["upload"]) == (
        "pupils.csv", int(pupil["line"]), "bad_date", "ДатаРождения", TODAY.isoformat(),
    )  # fmt: skip
    assert found.of_persons


def test_remarks_lead_to_the_lines_of_their_lessons(school: School) -> None:
    school.remark_unheld(BEFORE)
    (card,) = [card for card in school.cards(BEFORE) if card.shares]
    found = opened(school.hub, card, BEFORE)
    assert not found.of_persons
    with school.hub.engine.begin() as connection:
        places = places_of_lines(connection, found.address, found.lines)
        query = text("SELECT key, origin_line AS line FROM journal.lesson WHERE school = :school")
        lines = dict(connection.execute(query, {"school": SCHOOL}).tuples().all())
    by_row = {row: one["line"] for row, (one,) in places.items()}
    assert by_row == {row["row"]: lines[row["lesson_key"]] for row in rows(found)}
    assert all(row["class_name"] and row["subject_name"] for row in rows(found))


def command(school: School, *words: str) -> str:
    runner = CliRunner(env={"SVOD_HOME": str(school.hub.settings.home), "COLUMNS": "200"})
    done = runner.invoke(app, [*words], catch_exceptions=False)
    assert done.exit_code == 0, done.output
    return done.stdout


def test_the_command_opens_a_card_by_the_address_that_it_told(school: School) -> None:
    school.remark_unheld(BEFORE)
    for told in school.svod("cards", "--school", SCHOOL, "--on", BEFORE.isoformat()):
        done = command(school, "explain", told["address"], "--json")
        *lines, last = [json.loads(line) for line in done.splitlines()]
        assert (last["address"], last["held"]) == (told["address"], told["held"])
        due = [line for line in lines if line["state"] == "due"]
        assert things(due) == told["held"]
        places = [line for line in due if line.get("document") or line["origins"]]
        assert places or told["rule"] == "held"


def test_the_command_tells_a_card_to_people(school: School) -> None:
    school.svod("waive", "--school", SCHOOL, "--rule", "off_scale", *SIGNED)
    (card,) = [card for card in school.cards(BEFORE) if card.rule == "values"]
    told = command(school, "cards", "--school", SCHOOL)
    address = CardAddress(card.rule, SCHOOL, card.ref, BEFORE)
    assert f"    построчно: svod explain {address}\n" in told
    some = command(school, "explain", str(address))
    every = command(school, "explain", str(address), "--all")
    assert "отсрочено и исправлено 1; --all" in some
    off_scale = "Такой отметки нет в указанной шкале"
    assert every.count(off_scale) == some.count(off_scale) + 1


def test_every_finding_has_its_line(hub: Hub) -> None:
    names = [Finding("name_in_text", "lessons.csv", "lesson", line, "Тема") for line in (5, 9, 9)]
    checked(hub, 0, *names, Finding("name_in_text", "plan.csv", "lesson", None, "Тема"))
    (card,) = evenings.on(hub, 0)
    found = opened(hub, card, day(0))
    adds_up(found)
    assert [(row["document"], row["line"], row["upload"]) for row in rows(found)] == [
        ("lessons.csv", 5, "2026-09-14"),
        ("lessons.csv", 9, "2026-09-14"),
        ("lessons.csv", 9, "2026-09-14"),
        ("plan.csv", None, "2026-09-14"),
    ]


def test_the_days_without_a_source_are_told_and_what_they_left_undone(hub: Hub) -> None:
    checked(hub, 0)
    for number in (1, 2):
        checked(hub, number, state=SchoolState.FAILED, rule="source_unavailable")
        remark(hub, f"lesson {number}", number, 2)
    (card,) = evenings.on(hub, 2)
    found = opened(hub, card, day(2))
    adds_up(found)
    assert [(row["kind"], row["day"]) for row in rows(found)] == [
        ("day", day(2)), ("remark", day(2)), ("day", day(1)), ("remark", day(1)),
    ]  # fmt: skip
    assert not found.of_persons


def test_remarks_new_open_and_mended_are_told_apart(hub: Hub) -> None:
    remark(hub, "a", 0, 1, fixed=2)
    remark(hub, "b", 0, 2)
    remark(hub, "c", 2, 2)
    (card,) = evenings.on(hub, 2)
    found = opened(hub, card, day(2))
    adds_up(found)
    assert [(row["key"], row["state"], row["new"]) for row in rows(found)] == [
        ("c", "due", True), ("b", "due", False), ("a", "fixed", False),
    ]  # fmt: skip


def test_late_consents_are_told_by_pupil(hub: Hub) -> None:
    due = pl.DataFrame(
        [
            {"pupil": "p1", "action": "register", "due_on": date(2026, 9, 10), "days_late": 4},
            {"pupil": "p2", "action": "start", "due_on": date(2026, 9, 11), "days_late": 3},
            {"pupil": "p3", "action": "register", "due_on": date(2026, 9, 20), "days_late": 0},
        ]
    )
    checked(hub, 0, *overdue(due))
    (card,) = evenings.on(hub, 0)
    with hub.engine.begin() as connection:
        address = CardAddress(card.rule, card.school, card.ref, day(0))
        found = explain_card(connection, address, lambda _school, _on: due)
    told = {(row["pupil"], row["kind"], row["rule"], row["detail"]) for row in rows(found)}
    assert told == {
        ("p1", "pupil", "consent_unregistered", "срок прошёл 10.09.2026"),
        ("p2", "pupil", "consent_overdue_start", "срок прошёл 11.09.2026"),
    }
    assert [card.parts[row["part"]].rule for row in rows(found)] == [
        row["rule"] for row in rows(found)
    ]
    assert found.of_persons


def test_a_card_that_there_is_not_has_no_address(hub: Hub) -> None:
    checked(hub, 0, Finding("name_in_text", "lessons.csv", "lesson", 5, "Тема"))
    (card,) = evenings.on(hub, 0)
    there = CardAddress(card.rule, card.school, card.ref, day(0))
    for lacking in (
        CardAddress("topic", card.school, card.ref, day(0)),
        CardAddress(card.rule, card.school, "0" * 12, day(0)),
        CardAddress(card.rule, card.school, card.ref, day(-1)),
        CardAddress(card.rule, "781099", card.ref, day(0)),
    ):
        with hub.engine.begin() as connection, pytest.raises(AddressError, match="карточки"):
            explain_card(connection, lacking, nothing_due)
    assert opened(hub, card, day(0)).address == there
