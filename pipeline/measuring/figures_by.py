"""Figures of any level and range of days, as known on any day that was measured.

Schools, districts and the region add up from ``quality.day_cells``; what is below a school from
``quality.lesson_cells``, or for a past day from cells counted anew (``past_cells``).
Accumulation does not add up over days: of a range, or of each part of it, it is that of its last
measured day: of schools and above as that day's measuring kept it (``quality.measures``), below
them from ``quality.pair_cells``.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Any

import polars as pl
from sqlalchemy import Connection, select, text

from pipeline.measuring.measured import NothingMeasuredError, last_measured
from pipeline.measuring.past_cells import PAST, count_past_cells
from pipeline.registry import UnknownSchoolError
from pipeline.school_years import school_year_of
from pipeline.scope import Scope
from quality.lesson_cells import OF_LESSONS, OF_UPLOADS
from quality.measures import FIGURE_SCHEMA, MEASURES, REGION, figures
from schemas.tables import schools


class Level(StrEnum):
    """Whose figures; those of a school's own things from ``LESSON`` to ``TEACHER``."""

    LESSON = "lesson"
    CLASS = "class"
    SUBJECT = "subject"
    TEACHER = "teacher"
    PARALLEL = "parallel"  # grade level
    SCHOOL = "school"
    DISTRICT = "district"
    REGION = "region"


class Each(StrEnum):
    """The parts of a range; of a term that of each school, of several kinds each."""

    DAY = "day"
    WEEK = "week"
    MONTH = "month"
    TERM = "term"


class FiguresError(ValueError):
    """Nothing can have these figures; ask for another level, measure or scope."""


@dataclass(frozen=True)
class Question:
    """Which figures; ``as_of``: as known then, by default as known now.

    Raises ``FiguresError``.
    """

    level: Level
    within: Scope
    date_from: date
    date_to: date
    each: Each | None = None
    as_of: date | None = None
    measures: Sequence[str] = ()  # none: all that the level has

    def __post_init__(self) -> None:
        if unknown := set(self.measures) - set(MEASURES):
            raise FiguresError(f"no measure is called {', '.join(sorted(unknown))}")
        if lacking := set(self.measures) - set(measures_of(self.level)):
            raise FiguresError(f"{', '.join(sorted(lacking))}: not measured by {self.level.value}")
        if self.level in _OWN and len(self.within.schools or ()) != 1:
            raise FiguresError(f"by {self.level.value} only one school has figures; name it")
        if self.date_from > self.date_to:
            raise FiguresError("the range of days ends before it begins")


# Figures of these levels have keys that only their school and journal know.
_OWN = (Level.LESSON, Level.CLASS, Level.SUBJECT, Level.TEACHER)
_BELOW_SCHOOL = (*_OWN, Level.PARALLEL)
ANSWER = {"source": pl.String(), "unit": pl.String(), "bucket": pl.String(), **FIGURE_SCHEMA}

_UNITS = {
    Level.LESSON: "concat_ws('|', c.date, c.number, c.class_key, coalesce(c.group_key, ''),"
    " c.subject_key)",
    Level.CLASS: "c.class_key",
    Level.SUBJECT: "c.subject_key",
    Level.TEACHER: "c.teacher",
    Level.PARALLEL: "c.grade_level::text",
    Level.SCHOOL: "c.school",
    Level.DISTRICT: "s.district",
    Level.REGION: f"'{REGION}'",
}
_BUCKETS = {
    None: "NULL",
    Each.DAY: "{day}::text",
    Each.WEEK: "({day} - ({day} - DATE '2000-01-03') % 7)::text",  # that day was a Monday
    Each.MONTH: "to_char({day}, 'YYYY-MM')",
    Each.TERM: "t.bucket",
}
# A school's terms as its journals have them now: kind, number, and the year where it begins.
_TERMS = """
terms AS (
  SELECT school, school_year || ' ' || kind || ' ' || number AS bucket,
    min(start) AS start, max(finish) AS finish
  FROM journal.term WHERE vanished_at IS NULL AND kind <> 'year' GROUP BY 1, 2
)"""
_IN_TERM = "JOIN terms t ON t.school = c.school AND {day} BETWEEN t.start AND t.finish"
# The limit keeps the planner from reading all figures of the year to know its days.
_MEASURED_DAYS = """
  SELECT d::date AS day FROM generate_series(:first, :last, interval '1 day') d
  WHERE (SELECT true FROM quality.measures m WHERE m.as_of = d::date LIMIT 1)
"""
# Accumulation as known on ``e.day``. Of schools each figure is found by itself: a plan that reads
# all that was ever measured would take longer with every evening.
_OF_PAIRS = """JOIN quality.pair_cells c
  ON c.school = e.school AND c.as_of <= e.day AND (c.until IS NULL OR c.until > e.day)"""
