"""A waived card stays in sight with its reason, is counted apart, and comes back."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
from sqlalchemy import text
from typer.testing import CliRunner

from pipeline.cards import district_counts
from pipeline.cli import app
from pipeline.entries import EntryRefusedError
from quality.cards import Card, CardState, worst_first
from tests.pipeline.one_school import BEFORE, SCHOOL, TODAY, School, generated, school

__all__ = ["generated", "school"]  # fixtures
UNTIL = "2026-10-31"


def waive(school: School, rule: str, *more: str, until: str = UNTIL) -> int:
    signed = ("--reason", "обучение на дому, приказ 12", "--by", "Петрова, район")
    words = ("waive", "--school", SCHOOL, "--rule", rule, "--until", until, *signed)
    (row,) = school.svod(*words, *more)
    return int(row["waiver"])


def of_rule(school: School, rule: str, on: date = BEFORE) -> list[Card]:
    return [card for card in school.cards(on) if card.rule == rule]


def counts(school: School, on: date = BEFORE) -> dict[str, Any]:
    with school.hub.engine.begin() as connection:
        return next(r for r in district_counts(connection, "d1", on) if r["school"] == SCHOOL)


def test_a_waived_card_is_shown_with_its_reason_and_counted_apart(school: School) -> None:
    before = counts(school)
    (card,) = of_rule(school, "off_scale")
    made = waive(school, "off_scale")
    (waived,) = of_rule(school, "off_scale")
    assert waived.waiver is not None
    assert (waived.waiver.waiver, waived.waiver.until) == (made, date(2026, 10, 31))
    assert (waived.waiver.reason, waived.waiver.by) == (
        "обучение на дому, приказ 12",
        "Петрова, район",
    )
    assert (waived.held, waived.title) == (card.held, card.title)
    assert school.cards(BEFORE)[-1] == waived
    now = counts(school)
    assert (now["waived"], now["new"]) == (1, before["new"] - 1)
    assert now["holds_up"] == before["holds_up"] - card.weight


@pytest.mark.parametrize(("days", "holds"), [(0, True), (1, False)])
def test_a_waiver_ends_by_itself(school: School, days: int, holds: bool) -> None:
    waive(school, "off_scale", until=(TODAY - timedelta(days=days)).isoformat())
    (card,) = of_rule(school, "off_scale", TODAY)
    assert (card.waiver is not None) is holds
    (row,) = school.svod("waive", "list", "--school", SCHOOL, "--on", TODAY.isoformat())
    assert row["state"] == ("holds" if holds else "over")


def test_a_waiver_is_undone_and_stays_in_the_books(school: School) -> None:
    made = waive(school, "off_scale")
    words = ("waive", "undo", str(made), "--by", "Петрова", "--reason", "ошибка")
    assert school.svod(*words) == [{"waiver": made, "undone": True}]
    assert school.svod(*words) == [{"waiver": made, "undone": False}]
    (card,) = of_rule(school, "off_scale")
    assert card.waiver is None
    (row,) = school.svod("waive", "list", "--school", SCHOOL, "--on", TODAY.isoformat())
    assert (row["state"], row["undone_by"], row["undone_reason"]) == ("undone", "Петрова", "ошибка")
    query = (
        "SELECT actor, action, details->>'waiver' FROM ops.action_log WHERE action LIKE '%waive%'"
    )
    with school.hub.engine.begin() as connection:
        logged = [tuple(row) for row in connection.execute(text(query + " ORDER BY id"))]
    assert logged == [
        ("Петрова, район", "waive", str(made)),
        ("Петрова", "undo_waiver", str(made)),
    ]


def test_the_same_waiver_twice_is_one(school: School) -> None:
    assert waive(school, "off_scale") == waive(school, "off_scale")


def remark(school: School, *rows: tuple[str, str, str]) -> None:
    """Remarks ``held`` of a class, a subject and a teacher."""
    statement = (
        "INSERT INTO quality.remarks (school, source, rule, key, first_on, last_on, day, class_key,"
        " subject_key, teacher, run_id) VALUES (:school, 'paragraf', 'held', :key, :on, :on, :on,"
        " :class, :subject, :teacher, 'measured')"
    )
    with school.hub.engine.begin() as connection:
        for key, (class_, subject, teacher) in enumerate(rows):
            values = {"class": class_, "subject": subject, "teacher": teacher}
            connection.execute(
                text(statement), {"school": SCHOOL, "key": str(key), "on": BEFORE, **values}
            )


@pytest.mark.parametrize(
    ("scope", "left"),
    [
        ((), {}),
        (("--class", "5 А"), {"t1": 1, "t2": 1}),
        (("--teacher", "t1"), {"t2": 2}),
        (("--key", "0"), {"t1": 1, "t2": 2}),
        (("--class", "2", "--teacher", "t2"), {"t1": 2, "t2": 1}),
    ],
)
def test_a_waiver_covers_what_it_names(
    school: School, scope: tuple[str, ...], left: dict[str, int]
) -> None:
    """A card of which a part is waived is two: with the waiver, and what is left."""
    remark(school, ("2", "11", "t1"), ("1", "11", "t1"), ("2", "18", "t2"), ("3", "18", "t2"))
    waive(school, "held", *scope)
    due = {c.where.teacher: c.held["lesson"] for c in of_rule(school, "held") if c.waiver is None}
    waived = sum(c.held["lesson"] for c in of_rule(school, "held") if c.waiver is not None)
    assert due == left
    assert waived == 4 - sum(left.values())


def test_what_is_missing_is_waived_by_its_class(school: School) -> None:
    school.today.remove("classes", lambda row: row["Код"] == "2")
    school.collect()
    waive(school, "dangling_reference", "--class", "5а")
    waived = {c.where.key for c in of_rule(school, "dangling_reference", TODAY) if c.waiver}
    due = {c.where.key for c in of_rule(school, "dangling_reference", TODAY) if not c.waiver}
    assert (waived, due) == ({"2"}, {"9999999"})


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"--rule": "off_scales"}, "there is no rule off_scales"),
        ({"--reason": " "}, "say why"),
        ({"--by": ""}, "say who"),
        ({"--until": "2027-10-01"}, "not in the open school year"),
        ({"--class": "9я"}, "no such class_: 9я"),
    ],
)
def test_a_waiver_that_makes_no_sense_is_refused(
    school: School, change: dict[str, str], said: str
) -> None:
    words = {"--school": SCHOOL, "--rule": "held", "--reason": "р", "--by": "б", "--until": UNTIL}
    flat = [part for pair in (words | change).items() for part in pair]
    with pytest.raises(EntryRefusedError, match=said):
        school.svod("waive", *flat)
    assert school.svod("waive", "list", "--school", SCHOOL, "--on", UNTIL) == []


def test_a_reason_names_nobody(school: School) -> None:
    surname = school.today.rows("pupils")[0]["Фамилия"]
    words = ("waive", "--school", SCHOOL, "--rule", "held", "--by", "б", "--until", UNTIL)
    with pytest.raises(EntryRefusedError, match="must name nobody"):
        school.svod(*words, "--reason", f"{surname} болеет")


def test_cards_for_people_say_what_and_how(school: School) -> None:
    waive(school, "off_scale")
    runner = CliRunner(env={"SVOD_HOME": str(school.hub.settings.home)})
    done = runner.invoke(app, ["cards", "--school", SCHOOL], catch_exceptions=False)
    assert "[новое] Неизвестный код «Диктант» в колонке «ВидРаботы»" in done.stdout
    assert "затронуто: 1 отметка" in done.stdout
    assert "где: marks.csv, строка 60" in done.stdout
    assert "[отсрочка до 31.10.2026] Такой отметки нет в указанной шкале" in done.stdout
    assert done.stdout.rstrip().endswith("отсрочено: 1; исправлено: 0")
    by_machine = school.svod("cards", "--school", SCHOOL, "--on", BEFORE.isoformat())
    assert len(by_machine) == len(school.cards(BEFORE))
    assert {"rule", "held", "where", "why", "who", "fix", "waiver"} <= by_machine[0].keys()


def test_a_district_is_told_counts_only(school: School) -> None:
    rows = school.svod("cards", "--district", "d1")
    assert [row["school"] for row in rows] == ["781001", SCHOOL]
    assert rows[0]["new"] == 0
    assert rows[1]["new"] == len(school.cards(BEFORE))
    assert rows[1].keys() == {"school", "new", "open", "waived", "fixed", "holds_up"}


def test_worst_first(school: School) -> None:
    found = school.cards(BEFORE)
    assert found == worst_first(found[::-1])
    weights = [card.weight for card in found if card.state is not CardState.FIXED]
    assert weights == sorted(weights, reverse=True)
