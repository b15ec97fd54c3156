"""What a card says of consents that are late: how many pupils wait, and since when.

A finding of them names no document: the count and the earliest day stand in its detail
(``pipeline.delivery.consent_dues``).
"""

from __future__ import annotations

from datetime import date

from pipeline.cards.words import counted
from pipeline.delivery.consent_dues import RULES
from quality.cards import Card, Part
from reports.words import short_date


def of_consents(told: Card | Part) -> bool:
    """Whether it tells of late consents alone."""
    parts = told.parts if isinstance(told, Card) else (told,)
    return bool(parts) and all(part.rule in RULES.values() for part in parts)


def late_words(told: Card | Part) -> str:
    """«9 учеников; раньше всех срок прошёл 11.06.2026»; nothing where several causes are told
    together, or the count is kept from the reader."""
    if not told.detail:
        return ""
    count, _, day = told.detail.partition("; ")
    earliest = short_date(date.fromisoformat(day))
    return f"{counted('pupil', int(count))}; раньше всех срок прошёл {earliest}"