_OF_SCHOOLS = """CROSS JOIN LATERAL (
  SELECT m.unit AS school, m.numerator AS enough, m.denominator AS pairs FROM quality.measures m
  WHERE m.as_of = e.day AND m.date_to = e.day AND m.level = 'school' AND m.unit = e.school
    AND m.measure = 'accumulation' LIMIT 1
) c"""
_KNOWN = "c.as_of <= :known_on AND (c.until IS NULL OR c.until > :known_on)"


def measures_of(level: Level) -> tuple[str, ...]:
    """The measures that ``level`` has, in their order."""
    lacks = {"upload_frequency"} if level in _BELOW_SCHOOL else set()
    if level is Level.LESSON:
        lacks.add("accumulation")
    return tuple(measure for measure in MEASURES if measure not in lacks)


def figures_by(
    connection: Connection, asked: Question, schedule_basis: Callable[[str], str]
) -> pl.DataFrame:
    """The figures ``asked`` for: ``ANSWER``, by source, unit, bucket and measure.

    ``source``: of the journal whose key ``unit`` is, null from the parallel upwards; ``unit`` null:
    a teacher or grade level that nobody told; ``bucket``: the day, the week's Monday, the month
    (``2026-09``), the term (``2026 quarter 1``), null for the range in one. A lesson is known by
    its date, number, class, group and subject, joined by ``|``. ``schedule_basis`` as in
    ``school_facts.journal_facts``. Raises ``NothingMeasuredError``, ``UnknownSchoolError`` or
    ``FiguresError``.
    """
    newest = last_measured(connection)
    known_on = last_measured(connection, asked.as_of or date.max)
    if newest is None or known_on is None:
        raise NothingMeasuredError((asked.as_of or asked.date_to).isoformat())
    wanted = asked.measures or measures_of(asked.level)
    reading = _Reading(connection, asked, known_on)
    parts = [pl.DataFrame(schema=ANSWER)]
    if set(wanted) - {"accumulation"}:
        if asked.level not in _BELOW_SCHOOL:
            parts.append(reading.days())
        elif known_on == newest:
            parts.append(reading.lessons("quality.lesson_cells"))
        else:
            year = school_year_of(connection, known_on)
            span = (asked.date_from, asked.date_to)
            among = reading.schools
            count_past_cells(connection, among, span, known_on, year, schedule_basis)
            parts.append(reading.lessons(PAST))
    if "accumulation" in wanted:
        parts.append(reading.pairs())
    order = pl.col("measure").cast(pl.Enum(MEASURES))
    return (
        pl.concat(parts)
        .filter(pl.col("measure").is_in(wanted))
        .sort("source", "unit", "bucket", order, nulls_last=True)
    )


