"""The calendar of a school: the cause of each day, from the run records that are kept.

``journal_calendar`` tells what reached the hub, by which ``upload_frequency`` is counted;
``blamed`` adds, for the whole school, what came of it at the diary.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime

import polars as pl
from sqlalchemy import ColumnElement, Connection, func, select, text

from pipeline.delivery.destinations import DIARY
from quality.delivery_causes import Deliveries, with_deliveries
from quality.journal_frames import read_frame
from quality.school_days import days_between
from quality.uploads import (
    ATTEMPTS,
    Cause,
    accepted_days,
    day_causes,
    known_attempts,
    last_attempts,
)
from schemas.tables import runs, school_runs

COLLECT = "collect"  # verb of the runs that read journals: pipeline.intake.collect
# Read by the hub itself; the others leave a folder a day.
PULLED = frozenset({"dnevnik_ru", "netschool_web", "database"})

UPLOADS: dict[str, pl.DataType] = {
    "upload_date": pl.Date(),
    "accepted": pl.Boolean(),
    "read_on": pl.Date(),
}


def journal_calendar(
    connection: Connection,
    school: str,
    kind: str,
    period: tuple[date, date],
    school_days: set[date],
    as_of: datetime,
) -> dict[date, Cause]:
    """The cause of each day of ``period`` by what of the journal ``kind`` had reached the hub.

    ``as_of``: in the region's zone; what the hub did for later business dates is left out.
    """
    of_journal = (school_runs.c.verb == COLLECT) & (school_runs.c.source == kind)
    attempts = last_attempts(_attempts(connection, school, of_journal, as_of))
    uploads = _uploads(connection, school, kind)
    return day_causes(
        days_between(*period),
        school_days,
        accepted_days(uploads, attempts, as_of.date()),
        attempts,
        pulled=kind in PULLED,
    )


def blamed(
    connection: Connection, school: str, reached: Mapping[date, Cause], as_of: datetime
) -> dict[date, Cause]:
    """The cause of each day of a school, the delivery to the diary included.

    ``reached``: ``quality.uploads.merge_calendars`` of its journals, known ``as_of``.
    """
    delivered = (school_runs.c.verb == DIARY.verb) & (school_runs.c.source == DIARY.name)
    collected = _attempts(connection, school, school_runs.c.verb == COLLECT, as_of)
    deliveries = Deliveries(
        attempts=last_attempts(_attempts(connection, school, delivered, as_of)),
        refused=_refused(connection, school),
        since=_first_delivery(connection),
        collected=set(collected["business_date"]),
        until=as_of.date(),
    )
    return with_deliveries(reached, deliveries)


def _attempts(
    connection: Connection, school: str, which: ColumnElement[bool], as_of: datetime
) -> pl.DataFrame:
    """The attempts that were known: ``uploads.ATTEMPTS``."""
    kept = read_frame(
        connection, school_runs, list(ATTEMPTS), (school_runs.c.school == school) & which
    )
    return known_attempts(kept, as_of)


def _uploads(connection: Connection, school: str, kind: str) -> pl.DataFrame:
    """The uploads of a journal, and by which run each was read last: ``UPLOADS``."""
    query = (
        "SELECT u.upload_date, u.accepted, r.business_date FROM ops.uploads u"
        " LEFT JOIN ops.runs r ON r.run_id = u.run_id AND r.verb = :verb"
        " WHERE u.school = :school AND u.source = :kind"
    )
    values = {"verb": COLLECT, "school": school, "kind": kind}
    rows = [tuple(row) for row in connection.execute(text(query), values)]
    return pl.DataFrame(rows, UPLOADS, orient="row")


def _refused(connection: Connection, school: str) -> set[date]:
    """Business dates of the deliveries to the diary in which it refused a record of the school."""
    query = (
        "SELECT DISTINCT r.business_date FROM outbox.batches b"
        " JOIN ops.runs r ON r.run_id = b.run_id AND r.verb = :verb"
        " WHERE b.school = :school AND b.target = :target AND EXISTS (SELECT FROM outbox.receipts x"
        " WHERE x.batch = b.batch AND x.status = 'rejected')"
    )
    values = {"verb": DIARY.verb, "target": DIARY.name, "school": school}
    return set(connection.execute(text(query), values).scalars())


def _first_delivery(connection: Connection) -> date | None:
    """The business date of the first delivery to the diary; of no school in particular."""
    query = select(func.min(runs.c.business_date)).where(runs.c.verb == DIARY.verb)
    first: date | None = connection.execute(query).scalar_one()
    return first
