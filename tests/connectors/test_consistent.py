"""A source that changes while it is read, at every moment of the reading."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from itertools import count

import pytest

from connectors.consistent import PASSES, AskAll, Placed, read_settled
from connectors.errors import Unavailable

Change = Callable[["Journal"], None]


@dataclass(frozen=True)
class Ask:
    """The lessons of a week, or the marks of a week's lessons."""

    table: str
    week: int

    @property
    def key(self) -> tuple[str, int]:
        return self.table, self.week


class Journal:
    """Lessons by week and the marks given in each; ``changes`` come before the nth request."""

    def __init__(self, changes: dict[int, Change] | None = None) -> None:
        self.weeks = [["algebra", "chemistry"], ["drawing"], ["english", "physics"], ["sport"]]
        self.marks = {lesson: [5, 4] for week in self.weeks for lesson in week}
        self.changes = changes or {}
        self.asked: list[Ask] = []

    def ask_all(self, asks: Sequence[Ask]) -> list[bytes]:
        return [self._ask(ask) for ask in asks]

    def _ask(self, ask: Ask) -> bytes:
        self.asked.append(ask)
        self.changes.get(len(self.asked), lambda _: None)(self)
        lessons = self.weeks[ask.week]
        if ask.table == "lessons":
            return " ".join(lessons).encode()
        return " ".join(f"{x}:{mark}" for x in lessons for mark in self.marks[x]).encode()

    def move(self, lesson: str, week: int) -> None:
        for lessons in self.weeks:
            if lesson in lessons:
                lessons.remove(lesson)
        self.weeks[week].append(lesson)


class Plan:
    """Lessons of every week, then the marks of every week that has lessons."""

    def walk(self, answers: AskAll[Ask]) -> list[Ask]:
        lists = [Ask("lessons", week) for week in range(4)]
        marks = [
            Ask("marks", ask.week)
            for ask, content in zip(lists, answers(lists), strict=True)
            if content
        ]
        answers(marks)
        return lists + marks

    def placed(self, ask: Ask, content: bytes) -> Counter[Placed] | None:
        if ask.table != "lessons":
            return None
        return Counter((lesson, str(ask.week)) for lesson in content.decode().split())

    def resting_on(self, ask: Ask, moved: Iterable[Placed], asks: Sequence[Ask]) -> Iterable[Ask]:
        assert list(moved)
        return [one for one in asks if one.table == "marks" and one.week == ask.week]


def read(journal: Journal) -> dict[tuple[str, int], list[str]]:
    settled = read_settled(Plan(), journal.ask_all)
    return {ask.key: content.decode().split() for ask, content in settled}


def told(found: dict[tuple[str, int], list[str]], table: str) -> list[str]:
    return sorted(text for (name, _), texts in found.items() if name == table for text in texts)


QUIET = 8  # requests of the first pass
LISTS = 4


def test_a_quiet_source_costs_its_lists_once_more() -> None:
    journal = Journal()
    found = read(journal)
    assert len(journal.asked) == QUIET + LISTS
    assert told(found, "lessons") == sorted(journal.marks)
    assert [ask.week for ask in journal.asked[QUIET:]] == [3, 2, 1, 0]


def _change_places(journal: Journal) -> None:
    journal.move("algebra", 3)
    journal.move("sport", 0)


MOVES: dict[str, Change] = {
    "to an earlier week": lambda journal: journal.move("sport", 0),
    "to a later week": lambda journal: journal.move("algebra", 3),
    "to the next week": lambda journal: journal.move("drawing", 2),
    "two at once": _change_places,
}


@pytest.mark.parametrize("change", MOVES)
@pytest.mark.parametrize("moment", range(1, QUIET + LISTS + 1))
def test_a_record_that_moves_is_neither_lost_nor_doubled(change: str, moment: int) -> None:
    journal = Journal({moment: MOVES[change]})
    found = read(journal)
    assert told(found, "lessons") == sorted(journal.marks)
    assert told(found, "marks") == sorted(f"{x}:{m}" for x in journal.marks for m in (4, 5))
    for (table, week), texts in found.items():
        if table == "marks":
            assert {text.split(":")[0] for text in texts} == set(found["lessons", week])


@pytest.mark.parametrize("first", range(1, QUIET + LISTS + 1))
@pytest.mark.parametrize("later", [1, 3, 5, 7])
def test_two_moves_one_after_the_other(first: int, later: int) -> None:
    changes = {
        first: MOVES["to an earlier week"],
        first + later: MOVES["to a later week"],
    }
    found = read(Journal(changes))
    assert told(found, "lessons") == sorted(Journal().marks)
    assert told(found, "marks") == sorted(f"{x}:{m}" for x in Journal().marks for m in (4, 5))


@pytest.mark.parametrize("moment", range(1, QUIET + LISTS + 1))
def test_a_new_record_comes_with_what_belongs_to_it(moment: int) -> None:
    def add(journal: Journal) -> None:
        journal.weeks[0].append("zoology")
        journal.marks["zoology"] = [3]

    found = read(Journal({moment: add}))
    assert ("zoology" in found["lessons", 0]) >= ("zoology:3" in found["marks", 0])


def test_what_changes_in_its_place_costs_nothing() -> None:
    journal = Journal({QUIET: lambda journal: journal.marks["sport"].append(3)})
    read(journal)
    assert len(journal.asked) == QUIET + LISTS


@pytest.mark.parametrize("moment", range(2, QUIET + LISTS + 1))
def test_a_list_that_shrank_is_refused(moment: int) -> None:
    journal = Journal({moment: lambda journal: journal.weeks[0].remove("algebra")})
    with pytest.raises(Unavailable, match="1 records vanished"):
        read(journal)
    assert told(read(journal), "lessons") == sorted(set(journal.marks) - {"algebra"})


def test_only_what_rests_on_the_moved_records_is_read_again() -> None:
    journal = Journal({QUIET + 1: lambda journal: journal.move("drawing", 2)})
    read(journal)
    again = journal.asked[QUIET + LISTS :]
    assert [ask.key for ask in again if ask.table == "marks"] == [("marks", 2)]
    assert len(again) == 1 + LISTS


def test_a_source_that_does_not_settle_is_unavailable() -> None:
    places = count()
    restless = dict.fromkeys(
        range(1, 1000), lambda journal: journal.move("sport", next(places) // 3 % 4)
    )
    journal = Journal(restless)
    with pytest.raises(Unavailable, match=f"not settled in {PASSES} readings"):
        read(journal)
    assert len(journal.asked) <= QUIET + (PASSES - 1) * (LISTS + QUIET)


def test_what_ask_all_raises_comes_through() -> None:
    def gone(_: Sequence[Ask]) -> list[bytes]:
        raise Unavailable("no answer")

    with pytest.raises(Unavailable, match="no answer"):
        read_settled(Plan(), gone)
