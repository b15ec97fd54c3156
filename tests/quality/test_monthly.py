"""What is done once a month: which months are asked about, and which of them lack it."""

from __future__ import annotations

from datetime import date

import pytest

from quality.profiles import load_profile
from quality.regulations import Asked
from quality.remarks import REMARK
from quality.rules.monthly import months_over, not_done

YEAR = (date(2026, 9, 1), date(2027, 5, 31))
SEP, OCT, NOV, DEC = (date(2026, month, 1) for month in (9, 10, 11, 12))
MAY = date(2027, 5, 1)


@pytest.mark.parametrize(
    ("connected", "on", "months"),
    [
        (SEP, date(2026, 9, 29), []),
        (SEP, date(2026, 9, 30), []),  # its last day is not over
        (SEP, date(2026, 10, 1), [SEP]),
        (SEP, date(2026, 12, 31), [SEP, OCT, NOV]),
        (SEP, date(2027, 1, 1), [SEP, OCT, NOV, DEC]),
        (date(2026, 9, 2), date(2026, 12, 1), [OCT, NOV]),  # not connected on the first day
        (OCT, date(2026, 12, 1), [OCT, NOV]),
        (date(2025, 9, 1), date(2026, 11, 1), [SEP, OCT]),  # of this school year
        (date(2026, 12, 2), date(2026, 12, 31), []),
    ],
)
def test_months_that_are_asked_about(connected: date, on: date, months: list[date]) -> None:
    assert months_over(YEAR, connected, on) == months


def test_no_month_after_the_school_year_is_asked_about() -> None:
    assert months_over(YEAR, date(2027, 4, 1), date(2027, 8, 31)) == [date(2027, 4, 1), MAY]


def test_a_remark_for_each_month_without_it() -> None:
    found = not_done(load_profile("spb"), Asked.FULL_UPLOAD, [SEP, OCT, NOV], {OCT})
    assert found.schema == REMARK
    assert found.select("rule", "key", "day", "detail").rows() == [
        ("full_upload", "2026-09-01", SEP, "09.2026"),
        ("full_upload", "2026-11-01", NOV, "11.2026"),
    ]


def test_where_the_documents_do_not_ask_nothing_is_missing() -> None:
    for code in (Asked.FULL_UPLOAD, Asked.JOURNAL_CHECK, Asked.DIARY_CHECK):
        assert not_done(load_profile("tomsk"), code, [SEP], ()).is_empty()
        assert not_done(load_profile("spb"), code, [SEP], ()).height == 1


def test_a_rule_of_half_a_year_is_asked_about_in_its_months() -> None:
    spb = load_profile("spb")
    rules = [
        rule.model_copy(update={"valid_from": date(2026, 10, 31), "valid_to": date(2026, 11, 29)})
        for rule in spb.rules
        if rule.code is Asked.JOURNAL_CHECK
    ]
    found = not_done(
        spb.model_copy(update={"rules": rules}), Asked.JOURNAL_CHECK, [SEP, OCT, NOV], ()
    )
    assert found["day"].to_list() == [OCT]
