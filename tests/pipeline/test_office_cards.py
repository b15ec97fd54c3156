"""Cards without the small counts of persons, in figures or in words."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

from pipeline.cards.for_offices import guarded
from pipeline.cards.words import rule_title
from quality.cards import Card, CardState, Part, Waived, WaivedPart, Where

K = 10
RULE = "dangling_reference"


def card(held: dict[str, int], entity: str, title: str, detail: str = "") -> Card:
    return Card(
        school="781001", source="paragraf", rule=RULE, state=CardState.NEW, since=date(2026, 9, 1),
        held=held, fixed=0, where=Where(entity=entity), title=title, why="", who="operator", fix="",
        parts=(Part(RULE, title, "", held, sum(held.values()), Where(entity=entity), detail),),
        detail=detail,
        waived=(WaivedPart(Waived(1, "причина", "кто", date(2026, 10, 1)), held),),
    )  # fmt: skip


def test_counts_of_persons_below_the_threshold_are_not_there() -> None:
    found = guarded(card({"pupil": 3, "mark": 4, "guardian": 10}, "lesson", "Три ученика"), K)
    assert found.hidden
    (part,) = found.card.parts
    (waived,) = found.card.waived
    for held in (found.card.held, part.held, waived.held):
        assert held == {"mark": 4, "guardian": 10}
    assert (found.card.title, part.title, part.new) == (rule_title(RULE), rule_title(RULE), 0)


def test_what_is_said_of_persons_in_words_is_not_there_either() -> None:
    found = guarded(card({"mark": 40}, "pupil", "нет: 3 ученика", "3; 2026-09-11"), K)
    assert found.hidden
    assert found.card.title == rule_title(RULE)
    assert (found.card.detail, found.card.parts[0].detail) == ("", "")
    assert found.card.held == {"mark": 40}


def test_what_is_of_no_person_stays() -> None:
    whole = card({"lesson": 3}, "class_", "нет: класс 5а", "3")
    found = guarded(whole, K)
    assert (found.hidden, found.card) == (False, whole)


def test_how_many_were_fixed_is_told_if_they_cannot_be_a_few_persons() -> None:
    whole = card({"lesson": 3}, "class_", "нет: класс 5а")
    few, many = (guarded(replace(whole, fixed=n), K) for n in (K - 1, K))
    assert (few.hidden, few.card.fixed) == (True, 0)
    assert (many.hidden, many.card.fixed) == (False, K)
