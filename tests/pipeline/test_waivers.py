"""A waived card stays in sight with its reason, is counted apart, and comes back."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
from sqlalchemy import text
from typer.testing import CliRunner

from pipeline.cards.of_school import district_counts
from pipeline.cli import app
from pipeline.entries import EntryRefusedError
from quality.cards import Card, CardState, worst_first
from tests.pipeline.one_school import BEFORE, SCHOOL, TODAY, School, generated, school

__all__ = ["generated", "school"]  # fixtures
UNTIL = "2026-10-31"
STRAY = "dangling_reference"  # the school's mark of a lesson that never was, a card of its own


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
    (card,) = of_rule(school, STRAY)
    made = waive(school, STRAY)
    (waived,) = of_rule(school, STRAY)
    (part,) = waived.waived
    assert (part.waived.waiver, part.waived.until) == (made, date(2026, 10, 31))
    assert (part.waived.reason, part.waived.by) == ("обучение на дому, приказ 12", "Петрова, район")
    assert (part.held, waived.held, waived.title) == (card.held, {}, card.title)
    assert waived.excused
    assert school.cards(BEFORE)[-1] == waived
    now = counts(school)
    assert (now["waived"], now["new"]) == (1, before["new"] - 1)
    assert now["holds_up"] == before["holds_up"] - card.weight


def test_of_causes_told_together_one_may_be_waived(school: School) -> None:
    (card,) = of_rule(school, "values")
    assert "off_scale" in {part.rule for part in card.parts}
    before = counts(school)
    waive(school, "off_scale")
    (left,) = of_rule(school, "values")
    (part,) = left.waived
    assert part.held == {"mark": 1}
    assert left.held == {**card.held, "mark": card.held["mark"] - 1}
    assert [one.rule for one in left.parts] == [
        one.rule for one in card.parts if one.rule != "off_scale"
    ]
    assert not left.excused
    now = counts(school)
    assert (now["waived"], now["new"]) == (0, before["new"])
    assert now["holds_up"] == before["holds_up"] - 1


@pytest.mark.parametrize(("days", "holds"), [(0, True), (1, False)])
def test_a_waiver_ends_by_itself(school: School, days: int, holds: bool) -> None:
    waive(school, STRAY, until=(TODAY - timedelta(days=days)).isoformat())
    (card,) = of_rule(school, STRAY, TODAY)
    assert card.excused is holds
    (row,) = school.svod("waive", "list", "--school", SCHOOL, "--on", TODAY.isoformat())
    assert row["state"] == ("holds" if holds else "over")


def test_a_waiver_is_undone_and_stays_in_the_books(school: School) -> None:
    made = waive(school, STRAY)
    words = ("waive", "undo", str(made), "--by", "Петрова", "--reason", "ошибка")
    assert school.svod(*words) == [{"waiver": made, "undone": True}]
    assert school.svod(*words) == [{"waiver": made, "undone": False}]
    (card,) = of_rule(school, STRAY)
    assert card.waived == ()
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
    """What is waived is not in the card's counts, and told apart."""
    remark(school, ("2", "11", "t1"), ("1", "11", "t1"), ("2", "18", "t2"), ("3", "18", "t2"))
    waive(school, "held", *scope)
    (card,) = of_rule(school, "held")
    waived = sum(part.held["lesson"] for part in card.waived)
    assert (waived, card.held.get("lesson", 0)) == (4 - sum(left.values()), sum(left.values()))
    assert card.excused is (not left)
    told = {share.teacher: share.remarks for share in card.shares}
    assert told == (left or {"t1": 2, "t2": 2})


def test_what_is_missing_is_waived_by_its_class(school: School) -> None:
    school.today.remove("classes", lambda row: row["Код"] == "2")
    school.collect()
    waive(school, STRAY, "--class", "5а")
    waived = {c.where.key for c in of_rule(school, STRAY, TODAY) if c.excused}
    due = {c.where.key for c in of_rule(school, STRAY, TODAY) if not c.excused}
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
    waive(school, STRAY)
    runner = CliRunner(env={"SVOD_HOME": str(school.hub.settings.home)})
    done = runner.invoke(app, ["cards", "--school", SCHOOL], catch_exceptions=False)
    assert "[новое] Отдельные записи не приняты" in done.stdout
    assert "отсрочено до 31.10.2026: 1 отметка; обучение на дому, приказ 12" in done.stdout
    assert "[новое] Неизвестный код\n" in done.stdout
    assert "    - «Диктант» в колонке «ВидРаботы» — 1 отметка (marks.csv, строка 60)" in done.stdout
    assert "[отсрочка до 31.10.2026] Записи ссылаются на то, чего нет в выгрузке" in done.stdout
    assert done.stdout.rstrip().endswith("отсрочено: 1; исправлено: 0")
    by_machine = school.svod("cards", "--school", SCHOOL, "--on", BEFORE.isoformat())
    assert len(by_machine) == len(school.cards(BEFORE))
    said = {"rule", "held", "new", "where", "why", "who", "fix", "waived", "address"}
    assert said <= by_machine[0].keys()
    assert [len(card["parts"]) for card in by_machine] == [
        len(card.parts) for card in school.cards(BEFORE)
    ]


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
