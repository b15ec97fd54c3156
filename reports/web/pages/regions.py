"""The region at a glance: districts, deliveries, what waits, which sources are down."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from fastapi import APIRouter
from fastapi.responses import Response
from sqlalchemy import Connection, text

from pipeline.access.accounts import AccountRole
from pipeline.delivery.destinations import CONTINGENT, DIARY
from pipeline.ledger import Counter
from pipeline.measuring.figures_by import Level
from pipeline.measuring.measured import measured_before
from pipeline.scope import Scope
from privacy.disclosure import disclosure_policy
from quality.measures import MEASURES
from reports.book_of_tables import definition_sheet
from reports.portal_words import TARGETS
from reports.web.pages.airflow_run import run_page
from reports.web.pages.downloads import AsFile, download
from reports.web.pages.guarding import counts_persons, region_threshold, sees_persons_counted
from reports.web.pages.tables import UnitRow, asked_figures, by_unit, unit_sheet, worst_first
from reports.web.pages.trend import trend, week_sheet, weeks_of
from reports.web.pages.view import Days, Range, definitions, page
from reports.web.visit import Visit, Visiting, WholeRegion
from schemas.rulebook import rule

router = APIRouter()

_COUNTS = """
SELECT d.code, d.name, count(s.code) AS schools FROM registry.districts d
LEFT JOIN registry.schools s ON s.district = d.code AND s.closed_on IS NULL
GROUP BY d.code, d.name ORDER BY d.name"""
# How the records of each school stood when its last delivery ended, as the ledger closed on it.
LAST_DELIVERIES = """
SELECT s.code, s.name, l.source AS target, l.count AS records,
  CASE l.counter WHEN 'already' THEN 'delivered' ELSE l.counter END AS counter
FROM registry.schools s CROSS JOIN unnest(CAST(:targets AS text[]), CAST(:verbs AS text[]))
  AS t(target, verb)
CROSS JOIN LATERAL (
  SELECT r.run_id FROM ops.school_runs r
  WHERE r.school = s.code AND r.source = t.target AND r.verb = t.verb
  ORDER BY r.business_date DESC, r.finished_at DESC LIMIT 1
) last
JOIN ops.ledger l ON l.run_id = last.run_id AND l.school = s.code AND l.source = t.target
WHERE l.counter = ANY(:counters)"""
_DELIVERIES = f"""
SELECT target, counter, sum(records)::bigint AS records, count(DISTINCT code) AS schools
FROM ({LAST_DELIVERIES}) standing GROUP BY 1, 2 ORDER BY 1, 2"""
_HELD = "SELECT count(*) FROM outbox.desired WHERE state = 'held'"
_QUARANTINE = """
SELECT rule, count(*) AS records, count(DISTINCT school) AS schools FROM ops.quarantine
WHERE state = 'open' GROUP BY rule ORDER BY records DESC, rule LIMIT 20"""
# The last attempt of each school and source, where it did not go through.
_DOWN = """
SELECT s.code AS school, s.name, j.kind AS source, last.* FROM registry.sources j
JOIN registry.schools s ON s.code = j.school AND s.closed_on IS NULL
CROSS JOIN LATERAL (
  SELECT r.state, r.rule, r.run_id, r.business_date FROM ops.school_runs r
  WHERE r.school = j.school AND r.source = j.kind AND r.verb = 'collect'
  ORDER BY r.business_date DESC, r.finished_at DESC LIMIT 1
) last WHERE last.state IN ('failed', 'partly') ORDER BY s.name, j.kind LIMIT 200"""


STANDING = {
    Counter.DELIVERED: "приняты порталом",
    Counter.PENDING: "ждут отправки",
    Counter.UNKNOWN: "отправлены, ответа ещё нет",
    Counter.REJECTED: "отклонены порталом",
    Counter.WITHHELD: "не отправляются (нет согласия или идентификатора)",
    Counter.HELD: "удаление ждёт решения оператора",
}
DELIVERED = {
    "targets": [one.name for one in (DIARY, CONTINGENT)],
    "verbs": [one.verb for one in (DIARY, CONTINGENT)],
    "counters": [Counter.ALREADY, *STANDING],
}


@dataclass(frozen=True)
class Waiting:
    """What the operator looks at: rows of the queries above; ``least``: from this number on others
    are told how many people there are; ``held``: withdrawals that wait for a person."""

    deliveries: list[dict[str, Any]]
    least: int
    held: int
    quarantine: list[dict[str, Any]]
    down: list[dict[str, Any]]


@router.get("/region")
def region(visit: Visiting, unit: WholeRegion, days: Range, as_file: AsFile) -> Response:
    """The region's page; all who see it see the same."""
    districts, counts = visit.kept(("region", days), lambda: _districts(visit, days)).what
    waiting = visit.kept("waiting", lambda: _waiting(visit))
    if as_file:
        measures = definitions().measures
        sheets = [
            unit_sheet("Районы", "Район", days.words, districts, measures),
            week_sheet(weeks_of(visit, unit, days), unit.name, measures),
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
        trend=trend(visit, unit, days, definitions().measures),
        waiting=waiting.what,
        counted_at=waiting.at,
        targets=TARGETS,
        standing=STANDING,
        sees_persons=sees_persons_counted(visit),
        counts_persons=counts_persons,
        policy=disclosure_policy(),
        reason=lambda code: rule(code).reason,
        run_page=lambda run_id: run_page(_airflow_of(visit), run_id),
    )


def _airflow_of(visit: Visit) -> str:
    """Where Airflow is, for who may sign in there."""
    operates = visit.account.role is AccountRole.OPERATOR
    return visit.dashboard.hub.settings.airflow_url if operates else ""


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


def _waiting(visit: Visit) -> Waiting:
    with visit.reading() as connection:
        return Waiting(
            deliveries=_rows(connection, _DELIVERIES, DELIVERED),
            least=region_threshold(connection),
            held=connection.execute(text(_HELD)).scalar_one(),
            quarantine=_rows(connection, _QUARANTINE),
            down=_rows(connection, _DOWN),
        )


def _whole(districts: list[UnitRow]) -> UnitRow:
    """The region as the sum of its districts."""
    figures = {}
    for measure in MEASURES:
        parts = [row.figures[measure] for row in districts if measure in row.figures]
        if parts:
            figures[measure] = sum(parts[1:], parts[0])
    return UnitRow("region", "Регион", figures)


def _rows(
    connection: Connection, query: str, values: Mapping[str, Any] | None = None
) -> list[dict[str, Any]]:
    return [dict(row) for row in connection.execute(text(query), values).mappings()]
