"""Remarks on what a school, or the hub for it, does every month (``check.SchoolFinder``)."""

from __future__ import annotations

from datetime import date

import polars as pl
from sqlalchemy import Connection, select, text

from pipeline.delivery.deliver import Mode
from pipeline.delivery.destinations import DIARY
from pipeline.measuring.school_facts import SchoolPlace
from pipeline.runs import SchoolState
from quality.regulations import Asked
from quality.rules.monthly import months_over, not_done
from schemas.tables import checks, school_years

# What a rollover delivers is all there is, too.
_WHOLE = (Mode.FULL.value, Mode.ROLLOVER.value)


def full_upload(
    connection: Connection, school: SchoolPlace, period: tuple[date, date]
) -> pl.DataFrame:
    """Months without a full delivery to the diary that ended with nothing open for the school."""
    query = (
        "SELECT DISTINCT date_trunc('month', s.business_date)::date FROM ops.school_runs s"
        " JOIN ops.runs r USING (run_id, verb)"
        " WHERE s.school = :school AND s.source = :target AND s.verb = :verb AND s.state = :done"
        " AND r.mode = ANY(:whole) AND s.business_date <= :on"
    )
    values = {
        "school": school.code, "target": DIARY.name, "verb": DIARY.verb, "on": period[1],
        "done": SchoolState.DONE.value, "whole": list(_WHOLE),
    }  # fmt: skip
    done = set(connection.execute(text(query), values).scalars())
    months = _months(connection, school, period)
    return not_done(school.regulation, Asked.FULL_UPLOAD, months, done)


def own_checks(
    connection: Connection, school: SchoolPlace, period: tuple[date, date]
) -> pl.DataFrame:
    """Months without the school's own check of the journal, and of the diary."""
    query = select(checks.c.kind, checks.c.month).where(
        checks.c.school == school.code, checks.c.undone_at.is_(None), checks.c.done_on <= period[1]
    )
    done = {(kind, month) for kind, month in connection.execute(query)}
    months = _months(connection, school, period)
    return pl.concat(
        not_done(school.regulation, code, months, {m for kind, m in done if kind == code})
        for code in (Asked.JOURNAL_CHECK, Asked.DIARY_CHECK)
    )


def _months(connection: Connection, school: SchoolPlace, period: tuple[date, date]) -> list[date]:
    """Those of the school year in the period that are over on its last day."""
    finish = connection.execute(
        select(school_years.c.finish).where(school_years.c.school_year == school.school_year)
    ).scalar_one()
    return months_over((period[0], finish), school.connected_on, period[1])
