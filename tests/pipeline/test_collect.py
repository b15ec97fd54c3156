"""A table that could not be read is not a good day, whoever noticed it."""

from __future__ import annotations

from datetime import date

import pytest

from pipeline.intake.collect import unread_tables, verdict_of
from pipeline.registry import SchoolSource
from pipeline.runs import SchoolState
from schemas.frames import Finding

PLACE = SchoolSource(
    "781001", "paragraf", "paragraf/3.21", {}, 2026, date(2026, 9, 1), "Europe/Moscow"
)


@pytest.mark.parametrize(
    ("rule", "state"),
    [
        ("missing_column", SchoolState.PARTLY),
        ("unknown_column", SchoolState.DONE),
        ("name_in_text", SchoolState.DONE),
    ],
)
def test_a_finding_that_leaves_a_table_unread_is_not_done(rule: str, state: SchoolState) -> None:
    found = [Finding(rule, document="marks.csv", field="Отметка")]
    verdict = verdict_of(PLACE, unread_tables(found))
    assert verdict.state is state
    assert verdict.rule == (rule if state is SchoolState.PARTLY else None)


def test_the_verdict_names_the_place() -> None:
    broken = Finding("broken_document", document="marks.xml", line=17)
    assert verdict_of(PLACE, [broken]).detail == "marks.xml:17"
