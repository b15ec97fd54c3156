"""A cause card: one root of what is wrong with a school's data, for people.

What stands on it is settled by ``pipeline.cards``; reports and pages show it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from quality.kinds import DAY


class CardState(StrEnum):
    NEW = "new"  # found by the last check
    OPEN = "open"  # found before and still there
    FIXED = "fixed"  # the last check found it no more


@dataclass(frozen=True)
class Where:
    """Where to look. Nobody is named: ``teacher`` is a pseudonym, ``key`` what the journal or the
    vault's pseudonym says; names of classes and subjects are the journal's."""

    documents: tuple[str, ...] = ()  # the first few, of ``documents_in_all``
    documents_in_all: int = 0
    line: int | None = None  # the first, in the first document
    field: str = ""
    entity: str = ""
    key: str = ""
    class_key: str | None = None
    class_name: str | None = None
    subject_key: str | None = None
    subject_name: str | None = None
    teacher: str | None = None
    first_day: date | None = None
    last_day: date | None = None


@dataclass(frozen=True)
class Waived:
    """That a card need not be mended for a time."""

    waiver: int
    reason: str
    by: str
    until: date  # the last day


@dataclass(frozen=True)
class Card:
    """One cause.

    ``held``: what waits for it, by kind (``quality.kinds``), of a fixed card what waited until the
    last check; ``fixed``: how many remarks of it the last check found mended. ``rule``: a key of
    ``schemas/rules.yml`` or ``quality/remarks.yml``; ``source``: a journal system, or a portal.
    """

    school: str
    source: str
    rule: str
    state: CardState
    since: date
    held: Mapping[str, int]
    fixed: int
    where: Where
    title: str
    why: str
    who: str
    fix: str
    detail: str = ""  # counts or a place, as the run told them
    waiver: Waived | None = None

    @property
    def weight(self) -> int:
        """How much it holds up: records and remarks, not days."""
        return sum(count for kind, count in self.held.items() if kind != DAY)


def worst_first(cards: list[Card]) -> list[Card]:
    """What is to be mended, days on which nothing came first, then the largest; then what is
    waived; then what is mended."""

    def place(card: Card) -> tuple[object, ...]:
        where = card.where
        last = (card.rule, card.source, where.entity, where.field, where.key, where.documents)
        of = (where.teacher or "", where.class_key or "", str(where.first_day))
        over = (card.state is CardState.FIXED, card.waiver is not None)
        return (*over, DAY not in card.held, -card.weight, *last, *of)

    return sorted(cards, key=place)
