"""The same child in two schools: what the journal knows of comings and goings, for the vault.

The privacy room compares people; this step tells it, by pseudonym, who left and who came. Arrivals
and departures are, in this order:

1. orders of enrolment and withdrawal, with the other school where the order names it;
2. classes: the first day in one, the last day in all. A day before the school was connected says
   only that the hub came later than the child;
3. departures alone: the pupil is no longer in a complete upload, or not in the new school year.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import polars as pl
from sqlalchemy import Connection, select, text

from pipeline.hub import Hub
from pipeline.school_names import SchoolNames
from privacy.departures import MOVES
from privacy.persons import Matched
from schemas.rulebook import rule
from schemas.tables import schools


def match_people(hub: Hub, *, everybody: bool = False) -> Matched:
    """Match people whose identity is new or changed, or ``everybody``; twice changes nothing."""

    def moves(pseudonyms: list[str]) -> pl.DataFrame:
        with hub.engine.begin() as connection:
            return moves_of(connection, pseudonyms)

    return hub.vault.persons.match(moves, hub.log_action, everybody=everybody)


def moves_of(connection: Connection, pseudonyms: Sequence[str]) -> pl.DataFrame:
    """Comings and goings of ``pseudonyms``; see ``privacy.departures``."""
    rows = connection.execute(text(_MOVES), {"names": list(pseudonyms)}).all()
    schema = {"pseudonym": pl.String, "direction": pl.String, "day": pl.Date, "other": pl.String}
    known = SchoolNames(dict(connection.execute(select(schools.c.code, schools.c.name)).all()))
    said = pl.DataFrame(rows, schema=schema, orient="row")
    codes = {name: known.code_of(name) for name in said["other"].drop_nulls().unique()}
    return said.with_columns(
        named=pl.col("other").is_not_null(),
        other_school=pl.col("other").replace_strict(codes, default=None, return_dtype=pl.String),
    ).select(*MOVES)


_MOVES = """
WITH orders AS (
  SELECT pupil, CASE kind WHEN 'enrolment' THEN 'in' ELSE 'out' END AS direction,
    date AS day, nullif(other_school, '') AS other
  FROM journal.movement
  WHERE pupil = ANY(:names) AND kind IN ('enrolment', 'withdrawal') AND vanished_at IS NULL
), latest AS (
  SELECT DISTINCT ON (p.person) p.person AS pupil, p.school_year, s.connected_on,
    CASE WHEN p.vanished_at IS NOT NULL
           THEN (p.vanished_at AT TIME ZONE coalesce(y.zone, 'UTC'))::date
         WHEN p.school_year < s.school_year THEN y.finish END AS gone
  FROM journal.pupil p JOIN registry.schools s ON s.code = p.school
  LEFT JOIN registry.school_years y ON y.school_year = p.school_year
  WHERE p.person = ANY(:names)
  ORDER BY p.person, p.school_year DESC, p.vanished_at DESC NULLS FIRST
), stays AS (
  SELECT l.pupil, l.connected_on, l.gone, min(e.start) AS came,
    CASE WHEN bool_and(e.finish IS NOT NULL) FILTER (WHERE e.school_year = l.school_year)
         THEN max(e.finish) FILTER (WHERE e.school_year = l.school_year) END AS went
  FROM latest l LEFT JOIN journal.enrolment e ON e.pupil = l.pupil AND e.vanished_at IS NULL
  GROUP BY l.pupil, l.connected_on, l.gone
), told AS (
  SELECT pupil, 'in' AS direction, came AS day FROM stays WHERE came >= connected_on
  UNION ALL
  SELECT pupil, 'out', coalesce(went, gone) FROM stays WHERE coalesce(went, gone) IS NOT NULL
)
SELECT pupil, direction, day, other FROM orders
UNION ALL
SELECT t.pupil, t.direction, t.day, NULL FROM told t
WHERE NOT EXISTS (
  SELECT FROM orders o WHERE o.pupil = t.pupil AND o.direction = t.direction
)"""


def ambiguous(hub: Hub) -> list[dict[str, Any]]:
    """Pairs that wait for a person: each one's pseudonym, school, class and line in its upload,
    the basis, the rule, its reason and how to settle it. No names."""
    pairs = hub.vault.persons.doubts().to_dicts()
    names = sorted({pair[end] for pair in pairs for end in ("one", "other")})
    with hub.engine.begin() as connection:
        places = places_of(connection, names)
    return [_told(pair, places) for pair in pairs]


def _told(pair: dict[str, str], places: dict[str, dict[str, Any]]) -> dict[str, Any]:
    nowhere = {"class": None, "document": None, "line": None}
    other = places.get(pair["other"], nowhere)
    return {
        "pseudonym": pair["one"],
        "school": pair["school"],
        **places.get(pair["one"], nowhere),
        "other_pseudonym": pair["other"],
        "other_school": pair["other_school"],
        **{f"other_{name}": value for name, value in other.items()},
        "basis": pair["basis"],
        "rule": pair["rule"],
        "reason": rule(pair["rule"]).reason,
        "fix": rule(pair["rule"]).fix,
    }


def places_of(connection: Connection, names: Sequence[str]) -> dict[str, dict[str, Any]]:
    """Class, document and line of each of ``names`` that the journal knows as a pupil."""
    rows = connection.execute(text(_PLACES), {"names": list(names)}).mappings()
    return {
        row["pupil"]: {"class": row["class"], "document": row["document"], "line": row["line"]}
        for row in rows
    }


_PLACES = """
SELECT DISTINCT ON (p.person) p.person AS pupil, c.name AS class, d.name AS document,
  p.origin_line AS line
FROM journal.pupil p
LEFT JOIN journal.enrolment e ON e.pupil = p.person AND e.school_year = p.school_year
LEFT JOIN journal.class_ c ON c.school_year = e.school_year AND c.school = e.school
  AND c.source = e.source AND c.key = e.class_key
LEFT JOIN ops.landing d ON d.id = p.origin_document
WHERE p.person = ANY(:names)
ORDER BY p.person, p.school_year DESC, e.finish DESC NULLS FIRST, e.start DESC, c.name"""
