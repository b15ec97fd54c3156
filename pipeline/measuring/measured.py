"""Which business dates were measured; what the connection may not see was not."""

from __future__ import annotations

from datetime import date, datetime, timedelta

from sqlalchemy import Connection, func, select

from schemas.tables import measures


class NothingMeasuredError(Exception):
    """No figures are kept for the business date; run ``svod measure`` for it first."""


def last_measured(connection: Connection, until: date = date.max) -> date | None:
    """The last business date, ``until`` then, that was measured."""
    query = select(func.max(measures.c.as_of)).where(measures.c.as_of <= until)
    found: date | None = connection.execute(query).scalar_one()
    return found


def measured_before(connection: Connection, on: date) -> date | None:
    """The last business date before ``on`` that was measured."""
    return last_measured(connection, on - timedelta(days=1))


def measured_after(connection: Connection, on: date) -> date | None:
    """The first business date after ``on`` that was measured."""
    query = select(func.min(measures.c.as_of)).where(measures.c.as_of > on)
    found: date | None = connection.execute(query).scalar_one()
    return found


def counted_at(connection: Connection) -> datetime | None:
    """When anything was measured last, of whatever business date: until then what was found stays
    true of every figure."""
    found: datetime | None = connection.execute(select(func.max(measures.c.computed_at))).scalar()
    return found
