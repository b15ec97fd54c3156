"""Cards of remarks by state, of findings and verdicts, on past days."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, timedelta

import polars as pl
import pytest
from sqlalchemy import text

from pipeline import runs
from pipeline.cards.for_offices import guarded
from pipeline.cards.text import told
from pipeline.cards.words import span
from pipeline.delivery.consent_dues import overdue
from pipeline.hub import Hub
from pipeline.runs import SchoolState, Verdict
from quality.cards import Card, CardState
from schemas.frames import Finding
from tests.pipeline.evenings import SCHOOL, checked, day, on, remark


def states(found: Sequence[Card]) -> list[tuple[str, str, int, int]]:
    """State, first day it is known, things it holds up, things mended."""
    return [(c.state.value, str(c.since.day), sum(c.held.values()), c.fixed) for c in found]


def test_a_teacher_s_remarks_new_then_open_then_fewer_then_mended(hub: Hub) -> None:
    remark(hub, "a", 0, 1, fixed=2)
    remark(hub, "b", 0, 2, fixed=3)
    remark(hub, "c", 1, 2, fixed=3)
    assert states(on(hub, 0)) == [("new", "14", 2, 0)]
    assert states(on(hub, 1)) == [("open", "14", 3, 0)]
    assert states(on(hub, 2)) == [("open", "14", 2, 1)]
    assert states(on(hub, 3)) == [("fixed", "14", 2, 2)]
    (card,) = on(hub, 2)
    assert card.title == ("Не записана тема проведённого урока: один учитель, с 14 по 15 сентября")
    assert (card.who, card.where.teacher, card.where.class_key) == ("teacher", "t1", "7а")
    assert card.fix.startswith("Параграф, электронный классный журнал")


def test_a_remark_of_a_year_that_is_over_is_no_card(hub: Hub) -> None:
    """Nobody looks for it any more: neither found nor mended by the last check."""
    remark(hub, "a", 0, 1)
    remark(hub, "b", 2, 2, teacher="t2")
    assert [card.where.teacher for card in on(hub, 1)] == ["t1"]
    assert [card.where.teacher for card in on(hub, 2)] == ["t2"]


def test_a_remark_that_comes_back_is_new(hub: Hub) -> None:
    remark(hub, "a", 0, 0, fixed=1)
    remark(hub, "a", 2, 2)
    assert states(on(hub, 1)) == [("fixed", "14", 1, 1)]
    assert states(on(hub, 2)) == [("new", "16", 1, 0)]


NAME = Finding("name_in_text", "lessons.csv", "lesson", 5, "Тема")
BROKEN = Finding("broken_document", "lessons.csv", "lesson", 9)


def test_a_finding_new_then_open_then_mended_then_gone(hub: Hub) -> None:
    checked(hub, 0, NAME, NAME)
    checked(hub, 1, NAME)
    checked(hub, 2)
    checked(hub, 3)
    assert states(on(hub, 0)) == [("new", "14", 2, 0)]
    assert states(on(hub, 1)) == [("open", "14", 1, 0)]
    assert states(on(hub, 2)) == [("fixed", "14", 1, 0)]
    assert on(hub, 3) == []


def late(count: int, due: date, action: str) -> list[Finding]:
    """What an evening says of ``count`` consents that were due on ``due``, and two a day later."""
    rows = [(due, 3)] * count + [(due + timedelta(days=1), 2)] * 2
    dues = pl.DataFrame(rows, schema=["due_on", "days_late"], orient="row")
    return overdue(dues.with_columns(action=pl.lit(action)))


def test_late_consents_are_told_in_words_for_a_deputy_head(hub: Hub) -> None:
    checked(hub, 4, *late(9, date(2026, 6, 11), "register"))
    (card,) = on(hub, 4)
    said = told(card)
    assert "    11 учеников; раньше всех срок прошёл 11.06.2026\n" in said
    assert said.startswith("[новое] Семья подала заявление на электронный дневник, а школа не ")
    for unfit in ("svod consent due;", "11; 2026", "место", "где:"):
        assert unfit not in said
    hidden = guarded(card, 10)
    assert (hidden.hidden, "раньше всех" in told(hidden.card)) == (True, False)


def test_late_consents_of_two_kinds_are_one_card_and_each_is_told(hub: Hub) -> None:
    start, register = late(1, day(-9), "start"), late(19, day(-20), "register")
    checked(hub, 4, *start, *register)
    (card,) = on(hub, 4)
    assert [line for line in told(card).splitlines() if "раньше всех" in line] == [
        "    - Семья подала заявление, срок прошёл, а в электронном дневнике об ученике ничего нет"
        " — 3 ученика; раньше всех срок прошёл 05.09.2026",
        "    - Семья подала заявление на электронный дневник, а школа не зарегистрировала его в"
        " срок — 21 ученик; раньше всех срок прошёл 25.08.2026",
    ]
    assert ("где: Параграф\n" in told(card), "мест" in told(card)) == (True, False)


def test_what_is_in_an_unread_document_is_not_said_to_be_mended(hub: Hub) -> None:
    checked(hub, 0, NAME)
    for number in (1, 2):
        checked(hub, number, BROKEN, state=SchoolState.PARTLY, rule=BROKEN.rule)
        assert {(c.rule, c.state.value) for c in on(hub, number)} == {
            ("name_in_text", "open"),
            ("broken_document", "new" if number == 1 else "open"),
        }
    checked(hub, 3)
    assert {(c.rule, c.state.value) for c in on(hub, 3)} == {
        ("name_in_text", "fixed"),
        ("broken_document", "fixed"),
    }


def test_two_faults_of_one_document_are_one_card_and_of_many_too(hub: Hub) -> None:
    lacking = [Finding("missing_column", "marks.csv", "mark", field=c) for c in ("Код", "Дата")]
    broken = [Finding("broken_document", f"journal_{n}.html") for n in range(6)]
    checked(hub, 0, *lacking, *broken, state=SchoolState.PARTLY, rule="missing_column")
    found = {card.rule: card for card in on(hub, 0)}
    assert len(on(hub, 0)) == 2
    assert found["missing_column"].where.field == "Дата, Код"
    assert found["broken_document"].where.documents_in_all == 6
    assert len(found["broken_document"].where.documents) == 3


def test_a_source_that_is_away_counts_its_days_and_comes_back(hub: Hub) -> None:
    checked(hub, 0, NAME)
    away = {"state": SchoolState.FAILED, "rule": "source_unavailable"}
    for number in (1, 2):
        checked(hub, number, **away)  # type: ignore[arg-type]
        card, name = on(hub, number)
        assert (card.rule, card.held, card.since) == ("source_unavailable", {"day": number}, day(1))
        assert card.state is (CardState.NEW if number == 1 else CardState.OPEN)
        assert (name.rule, name.state) == ("name_in_text", CardState.NEW)  # nothing was read since
    checked(hub, 3)
    assert {(c.rule, c.state.value) for c in on(hub, 3)} == {
        ("source_unavailable", "fixed"),
        ("name_in_text", "fixed"),
    }


def test_a_portal_that_failed_is_a_card_for_the_operator(hub: Hub) -> None:
    checked(hub, 0)
    with hub.engine.begin() as connection:
        verdict = Verdict(SCHOOL, "diary", SchoolState.FAILED, "portal_resting")
        runs.record(connection, "run-0", "deliver", day(0), verdict)
    (card,) = on(hub, 0)
    assert (card.source, card.rule, card.who) == ("diary", "portal_resting", "operator")


def test_nothing_wrong_no_cards(hub: Hub) -> None:
    assert on(hub, 0) == []
    checked(hub, 0)
    assert on(hub, 0) == []


@pytest.mark.parametrize(
    ("first", "last", "words"),
    [
        (date(2026, 9, 4), date(2026, 9, 4), "4 сентября"),
        (date(2026, 9, 3), date(2026, 9, 14), "с 3 по 14 сентября"),
        (date(2026, 9, 28), date(2026, 10, 3), "с 28 сентября по 3 октября"),
    ],
)
def test_days_in_words(first: date, last: date, words: str) -> None:
    assert span(first, last) == words


LOTS = """
INSERT INTO quality.remarks (school, source, rule, key, first_on, last_on, day, class_key,
  subject_key, teacher, run_id)
