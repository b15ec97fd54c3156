"""A cause card: one root of what is wrong with a school's data, for people.

What stands on it is settled by ``pipeline.cards.of_school``; reports and pages show it.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from hashlib import blake2b

from quality.kinds import DAY


class CardState(StrEnum):
    NEW = "new"  # the last check found all of it first
    OPEN = "open"  # some of it was there before
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
class Part:
    """What of a card is of one rule, or, of causes that are told together, one of them."""

    rule: str
    title: str
    fix: str
    held: Mapping[str, int]
    new: int  # of ``held``; of a cause of the upload all or nothing
    where: Where = Where()
    detail: str = ""


@dataclass(frozen=True)
class Share:
    """Whose so many of a card's remarks are: a teacher's (pseudonym), a class's where no teacher is
    known or nobody of the class kept the rule, a row of days' on which nobody of the school did;
    with none of these nobody's."""

    remarks: int
    new: int
    teacher: str | None = None
    class_key: str | None = None
    class_name: str | None = None
    first_day: date | None = None
    last_day: date | None = None


@dataclass(frozen=True)
class Waived:
    """That something need not be mended for a time."""

    waiver: int
    reason: str
    by: str
    until: date  # the last day


@dataclass(frozen=True)
class WaivedPart:
    """What of a card a waiver covers, by kind; it is not in the card's ``held``."""

    waived: Waived
    held: Mapping[str, int]


@dataclass(frozen=True)
class Card:
    """One cause, or what is left of a family of rules.

    ``rule``: a key of ``schemas/rules.yml`` or ``quality/remarks.yml``, of several rules that of
    ``quality/families.yml``; ``source``: a journal system, or a portal. ``held``: what waits for
    it, by kind (``quality.kinds``), of a fixed card what waited until the last check; ``fixed``:
    how many remarks or records of it the last check found mended. ``parts``, ``shares``: worst
    first; ``shares`` of remarks alone. ``mendable``: false where it can only be kept from
    happening again.
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
    parts: tuple[Part, ...]
    shares: tuple[Share, ...] = ()
    detail: str = ""  # counts or a place, as the run told them
    about: str = ""  # of remarks: what a wide cause of them is about (``quality.remark_causes``)
    waived: tuple[WaivedPart, ...] = ()
    mendable: bool = True

    @property
    def ref(self) -> str:
        """What the card is known by among the school's cards of a day: 12 hexadecimal digits.

        What it is about may be said by a text of the journal, which must not stand in an address.
        """
        where = self.where
        alone = where.documents if where.documents_in_all == 1 else ()
        known = (self.source, self.about, where.entity, where.field, where.key, *alone)
        return blake2b(json.dumps(known).encode(), digest_size=6).hexdigest()

    @property
    def weight(self) -> int:
        """How much it holds up: records and remarks, not days."""
        return sum(count for kind, count in self.held.items() if kind != DAY)

    @property
    def new(self) -> int:
        """How much of it the last check found first."""
        return sum(part.new for part in self.parts)

    @property
    def excused(self) -> bool:
        """Whether waivers cover all of it."""
        return bool(self.waived) and not self.held


def worst_first(cards: list[Card]) -> list[Card]:
    """What is to be mended, days on which nothing comes first, then the largest; what can only be
    kept from happening again; then what is waived; then what is mended."""

    def place(card: Card) -> tuple[object, ...]:
        where = card.where
        last = (card.rule, card.source, where.entity, where.field, where.key, where.documents)
        of = (where.teacher or "", where.class_key or "", str(where.first_day))
        over = (card.state is CardState.FIXED, card.excused)
        now = DAY in card.held and (card.mendable or card.new > 0)
        return (*over, not now, not card.mendable, -card.weight, *last, *of)

    return sorted(cards, key=place)
