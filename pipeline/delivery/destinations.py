"""The portals we deliver to: what each wants to hold and what its records are made of."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

import polars as pl

from connectors.base import Target
from connectors.registry import make_contingent, make_diary
from pipeline.delivery.contingent_records import (
    CONTINGENT_MADE_OF,
    contingent_codes,
    contingent_keys,
    contingent_records,
    ended_educations,
)
from pipeline.delivery.diary_records import DIARY_MADE_OF, diary_keys, diary_records
from pipeline.delivery.outbox import EVERY_ONE, USUAL, Guard
from pipeline.registry import ClosedYear
from privacy.keys import KeyRing

Facts = Mapping[str, pl.DataFrame]


@dataclass(frozen=True)
class Moment:
    """When a state is planned: the business date and the school year that is open."""

    on: date
    year: int
    year_start: date


# Key ring, school, live facts by entity, moment -> records by type, still by pseudonym; ``day``
# (Date), where a type has one, says how urgent a record is and does not leave.
RecordsOf = Callable[[KeyRing, str, Facts, Moment], dict[str, pl.DataFrame]]


# Key ring, school, facts of the closed year and of the open one, the closed year -> records of the
# closed year, by type, that may be other than they were sent.
AmendedOf = Callable[[KeyRing, str, Facts, Facts, ClosedYear], dict[str, pl.DataFrame]]


# Key ring, school, school year, type, rows of the entities that it is made of -> ``key`` (at the
# portal), ``made_of`` (entity), ``source``, ``journal_key``: which record each row is a part of.
KeysOf = Callable[[KeyRing, str, int, str, Facts], pl.DataFrame]


@dataclass(frozen=True)
class Destination:
    """A kind of portal.

    ``order``: types, each after those it points at. ``made_of``: the entities whose rows a record
    of a type stands for, which ``keys`` says. ``facts``: entities of the journal that its
    records are made of; of ``former`` those that vanished count too. ``names_people``: contents
    are sealed while they wait. ``asks_former``: the portal wants a record as it was when it ends.
    ``by_consent``: nothing about a child leaves without one. ``guard``: how many withdrawals go
    without a person. ``amended``: what the new year tells of the closed one, where it tells
    anything.
    """

    name: str
    verb: str
    order: tuple[str, ...]
    facts: tuple[str, ...]
    former: tuple[str, ...]
    records: RecordsOf
    made_of: Mapping[str, tuple[str, ...]]
    keys: KeysOf
    connect: Callable[[Mapping[str, Any]], Target]
    by_consent: bool
    names_people: bool = False
    asks_former: bool = False
    guard: Guard = USUAL
    amended: AmendedOf | None = None


def _diary(keys: KeyRing, school: str, facts: Facts, moment: Moment) -> dict[str, pl.DataFrame]:
    return diary_records(keys, school, facts, moment.year)


def _contingent(
    keys: KeyRing, school: str, facts: Facts, moment: Moment
) -> dict[str, pl.DataFrame]:
    return contingent_records(
        keys,
        school,
        facts,
        on=moment.on,
        year_start=moment.year_start,
        education_form=contingent_codes().site.education_form,
    )


def _contingent_amended(
    keys: KeyRing, school: str, closed: Facts, now: Facts, year: ClosedYear
) -> dict[str, pl.DataFrame]:
    ended = ended_educations(
        keys,
        school,
        closed,
        now["enrolment"]["pupil"],
        year=year,
        education_form=contingent_codes().site.education_form,
    )
    return {"education": ended}


def _connect_contingent(settings: Mapping[str, Any]) -> Target:
    return make_contingent(settings, contingent_codes())


DIARY = Destination(
    name="diary",
    verb="deliver",
    order=("timetable", "lesson", "mark", "attendance", "term_mark"),
    facts=(
        "lesson",
        "mark",
        "attendance",
        "term_mark",
        "timetable_slot",
        "class_",
        "subject",
        "term",
    ),
    # What a stored record points at and the journal says no more still has its name.
    former=("lesson", "class_", "subject", "term"),
    records=_diary,
    made_of=DIARY_MADE_OF,
    keys=diary_keys,
    connect=make_diary,
    by_consent=True,
)

CONTINGENT = Destination(
    name="contingent",
    verb="deliver_contingent",
    order=("class", "person", "education", "movement"),
    facts=("class_", "pupil", "enrolment", "movement"),
    former=("enrolment",),
    records=_contingent,
    made_of=CONTINGENT_MADE_OF,
    keys=contingent_keys,
    connect=_connect_contingent,
    by_consent=False,
    names_people=True,
    asks_former=True,
    # There a withdrawal deletes a record as a mistake; leaving the school is a date in it.
    guard=EVERY_ONE,
    amended=_contingent_amended,
)

DESTINATIONS: dict[str, Destination] = {one.name: one for one in (DIARY, CONTINGENT)}
