"""Cards as offices may see them: without the small counts of persons (``privacy.disclosure``)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from pipeline.cards.words import rule_title
from quality.cards import Card, Part

# Records of which a person has one: their number is a number of persons.
OF_PERSONS = frozenset(
    {
        "access_account",
        "consent",
        "enrolment",
        "guardian",
        "movement",
        "pupil",
        "staff_member",
        "uid",
    }
)


@dataclass(frozen=True)
class Guarded:
    """``card`` without what is hidden; ``hidden``: whether anything is."""

    card: Card
    hidden: bool


def guarded(card: Card, least: int) -> Guarded:
    """``card`` without counts of persons from 1 to ``least`` - 1, in figures or in words."""
    shown = replace(
        card,
        held=_held(card.held, least),
        fixed=card.fixed if card.fixed >= least else 0,  # of which kinds is not known
        title=_title(card.title, card, least),
        detail=_detail(card, least),
        parts=tuple(_part(part, least) for part in card.parts),
        waived=tuple(replace(one, held=_held(one.held, least)) for one in card.waived),
    )
    return Guarded(shown, shown != card)


def _part(part: Part, least: int) -> Part:
    held = _held(part.held, least)
    return replace(
        part,
        held=held,
        new=part.new if held == part.held else 0,
        title=_title(part.title, part, least),
        detail=_detail(part, least),
    )


def _held(held: Mapping[str, int], least: int) -> Mapping[str, int]:
    return {kind: n for kind, n in held.items() if kind not in OF_PERSONS or n >= least}


def _title(title: str, told: Card | Part, least: int) -> str:
    """Titles count what is missing; of persons the rule alone is told."""
    return rule_title(told.rule) if _of_persons(told, least) else title


def _detail(told: Card | Part, least: int) -> str:
    return "" if _of_persons(told, least) else told.detail


def _of_persons(told: Card | Part, least: int) -> bool:
    """Whether its words may hold a number of persons."""
    return told.where.entity in OF_PERSONS or _held(told.held, least) != told.held
