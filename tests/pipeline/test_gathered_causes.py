"""Small causes of an upload that ask for the same are one card; a large one is one of its own."""

from __future__ import annotations

from collections import Counter
from datetime import date
from typing import Any

from pipeline.cards.drafts import Draft
from pipeline.cards.gathered_causes import gathered
from quality.cards import Waived
from quality.causes import FEW

MONDAY, TUESDAY = date(2026, 9, 14), date(2026, 9, 15)
WAIVED = Waived(1, "причина", "кто", TUESDAY)


def cause(rule: str, column: str, marks: int = 1, **more: Any) -> Draft:
    values = {"source": "paragraf", "first": MONDAY, "fresh": False} | more
    return Draft(rule=rule, column=column, held=Counter(mark=marks), **values)


def told(drafts: list[Draft]) -> list[tuple[str, int, list[str]]]:
    """Rule, what it holds up, and the columns of the causes that it tells together."""
    return [(d.rule, sum(d.held.values()), [one.column for one in d.gathered]) for d in drafts]


def test_causes_of_a_family_are_one_the_largest_first() -> None:
    found = gathered(
        [
            cause("missing_value", "Отметка", first=TUESDAY, fresh=True),
            cause("bad_date", "Дата", 3),
            cause("unknown_code", "Причина"),
        ]
    )
    assert told(found) == [("values", 4, ["Дата", "Отметка"]), ("unknown_code", 1, [])]
    assert (found[0].first, found[0].fresh) == (MONDAY, False)
    assert found[1].column == "Причина"


def test_causes_of_one_rule_keep_its_name() -> None:
    found = gathered([cause("bad_date", "Дата"), cause("bad_date", "ДатаРождения")])
    assert told(found) == [("bad_date", 2, ["Дата", "ДатаРождения"])]


def test_what_holds_up_more_stands_alone() -> None:
    small, large = cause("bad_date", "Дата", FEW), cause("bad_number", "Номер", FEW + 1)
    third = cause("off_scale", "Отметка")
    assert told(gathered([small, large, third])) == [
        ("bad_number", FEW + 1, []),
        ("values", FEW + 1, ["Дата", "Отметка"]),
    ]


def test_journals_and_rules_of_no_family_are_apart() -> None:
    causes = [
        cause("bad_date", "Дата"),
        cause("bad_date", "Дата", source="lists"),
        cause("dangling_reference", ""),
        cause("missing_document", ""),
        cause("source_unavailable", ""),
    ]
    assert sorted(draft.rule for draft in gathered(causes)) == sorted(c.rule for c in causes)


def test_what_is_mended_is_told_with_what_is_not() -> None:
    gone = cause("bad_date", "Дата", 2, gone=True)
    (card,) = gathered([gone, cause("off_scale", "Отметка")])
    assert (card.rule, card.gone, card.fixed, card.gathered) == ("off_scale", False, 2, [])
    (card,) = gathered([gone, cause("off_scale", "Отметка", gone=True)])
    assert (card.rule, card.gone, card.fixed, sum(card.held.values())) == ("values", True, 0, 3)


def test_what_is_waived_is_not_held_up() -> None:
    def waived(rule: str) -> Draft:
        draft = cause(rule, "Отметка", 2)
        draft.excuse(WAIVED)
        return draft

    (card,) = gathered([waived("off_scale"), cause("bad_date", "Дата")])
    assert (card.rule, dict(card.held)) == ("bad_date", {"mark": 1})
    assert [part.held for part in card.waived] == [{"mark": 2}]
    (card,) = gathered([waived("off_scale"), waived("bad_number")])
    assert (card.rule, dict(card.held)) == ("values", {})
    assert [part.held for part in card.waived] == [{"mark": 2}, {"mark": 2}]
