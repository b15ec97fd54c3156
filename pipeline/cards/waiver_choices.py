"""What of a card a school may ask not to have to mend: which rule of it, and where."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from pipeline.cards.text import whose
from pipeline.cards.waivers import Scope
from pipeline.cards.words import rule_title
from pipeline.entries import EntryRefusedError, Flaw
from quality.cards import Card, CardState, Where
from reports.remarks import shown_as

_MOST = 60  # places of a card that are offered: more than a school has teachers of one rule


@dataclass(frozen=True)
class Place:
    """``words``: what it is called, nobody by name; ``said``: what a waiver's scope says of it;
    ``teacher``: pseudonym, where it is one's."""

    words: str
    said: Mapping[str, str]
    teacher: str | None = None


@dataclass(frozen=True)
class Choices:
    """``rules``: titles by rule; ``places``: where, beside the whole school."""

    rules: Mapping[str, str] = field(default_factory=dict)
    places: Sequence[Place] = ()


def choices(card: Card) -> Choices:
    """What may be asked of ``card``; nothing where nothing of it is due or can be mended."""
    if card.state is CardState.FIXED or card.excused or not card.mendable:
        return Choices()
    rules = {part.rule: rule_title(part.rule) for part in card.parts}
    places = {place.words: place for place in _places(card)}
    return Choices(rules, list(places.values())[:_MOST])


def scope_of(cards: Sequence[Card], rule: str, place: str) -> Scope:
    """The scope of ``rule`` at ``place`` (its words; empty: everywhere) of one of ``cards``.

    Raises ``EntryRefusedError`` where no card offers that: it was mended meanwhile.
    """
    offered = [found for found in map(choices, cards) if rule in found.rules]
    if offered and not place:
        return Scope(rule)
    for found in offered:
        for one in found.places:
            if one.words == place:
                return Scope(rule, **one.said)
    raise EntryRefusedError(f"no card offers {rule} there", Flaw.NOT_OFFERED)


def _places(card: Card) -> Iterator[Place]:
    codes = shown_as((share.teacher for share in card.shares if share.teacher), {})
    for share in card.shares:
        if share.teacher:
            yield Place(whose(share, codes), {"teacher": share.teacher}, share.teacher)
        elif share.class_key:
            yield Place(whose(share, codes), {"class_key": share.class_key})
    for part in card.parts:
        yield from _of_cause(part.title, part.where)


def _of_cause(title: str, where: Where) -> Iterator[Place]:
    """What a cause of the upload is about: what is missing, or a code."""
    if where.key:
        yield Place(title, {"key": where.key})
    if where.class_key:
        yield Place(f"класс {where.class_name or where.class_key}", {"class_key": where.class_key})
    if where.subject_key:
        name = where.subject_name or where.subject_key
        yield Place(f"предмет {name}", {"subject_key": where.subject_key})
