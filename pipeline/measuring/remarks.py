"""Remarks are kept as episodes: found first, still there, and no longer.

``quality.remarks`` has a row per thing and episode. A thing that is mended and comes back is a new
episode. What a check of the same business date finds again changes nothing, whatever it fixed
earlier that day is open again if it is found after all, and a date is known by its last check.
Remarks of a school year that is over, and of a term or step that is, stay as its last check left
them: nobody looks any more, and that they are found no more does not say that they were mended.
Dates must not go backwards: who checks a past date does not call ``keep_remarks``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

import polars as pl
from sqlalchemy import Connection, func, select, text

from pipeline.store import copy_in
from quality.remarks import REMARK
from schemas.tables import remarks

_COLUMNS = [f'"{name}"' for name in REMARK]
_SAID = [name for name in _COLUMNS if name not in ('"rule"', '"key"')]  # what a check says anew


@dataclass(frozen=True)
class Kept:
    """Episodes that began, went on unchanged or changed, and ended."""

    new: int
    still_open: int
    fixed: int


def keep_remarks(
    connection: Connection,
    school: str,
    source: str,
    found: pl.DataFrame,
    *,
    on: date,
    year_start: date,
    spans: Mapping[str, date | None],
    run_id: str,
) -> Kept:
    """Keep all that a check of ``school`` and ``source`` on ``on`` found: ``REMARK``, each rule and
    key once. What is open and was not found is fixed, if it was still found since ``year_start``
    and is of the span that is judged now (``quality.rules.find.spans``).
    """
    connection.execute(
        text(
            "CREATE TEMP TABLE IF NOT EXISTS found ON COMMIT DROP AS"
            f" SELECT {', '.join(_COLUMNS)} FROM quality.remarks WITH NO DATA"
        )
    )
    connection.execute(text("TRUNCATE found"))
    copy_in(connection, "found", found.select(*REMARK))
    connection.execute(text("ANALYZE found"))
    place = {
        "school": school, "source": source, "on": on, "year_start": year_start, "run_id": run_id,
        "spans": list(spans), "begun": list(spans.values()),
    }  # fmt: skip
    connection.execute(text(_GO_ON), place)
    fixed = connection.execute(text(_FIX), place).rowcount
    new = connection.execute(text(_BEGIN), place).rowcount
    return Kept(new=new, still_open=found.height - new, fixed=fixed)


_SAME = "r.school = :school AND r.source = :source AND r.rule = f.rule AND r.key = f.key"
# Only rows that say something else are written: most remarks of a day are those of the day before.
_GO_ON = f"""
UPDATE quality.remarks r SET last_on = :on, fixed_on = NULL, run_id = :run_id,
  {", ".join(f"{name} = f.{name}" for name in _SAID)}
FROM found f
WHERE {_SAME} AND (r.fixed_on IS NULL OR r.fixed_on = :on)
  AND (r.last_on, r.fixed_on, {", ".join(f"r.{name}" for name in _SAID)})
    IS DISTINCT FROM (CAST(:on AS date), NULL, {", ".join(f"f.{name}" for name in _SAID)})"""
_FIX = f"""
UPDATE quality.remarks r SET fixed_on = :on
WHERE r.school = :school AND r.source = :source AND r.fixed_on IS NULL AND r.last_on >= :year_start
  AND NOT EXISTS (SELECT 1 FROM found f WHERE {_SAME})
  AND NOT EXISTS (
    SELECT 1 FROM unnest(CAST(:spans AS text[]), CAST(:begun AS date[])) AS s(rule, day)
    WHERE s.rule = r.rule AND s.day IS DISTINCT FROM r.day)"""
_BEGIN = f"""
INSERT INTO quality.remarks (school, source, first_on, last_on, run_id, {", ".join(_COLUMNS)})
SELECT :school, :source, :on, :on, :run_id, {", ".join(f"f.{name}" for name in _COLUMNS)}
FROM found f
WHERE NOT EXISTS (SELECT 1 FROM quality.remarks r WHERE {_SAME} AND r.fixed_on IS NULL)"""


def last_check(connection: Connection, school: str, on: date) -> date | None:
    """The day of the last check up to ``on`` that found or missed something; None without one."""
    c = remarks.c
    ends = [func.max(day).filter(day <= on) for day in (c.first_on, c.last_on, c.fixed_on)]
    query = select(func.greatest(*ends)).where(c.school == school)
    day: date | None = connection.execute(query).scalar_one()
    return day


# An episode is on a day new, open or fixed, or is not there on it.
_STATE = """CASE WHEN fixed_on = o.day THEN 'fixed' WHEN first_on = o.day THEN 'new'
  WHEN first_on < o.day AND last_on >= o.day THEN 'open' END"""
_STANDING = f"""
WITH o AS (
  SELECT least(max(greatest(last_on, fixed_on)), CAST(:on AS date)) AS day
  FROM quality.remarks WHERE school = :school
), known AS (SELECT r.*, {_STATE} AS state FROM quality.remarks r, o WHERE school = :school)
SELECT {{columns}} FROM known
WHERE state IS NOT NULL AND (:rule = '' OR rule = :rule) AND (:state = '' OR state = :state)"""
_LISTED = """state, source, rule, day, class_key, subject_key, teacher, pupil, detail, key,
  first_on, last_on, fixed_on"""


def remarks_on(
    connection: Connection, school: str, on: date | None, *, rule: str = "", state: str = ""
) -> list[dict[str, Any]]:
    """The remarks of ``school`` as its last check until ``on`` (None: the last of all) left them.

    ``state``: new, first found on that day; open, found before and still; fixed, found no more.
    People are pseudonyms.
    """
    query = f"{_STANDING.format(columns=_LISTED)} ORDER BY rule, state, day, class_key, key"
    return _rows(connection, query, school, on, rule, state)


def remark_counts(connection: Connection, school: str, on: date | None) -> list[dict[str, Any]]:
    """How many remarks of each rule are new, open and fixed, as ``remarks_on`` tells them."""
    each = ", ".join(
        f"count(*) FILTER (WHERE state = '{name}') AS \"{name}\""
        for name in ("new", "open", "fixed")
    )
    query = f"{_STANDING.format(columns=f'rule, {each}')} GROUP BY rule ORDER BY rule"
    return _rows(connection, query, school, on, "", "")


def _rows(
    connection: Connection, query: str, school: str, on: date | None, rule: str, state: str
) -> list[dict[str, Any]]:
    values = {"school": school, "on": on, "rule": rule, "state": state}
    return [dict(row) for row in connection.execute(text(query), values).mappings()]
