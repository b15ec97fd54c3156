"""One line per school of what a run did, from the ledger and the verdicts."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Connection, text


@dataclass(frozen=True)
class SchoolLine:
    """Counts of records over all entities, and how each verb fared."""

    school: str
    name: str
    read: int
    accepted: int
    quarantined: int
    duplicate: int
    created: int
    changed: int
    vanished: int
    due: int
    delivered: int
    withheld: int
    waiting: int  # rejected, unknown, pending or held
    states: str


def summary(connection: Connection, run_id: str) -> list[SchoolLine]:
    """The lines of ``run_id``, one per school of the registry, by code."""
    return [SchoolLine(*row) for row in connection.execute(text(_SUMMARY), {"run": run_id})]


_SUMMARY = """
WITH counted AS (
  SELECT school, counter, sum(count)::bigint AS n
  FROM ops.ledger WHERE run_id = :run GROUP BY 1, 2
), judged AS (
  SELECT school, string_agg(
    DISTINCT verb || ': ' || state || coalesce(' (' || rule || ')', ''), '; ') AS states
  FROM ops.school_runs WHERE run_id = :run GROUP BY 1
)
SELECT s.code, s.name,
  coalesce(sum(n) FILTER (WHERE counter = 'read'), 0)::int,
  coalesce(sum(n) FILTER (WHERE counter = 'accepted'), 0)::int,
  coalesce(sum(n) FILTER (WHERE counter = 'quarantined'), 0)::int,
  coalesce(sum(n) FILTER (WHERE counter = 'duplicate'), 0)::int,
  coalesce(sum(n) FILTER (WHERE counter = 'created'), 0)::int,
  coalesce(sum(n) FILTER (WHERE counter = 'changed'), 0)::int,
  coalesce(sum(n) FILTER (WHERE counter = 'vanished'), 0)::int,
  coalesce(sum(n) FILTER (WHERE counter = 'due'), 0)::int,
  coalesce(sum(n) FILTER (WHERE counter = 'delivered'), 0)::int,
  coalesce(sum(n) FILTER (WHERE counter = 'withheld'), 0)::int,
  coalesce(sum(n) FILTER (WHERE counter IN ('rejected', 'unknown', 'pending', 'held')), 0)::int,
  coalesce(max(j.states), '')
FROM registry.schools s
LEFT JOIN counted c ON c.school = s.code LEFT JOIN judged j ON j.school = s.code
GROUP BY s.code, s.name ORDER BY s.code"""
