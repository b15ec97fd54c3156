"""Which schools a number of the region's page comes from, those with most of it first.

Their own numbers stand on their own pages, to whoever may see each: here they would be told by
school.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from fastapi import APIRouter
from fastapi.responses import Response
from sqlalchemy import text
from starlette.exceptions import HTTPException

from pipeline.ledger import Counter
from reports.portal_words import TARGETS
from reports.web.pages.guarding import counts_persons, sees_persons_counted
from reports.web.pages.regions import DELIVERED, LAST_DELIVERIES, STANDING
from reports.web.pages.view import page
from reports.web.visit import Unit, Visit, Visiting, WholeRegion
from schemas.rulebook import rule, rulebook

router = APIRouter()

_QUARANTINED = """
SELECT s.code, s.name FROM ops.quarantine q JOIN registry.schools s ON s.code = q.school
WHERE q.state = 'open' AND q.rule = :rule GROUP BY s.code, s.name ORDER BY count(*) DESC, s.name"""
_DELIVERED = f"""
SELECT code, name FROM ({LAST_DELIVERIES}) standing
WHERE target = :target AND counter = :counter
GROUP BY code, name ORDER BY sum(records) DESC, name"""


@router.get("/region/quarantine/{code}")
def quarantined(visit: Visiting, unit: WholeRegion, code: str) -> Response:
    """Schools whose records wait because of the rule ``code``."""
    if code not in rulebook():
        raise HTTPException(404)
    reason = rule(code).reason
    told = (
        "Не принятые записи",
        reason[:1].upper() + reason[1:],
        "Что исправить — на её странице.",
    )
    return _schools(visit, unit, _QUARANTINED, {"rule": code}, told, "cards")


@router.get("/region/deliveries/{target}/{counter}")
def delivered(visit: Visiting, unit: WholeRegion, target: str, counter: str) -> Response:
    """Schools whose records stood so when their last delivery to the portal ended. Where records
    are people only who sees their numbers is told."""
    guarded = counts_persons(target) and not sees_persons_counted(visit)
    if target not in TARGETS or counter not in STANDING or guarded:
        raise HTTPException(404)
    title = f"{TARGETS[target]}: {STANDING[Counter(counter)]}"
    told = (title, "По итогам последней доставки каждой школы", "")
    values = DELIVERED | {"target": target, "counter": counter}
    return _schools(visit, unit, _DELIVERED, values, told, "uploads")


def _schools(
    visit: Visit,
    unit: Unit,
    query: str,
    values: Mapping[str, Any],
    told: tuple[str, str, str],
    leads_to: str,
) -> Response:
    """The page; 404 where no school is meant. ``told``: title, what it is, advice."""
    with visit.reading() as connection:
        schools = connection.execute(text(query), values).all()
    if not schools:
        raise HTTPException(404)
    title, what, advice = told
    return page(
        visit,
        "region_schools.html.j2",
        unit=unit,
        title=title,
        what=what,
        advice=advice,
        schools=schools,
        leads_to=leads_to,
    )
