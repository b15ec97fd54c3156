"""The cells of lessons as they were known on a past business date: counted anew, not kept."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import replace
from datetime import date

import polars as pl
from sqlalchemy import Connection, text

from pipeline.measuring.school_facts import day_facts, end_of, open_journals, places
from pipeline.school_years import SchoolYear
from pipeline.store import copy_in
from quality.journal_frames import read_days
from quality.lesson_cells import lesson_cells
from quality.school_days import days_between

PAST = "past_cells"  # with the columns of ``quality.lesson_cells``, until the transaction ends


def count_past_cells(
    connection: Connection,
    schools: Collection[str],
    days: tuple[date, date],
    known_on: date,
    year: SchoolYear,
    schedule_basis: Callable[[str], str],
) -> None:
    """Put the cells of ``schools`` as known on ``known_on`` into the table ``PAST``.

    Those of ``days`` that lie in ``year``, the school year of ``known_on``, and not after it.
    """
    connection.execute(text(f"DROP TABLE IF EXISTS {PAST}"))
    connection.execute(
        text(
            f"CREATE TEMP TABLE {PAST} ON COMMIT DROP AS"
            " SELECT * FROM quality.lesson_cells WITH NO DATA"
        )
    )
    as_of = end_of(known_on, year.zone)
    for school in places(connection, year.start):
        if school.code not in schools:
            continue
        then = replace(school, school_year=year.year)
        period = (year.start, then.until(known_on))
        asked = set(days_between(max(days[0], period[0]), min(days[1], period[1])))
        for journal in open_journals(connection, then, period, as_of, schedule_basis):
            frames = read_days(connection, journal.known, journal.structure, asked)
            lessons, parts = day_facts(connection, journal, frames, asked)
            owned = lesson_cells(lessons, parts, frames.class_).with_columns(
                school=pl.lit(school.code),
                source=pl.lit(journal.known.source),
                school_year=pl.lit(year.year),
            )
            copy_in(connection, PAST, owned)
