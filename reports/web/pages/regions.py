"""The region at a glance: districts, deliveries, what waits, which sources are down."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from fastapi import APIRouter
from fastapi.responses import Response
from sqlalchemy import Connection, text

from pipeline.destinations import CONTINGENT, DIARY
from pipeline.figures_by import Level
from pipeline.measured import measured_before
from pipeline.outbox import State
from pipeline.scope import Scope
from quality.measures import MEASURES
from reports.book_of_tables import definition_sheet
from reports.web.pages.downloads import AsFile, download
from reports.web.pages.tables import UnitRow, asked_figures, by_unit, unit_sheet, worst_first
from reports.web.pages.trend import Week, week_sheet, weeks_of
from reports.web.pages.view import Days, Range, definitions, page
from reports.web.visit import Visit, Visiting, WholeRegion
from schemas.rulebook import rule

router = APIRouter()

_COUNTS = """
SELECT d.code, d.name, count(s.code) AS schools FROM registry.districts d
LEFT JOIN registry.schools s ON s.district = d.code AND s.closed_on IS NULL
GROUP BY d.code, d.name ORDER BY d.name"""
# What each portal holds of what it should.
_DELIVERIES = """
SELECT target, state, sum(records)::bigint AS records, count(*) AS schools FROM (
  SELECT target, state, school, count(*) AS records FROM outbox.desired GROUP BY 1, 2, 3
) each GROUP BY target, state ORDER BY target, state"""
_QUARANTINE = """
SELECT rule, count(*) AS records, count(DISTINCT school) AS schools FROM ops.quarantine
WHERE state = 'open' GROUP BY rule ORDER BY records DESC, rule LIMIT 20"""
# The last attempt of each school and source, where it did not go through.
_DOWN = """
SELECT * FROM (
  SELECT DISTINCT ON (r.school, r.source) r.school, s.name, r.source, r.state, r.rule, r.run_id,
    r.business_date
  FROM ops.school_runs r JOIN registry.schools s ON s.code = r.school
  WHERE r.verb = 'collect' ORDER BY r.school, r.source, r.business_date DESC, r.finished_at DESC
) last WHERE state IN ('failed', 'partly') ORDER BY name, source LIMIT 200"""


TARGETS = {DIARY.name: "Электронный дневник", CONTINGENT.name: "Контингент"}
STATES = {
    State.PENDING: "ждут отправки",
    State.IN_FLIGHT: "отправляются",
    State.DELIVERED: "приняты порталом",
    State.REJECTED: "отклонены порталом",
    State.WITHHELD: "не отправляются (нет согласия или идентификатора)",
    State.HELD: "отзыв ждёт решения оператора",
    State.APPROVED: "отзыв разрешён",
    State.GONE: "сняты",
}


@dataclass(frozen=True)
class Waiting:
    """What the operator looks at: rows of the queries above."""

    deliveries: list[dict[str, Any]]
    quarantine: list[dict[str, Any]]
    down: list[dict[str, Any]]

    @property
    def held(self) -> int:
        """Withdrawals that wait for a person."""
        return sum(row["records"] for row in self.deliveries if row["state"] == "held")


@router.get("/region")
def region(visit: Visiting, unit: WholeRegion, days: Range, as_file: AsFile) -> Response:
    """The region's page. Its figures are kept for a minute: all who see it see the same."""
    kept, now = visit.dashboard.kept, visit.dashboard.clock()
    districts, counts = kept.get(("region", days), now, lambda: _districts(visit, days)).what
    weeks = kept.get(("weeks", days), now, lambda: _weeks(visit, days)).what
    waiting = kept.get("waiting", now, lambda: _waiting(visit))
    if as_file:
        measures = definitions().measures
        sheets = [
            unit_sheet("Районы", "Район", days.words, districts, measures),
            week_sheet(weeks, unit.name, measures),
            definition_sheet(definitions(), unit.name),
        ]
        return download(visit, "region", days.span, sheets)
    return page(
        visit,
        "region.html.j2",
        unit=unit,
        days=days,
        districts=districts,
        counts=counts,
        whole=_whole(districts),
        measures=definitions().measures,
        weeks=weeks,
        waiting=waiting.what,
        counted_at=waiting.at,
        targets=TARGETS,
        states=STATES,
        reason=lambda code: rule(code).reason,
    )


def _districts(visit: Visit, days: Days) -> tuple[list[UnitRow], dict[str, int]]:
    """Districts, worst first, and how many schools each has."""
    now: dict[str, Any] = {}
    before: dict[str, Any] = {}
    with visit.reading() as connection:
        known = _rows(connection, _COUNTS)
        if days.measured:
            span, scope = (days.first, days.last), Scope.of_region()
            now = by_unit(asked_figures(connection, Level.DISTRICT, scope, span))
            if then := measured_before(connection, days.as_of):
                told = asked_figures(connection, Level.DISTRICT, scope, span, as_of=then)
                before = by_unit(told)
    counts = {row["code"]: row["schools"] for row in known}
    rows = [
        UnitRow(one["code"], one["name"], now.get(one["code"], {}), before.get(one["code"], {}))
        for one in known
    ]
    return worst_first(rows, "fill_rate"), counts


def _weeks(visit: Visit, days: Days) -> list[Week]:
    with visit.reading() as connection:
        return weeks_of(connection, Level.REGION, Scope.of_region(), days)


def _waiting(visit: Visit) -> Waiting:
    with visit.reading() as connection:
        return Waiting(*(_rows(connection, query) for query in (_DELIVERIES, _QUARANTINE, _DOWN)))


def _whole(districts: list[UnitRow]) -> UnitRow:
    """The region as the sum of its districts."""
    figures = {}
    for measure in MEASURES:
        parts = [row.figures[measure] for row in districts if measure in row.figures]
        if parts:
            figures[measure] = sum(parts[1:], parts[0])
    return UnitRow("region", "Регион", figures)


def _rows(connection: Connection, query: str) -> list[dict[str, Any]]:
    return [dict(row) for row in connection.execute(text(query)).mappings()]
