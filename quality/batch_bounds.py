"""What is expected of each school of a batch: stated, learnt from its own past, or of all."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date

from sqlalchemy import Connection, select, text

from quality.batch_history import gaps, growths
from quality.batch_suite import Batch, BatchBounds, Suite, volumes_query
from quality.profiles import load_profile
from quality.regulations import Asked, Repeated
from quality.volume_bounds import UNBOUNDED, Bounds, BoundSource, begun_weeks, expected
from schemas.tables import schools


def batch_bounds(connection: Connection, suite: Suite, batch: Batch) -> BatchBounds:
    """The bounds of every school and table of ``batch``, by what was known before its day.

    Raises ``quality.profiles.UnknownProfileError``.
    """
    codes, on = batch.schools, batch.business_date
    known = growths(connection, suite, codes, on)
    stated = _stated(connection, codes)
    last = last_uploads(connection, codes, on)
    return BatchBounds(
        volumes={
            (school, table): expected(
                suite.tables[table],
                suite.learning,
                suite.steady_from,
                before,
                stated=stated.get(school, {}).get(table, UNBOUNDED),
                growth=known.get((school, table)),
                weeks=begun_weeks(last.get(school), on),
                few_too=True,
            )
            for school, table, _, before in connection.execute(text(volumes_query(suite, batch)))
        },
        most_days=_most_days(connection, suite, codes, on),
    )


def last_uploads(connection: Connection, codes: Sequence[str], before: date) -> dict[str, date]:
    """The day of the last accepted upload before a day, by school."""
    query = (
        "SELECT school, max(upload_date) FROM ops.uploads WHERE school = ANY(:codes) AND accepted"
        " AND source <> 'lists' AND upload_date < :before GROUP BY school"
    )
    rows = connection.execute(text(query), {"codes": list(codes), "before": before})
    return {school: day for school, day in rows}  # noqa: C416  a row is no pair to the type checker


def _stated(connection: Connection, codes: Sequence[str]) -> dict[str, dict[str, Bounds]]:
    query = select(schools.c.code, schools.c.volumes).where(schools.c.code.in_(codes))
    return {
        code: {table: Bounds(**bounds) for table, bounds in volumes.items()}
        for code, volumes in connection.execute(query)
    }


def _most_days(
    connection: Connection, suite: Suite, codes: Sequence[str], on: date
) -> Mapping[str, tuple[int, BoundSource]]:
    """Learnt only where the documents ask for no daily upload, and never below the suite's."""
    query = select(schools.c.code, schools.c.profile).where(schools.c.code.in_(codes))
    profiles = {code: load_profile(name) for code, name in connection.execute(query)}
    daily = {
        code
        for code, profile in profiles.items()
        if profile.rule(Repeated, Asked.DAILY_UPLOAD, on) is not None
    }
    learnt = gaps(connection, suite, sorted(set(codes) - daily), on)
    return {
        code: (learnt[code], BoundSource.LEARNT)
        if learnt.get(code, 0) > suite.most_days
        else (suite.most_days, BoundSource.SUITE)
        for code in codes
    }