SELECT '781001', 'paragraf', rule, n::text, :on, :on, :on::date - n % 60, 'c' || n % 33,
  's' || n % 15, 't' || n % 60, 'measured'
FROM generate_series(1, 500) n,
  unnest(ARRAY['held', 'topic', 'homework', 'attendance', 'marks']) rule
"""
WAITING = """
INSERT INTO ops.quarantine (school, source, entity, upload_ref, document, line, field, rule,
  record_lookup, sealed, first_run, last_run, source_column, record_key, missing_entity,
  missing_key)
SELECT '781001', 'paragraf', entity, 'u', entity || '.csv', n, 'f', 'dangling_reference', n::text,
  '', 'run-0', 'run-0', 'f', key, missing, what
FROM generate_series(1, 2500) n, LATERAL (SELECT
  CASE WHEN n <= 500 THEN 'lesson' ELSE 'mark' END, CASE WHEN n <= 500 THEN n::text ELSE '' END,
  CASE WHEN n <= 500 THEN 'class_' ELSE 'lesson' END,
  CASE WHEN n <= 500 THEN (n % 3)::text ELSE (n % 500 + 1)::text END
) AS told(entity, key, missing, what)
"""


def test_of_five_thousand_open_items_none_is_lost(hub: Hub) -> None:
    """With the findings of thirty days behind them. How long pages of cards take is measured by
    ``svod bench dashboard``."""
    for number in range(-30, 1):
        checked(hub, number, *[replace(NAME, line=line) for line in range(100)])
    with hub.engine.begin() as connection:
        connection.execute(text(LOTS.replace(":on::date", "CAST(:on AS date)")), {"on": day(0)})
        connection.execute(text(WAITING))
    found = on(hub, 0)
    classes = [card for card in found if card.rule == "dangling_reference"]
    assert [sum(card.held.values()) for card in classes] == [835, 835, 830]
    assert sum(sum(part.held.values()) for card in found for part in card.parts) == 5000 + 100
    assert len(found) == len(classes) + 2  # unfilled lessons, and names in texts
