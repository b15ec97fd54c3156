"""Remarks are told by families: wide causes, one card of the rest, and what cannot be mended."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import pytest
from sqlalchemy import text

from pipeline.cards.of_school import cards
from pipeline.cards.text import told
from pipeline.hub import Hub
from quality.cards import Card, CardState

SCHOOL, SOURCE = "781001", "paragraf"
FIRST = date(2026, 9, 14)  # a Monday
_REMARK = """
INSERT INTO quality.remarks (school, source, rule, key, first_on, last_on, fixed_on, day, class_key,
  subject_key, teacher, run_id)
VALUES (:school, :source, :rule, :key, :first, :last, :fixed, :day, :class, '20', :teacher, 'm')
"""


def day(number: int) -> date:
    return FIRST + timedelta(days=number)


@dataclass
class Book:
    """The remarks of a school, as checks would have left them."""

    hub: Hub
    count: int = 0

    def remark(
        self, rule: str, teacher: str | None = "t1", *, first: int = 0, last: int = 0, **more: Any
    ) -> None:
        """Found by the checks from ``first`` to ``last``; ``more``: key, day, class_, fixed."""
        self.count += 1
        values = {"key": f"k{self.count}", "day": first, "class_": "7а", "fixed": None} | more
        fixed = None if values["fixed"] is None else day(values["fixed"])
        with self.hub.engine.begin() as connection:
            connection.execute(
                text(_REMARK),
                {
                    "school": SCHOOL, "source": SOURCE, "rule": rule, "key": values["key"],
                    "first": day(first), "last": day(last), "fixed": fixed,
                    "day": day(values["day"]), "class": values["class_"], "teacher": teacher,
                },
            )  # fmt: skip

    def on(self, number: int = 0) -> list[Card]:
        with self.hub.engine.begin() as connection:
            return cards(connection, SCHOOL, day(number))


@pytest.fixture
def book(hub: Hub) -> Book:
    return Book(hub)


def shares(card: Card) -> list[tuple[str | None, str | None, int]]:
    return [(share.teacher, share.class_key, share.remarks) for share in card.shares]


def about(found: list[Card]) -> list[tuple[str, str, int]]:
    """What each card of remarks is of, and how many lessons it is about."""
    return [(card.rule, card.title.split(": ")[-1], card.held["lesson"]) for card in found]


def test_what_lessons_lack_is_one_card_by_rule_and_by_teacher(book: Book, in_order: None) -> None:
    for key in "abc":
        book.remark("topic", "t1", key=key)
    book.remark("homework", "t1", key="a")
    book.remark("homework", "t2")
    book.remark("marks", None, class_="7б")
    (card,) = book.on()
    assert card.rule == "missing"
    assert card.held == {"lesson": 5}  # one of them lacks two things
    assert [(part.rule, part.held) for part in card.parts] == [
        ("topic", {"lesson": 3}),
        ("homework", {"lesson": 2}),
        ("marks", {"lesson": 1}),
    ]
    assert shares(card) == [("t1", None, 4), (None, "7б", 1), ("t2", None, 1)]
    assert card.title == "Уроки заполнены не полностью: 14 сентября"
    assert card.fix.startswith("Параграф, электронный классный журнал: откройте эти уроки")
    assert (
        card.parts[0].fix == "Параграф, электронный классный журнал: откройте урок и впишите тему."
    )


def test_families_are_told_apart(book: Book) -> None:
    for rule in ("topic", "structure_filled", "lesson_marks", "accumulation", "mark_after_lessons"):
        book.remark(rule)
    assert {card.rule for card in book.on()} == {
        "topic", "structure_filled", "lesson_marks", "few_marks",
    }  # fmt: skip


def test_a_card_is_new_then_open_with_what_is_new_then_fixed(book: Book) -> None:
    book.remark("topic", first=0, last=0, fixed=1)
    book.remark("marks", "t2", first=0, last=1, fixed=2)
    book.remark("homework", first=1, last=1, fixed=2)
    told_of = [(c.state.value, c.since.day, sum(c.held.values()), c.new, c.fixed)
               for number in range(3) for c in book.on(number)]  # fmt: skip
    assert told_of == [("new", 14, 2, 2, 0), ("open", 14, 2, 1, 1), ("fixed", 14, 2, 0, 2)]
    assert [(part.rule, part.new) for part in book.on(1)[0].parts] == [
        ("homework", 1),
        ("marks", 0),
    ]
    assert [(s.teacher, s.new) for s in book.on(1)[0].shares] == [("t1", 1), ("t2", 0)]


def test_a_day_without_any_lesson_is_a_card_beside_the_rest(book: Book, in_order: None) -> None:
    for rule in ("topic", "homework"):
        for key in ("a", "b", "c"):
            book.remark(rule, f"t{key}", key=key, day=1, class_=key)
    book.remark("topic", "t1", key="d", day=0)
    assert about(book.on()) == [
        ("missing", "вся школа, 15 сентября", 3),
        ("topic", "один учитель, 14 сентября", 1),
    ]


def test_idle_classes_are_cards_until_they_are_many(book: Book, in_order: None) -> None:
    def idle(*classes: str) -> None:
        for name in classes:
            for rule in ("topic", "homework"):
                for teacher in ("ta", "tb", "tc", "td", "te", "tf", "tg", "th"):
                    book.remark(rule, teacher, key=f"{name}{teacher}", class_=name)

    idle("1", "2", "3", "4", "5")
    assert about(book.on()) == [("missing", f"класс {n}, 14 сентября", 8) for n in "12345"]
    idle("6")
    (card,) = book.on()
    assert about([card]) == [("missing", "6 классов, 14 сентября", 48)]
    assert shares(card) == [(None, n, 16) for n in "123456"]


@pytest.fixture
def in_order(hub: Hub) -> None:
    """A lesson of 7а on the first day that is in order, so that neither is idle."""
    statement = (
        "INSERT INTO journal.lesson (school_year, school, source, key, source_key, date, number,"
        " class_key, subject_key, teacher, homework_not_set, held, status, content_hash,"
        " recorded_run, recorded_at, first_seen_at) VALUES (2026, :school, :source, 'x', 'x', :on,"
        " 1, '7а', '20', 't9', false, true, 'scheduled', '', 'm', now(), now())"
    )
    with hub.engine.begin() as connection:
        connection.execute(text(statement), {"school": SCHOOL, "source": SOURCE, "on": FIRST})


def test_what_is_late_is_told_last_and_as_it_is(book: Book) -> None:
    for n in range(9):
        book.remark("lesson_marks", f"t{n % 2}")
    book.remark("lesson_entered")
    book.remark("topic")
    mendable, late = book.on()
    assert (mendable.rule, mendable.mendable) == ("topic", True)
    assert (late.rule, late.mendable) == ("late", False)
    assert late.held == {"mark": 9, "lesson": 1}
    assert late.fix.startswith("Исправить прошедший срок нельзя; ")
    first, *_ = told(late).splitlines()
    assert first == "[новое, исправить нельзя] Внесено в журнал позже срока: 14 сентября"
    assert "исправляет" not in told(late)


def test_what_is_late_is_told_in_the_month_in_which_it_was_found(book: Book) -> None:
    """And it is never said to be mended: neither on the first day of the next month nor when the
    record is gone."""
    book.remark("lesson_marks", first=0, last=30)  # until 14 October
    book.remark("lesson_marks", first=0, last=1, fixed=2)
    book.remark("lesson_marks", first=17, last=30, day=16)  # of 30 September, found on 1 October
    book.remark("topic", first=0, last=30)

    def late(number: int) -> list[tuple[str, int, int]]:
        return [(c.state.value, c.held["mark"], c.fixed) for c in book.on(number)
                if c.rule == "lesson_marks"]  # fmt: skip

    assert late(1) == [("open", 2, 0)]
    assert late(2) == late(16) == [("open", 1, 0)]
    assert late(17) == [("new", 1, 0)]
    assert late(30) == [("open", 1, 0)]


def test_a_missed_day_is_first_when_it_is_new_and_last_when_it_is_past(book: Book) -> None:
    book.remark("daily_upload", None, last=1, class_=None)
    book.remark("topic", last=1)
    assert [card.rule for card in book.on(0)] == ["daily_upload", "topic"]
    assert [card.rule for card in book.on(1)] == ["topic", "daily_upload"]


def test_a_card_of_which_all_but_waived_is_mended(book: Book) -> None:
    book.remark("topic", "t1", last=1)
    book.remark("topic", "t2", fixed=1)
    with book.hub.engine.begin() as connection:
        connection.execute(
            text(
                "INSERT INTO quality.waivers (school, rule, teacher, reason, until, entered_by)"
                " VALUES (:school, 'topic', 't1', 'болеет', :until, 'завуч')"
            ),
            {"school": SCHOOL, "until": day(9)},
        )
    (card,) = book.on(1)
    assert (card.excused, card.state, card.fixed) == (True, CardState.OPEN, 1)
    assert "[отсрочка до 23.09.2026] Не записана тема" in told(card)


def test_a_person_reads_the_first_few_and_how_many_more(book: Book, in_order: None) -> None:
    for n in range(7):
        for _ in range(9 - n):
            book.remark("topic", f"p{n}{n}{n}{n}{n}{n}0")
    (card,) = book.on()
    assert len(card.shares) == 7
    line = next(line for line in told(card).splitlines() if "у кого" in line)
    assert line == (
        "    у кого замечания: учитель № 000000 — 9; учитель № 111111 — 8; учитель № 222222 — 7;"
        " учитель № 333333 — 6; учитель № 444444 — 5; и ещё 2"
    )
