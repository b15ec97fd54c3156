"""Measure: how well the journals are kept, from the facts the hub holds.

For every school of the registry: the lessons that should be there, what is recorded of them, how
often the journal was uploaded, and form 1; then districts and the region by sums. Measuring the
same business date again replaces its figures. One period is kept per business date.

Cells of ``quality.form_figures``: form ``form1`` (row: grade level), and form ``uploads`` (row:
ISO date, column: ``quality.uploads.Cause``, value 1), one cell per day since the school was
connected, so that a report repeats what was known on its date.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import polars as pl
from sqlalchemy import Connection, Engine, delete, insert, or_, select

from quality.accumulation import accumulation
from quality.form1 import COLUMNS, form1
from quality.journal_frames import JournalFrames, read_frame, read_journal
from quality.measures import FIGURE_SCHEMA, REGION, figures, lesson_facts, roll_up
from quality.profiles import load_profile
from quality.regulations import Accumulation, Asked
from quality.schedule import ScheduleBasis, scheduled_lessons
from quality.school_days import days_between, has_saturday_lessons, holiday_dates, school_days
from quality.timeliness import Observed, figure, timeliness
from quality.uploads import Cause, day_causes, merge_calendars, rhythm
from quality.versions import lesson_versions
from schemas.tables import (
    days_off,
    form_figures,
    measures,
    school_runs,
    schools,
    sources,
    uploads,
)

LISTS = "lists"  # lists typed by the school speak of people of the journal; they are no journal
PULLED = frozenset({"dnevnik_ru"})  # read by the hub itself; the others leave a folder a day

ATTEMPT = ("business_date", "state", "rule", "finished_at")
FORM1 = "form1"
UPLOADS = "uploads"


@dataclass(frozen=True)
class MeasureSummary:
    """What was measured; ``region`` holds numerator and denominator of each measure."""

    as_of: date
    period: tuple[date, date]
    schools: int
    figures: int
    form_cells: int
    region: dict[str, tuple[int, int]]


@dataclass(frozen=True)
class _School:
    code: str
    district: str
    profile: str
    school_year: int
    connected_on: date
    closed_on: date | None

    def until(self, last: date) -> date:
        """``last``, or the last day on which there was the school."""
        return last if self.closed_on is None else min(last, self.closed_on - timedelta(days=1))


@dataclass(frozen=True)
class _Measured:
    """Figures (``FIGURE_SCHEMA``), form 1 rows and the upload calendar of one school."""

    figures: pl.DataFrame
    form1: pl.DataFrame
    causes: dict[date, Cause]


def measure(
    engine: Engine,
    *,
    run_id: str,
    business_date: date,
    date_from: date,
    zone: str,
    schedule_basis: Callable[[str], str],
) -> MeasureSummary:
    """Measure every school for ``date_from`` to ``business_date`` and keep the figures.

    What was stored after the business date (of ``zone``) is left out, so that measuring a past day
    gives the figures of that day. ``schedule_basis`` tells ``timetable`` or ``lessons`` by the name
    of a source's mapping.
    Raises ``quality.profiles.UnknownProfileError`` for a school bound to no known profile,
    ``ValueError`` for a basis of another name.
    """
    period = (date_from, business_date)
    as_of = _end_of(business_date, zone)
    parts, cells = [], []
    definitions: dict[str, str] = {}
    with engine.begin() as connection:
        off = set(connection.execute(select(days_off.c.day)).scalars())
        registered = _schools(connection, date_from)
        for school in registered:
            there = (date_from, school.until(business_date))
            measured = _measure_school(connection, school, there, as_of, off, schedule_basis)
            parts.append(
                measured.figures.with_columns(
                    school=pl.lit(school.code), district=pl.lit(school.district)
                )
            )
            cells += _cells(school, measured)
            definitions[school.code] = load_profile(school.profile).definition
        rolled = roll_up(pl.concat(parts)) if parts else pl.DataFrame()
        rows = _figure_rows(rolled, definitions, registered)
        _replace(connection, run_id, period, rows, cells)
    return MeasureSummary(
        as_of=business_date,
        period=period,
        schools=len(registered),
        figures=len(rows),
        form_cells=len(cells),
        region={
            row["measure"]: (row["numerator"], row["denominator"])
            for row in rows
            if row["level"] == REGION
        },
    )


def _measure_school(
    connection: Connection,
    school: _School,
    period: tuple[date, date],
    as_of: datetime,
    off: set[date],
    schedule_basis: Callable[[str], str],
) -> _Measured:
    """One school: the sum of its journals, and one calendar of them all."""
    figure_parts, form_parts, calendars = [], [], []
    for kind, mapping in _journals(connection, school.code):
        basis = ScheduleBasis(schedule_basis(mapping))
        frames = read_journal(connection, school.code, kind, school.school_year, as_of)
        no_lessons = holiday_dates(frames.holiday, off)
        scheduled = scheduled_lessons(
            basis, frames.timetable_slot, frames.lesson, period, no_lessons
        )
        facts = lesson_facts(scheduled, frames.lesson, frames.mark, frames.attendance)
        figure_parts.append(figures(facts))
        figure_parts.append(_accumulated(school, frames, period[1]))
        figure_parts.append(_in_time(connection, school, kind, frames, facts, as_of))
        form_parts.append(form1(frames, basis, period))
        calendars.append(_calendar(connection, school, kind, frames, period, no_lessons))
    causes = merge_calendars(calendars)
    said = rhythm(causes)
    upload_row = {
        "measure": "upload_frequency",
        "numerator": said.uploaded,
        "denominator": said.due,
    }
    figure_parts.append(pl.DataFrame([upload_row], schema=FIGURE_SCHEMA))
    return _Measured(
        figures=pl.concat(figure_parts).group_by("measure").sum(),
        form1=pl.concat(form_parts).group_by("grade_level").sum() if form_parts else pl.DataFrame(),
        causes=causes,
    )


def _end_of(day: date, zone: str) -> datetime:
    """The last instant of ``day``."""
    return datetime.combine(day, time.max, ZoneInfo(zone))


def _in_time(
    connection: Connection,
    school: _School,
    kind: str,
    frames: JournalFrames,
    facts: pl.DataFrame,
    as_of: datetime,
) -> pl.DataFrame:
    """The timeliness of one journal: ``FIGURE_SCHEMA``."""
    parts = timeliness(
        Observed(
            lessons=facts,
            versions=lesson_versions(connection, school.code, kind, school.school_year, as_of),
            marks=frames.mark.rename({"first_seen_at": "seen_at"}),
            attendance=frames.attendance.rename({"first_seen_at": "seen_at"}),
            bells=frames.bell,
            looks=_looks(connection, school.code, kind, as_of),
        ),
        load_profile(school.profile),
        str(as_of.tzinfo),
    )
    in_time, judged = figure(parts)
    row = {"measure": "timeliness", "numerator": in_time, "denominator": judged}
    return pl.DataFrame([row], schema=FIGURE_SCHEMA)


def _accumulated(school: _School, frames: JournalFrames, on: date) -> pl.DataFrame:
    """The accumulation of one journal, zero of zero where nothing is asked: ``FIGURE_SCHEMA``."""
    rule = load_profile(school.profile).rule(Accumulation, Asked.ACCUMULATION, on)
    enough = counted = 0
    if rule is not None:
        pairs = accumulation(
            rule,
            on,
            terms=frames.term,
            enrolments=frames.enrolment,
            hours=frames.curriculum_hours,
            lessons=frames.lesson,
            marks=frames.mark,
            attendance=frames.attendance,
        )
        enough, counted = int(pairs["enough"].sum()), pairs.height
    row = {"measure": "accumulation", "numerator": enough, "denominator": counted}
    return pl.DataFrame([row], schema=FIGURE_SCHEMA)


def _looks(connection: Connection, school: str, kind: str, as_of: datetime) -> list[datetime]:
    """When the hub saw the whole journal."""
    seen = select(uploads.c.taken_at).where(
        uploads.c.school == school, uploads.c.source == kind, uploads.c.accepted,
        uploads.c.taken_at <= as_of,
    )  # fmt: skip
    return list(connection.execute(seen).scalars())


def _calendar(
    connection: Connection,
    school: _School,
    kind: str,
    frames: JournalFrames,
    period: tuple[date, date],
    no_lessons: set[date],
) -> dict[date, Cause]:
    first, last = max(period[0], school.connected_on), period[1]
    open_days = school_days(
        first,
        last,
        no_lessons,
        saturdays=has_saturday_lessons(frames.timetable_slot, frames.lesson),
    )
    of_journal = (uploads.c.school == school.code) & (uploads.c.source == kind)
    attempts = (
        (school_runs.c.school == school.code)
        & (school_runs.c.source == kind)
        & (school_runs.c.verb == "collect")
        & (school_runs.c.business_date <= last)
    )
    return day_causes(
        days_between(first, last),
        set(open_days),
        read_frame(connection, uploads, ["upload_date", "accepted"], of_journal),
        read_frame(
            connection, school_runs, ["business_date", "state", "rule", "finished_at"], attempts
        ),
        pulled=kind in PULLED,
    )


def _schools(connection: Connection, first: date) -> list[_School]:
    """Those that were not closed by ``first``."""
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
    return [_School(*row) for row in rows]


def _journals(connection: Connection, school: str) -> list[tuple[str, str]]:
    """Kind and mapping of each journal of ``school``."""
    rows = connection.execute(
        select(sources.c.kind, sources.c.mapping)
        .where(sources.c.school == school, sources.c.kind != LISTS)
        .order_by(sources.c.kind)
    )
    return [(kind, mapping) for kind, mapping in rows]


def _cells(school: _School, measured: _Measured) -> list[dict[str, Any]]:
    cells = [
        {
            "form": FORM1,
            "school": school.code,
            "row": str(row["grade_level"]),
            "column": name,
            "value": row[name],
        }
        for row in measured.form1.iter_rows(named=True)
        for name in COLUMNS
    ]
    days = [
        {
            "form": UPLOADS,
            "school": school.code,
            "row": day.isoformat(),
            "column": cause.value,
            "value": 1,
        }
        for day, cause in measured.causes.items()
    ]
    return cells + days


def _figure_rows(
    rolled: pl.DataFrame, definitions: dict[str, str], registered: Sequence[_School]
) -> list[dict[str, Any]]:
    """Rolled figures with the versions of the profiles that they were counted by."""
    used: dict[str, set[str]] = {}
    for school in registered:
        for unit in (school.code, school.district, REGION):
            used.setdefault(unit, set()).add(definitions[school.code])
    return [
        row | {"definition": ", ".join(sorted(used[row["unit"]]))}
        for row in rolled.iter_rows(named=True)
    ]


def _replace(
    connection: Connection,
    run_id: str,
    period: tuple[date, date],
    rows: list[dict[str, Any]],
    cells: list[dict[str, Any]],
) -> None:
    """Put the figures of this business date in the place of the former ones."""
    as_of = period[1]
    connection.execute(delete(measures).where(measures.c.as_of == as_of))
    connection.execute(delete(form_figures).where(form_figures.c.as_of == as_of))
    known = {"as_of": as_of, "run_id": run_id}
    dated = known | {"date_from": period[0], "date_to": period[1]}
    if rows:
        connection.execute(insert(measures), [dated | row for row in rows])
    if cells:
        connection.execute(insert(form_figures), [known | cell for cell in cells])
