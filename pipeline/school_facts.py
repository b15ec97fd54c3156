"""The rows that the figures of a school are made of, as they were known at an instant.

Measuring adds these rows up, the rules look for what is wrong with them: one reading for all, so
that they cannot disagree.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import polars as pl
from sqlalchemy import Connection, or_, select

from pipeline.school_calendar import journal_calendar
from quality.accumulation import PAIRS, accumulation
from quality.journal_frames import JournalFrames, read_journal
from quality.measures import lesson_facts
from quality.profiles import Profile, load_profile
from quality.regulations import Accumulation, Asked
from quality.schedule import ScheduleBasis, scheduled_lessons
from quality.school_days import has_saturday_lessons, holiday_dates, school_days
from quality.timeliness import Observed, timeliness
from quality.uploads import Cause
from quality.versions import lesson_versions
from schemas.tables import days_off, schools, sources, uploads

LISTS = "lists"  # lists typed by the school speak of people of the journal; they are no journal


@dataclass(frozen=True)
class SchoolPlace:
    """What the registry says of a school that is measured."""

    code: str
    district: str
    profile: str
    school_year: int
    connected_on: date
    closed_on: date | None

    @property
    def regulation(self) -> Profile:
        """Raises ``quality.profiles.UnknownProfileError``."""
        return load_profile(self.profile)

    def until(self, last: date) -> date:
        """``last``, or the last day on which there was the school."""
        return last if self.closed_on is None else min(last, self.closed_on - timedelta(days=1))


@dataclass(frozen=True)
class JournalFacts:
    """What is known of one journal of a school for a period.

    ``lessons``: ``schedule.SCHEDULED`` with ``measures.FACTS``; ``parts``: ``timeliness.PARTS``;
    ``pairs``: ``accumulation.PAIRS`` on the last day, none where nothing is asked; ``causes``: one
    for each day since the school was connected, by what reached the hub (``school_calendar``);
    ``looks``: when the hub saw the whole journal.
    """

    source: str
    basis: ScheduleBasis
    frames: JournalFrames
    lessons: pl.DataFrame
    parts: pl.DataFrame
    pairs: pl.DataFrame
    causes: dict[date, Cause]
    looks: list[datetime]


def end_of(day: date, zone: str) -> datetime:
    """The last instant of ``day``."""
    return datetime.combine(day, time.max, ZoneInfo(zone))


def places(connection: Connection, first: date) -> list[SchoolPlace]:
    """The schools that were not closed by ``first``, by code."""
    columns = (
        schools.c.code,
        schools.c.district,
        schools.c.profile,
        schools.c.school_year,
        schools.c.connected_on,
        schools.c.closed_on,
    )
    there = or_(schools.c.closed_on.is_(None), schools.c.closed_on > first)
    rows = connection.execute(select(*columns).where(there).order_by(schools.c.code))
    return [SchoolPlace(*row) for row in rows]


def journal_facts(
    connection: Connection,
    school: SchoolPlace,
    period: tuple[date, date],
    as_of: datetime,
    schedule_basis: Callable[[str], str],
) -> Iterator[JournalFacts]:
    """The facts of each journal of ``school``, journals by kind.

    ``as_of``: in the region's zone; what was stored later is left out. ``schedule_basis`` tells
    ``timetable`` or ``lessons`` by the name of a source's mapping, ``ValueError`` for another.
    """
    off = set(connection.execute(select(days_off.c.day)).scalars())
    for kind, mapping in _journals(connection, school.code):
        basis = ScheduleBasis(schedule_basis(mapping))
        frames = read_journal(connection, school.code, kind, school.school_year, as_of)
        no_lessons = holiday_dates(frames.holiday, off)
        scheduled = scheduled_lessons(
            basis, frames.timetable_slot, frames.lesson, period, no_lessons
        )
        lessons = lesson_facts(scheduled, frames.lesson, frames.mark, frames.attendance)
        looks = _looks(connection, school.code, kind, as_of)
        yield JournalFacts(
            source=kind,
            basis=basis,
            frames=frames,
            lessons=lessons,
            parts=_parts(connection, school, kind, frames, lessons, looks, as_of),
            pairs=_pairs(school, frames, period[1]),
            causes=_calendar(connection, school, kind, frames, (*period, as_of), no_lessons),
            looks=looks,
        )


def _journals(connection: Connection, school: str) -> list[tuple[str, str]]:
    """Kind and mapping of each journal of ``school``."""
    rows = connection.execute(
        select(sources.c.kind, sources.c.mapping)
        .where(sources.c.school == school, sources.c.kind != LISTS)
        .order_by(sources.c.kind)
    )
    return [(kind, mapping) for kind, mapping in rows]


def _parts(
    connection: Connection,
    school: SchoolPlace,
    kind: str,
    frames: JournalFrames,
    lessons: pl.DataFrame,
    looks: list[datetime],
    as_of: datetime,
) -> pl.DataFrame:
    """The parts of the lessons that the regulation asks for: ``timeliness.PARTS``."""
    observed = Observed(
        lessons=lessons,
        versions=lesson_versions(connection, school.code, kind, school.school_year, as_of),
        marks=frames.mark.rename({"first_seen_at": "seen_at"}),
        attendance=frames.attendance.rename({"first_seen_at": "seen_at"}),
        bells=frames.bell,
        looks=looks,
    )
    return timeliness(observed, school.regulation, str(as_of.tzinfo))


def _pairs(school: SchoolPlace, frames: JournalFrames, on: date) -> pl.DataFrame:
    """Pupils and subjects whose marks the regulation asks for: ``accumulation.PAIRS``."""
    rule = school.regulation.rule(Accumulation, Asked.ACCUMULATION, on)
    if rule is None:
        return pl.DataFrame(schema=PAIRS)
    return accumulation(
        rule,
        on,
        terms=frames.term,
        enrolments=frames.enrolment,
        hours=frames.curriculum_hours,
        lessons=frames.lesson,
        marks=frames.mark,
        attendance=frames.attendance,
    )


def _looks(connection: Connection, school: str, kind: str, as_of: datetime) -> list[datetime]:
    """When the hub saw the whole journal."""
    seen = select(uploads.c.taken_at).where(
        uploads.c.school == school, uploads.c.source == kind, uploads.c.accepted,
        uploads.c.taken_at <= as_of,
    )  # fmt: skip
    return list(connection.execute(seen).scalars())


def _calendar(
    connection: Connection,
    school: SchoolPlace,
    kind: str,
    frames: JournalFrames,
    known: tuple[date, date, datetime],
    no_lessons: set[date],
) -> dict[date, Cause]:
    """``known``: the first and the last day, and the instant."""
    first, last, as_of = max(known[0], school.connected_on), known[1], known[2]
    saturdays = has_saturday_lessons(frames.timetable_slot, frames.lesson)
    open_days = set(school_days(first, last, no_lessons, saturdays=saturdays))
    return journal_calendar(connection, school.code, kind, (first, last), open_days, as_of)
