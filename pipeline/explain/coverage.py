"""Explain a count of the page of consents: its pupils, and where each of them was read.

A pupil's row is shown by the record that decides about the consent (an application of the journal,
an order, a last day in a list) and by the enrolments that put the pupil into the class. Records are
read as they are known now, and say how it was on the day of the address.
"""

from __future__ import annotations

from collections.abc import Set
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import polars as pl
from sqlalchemy import Connection, text

from pipeline.consents.coverage import MEMBERS, who_is_counted
from pipeline.explain.addresses import AddressError, CoverageCount
from pipeline.explain.lookup import school_year
from pipeline.explain.origins import ORIGINS, WANTED, by_row, origins
from pipeline.registry import UnknownSchoolError, open_year
from quality.journal_frames import Known

# ``entered_on``: of what a person of the hub entered; who that was is not told.
ROWS: dict[str, pl.DataType] = {
    "row": pl.UInt32(),
    "pupil": pl.String(),
    "class_key": pl.String(),
    "class_name": pl.String(),
    "state": pl.String(),
    "since": pl.Date(),
    "origin": pl.String(),
    "entered_on": pl.Date(),
    "uid": pl.Boolean(),
}
_SHOWING = WANTED | {"source": pl.String(), "school_year": pl.Int64()}
_NOW = datetime(9999, 12, 31, tzinfo=UTC)  # whatever was recorded is known


@dataclass(frozen=True)
class ExplainedCoverage:
    """``rows``: ``ROWS``, as many as are counted, by class; ``class_name``: empty for all classes.

    ``consents``, ``enrolments``: the records that show a row's state, and its class
    (``origins.WANTED``, ``source`` and ``school_year``); ``places_by_row`` says where they stand.
    """

    address: CoverageCount
    class_name: str
    rows: pl.DataFrame
    consents: pl.DataFrame
    enrolments: pl.DataFrame


def explain_coverage(
    connection: Connection, address: CoverageCount, with_uid: Set[str]
) -> ExplainedCoverage:
    """The pupils that ``address`` counts; ``with_uid``: pseudonyms.

    Raises ``AddressError`` for a school or class that there is not, and a day of another year than
    the one that is open at the school.
    """
    school, year = address.school, _year(connection, address)
    here = who_is_counted(connection, school, address.on, with_uid)
    class_name = ""
    if address.class_key:
        names = dict(here.select("class_key", "class_name").unique().iter_rows())
        if address.class_key not in names:
            raise AddressError(f"{school}: в этот день нет класса «{address.class_key}»")
        class_name = names[address.class_key]
        here = here.filter(class_key=address.class_key)
    rows = here.filter(MEMBERS[address.column]).with_row_index("row")
    entered = _frame(connection, _ENTERED, _ENTRY, school)
    return ExplainedCoverage(
        address,
        class_name,
        rows.join(entered, on="origin", how="left", maintain_order="left").select(*ROWS),
        consents=rows.join(
            _frame(connection, _TOLD, _TOLD_ROW, school),
            on=["pupil", "state", "since", "origin"],
        ).select(*_SHOWING),
        enrolments=rows.explode("enrolments")
        .unnest("enrolments")
        .select(
            "row", "key", "source", entity=pl.lit("enrolment"), school_year=pl.lit(year, pl.Int64)
        )
        .select(*_SHOWING),
    )


def places_by_row(
    connection: Connection, school: str, showing: pl.DataFrame, rows: pl.DataFrame
) -> dict[int, list[dict[str, Any]]]:
    """Where the records of ``showing`` that show ``rows`` were read (``origins.ORIGINS``), by the
    number of the row; a row that no record shows is not there."""
    wanted = showing.join(rows, on="row", how="semi").sort("row", "source", "school_year", "key")
    found = [pl.DataFrame(schema=ORIGINS)]
    for (source, year), of_source in wanted.group_by("source", "school_year", maintain_order=True):
        journal = Known(school, str(source), int(str(year)), _NOW)
        found.append(origins(connection, journal, of_source))
    return by_row(pl.concat(found))


def _year(connection: Connection, address: CoverageCount) -> int:
    """The school year that is open. Raises ``AddressError``."""
    try:
        year, _ = open_year(connection, address.school)
    except UnknownSchoolError:
        raise AddressError(f"school/{address.school}: такой школы в реестре нет") from None
    if school_year(connection, address.on).year != year:
        raise AddressError(f"{address.on}: этот день не в открытом учебном году школы")
    return year


def _frame(connection: Connection, query: str, schema: Any, school: str) -> pl.DataFrame:
    rows = connection.execute(text(query), {"school": school})
    return pl.DataFrame([tuple(row) for row in rows], schema=schema, orient="row")


# What the origins of ``pipeline.consents.standing`` name, one row for each state that a record can
# decide.
_TOLD_ROW = {
    "pupil": pl.String,
    "state": pl.String,
    "since": pl.Date,
    "origin": pl.String,
    "entity": pl.String,
    "source": pl.String,
    "school_year": pl.Int64,
    "key": pl.String,
}
_TOLD = """
SELECT c.pupil, said.state, said.since, c.source, 'consent', c.source, c.school_year, c.key
FROM journal.consent c, LATERAL (VALUES ('applied', applied_on), ('registered', applied_on),
  ('active', registered_on), ('refused', refused_on)) AS said (state, since)
WHERE school = :school AND vanished_at IS NULL AND said.since IS NOT NULL
UNION ALL
SELECT pupil, 'ended', date, 'order', 'movement', source, school_year, key
FROM journal.movement WHERE school = :school AND vanished_at IS NULL AND kind = 'withdrawal'
UNION ALL
SELECT pupil, 'ended', finish, 'list', 'enrolment', source, school_year, key
FROM journal.enrolment WHERE school = :school AND vanished_at IS NULL AND finish IS NOT NULL"""

_ENTRY = {"origin": pl.String, "entered_on": pl.Date}
_ENTERED = """
SELECT 'entry ' || e.id, (e.entered_at AT TIME ZONE y.zone)::date
FROM ops.consent_entries e JOIN registry.schools s ON s.code = e.school
JOIN registry.school_years y USING (school_year)
WHERE e.school = :school AND e.undone_at IS NULL"""