class _Reading:
    """One question on what was known on ``known_on``."""

    def __init__(self, connection: Connection, asked: Question, known_on: date) -> None:
        self._connection = connection
        self._asked = asked
        self.schools = _schools_of(connection, asked.within)
        self._values: dict[str, Any] = {
            "first": asked.date_from,
            "last": min(asked.date_to, known_on),
            "known_on": known_on,
            "schools": self.schools,
        }

    def days(self) -> pl.DataFrame:
        """From the days of the schools."""
        counts = (*OF_LESSONS, *OF_UPLOADS)
        sums = [f"sum(c.{name}) AS {name}" for name in counts]
        return self._read("quality.day_cells", "c.day", counts, sums, f"AND {_KNOWN}")

    def lessons(self, table: str) -> pl.DataFrame:
        """From the lessons that ``table`` holds."""
        sums = [
            "count(*) AS lessons" if name == "lessons" else f"sum(c.{name}) AS {name}"
            for name in OF_LESSONS
        ]
        return self._read(table, "c.date", OF_LESSONS, sums, "")

    def pairs(self) -> pl.DataFrame:
        """Accumulation, on the last measured day of each bucket."""
        each = self._asked.each
        # A range in one needs its last measured day only, and an index finds that at once.
        last = last_measured(self._connection, self._values["last"]) if each is None else None
        self._values["measured"] = last if last and last >= self._asked.date_from else None
        days = "SELECT CAST(:measured AS date) AS day" if each is None else _MEASURED_DAYS
        kept = _OF_PAIRS if self._asked.level in _BELOW_SCHOOL else _OF_SCHOOLS
        query = f"""
WITH {_TERMS}, measured AS ({days}), ends AS (
  SELECT c.school, {_BUCKETS[each].format(day="m.day")} AS bucket, max(m.day) AS day
  FROM measured m CROSS JOIN unnest(CAST(:schools AS text[])) AS c(school)
  {_IN_TERM.format(day="m.day") if each is Each.TERM else ""} GROUP BY 1, 2
)
SELECT {self._source}, {_UNITS[self._asked.level]}, e.bucket,
  sum(c.enough)::bigint, sum(c.pairs)::bigint
FROM ends e {kept} {self._district}
GROUP BY 1, 2, 3 HAVING sum(c.pairs) > 0"""
        return self._answer(query, ("enough", "pairs"))

    def _read(
        self, table: str, day: str, counts: Sequence[str], sums: Sequence[str], known: str
    ) -> pl.DataFrame:
        each = self._asked.each
        query = f"""
WITH {_TERMS}
SELECT {self._source}, {_UNITS[self._asked.level]}, {_BUCKETS[each].format(day=day)},
  {", ".join(sums)}
FROM {table} c {self._district}
{_IN_TERM.format(day=day) if each is Each.TERM else ""}
WHERE {day} BETWEEN :first AND :last AND {self._here} {known} GROUP BY 1, 2, 3"""
        return self._answer(query, counts)

    @property
    def _source(self) -> str:
        return "c.source" if self._asked.level in _OWN else "NULL"

    @property
    def _district(self) -> str:
        by_district = self._asked.level is Level.DISTRICT
        return "JOIN registry.schools s ON s.code = c.school" if by_district else ""

    @property
    def _here(self) -> str:
        """Seven hundred codes compared with each row would cost more than the sums."""
        return "true" if self._asked.within.region else "c.school = ANY(:schools)"

    def _answer(self, query: str, counts: Sequence[str]) -> pl.DataFrame:
        """``query`` gives source, unit, bucket and ``counts``."""
        rows = self._connection.execute(text(query), self._values).all()
        place = ("source", "unit", "bucket")
        schema = {name: ANSWER[name] for name in place} | dict.fromkeys(counts, pl.Int64())
        told = pl.DataFrame([tuple(row) for row in rows], schema=schema, orient="row")
        return figures(told, place).select(pl.col(name).cast(kind) for name, kind in ANSWER.items())


def _schools_of(connection: Connection, scope: Scope) -> list[str]:
    """Raises ``UnknownSchoolError``, or ``FiguresError`` for a district without schools."""
    c = schools.c
    query = select(c.code)
    if scope.district is not None:
        query = query.where(c.district == scope.district)
    if scope.schools is not None:
        query = query.where(c.code.in_(scope.schools))
    found = list(connection.execute(query).scalars())
    for school in sorted((scope.schools or frozenset()) - {*found}):
        raise UnknownSchoolError(school)
    if scope.district is not None and not found:
        raise FiguresError(f"the registry has no schools of a district {scope.district!r}")
    return found
