"""The remarks of a check as the lines of form 5, per teacher, class and subject."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

from sqlalchemy import Connection, text

from quality.remarks import remark_words
from reports.remarks import RemarkLine, State, shown_as

# What was found and mended between two checks is told as mended, though nobody saw it new. What the
# last check neither found nor mended is of a school year, or a term, that is over.
_TOLD = """
WITH last AS (
  SELECT greatest(max(first_on) FILTER (WHERE first_on <= :on),
    max(last_on) FILTER (WHERE last_on <= :on), max(fixed_on) FILTER (WHERE fixed_on <= :on)) AS day
  FROM quality.remarks WHERE school = :school
), told AS (
  SELECT r.*, CASE WHEN r.fixed_on <= :on THEN 'fixed' WHEN r.first_on > :since THEN 'new'
    ELSE 'open' END AS state
  FROM quality.remarks r, last
  WHERE r.school = :school AND r.first_on <= :on
    AND (r.fixed_on > :since OR r.fixed_on IS NULL AND r.last_on >= last.day)
)
"""
_LINES = f"""{_TOLD}
SELECT r.rule, r.teacher, r.state,
  coalesce(c.name, r.class_key, '') AS class_name,
  coalesce(s.name, r.subject_key, '') AS subject,
  count(*) AS things, min(r.first_on) AS since,
  array_remove(array_agg(DISTINCT r.day), NULL) AS days
FROM told r
JOIN registry.schools o ON o.code = r.school
LEFT JOIN journal.class_ c ON c.school_year = o.school_year AND c.school = r.school
  AND c.source = r.source AND c.source_key = r.class_key
LEFT JOIN journal.subject s ON s.school_year = o.school_year AND s.school = r.school
  AND s.source = r.source AND s.source_key = r.subject_key
GROUP BY 1, 2, 3, 4, 5
"""
_TEACHERS = f"{_TOLD} SELECT DISTINCT teacher FROM told WHERE teacher IS NOT NULL"


def remarked_teachers(connection: Connection, school: str, on: date, since: date) -> list[str]:
    """Pseudonyms of the teachers whom ``remark_lines`` tells of."""
    bound = {"school": school, "on": on, "since": since}
    return list(connection.execute(text(_TEACHERS), bound).scalars())


def remark_lines(
    connection: Connection, school: str, on: date, since: date, names: Mapping[str, str]
) -> list[RemarkLine]:
    """The remarks of ``school`` at the check of ``on``; ``since``: the day of the one before.

    ``names``: of teachers, by pseudonym, for the school's own copy alone (released by the privacy
    gate); who is not there is told by a code.
    """
    words = remark_words()
    bound = {"school": school, "on": on, "since": since}
    rows = connection.execute(text(_LINES), bound).all()
    shown = shown_as((row.teacher for row in rows if row.teacher), names)
    return [
        RemarkLine(
            who=shown.get(row.teacher, ""),
            class_name=row.class_name,
            subject=row.subject,
            rule_title=words[row.rule].title,
            count=row.things,
            days=row.days,
            state=State(row.state),
            since=row.since,
            fix=words[row.rule].fix,
        )
        for row in rows
    ]
