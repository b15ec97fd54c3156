"""What was judged of each school's batches, run by run, and what the hub learns from it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import date, timedelta

from sqlalchemy import Connection, delete, insert, text

from quality.batch_suite import FLOOR, Batch, Suite
from quality.batches import BatchVerdict
from quality.volume_bounds import Growth, Learning, learn_gap, learn_growth
from schemas.tables import batch_results


def keep_results(connection: Connection, batch: Batch, verdicts: Sequence[BatchVerdict]) -> None:
    """Keep the verdicts of a run; a run that is judged again has its former ones replaced."""
    connection.execute(delete(batch_results).where(batch_results.c.run_id == batch.run_id))
    if verdicts:
        connection.execute(
            insert(batch_results),
            [
                {
                    "run_id": batch.run_id,
                    "business_date": batch.business_date,
                    "school": one.school,
                    "table": one.table,
                    "expectation": one.expectation,
                    "observed": one.observed,
                    "lower": one.lower,
                    "upper": one.upper,
                    "bound_from": one.source,
                    "success": one.success,
                }
                for one in verdicts
            ],
        )


def growths(
    connection: Connection, suite: Suite, schools: Sequence[str], on: date
) -> dict[tuple[str, str], Growth]:
    """What a week usually brings, by school and table, from what was judged before ``on``.

    Of the open school year, and of weeks in which the school uploaded; where too few are known, the
    school has no entry.
    """
    volumes: dict[tuple[str, str], dict[date, int]] = defaultdict(dict)
    values = {"schools": list(schools), "on": on, "since": _since(suite.learning, on)}
    rows = connection.execute(text(_WEEKS), values | {"expectation": FLOOR})
    for school, table, day, observed in rows:
        volumes[school, table][day] = observed
    learnt = {key: learn_growth(known, suite.learning) for key, known in volumes.items()}
    return {key: growth for key, growth in learnt.items() if growth is not None}


def gaps(
    connection: Connection, suite: Suite, schools: Sequence[str], on: date
) -> Mapping[str, int]:
    """Days that usually lie between two uploads at most, by school; nothing where few are known."""
    days: dict[str, list[date]] = defaultdict(list)
    query = (
        "SELECT DISTINCT school, upload_date FROM ops.uploads WHERE school = ANY(:schools)"
        " AND accepted AND source <> 'lists' AND upload_date < :on"
    )
    for school, day in connection.execute(text(query), {"schools": list(schools), "on": on}):
        days[school].append(day)
    learnt = {school: learn_gap(known, suite.learning) for school, known in days.items()}
    return {school: gap for school, gap in learnt.items() if gap is not None}


def _since(learning: Learning, on: date) -> date:
    """Far enough back for the weeks that are looked at and as many without an upload."""
    return on - timedelta(weeks=2 * learning.weeks)


# The last judgement of each week in which an upload was accepted.
_WEEKS = """
SELECT DISTINCT ON (b.school, b."table", date_trunc('week', b.business_date))
  b.school, b."table", b.business_date, b.observed
FROM quality.batch_results b
JOIN registry.schools s ON s.code = b.school
JOIN registry.school_years y ON y.school_year = s.school_year AND y.start <= b.business_date
WHERE b.school = ANY(:schools) AND b.expectation = :expectation
  AND b.business_date < :on AND b.business_date >= :since
  AND EXISTS (SELECT FROM ops.uploads u WHERE u.school = b.school AND u.accepted
    AND u.source <> 'lists' AND date_trunc('week', u.upload_date) = date_trunc('week',
      b.business_date))
ORDER BY b.school, b."table", date_trunc('week', b.business_date), b.business_date DESC,
  b.run_id DESC
"""
