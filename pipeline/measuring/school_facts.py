"""The rows that the figures of a school are made of, as they were known at an instant.

Measuring adds these rows up, the rules look for what is wrong with them: one reading for all, so
that they cannot disagree.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import polars as pl
from sqlalchemy import Connection, or_, select

from pipeline.measuring.school_calendar import journal_calendar
from quality.accumulation import PAIRS, accumulation
from quality.journal_frames import JournalFrames, Known, read_days, read_structure
from quality.measures import lesson_facts
from quality.profiles import Profile, load_profile
from quality.regulations import Accumulation, Asked
from quality.schedule import ScheduleBasis, scheduled_lessons
from quality.school_days import days_without_lessons, has_saturday_lessons, school_days
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
    for journal in open_journals(connection, school, period, as_of, schedule_basis):
        frames = read_days(connection, journal.known, journal.structure, None)
        lessons, parts = day_facts(connection, journal, frames, None)
        yield JournalFacts(
            source=journal.known.source,
            basis=journal.basis,
            frames=frames,
            lessons=lessons,
            parts=parts,
            pairs=asked_pairs(school, frames, period[1]),
            causes=calendar(connection, journal, frames.lesson),
            looks=journal.looks,
        )


@dataclass(frozen=True)
class OpenJournal:
    """A journal of which no day is read yet.

    ``structure``: its frames, those of the days empty; ``no_lessons``: days off; ``looks``: when
    the hub saw the whole journal.
    """

    school: SchoolPlace
    known: Known
    basis: ScheduleBasis
    structure: JournalFrames
    no_lessons: set[date]
    looks: list[datetime]
    period: tuple[date, date]


def open_journals(
    connection: Connection,
    school: SchoolPlace,
    period: tuple[date, date],
    as_of: datetime,
    schedule_basis: Callable[[str], str],
) -> Iterator[OpenJournal]:
    """Each journal of ``school``, by kind; arguments as of ``journal_facts``."""
    off = set(connection.execute(select(days_off.c.day)).scalars())
    for kind, mapping in _journals(connection, school.code):
        known = Known(school.code, kind, school.school_year, as_of)
        structure = read_structure(connection, known)
        yield OpenJournal(
            school=school,
            known=known,
            basis=ScheduleBasis(schedule_basis(mapping)),
            structure=structure,
            no_lessons=days_without_lessons(structure.holiday, structure.term, off),
            looks=_looks(connection, school.code, kind, as_of),
            period=period,
        )


def day_facts(
    connection: Connection,
    journal: OpenJournal,
    frames: JournalFrames,
    days: Collection[date] | None,
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Lessons and parts of ``days``, or of the whole period, as ``JournalFacts`` has them.

    ``frames``: of ``journal_frames.read_days`` for the same days.
    """
    # Half a year of unread lessons is made and thrown away only between the days asked for.
    span = journal.period if days is None else _span(days, journal.period)
    scheduled = scheduled_lessons(
        journal.basis, frames.timetable_slot, frames.lesson, span, journal.no_lessons
    )
    if days is not None:
        scheduled = scheduled.filter(pl.col("date").is_in(list(days)))
    lessons = lesson_facts(scheduled, frames.lesson, frames.mark, frames.attendance)
    keys = None if days is None else frames.lesson["source_key"].to_list()
    known = journal.known
    observed = Observed(
        lessons=lessons,
        versions=lesson_versions(
            connection, known.school, known.source, known.school_year, known.as_of, keys
        ),
        marks=frames.mark.rename({"first_seen_at": "seen_at"}),
        attendance=frames.attendance.rename({"first_seen_at": "seen_at"}),
        bells=frames.bell,
        looks=journal.looks,
    )
    parts = timeliness(observed, journal.school.regulation, str(known.as_of.tzinfo))
    return lessons, parts


def _span(days: Collection[date], period: tuple[date, date]) -> tuple[date, date]:
    """The least part of ``period`` that holds ``days``; reversed if there is none."""
    within = [day for day in days if period[0] <= day <= period[1]]
    return min(within, default=date.max), max(within, default=date.min)


def _journals(connection: Connection, school: str) -> list[tuple[str, str]]:
    """Kind and mapping of each journal of ``school``."""
    rows = connection.execute(
        select(sources.c.kind, sources.c.mapping)
        .where(sources.c.school == school, sources.c.kind != LISTS)
        .order_by(sources.c.kind)
    )
    return [(kind, mapping) for kind, mapping in rows]


def asked_pairs(school: SchoolPlace, frames: JournalFrames, on: date) -> pl.DataFrame:
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


def calendar(
    connection: Connection, journal: OpenJournal, lessons: pl.DataFrame
) -> dict[date, Cause]:
    """What reached the hub on each day since the school was connected.

    ``lessons``: ``date`` of lessons, enough to show whether there are any on Saturdays.
    """
    school, known = journal.school, journal.known
    first, last = max(journal.period[0], school.connected_on), journal.period[1]
    saturdays = has_saturday_lessons(journal.structure.timetable_slot, lessons)
    open_days = set(school_days(first, last, journal.no_lessons, saturdays=saturdays))
    return journal_calendar(
        connection, school.code, known.source, (first, last), open_days, known.as_of
    )
