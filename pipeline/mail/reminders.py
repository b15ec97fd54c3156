"""What a district tells a school that falls behind: its worst causes, as offices may see them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from sqlalchemy import Connection, func, select

from pipeline.cards.for_offices import guarded
from pipeline.cards.of_school import cards
from pipeline.cards.text import WHO, counts_words
from privacy.disclosure import disclosure_policy
from quality.cards import Card, CardState
from quality.uploads import Cause as DayCause
from reports.reminders import Cause, Reminder
from schemas.tables import day_cells, districts, schools

MOST = 3  # causes that are told; more nobody reads


@dataclass(frozen=True)
class Span:
    """The days ``first`` to ``last`` as they were known on ``as_of``."""

    first: date
    last: date
    as_of: date


def reminder(connection: Connection, school: str, span: Span, fill: str, address: str) -> Reminder:
    """What ``school`` is reminded of; ``fill``: its fill rate in words; ``address``: of its cards.

    Raises ``sqlalchemy.exc.NoResultFound`` for a school that ``connection`` does not see.
    """
    query = (
        select(schools.c.name, schools.c.profile, districts.c.name)
        .join(districts, districts.c.code == schools.c.district)
        .where(schools.c.code == school)
    )
    name, profile, office = connection.execute(query).one()
    least = disclosure_policy().threshold({profile}).persons
    due = [
        guarded(card, least).card
        for card in cards(connection, school, span.as_of)
        if _is_theirs(card)
    ]
    return Reminder(
        office=office,
        school=name,
        code=school,
        on=span.as_of,
        days=(span.first, span.last),
        fill=fill,
        missed_days=_missed(connection, school, span),
        causes=[
            Cause(card.title, counts_words(card.held), WHO[card.who], card.fix)
            for card in due[:MOST]
        ],
        causes_in_all=len(due),
        address=address,
    )


def _is_theirs(card: Card) -> bool:
    """Whether the school has something to mend on it."""
    done = card.excused or card.state is CardState.FIXED
    return card.mendable and not done and card.who != "operator"


def _missed(connection: Connection, school: str, span: Span) -> int:
    """Days on which the school uploaded nothing."""
    c = day_cells.c
    known = (c.as_of <= span.as_of) & (c.until.is_(None) | (c.until > span.as_of))
    query = select(func.count()).where(
        c.school == school,
        c.day.between(span.first, span.last),
        c.cause == DayCause.SCHOOL_DID_NOT_FILL.value,
        known,
    )
    return int(connection.execute(query).scalar_one())
