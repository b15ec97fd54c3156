"""The school years of the registry."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from sqlalchemy import Connection, select

from schemas.tables import school_years


@dataclass(frozen=True)
class SchoolYear:
    """A school year of the registry; ``year``: in which it begins; ``zone``: of the region."""

    year: int
    start: date
    zone: str


def school_year_of(connection: Connection, on: date) -> SchoolYear:
    """The school year that ``on`` lies in. Raises ``ValueError`` if the registry has none."""
    c = school_years.c
    query = (
        select(c.school_year, c.start, c.zone)
        .where(c.start <= on)
        .order_by(c.start.desc())
        .limit(1)
    )
    row = connection.execute(query).one_or_none()
    if row is None:
        raise ValueError(f"no school year of the registry holds {on}")
    return SchoolYear(*row)
