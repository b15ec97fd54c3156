"""How the consents of a school stand on a day, from all that was said: journals and lists, what
people of the hub entered, who left the school, and whether there still is a school."""

from __future__ import annotations

from datetime import date
from typing import Any

import polars as pl
from sqlalchemy import Connection, text

from pipeline.registry import closed_on, open_year
from pipeline.store import live
from privacy.consent import APPLICATIONS, NOT_APPLIED, REFUSALS, STATES, consent_states
from privacy.leaving import departures


def states_on(connection: Connection, school: str, on: date) -> pl.DataFrame:
    """``privacy.consent.STATES`` of the pupils of ``school`` of whom anything is said.

    ``origin`` is a source of the school, ``entry N`` of ``ops.consent_entries``, ``list`` or
    ``order`` (the child left), ``registry`` (the school is closed). An application of last
    year still holds.
    """
    entered = _frame(connection, _ENTRIES, APPLICATIONS, school)
    refused = pl.col("applied_on").is_null()
    told = live(connection, "consent", school).rename({"source": "origin"}).select(*APPLICATIONS)
    applications = pl.concat([told, entered.filter(~refused)])
    return consent_states(
        applications,
        entered.filter(refused).select(*REFUSALS),
        _left(connection, school, applications),
        on,
    )


def everybody_on(connection: Connection, school: str, on: date) -> pl.DataFrame:
    """``states_on``, and the pupils of the open year who have not applied."""
    year, _ = open_year(connection, school)
    states = states_on(connection, school, on)
    pupils = live(connection, "pupil", school, year).select(pupil="person").unique()
    silent = pupils.join(states, on="pupil", how="anti").with_columns(state=pl.lit(NOT_APPLIED))
    return pl.concat([states, silent], how="diagonal").select(*STATES).sort("pupil")


def _left(connection: Connection, school: str, applications: pl.DataFrame) -> pl.DataFrame:
    """``leaving.DEPARTURES``; from a school that is closed everybody has gone."""
    spells = _frame(connection, _SPELLS, _SPELL, school)
    orders = _frame(connection, _ORDERS, _ORDER, school)
    went = departures(spells, orders)
    closed = closed_on(connection, school)
    if closed is None:
        return went
    all_of_them = applications.select(
        "pupil",
        left_on=pl.lit(closed),
        back_on=pl.lit(None, pl.Date),
        origin=pl.lit("registry"),
    ).unique()
    return pl.concat([went, all_of_them.drop_nulls("pupil")])


def _frame(connection: Connection, query: str, schema: Any, school: str) -> pl.DataFrame:
    rows = connection.execute(text(query), {"school": school})
    return pl.DataFrame([tuple(row) for row in rows], schema=schema, orient="row")


_ENTRIES = """
SELECT pupil, applied_on, registered_on, refused_on, 'entry ' || id FROM ops.consent_entries
WHERE school = :school AND undone_at IS NULL"""

_SPELL = {"pupil": pl.String, "start": pl.Date, "finish": pl.Date, "year_end": pl.Date}
# A spell that ended is remembered when the list shows the child's next one in its place.
_SPELLS = """
SELECT e.pupil, e.start, e.finish, y.finish FROM journal.enrolment e
JOIN registry.school_years y USING (school_year)
WHERE e.school = :school AND (e.vanished_at IS NULL OR e.finish IS NOT NULL)
UNION
SELECT h.before->>'pupil', (h.before->>'start')::date, (h.before->>'finish')::date, y.finish
FROM journal.history h
JOIN registry.school_years y ON y.school_year = (h.before->>'school_year')::int
WHERE h.school = :school AND h.entity = 'enrolment' AND h.before->>'finish' IS NOT NULL"""

_ORDER = {"pupil": pl.String, "kind": pl.String, "date": pl.Date}
_ORDERS = """
SELECT pupil, kind, date FROM journal.movement WHERE school = :school AND vanished_at IS NULL"""
