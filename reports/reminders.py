"""The words with which a district reminds a school: what is wrong, who mends it, and where to look.

Plain text to be sent by mail or told by phone. It speaks of causes and counts; of no person.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from reports import words
from reports.letters import LetterText, render_text


@dataclass(frozen=True)
class Cause:
    """One of the worst: ``what`` it is, how much in words, ``who`` mends it and how."""

    what: str
    held: str
    who: str
    fix: str


@dataclass(frozen=True)
class Reminder:
    """``office``: the district that reminds; ``fill``: the fill rate of ``days`` in words;
    ``missed_days``: those of them on which the school uploaded nothing; ``causes``: the worst
    first, of ``causes_in_all``; ``address``: where the school sees all of them."""

    office: str
    school: str
    code: str
    on: date
    days: tuple[date, date]
    fill: str
    missed_days: int
    causes: Sequence[Cause]
    causes_in_all: int
    address: str


def render_reminder(one: Reminder) -> LetterText:
    """Subject and text in Russian."""
    first, last = map(words.short_date, one.days)
    shown = {"on": words.long_date(one.on), "days": f"{first} – {last}", "plural": words.plural}
    subject = render_text("reminder_subject", one=one, **shown)
    return LetterText(" ".join(subject.split()), render_text("reminder", one=one, **shown))
