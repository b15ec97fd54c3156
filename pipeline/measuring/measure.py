"""Measure: how well the journals are kept, from the facts the hub holds.

For every school of the registry: the lessons that should be there, what is recorded of them, how
often the journal was uploaded, and form 1; then districts and the region by sums. Measuring the
same business date again replaces its figures. One period is kept per business date.

Cells of ``quality.form_figures``: form ``form1`` (row: grade level), form ``uploads`` (row:
ISO date, column: ``quality.uploads.Cause``, value 1 where the hub accepted the day's upload, else
0), one cell per day since the school was connected, so that a report repeats what was known on its
date. Those of ``form2`` and ``form4`` are counted afterwards: ``pipeline.measuring.form_counts``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any

import polars as pl
from sqlalchemy import ColumnElement, Connection, Engine, Table, delete, insert, true

from pipeline.measuring.cells import (
    State,
    forget_journals,
    keep_known,
    keep_lessons,
    lessons_by_day,
    stale_days,
    states,
)
from pipeline.measuring.measured import measured_after
from pipeline.measuring.school_calendar import blamed
from pipeline.measuring.school_facts import (
    OpenJournal,
    SchoolPlace,
    asked_pairs,
    calendar,
    day_facts,
    end_of,
    open_journals,
    places,
)
from quality import lesson_cells as cells
from quality.form1 import COLUMNS, form1
from quality.journal_frames import read_days
from quality.journal_outline import lesson_outline, pupils_with_data
from quality.measures import REGION, figures, roll_up
from quality.regulations import Accumulation, Asked
from quality.uploads import Cause, merge_calendars
from schemas.tables import day_cells, form_figures, measures, pair_cells

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
class _Measured:
    """Figures (``FIGURE_SCHEMA``), form 1 rows and the upload calendar (what reached the hub, and
    with what came of it at the portal) of one school."""

    figures: pl.DataFrame
    form1: pl.DataFrame
    reached: dict[date, Cause]
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
    gives the figures of that day. ``schedule_basis`` as in ``school_facts.journal_facts``.
    Raises ``quality.profiles.UnknownProfileError`` for a school bound to no known profile,
    ``ValueError`` for a basis of another name.
    """
    period = (date_from, business_date)
    as_of = end_of(business_date, zone)
    parts, form_cells = [], []
    definitions: dict[str, str] = {}
    with engine.begin() as connection:
        registered = places(connection, date_from)
        upcoming = measured_after(connection, business_date)
        for school in registered:
            there = (date_from, school.until(business_date))
            journals = open_journals(connection, school, there, as_of, schedule_basis)
            measured = _School(connection, school, there, business_date, as_of, upcoming).measure(
                journals
            )
            parts.append(
                measured.figures.with_columns(
                    school=pl.lit(school.code), district=pl.lit(school.district)
                )
            )
            form_cells += _cells(school, measured)
            definitions[school.code] = school.regulation.definition
        rolled = roll_up(pl.concat(parts)) if parts else pl.DataFrame()
        rows = _figure_rows(rolled, definitions, registered)
        _replace(connection, run_id, period, rows, form_cells)
    return MeasureSummary(
        as_of=business_date,
        period=period,
        schools=len(registered),
        figures=len(rows),
        form_cells=len(form_cells),
        region={
            row["measure"]: (row["numerator"], row["denominator"])
            for row in rows
            if row["level"] == REGION
        },
    )


@dataclass(frozen=True)
class _School:
    """The measuring of one school on the business date ``on``, as known at its end (``as_of``).

    ``upcoming``: a later date that was measured before; then the cells of the lessons stay as
    that date knows them.
    """

    connection: Connection
    school: SchoolPlace
    period: tuple[date, date]
    on: date
    as_of: datetime
    upcoming: date | None

    def measure(self, journals: Iterable[OpenJournal]) -> _Measured:
        """The sum of the school's journals, and one calendar of them all."""
        before = {} if self.upcoming else states(self.connection, self.school.code)
        counted, forms, calendars = [cells.no_days()], [], []
        pairs = [pl.DataFrame(schema={**cells.PAIR_CELLS, "source": pl.String()})]
        for journal in journals:
            source = journal.known.source
            counted.append(self._lessons(journal, before.pop(source, None)))
            pairs.append(self._pairs(journal).with_columns(source=pl.lit(source)))
            outline = lesson_outline(self.connection, journal.known, self.period)
            seen = pupils_with_data(self.connection, journal.known, self.period)
            outlined = replace(journal.structure, lesson=outline)
            forms.append(form1(outlined, journal.basis, self.period, seen))
            calendars.append(calendar(self.connection, journal, outline))
        if before:
            forget_journals(self.connection, self.school.code, self.school.school_year, before)
        reached = merge_calendars(calendars)
        causes = blamed(self.connection, self.school.code, reached, self.as_of)
        told = cells.day_cells(self._all_days(counted), reached, causes)
        asked = pl.concat(pairs)
        self._keep(day_cells, told, ["day"], day_cells.c.day.between(self.period[0], self.on))
        self._keep(pair_cells, asked, ["source", "class_key", "subject_key"], true())
        return _Measured(
            figures=pl.concat([figures(told), figures(asked)]),
            form1=pl.concat(forms).group_by("grade_level").sum() if forms else pl.DataFrame(),
            reached=reached,
            causes=causes,
        )

    def _lessons(self, journal: OpenJournal, state: State | None) -> pl.DataFrame:
        """Cells of the lessons of the days that are out of date; kept, unless a later date is."""
        days = None if self.upcoming else stale_days(self.connection, journal, state)
        frames = read_days(self.connection, journal.known, journal.structure, days)
        lessons, parts = day_facts(self.connection, journal, frames, days)
        counted = cells.lesson_cells(lessons, parts, frames.class_)
        if self.upcoming is None:
            keep_lessons(self.connection, journal, days, counted)
        return cells.by_day(counted)

    def _all_days(self, counted: list[pl.DataFrame]) -> pl.DataFrame:
        """The lessons of all days: those kept, or where none are kept, all ``counted`` now."""
        if self.upcoming:
            return pl.concat(counted)
        school = self.school
        return lessons_by_day(self.connection, school.code, school.school_year, self.period)

    def _pairs(self, journal: OpenJournal) -> pl.DataFrame:
        """Accumulation on the last day by class and subject: ``PAIR_CELLS``."""
        last = self.period[1]
        if self.school.regulation.rule(Accumulation, Asked.ACCUMULATION, last) is None:
            return pl.DataFrame(schema=cells.PAIR_CELLS)
        frames = read_days(self.connection, journal.known, journal.structure, None)
        given = cells.teachers_of(frames.timetable_slot, frames.lesson, last)
        return cells.pair_cells(asked_pairs(self.school, frames, last), given, frames.class_)

    def _keep(
        self, table: Table, told: pl.DataFrame, key: list[str], within: ColumnElement[bool]
    ) -> None:
        keep_known(
            self.connection,
            table,
            told,
            school=self.school.code,
            key=key,
            on=self.on,
            upcoming=self.upcoming,
            within=within,
        )


def _cells(school: SchoolPlace, measured: _Measured) -> list[dict[str, Any]]:
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
            "value": int(measured.reached[day] is Cause.UPLOADED),
        }
        for day, cause in measured.causes.items()
    ]
    return cells + days


def _figure_rows(
    rolled: pl.DataFrame, definitions: dict[str, str], registered: Sequence[SchoolPlace]
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
