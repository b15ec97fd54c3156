"""Who sees how many persons of a school are counted, and from which number on offices do."""

from __future__ import annotations

from sqlalchemy import Connection, select

from pipeline.access.accounts import AccountRole, Level
from pipeline.delivery.destinations import DESTINATIONS
from privacy.disclosure import HIDES_NOTHING, disclosure_policy
from reports.web.visit import Unit, Visit
from schemas.tables import schools


def threshold(connection: Connection, school: Unit) -> int:
    """That of the school's regulation profile (``privacy/policies/disclosure.yml``)."""
    query = select(schools.c.profile).where(schools.c.code == school.code)
    return disclosure_policy().threshold({connection.execute(query).scalar_one()}).persons


def region_threshold(connection: Connection) -> int:
    """The strictest of those of all schools; a region without schools has nothing to hide."""
    profiles = {*connection.execute(select(schools.c.profile).distinct()).scalars()}
    return disclosure_policy().threshold(profiles).persons if profiles else HIDES_NOTHING


def counts_persons(target: str) -> bool:
    """Whether the records of a portal are people: their number is one of persons."""
    return target in DESTINATIONS and DESTINATIONS[target].names_people


def sees_persons_counted(visit: Visit) -> bool:
    """Whether small counts are shown as they are: to the school its own, and to the operator."""
    account = visit.account
    return account.level is Level.SCHOOL or account.role is AccountRole.OPERATOR
