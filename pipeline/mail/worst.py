"""The three worst things that a letter tells of: remarks of a school, the fill rate of others."""

from __future__ import annotations

from datetime import date

from sqlalchemy import Connection, func, or_, select, text

from pipeline.forms.hand_out import Kind, Unit
from pipeline.measuring.remarks import last_check
from quality.remarks import remark_words
from reports import words
from reports.letters import Worst
from schemas.tables import remarks

MOST = 3


def worst_of(connection: Connection, kind: Kind, unit: Unit, on: date) -> list[Worst]:
    """At most three things of ``unit`` that are worst on a day, the worst first."""
    if kind is Kind.SCHOOL_REMARKS:
        return _remarks(connection, unit.code, on)
    return _least_filled(connection, kind, unit, on)


def _remarks(connection: Connection, school: str, on: date) -> list[Worst]:
    """The rules with the most remarks that are open on a day."""
    last = last_check(connection, school, on)
    if last is None:
        return []
    # What the last check neither found nor mended is of a school year, or a term, that is over.
    open_then = (
        (remarks.c.first_on <= on)
        & or_(remarks.c.fixed_on.is_(None), remarks.c.fixed_on > on)
        & (remarks.c.last_on >= last)
    )
    count = func.count().label("count")
    rows = connection.execute(
        select(remarks.c.rule, count)
        .where(remarks.c.school == school, open_then)
        .group_by(remarks.c.rule)
        .order_by(count.desc(), remarks.c.rule)
        .limit(MOST)
    )
    said = remark_words()
    return [
        Worst(
            said[rule].title,
            f"{words.grouped(n)} {words.plural(n, 'замечание', 'замечания', 'замечаний')}",
            said[rule].fix,
        )
        for rule, n in rows
    ]


def _least_filled(connection: Connection, kind: Kind, unit: Unit, on: date) -> list[Worst]:
    """Schools of a district, or districts of the region, by their fill rate of the month."""
    below = "school" if kind is Kind.DISTRICT_FORMS else "district"
    values = {
        "on": on, "month": on.replace(day=1), "level": below, "district": unit.code, "most": MOST
    }  # fmt: skip
    rows = connection.execute(text(_LEAST_FILLED), values)
    return [Worst(name, f"полнота {share:.1f} %".replace(".", ",")) for name, share in rows]


# Figures of the month where they are kept, else of the longest time before that day.
_LEAST_FILLED = """
WITH kept AS (
  SELECT DISTINCT ON (unit) unit, 100.0 * numerator / denominator AS share
  FROM quality.measures
  WHERE as_of = :on AND date_to = :on AND level = :level AND measure = 'fill_rate'
    AND denominator > 0
  ORDER BY unit, date_from <> :month, date_from
), named AS (
  SELECT code, name FROM registry.schools WHERE :level = 'school' AND district = :district
  UNION ALL SELECT code, name FROM registry.districts WHERE :level = 'district'
)
SELECT name, share FROM kept JOIN named ON code = unit ORDER BY share, name LIMIT :most"""
