"""From which number on persons of a school are counted for offices."""

from __future__ import annotations

from sqlalchemy import Connection, select

from privacy.disclosure import disclosure_policy
from reports.web.visit import Unit
from schemas.tables import schools


def threshold(connection: Connection, school: Unit) -> int:
    """That of the school's regulation profile (``privacy/policies/disclosure.yml``)."""
    query = select(schools.c.profile).where(schools.c.code == school.code)
    return disclosure_policy().threshold({connection.execute(query).scalar_one()}).persons
